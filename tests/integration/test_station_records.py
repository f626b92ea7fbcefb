"""Records of gauges in the warehouse: each is stored, refused with its reason, or was there already."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.core.counts import Counts
from pipeline.core.errors import InputError
from pipeline.steps.ingest_stations import ingest_stations
from pipeline.steps.installation import Installation
from tests.integration.little_world import told
from tests.unit.sources.station_lines import STATION, dly_line

pytestmark = pytest.mark.postgres

HEADER = "station_id,date,precipitation_mm\n"
MONTHLY = "station_id,month,precipitation_mm\n"

Give = Callable[..., Counts]


@pytest.fixture
def give(installation: Installation, tmp_path: Path) -> Give:
    """Ingest a file of this text; return what became of its records."""

    def given_(body: str, name: str = "gauge.csv") -> Counts:
        path = tmp_path / name
        path.write_text(body)
        return ingest_stations(installation, path).counts

    return given_


def observations(installation: Installation) -> list[tuple[object, ...]]:
    return told(
        installation.warehouse,
        "SELECT last_day::text, value, verdict, reason FROM series.observation ORDER BY last_day",
    )


def months(installation: Installation) -> list[tuple[object, ...]]:
    return told(
        installation.warehouse,
        "SELECT to_char(month, 'YYYY-MM'), precipitation_mm, gap FROM series.station_month "
        "ORDER BY month",
    )


def days_of(month: str, first: int, last: int, value: float = 1.0) -> str:
    return "".join(f"S1,{month}-{day:02d},{value}\n" for day in range(first, last + 1))


# --- values that come again -------------------------------------------------------------------


def test_a_corrected_value_replaces_the_one_held_which_stays_known(
    installation: Installation, give: Give
) -> None:
    assert give(MONTHLY + "S1,2020-01,10.0\n") == Counts(1, 1, 0, 0)
    assert give(MONTHLY + "S1,2020-01,99.0\nS1,2020-02,5.0\n") == Counts(2, 2, 0, 0)
    assert months(installation) == [("2020-01", 99.0, None), ("2020-02", 5.0, None)]
    old = "SELECT {} FROM series.{}_superseded"
    assert told(installation.warehouse, old.format("value", "observation")) == [(10.0,)]
    assert told(installation.warehouse, old.format("precipitation_mm", "station_month")) == [
        (10.0,)
    ]


def test_an_equal_value_changes_nothing(installation: Installation, give: Give) -> None:
    give(MONTHLY + "S1,2020-01,10.0\n")
    before = told(installation.warehouse, "SELECT * FROM series.observation")
    assert give(MONTHLY + "S1,2020-01,10.0\n\n") == Counts(1, 0, 0, 1)
    assert told(installation.warehouse, "SELECT * FROM series.observation") == before


def test_a_repeat_inside_the_file_is_unchanged(give: Give) -> None:
    assert give(MONTHLY + "S1,2020-01,10.0\nS1,2020-01,10.0\n") == Counts(2, 1, 0, 1)


def test_a_month_without_a_value_takes_no_total_away(
    installation: Installation, give: Give
) -> None:
    give(MONTHLY + "S1,2020-01,10.0\nS1,2020-02,20.0\n")
    give(MONTHLY + "S1,2020-01,\nS1,2020-03,30.0\n")
    assert months(installation) == [
        ("2020-01", 10.0, None),
        ("2020-02", 20.0, None),
        ("2020-03", 30.0, None),
    ]


def test_two_files_complete_a_month_between_them(installation: Installation, give: Give) -> None:
    give(HEADER + days_of("2020-02", 1, 14))
    assert months(installation) == [("2020-02", None, "too_few_observations")]
    give(HEADER + days_of("2020-02", 15, 29, 2.0))
    assert months(installation) == [("2020-02", 14 + 30.0, None)]


# --- refused values ---------------------------------------------------------------------------


def test_a_refused_value_lies_in_quarantine_and_its_month_says_so(
    installation: Installation, give: Give
) -> None:
    body = HEADER + days_of("2020-02", 1, 28) + "S1,2020-02-29,-1\n"
    assert give(body) == Counts(29, 28, 1, 0)
    assert months(installation) == [("2020-02", None, "rejected")]
    assert told(
        installation.warehouse,
        "SELECT line, station_id, quantity, last_day::text, reason, record FROM series.quarantine",
    ) == [
        (
            30, "S1", "precipitation_mm", "2020-02-29",
            "precipitation_mm 2020-02-29: impossible precipitation, expected 0 to 2000 mm",
            "-1",
        )
    ]  # fmt: skip
    give(HEADER + "S1,2020-02-29,0\n")
    assert months(installation) == [("2020-02", 28.0, None)]


def test_an_impossible_value_does_not_unseat_the_one_held(
    installation: Installation, give: Give
) -> None:
    give(MONTHLY + "S1,2020-01,10.0\n")
    assert give(MONTHLY + "S1,2020-01,-999\nS1,2020-02,1.0\n") == Counts(2, 1, 1, 0)
    assert months(installation)[0] == ("2020-01", 10.0, None)


def test_what_the_provider_flags_later_no_longer_stands(
    installation: Installation, give: Give
) -> None:
    good, flagged = (dly_line(2001, 4, "PRCP", {17: cell}, rest=10) for cell in (25, "   25 I "))
    assert give(good + "\n", "a.dly") == Counts(30, 30, 0, 0)
    assert months(installation) == [("2001-04", pytest.approx(31.5), None)]
    assert give(flagged + "\n", "b.dly") == Counts(30, 0, 1, 29)
    (row,) = [row for row in observations(installation) if row[2] == "rejected"]
    assert row[:3] == ("2001-04-17", 2.5, "rejected")
    assert "quality flag I" in str(row[3])
    assert months(installation) == [("2001-04", None, "rejected")]
    assert give(good + "\n", "a.dly") == Counts(30, 1, 0, 29)
    assert months(installation) == [("2001-04", pytest.approx(31.5), None)]


ORDER = "STATION,DATE,PRCP,TMAX\n"
DAYS_OF_HEAT = "".join(f"{STATION},2001-05-{day:02d},,21.{day % 10}\n" for day in range(1, 26))
"""Tenths of a degree, which prove the units of the order."""


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param(["   25 I "], id="refused from the first"),
        pytest.param([25, "   25 I "], id="stored once, withdrawn later"),
    ],
)
def test_a_file_without_flags_brings_no_flagged_value_back(
    installation: Installation, give: Give, earlier: list[int | str]
) -> None:
    for number, cell in enumerate(earlier):
        give(dly_line(2001, 4, "PRCP", {17: cell}, rest=10) + "\n", f"{number}.dly")
    rain = f"{STATION},2001-04-17,2.5,\n{STATION},2001-04-18,1.0,\n"
    assert give(ORDER + rain + DAYS_OF_HEAT, "order.csv") == Counts(27, 25, 1, 1)
    assert months(installation)[0] == ("2001-04", None, "rejected")
    given_again = dly_line(2001, 4, "PRCP", {17: 25}, rest=10) + "\n"
    assert give(given_again, "lifted.dly") == Counts(30, 1, 0, 29)
    assert months(installation)[0] == ("2001-04", pytest.approx(31.5), None)
    assert give(ORDER + rain + DAYS_OF_HEAT, "order.csv") == Counts(27, 0, 0, 27)


def test_a_day_after_the_file_came_is_unread_and_does_not_draw_the_record_out(
    installation: Installation, give: Give
) -> None:
    """The file comes on 8 November 2026; a day of grace is for the time of day at the gauge."""
    days = ("2026-11-07", "2026-11-09", "2026-11-10", "2191-11-07")
    body = HEADER + "".join(f"S1,{day},1.0\n" for day in days)
    assert give(body) == Counts(4, 2, 2, 0)
    assert [row[0] for row in observations(installation)] == ["2026-11-07", "2026-11-09"]
    assert [month for month, *_ in months(installation)] == ["2026-11"]
    running = MONTHLY + "S2,2026-10,30.0\nS2,2026-11,4.0\n"
    assert give(running) == Counts(2, 1, 1, 0)


def test_a_total_of_days_that_another_file_reads_singly_is_not_counted_twice(
    installation: Installation, give: Give
) -> None:
    blank = dict.fromkeys(range(12, 15), -9999)
    several = dly_line(2001, 4, "MDPR", {14: 90}) + "\n" + dly_line(2001, 4, "DAPR", {14: 3}) + "\n"
    give(dly_line(2001, 4, "PRCP", blank, rest=10) + "\n" + several, "a.dly")
    assert months(installation) == [("2001-04", pytest.approx(27 + 9.0), None)]
    singly = dict.fromkeys(range(12, 14), 20)
    give(dly_line(2001, 4, "PRCP", singly) + "\n", "b.dly")
    (row,) = [row for row in observations(installation) if row[2] == "rejected"]
    assert row[:3] == ("2001-04-14", 9.0, "rejected")
    assert months(installation) == [("2001-04", None, "rejected")]


def test_the_order_of_lines_decides_nothing(installation: Installation, give: Give) -> None:
    lines = [dly_line(2001, month, "PRCP", {3: 7}, rest=month) for month in range(1, 13)]
    give("\n".join(lines) + "\n", "a.dly")
    before = observations(installation)
    assert give("\n".join(lines[::-1]) + "\n", "b.dly").stored == 0
    assert observations(installation) == before


# --- conservation -----------------------------------------------------------------------------

WHOLE_DLY = [
    dly_line(year, month, element, {11: 123, 12: "  456 X "}, rest=month)
    for year in (2001, 2002)
    for month in (1, 2, 6)
    for element in ("PRCP", "TMAX", "TMIN")
]
WHOLE_CSV = [
    f"S{station},{date(2001, month, day)},{(day * month) % 7}.5"
    for station in (1, 2)
    for month in (1, 2)
    for day in range(1, 21)
]

edits = st.lists(
    st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from("0123x-. ,;")),
    max_size=4,
)
harms = st.fixed_dictionaries(
    {
        "edits": edits,
        "doubled": st.lists(st.integers(0, 10**6), max_size=5),
        "cut": st.integers(0, 120),
        "order": st.randoms(use_true_random=False),
        "is_shuffled": st.booleans(),
    }
)


def harmed(lines: list[str], harm: dict[str, object]) -> str:
    """The lines with characters replaced, lines doubled, shuffled, and the end cut off."""
    out = list(lines)
    for at, column, letter in harm["edits"]:  # type: ignore[attr-defined]
        line = out[at % len(out)]
        column %= len(line)
        out[at % len(out)] = line[:column] + letter + line[column + 1 :]
    out += [out[at % len(out)] for at in harm["doubled"]]  # type: ignore[attr-defined]
    if harm["is_shuffled"]:
        harm["order"].shuffle(out)  # type: ignore[attr-defined]
    body = "\n".join(out) + "\n"
    return body[: len(body) - harm["cut"]]  # type: ignore[operator]


def records_of_dly(body: str) -> int:
    """Values of whole lines, missing ones left out, and one for each line that cannot be read."""
    count = 0
    for line in filter(str.strip, body.split("\n")):
        if line[261:266] == "-9999":
            line = line.ljust(269)
        key = re.fullmatch(r"[A-Z0-9_-]{11}([0-9]{4})(0[1-9]|1[0-2])(PRCP|TMAX|TMIN)", line[:21])
        if len(line) != 269 or key is None or not 1800 <= int(key[1]) <= 2199:
            count += 1
            continue
        count += sum(line[at : at + 5] != "-9999" for at in range(21, 269, 8))
    return count


def records_of_csv(body: str) -> int:
    """Rows with a value, and rows that cannot be read."""
    count = 0
    for line in filter(str.strip, body.split("\n")[1:]):
        cells = [cell.strip() for cell in line.split(",")]
        count += not _is_missing(cells)
    return count


def _is_missing(cells: list[str]) -> bool:
    """A row in order but for its value, which is empty: a missing value is no record."""
    if len(cells) != 3 or cells[2] or not cells[0]:
        return False
    found = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", cells[1])
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    in_year = 1800 <= year <= 2199 and 1 <= month <= 12
    return in_year and 1 <= day <= calendar.monthrange(year, month)[1]


@pytest.mark.parametrize(
    ("name", "header", "lines", "count"),
    [
        pytest.param("a.dly", "", WHOLE_DLY, records_of_dly, id="GHCN-Daily"),
        pytest.param("a.csv", HEADER, WHOLE_CSV, records_of_csv, id="an agency's table"),
    ],
)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(harm=harms)
def test_whatever_was_done_to_the_file_no_record_is_lost(
    installation: Installation,
    tmp_path: Path,
    name: str,
    header: str,
    lines: list[str],
    count: Callable[[str], int],
    harm: dict[str, object],
) -> None:
    path = tmp_path / name
    path.write_text(header + harmed(lines, harm))
    try:
        first = ingest_stations(installation, path).counts
    except InputError:
        pytest.fail("fewer harmed lines than whole ones: the file should have been taken")
    assert first.read == count(path.read_text())
    again = ingest_stations(installation, path).counts
    assert (again.read, again.stored, again.quarantined) == (first.read, 0, first.quarantined)
    assert told(
        installation.warehouse,
        "SELECT n_read, n_stored, n_quarantined, n_unchanged FROM ops.ingest "
        "ORDER BY ingest_id DESC LIMIT 2",
    ) == [
        (one.read, one.stored, one.quarantined, one.unchanged) for one in (again, first)
    ]  # fmt: skip


def test_the_hand_count_of_the_unharmed_files_is_right() -> None:
    """31, 28 and 30 days of three elements in two years; 20 days of two months at two stations."""
    assert records_of_dly("\n".join(WHOLE_DLY)) == 2 * 3 * (31 + 28 + 30)
    assert records_of_csv(HEADER + "\n".join(WHOLE_CSV)) == 2 * 2 * 20
    assert STATION in WHOLE_DLY[0]
