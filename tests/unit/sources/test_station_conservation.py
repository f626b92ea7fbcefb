"""Nothing is lost and nothing hidden: every value given is a record, or stands among the unread.

A file is damaged line by line; what it still gives is compared with what the whole file gave.
"""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.ids import OrderUnits
from pipeline.sources import agency_tables, ghcn_by_year, ghcn_daily, ghcn_order
from pipeline.stations.agency_layout import Layout
from pipeline.stations.observations import RECORD_COLUMNS, StationFile
from tests.unit.sources.station_lines import dly_line

WIDE = Layout.model_validate(
    {
        "header_row": 1, "columns": {"station_id": 1, "year": 2},
        "across": {"steps": "dekads_of_year", "first_column": 3},
        "constants": {"quantity": "precipitation_mm"}, "missing": ["-"],
    }
)  # fmt: skip
CONTENT = [name for name in RECORD_COLUMNS if name != "line"]


@dataclass(frozen=True)
class Kind:
    """A format: its header, its lines, how it is read, and how many values a line gives."""

    header: tuple[str, ...]
    lines: tuple[str, ...]
    read: Callable[[Path], StationFile]
    values: Callable[[str], int]
    """Counted by the eye: what stands where values stand and does not say that it is missing."""

    def whole(self, folder: Path) -> StationFile:
        """The file before any damage."""
        if self.header not in _WHOLE:
            _WHOLE[self.header] = load(self, list(self.lines), folder)
        return _WHOLE[self.header]


_WHOLE: dict[tuple[str, ...], StationFile] = {}


def filled(cells: list[str]) -> int:
    return sum(cell.strip() not in {"", "-"} for cell in cells)


def _dly() -> Kind:
    lines = [
        dly_line(2001, month, element, {3: "   25 D ", 9: "    0T S", 20: -9999}, rest=month)
        for month in range(1, 7)
        for element in ("PRCP", "TMAX", "SNWD")
    ]

    def values(line: str) -> int:
        cells = [line[21 + 8 * n : 26 + 8 * n] for n in range(31)]
        return 0 if line[17:21] == "SNWD" else sum(cell not in {"-9999", ""} for cell in cells)

    return Kind((), tuple(lines), ghcn_daily.read, values)


def _by_year() -> Kind:
    lines = [f"UZM00038457,200101{day:02d},PRCP,{day},,,S,0700" for day in range(1, 32)]
    header = "ID,DATE,ELEMENT,VALUE,M,Q,S,T"
    return Kind((header,), tuple(lines), ghcn_by_year.read, lambda line: 1 if line else 0)


def _order() -> Kind:
    lines = [
        f'"UZM00038457","2001-01-{day:02d}","{day}.5",",,S","{day}.1",",,S"' for day in range(1, 32)
    ]
    header = "STATION,DATE,PRCP,PRCP_ATTRIBUTES,TMAX,TMAX_ATTRIBUTES"

    def values(line: str) -> int:
        return filled(next(csv.reader([line]), [])[2:5:2])

    return Kind(
        (header,), tuple(lines), lambda path: ghcn_order.read(path, OrderUnits.METRIC), values
    )


def _rows() -> Kind:
    lines = [f"G{n % 2};2001-01-{n // 2 + 1:02d};{n},5;-{n},1" for n in range(40)]
    header = "station_id;date;precipitation_mm;temperature_mean_c"

    def values(line: str) -> int:
        return sum(cell.strip() != "" for cell in line.split(";")[2:4])

    return Kind((header,), tuple(lines), agency_tables.read, values)


def _across() -> Kind:
    cells = ["1,5", "-", "2"] * 12
    lines = [";".join(["G1", str(1990 + n), *cells]) for n in range(12)]
    header = "id;year" + ";d" * 36

    def values(line: str) -> int:
        return filled(line.split(";")[2:38])

    return Kind((header,), tuple(lines), lambda path: agency_tables.read(path, WIDE), values)


KINDS = {
    "dly": _dly(),
    "by-year": _by_year(),
    "order": _order(),
    "rows": _rows(),
    "across": _across(),
}
each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS.keys())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("damaged")


def load(kind: Kind, lines: list[str], folder: Path) -> StationFile:
    path = folder / "gauge"
    path.write_text("\n".join([*kind.header, *lines, ""]), encoding="utf-8")
    return kind.read(path)


def content(records: pd.DataFrame) -> list[tuple[object, ...]]:
    return sorted(records[CONTENT].itertuples(index=False, name=None))


@each_kind
@settings(deadline=None, max_examples=12)
@given(data=st.data())
def test_a_damaged_line_costs_only_itself(kind: Kind, folder: Path, data: st.DataObject) -> None:
    """Characters are replaced in, or cut off from, a few lines.

    Counted without the reader: a line gives as many records and unread cells as it has values, or
    stands among the unread as a whole.
    """
    lines = list(kind.lines)
    damaged = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=4))
    for n in damaged:
        at = data.draw(st.integers(0, len(lines[n]) - 1))
        character = data.draw(st.sampled_from(["", *'x"?;,-9 \ufffd']))
        lines[n] = lines[n][:at] + character + (lines[n][at + 1 :] if character else "")
    file = load(kind, lines, folder)
    first = len(kind.header) + 1
    n_records = Counter(file.records["line"])
    n_unread = Counter(refused.line for refused in file.unread)
    for n, line in enumerate(lines):
        given_values, records, unread = kind.values(line), n_records[first + n], n_unread[first + n]
        assert records + unread == given_values or (records == 0 and unread == 1), line
        assert n in damaged or unread == 0
    untouched = [first + n for n in range(len(lines)) if n not in damaged]
    whole = kind.whole(folder)
    kept, was = (one.records[one.records["line"].isin(untouched)] for one in (file, whole))
    assert content(kept) == content(was)


@each_kind
@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 10**6), n_repeats=st.integers(0, 8))
def test_shuffled_and_repeated_lines_give_the_same_records(
    kind: Kind, folder: Path, seed: int, n_repeats: int
) -> None:
    source = random.Random(seed)  # noqa: S311 - an order of lines, no secret
    whole = kind.whole(folder)
    repeated = [*kind.lines, *source.choices(kind.lines, k=n_repeats)]
    source.shuffle(repeated)
    file = load(kind, repeated, folder)
    assert file.unread == ()
    assert file.stations == whole.stations
    assert set(content(file.records)) == set(content(whole.records))
    if not n_repeats:
        assert content(file.records) == content(whole.records)


@each_kind
@settings(deadline=None, max_examples=8)
@given(data=st.data())
def test_a_file_cut_short_gives_what_stands_before_the_cut(
    kind: Kind, folder: Path, data: st.DataObject
) -> None:
    whole = kind.whole(folder)
    text = "\n".join([*kind.header, *kind.lines, ""])
    start = len("\n".join([*kind.header, *kind.lines[: len(kind.lines) // 2]]))
    cut = text[: data.draw(st.integers(start, len(text) - 2))]
    path = folder / "gauge"
    path.write_text(cut, encoding="utf-8")
    file = kind.read(path)
    last = cut.count("\n") + 1
    kept, was = (one.records[one.records["line"] < last] for one in (file, whole))
    assert content(kept) == content(was)
    assert {refused.line for refused in file.unread} <= {last}


@each_kind
def test_a_file_of_rubbish_is_refused(kind: Kind, folder: Path) -> None:
    with pytest.raises(InputError):
        load(kind, ["rubbish", "\x00\x01", "12;;"], folder)
