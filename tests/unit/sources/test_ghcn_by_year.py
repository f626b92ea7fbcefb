from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.sources import ghcn_by_year, ghcn_daily
from pipeline.stations.observations import Disclosure, Station
from tests.unit.sources.station_lines import dly_line

LINES = """\
UZM00038457,20240115,PRCP,25,,,S,
UZM00038457,20240115,TMAX,-14,,I,S,0700
UZM00038457,20240116,PRCP,0,T,,S,
UZM00038457,20240117,PRCP,0,P,,S,
UZM00038457,20240118,SNWD,120,,,S,
UZM00038457,20240119,TAVG,-9999,H,,S,
UZM00038457,20240120,MDPR,84,,,S,
UZM00038457,20240120,DAPR,3,,,S,
"""
HEADER = "ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\n"


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(LINES.encode(), id="as it comes"),
        pytest.param((HEADER + LINES).encode(), id="with a header"),
        pytest.param(gzip.compress(LINES.encode()), id="packed"),
        pytest.param(LINES.replace("\n", "\r\n").encode(), id="with Windows line ends"),
    ],
)
def test_values_flags_and_totals_are_those_of_the_lines(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "2024.csv"
    path.write_bytes(raw)
    file = ghcn_by_year.read(path)
    rows = file.records
    got = [
        (str(row.last_day.date()), row.quantity, row.value, row.n_days, row.reason[:14])
        for row in rows.itertuples()
    ]
    assert got == [
        ("2024-01-15", "precipitation_mm", 2.5, 1, ""),
        ("2024-01-15", "temperature_max_c", -1.4, 1, "the provider's"),
        ("2024-01-16", "precipitation_mm", 0.0, 1, ""),
        ("2024-01-17", "precipitation_mm", 0.0, 1, "missing, which"),
        ("2024-01-20", "precipitation_mm", 8.4, 3, ""),
    ]
    assert rows["text"][0].strip() == "UZM00038457,20240115,PRCP,25,,,S,"
    assert file.stations == (Station("UZM00038457", disclosure=Disclosure.OPEN),)
    assert file.unread == ()


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        pytest.param(
            "UZM00038457,20240230,PRCP,25,,,S,", "a day of the calendar", id="30 February"
        ),
        pytest.param("UZM00038457,20240121,PRKP,25,,,S,", "an element", id="no element"),
        pytest.param("UZM00038457,20240121,PRCP,2x5,,,S,", "expected ID,", id="no number"),
        pytest.param("UZM00038457,20240121,PRCP,25,,,S", "expected ID,", id="a line cut short"),
        pytest.param("UZM00038457;20240121;PRCP", "expected ID,", id="another separator"),
    ],
)
def test_a_bad_line_is_unread_and_the_rest_is_read(tmp_path: Path, bad: str, reason: str) -> None:
    path = tmp_path / "2024.csv"
    path.write_text(LINES + bad)
    file = ghcn_by_year.read(path)
    (unread,) = file.unread
    assert (unread.line, unread.record) == (9, bad)
    assert reason in unread.reason
    assert len(file.records) == 5


def test_a_broken_packed_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "2024.csv.gz"
    path.write_bytes(gzip.compress(LINES.encode() * 50)[:-30])
    with pytest.raises(InputError, match="expected a whole gzip file"):
        ghcn_by_year.read(path)


def test_it_gives_what_the_same_days_give_as_dly(tmp_path: Path) -> None:
    daily, by_year = tmp_path / "a.dly", tmp_path / "a.csv"
    daily.write_text(dly_line(2001, 4, "PRCP", {3: "   25 D ", 4: "    0T S"}) + "\n")
    by_year.write_text("TU000000001,20010403,PRCP,25,,D,,\nTU000000001,20010404,PRCP,0,T,,S,\n")
    columns = ["station_id", "quantity", "last_day", "n_days", "value", "reason"]
    got, expected = (read.read(path).records[columns] for read, path in (
        (ghcn_by_year, by_year), (ghcn_daily, daily),
    ))  # fmt: skip
    assert got.to_dict("records") == expected.to_dict("records")
