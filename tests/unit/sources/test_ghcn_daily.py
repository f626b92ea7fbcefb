from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.core.errors import InputError
from pipeline.sources import ghcn_daily
from pipeline.stations.observations import (
    RECORD_COLUMNS,
    Disclosure,
    Quantity,
    Resolution,
    Station,
    StationFile,
)
from tests.unit.sources.station_lines import STATION, dly_line

Load = Callable[..., StationFile]

RAIN, MEAN = Quantity.PRECIPITATION, Quantity.TEMPERATURE_MEAN
MAX, MIN = Quantity.TEMPERATURE_MAX, Quantity.TEMPERATURE_MIN


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(*lines: str, end: str = "\n") -> StationFile:
        path = tmp_path / "gauge.dly"
        path.write_bytes(end.join([*lines, ""]).encode())
        return ghcn_daily.read(path)

    return loaded


def value(file: StationFile, day: str, quantity: Quantity) -> tuple[float, str]:
    """The one record of a day: its value and why it is refused."""
    records = file.records
    (row,) = records[(records["last_day"] == day) & (records["quantity"] == quantity)].index
    return float(records["value"][row]), str(records["reason"][row])


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["Unix line ends", "Windows line ends"])
def test_a_millimetre_a_day_in_a_leap_february_is_29_mm(load: Load, end: str) -> None:
    file = load(dly_line(2024, 2, "PRCP", {}, rest=10), end=end)
    assert file.stations == (Station(STATION, disclosure=Disclosure.OPEN),)
    assert file.resolution is Resolution.DAILY
    assert tuple(file.records.columns) == RECORD_COLUMNS
    assert file.records["value"].sum() == pytest.approx(29.0)
    assert (file.records["n_days"] == 1).all()
    assert file.unread == ()


@pytest.mark.parametrize(
    ("cell", "mm", "reason"),
    [
        pytest.param("   25   ", 2.5, "", id="a value counts in tenths"),
        pytest.param("    0T  ", 0.0, "", id="a trace counts as nothing, and as read"),
        pytest.param("   25 D ", 2.5, "quality flag D (duplicate)", id="a failed check is named"),
        pytest.param("   25 q ", 2.5, "quality flag q (unknown)", id="an unknown check too"),
        pytest.param("    0P  ", 0.0, "presumes to be zero", id="presumed zero is not measured"),
        pytest.param("   25  S", 2.5, "", id="the source flag says nothing of quality"),
        pytest.param("   -5   ", -0.5, "", id="what is impossible is not for the reader to say"),
    ],
)
def test_one_day_of_april(load: Load, cell: str, mm: float, reason: str) -> None:
    file = load(dly_line(2001, 4, "PRCP", {17: cell}, rest=10))
    got, why = value(file, "2001-04-17", RAIN)
    assert got == mm
    assert reason in why
    assert bool(reason) == bool(why)
    assert file.records["text"][16] == cell


def test_a_missing_day_is_no_record(load: Load) -> None:
    file = load(dly_line(2001, 4, "PRCP", {17: "-9999   "}, rest=10))
    assert len(file.records) == 29


def test_elements_become_quantities_and_others_are_left_alone(load: Load) -> None:
    file = load(
        dly_line(2001, 4, "TMAX", {1: 201}),
        dly_line(2001, 4, "TMIN", {1: -15}),
        dly_line(2001, 4, "TAVG", {1: 93}),
        dly_line(2001, 4, "SNWD", {1: 300}),
        dly_line(2001, 4, "WT01", {1: 1}),
    )
    got = dict(zip(file.records["quantity"], file.records["value"], strict=True))
    assert got == {MAX: 20.1, MIN: -1.5, MEAN: 9.3}
    assert file.unread == ()


class TestTotalsOfSeveralDays:
    def test_they_cover_the_days_that_are_counted(self, load: Load) -> None:
        file = load(
            dly_line(2001, 5, "MDPR", {1: 120}),
            dly_line(2001, 5, "DAPR", {1: 3}),
        )
        (row,) = file.records.to_dict("records")
        assert (row["quantity"], row["value"], row["n_days"]) == (RAIN, 12.0, 3)
        assert (str(row["last_day"].date()), row["reason"]) == ("2001-05-01", "")

    @pytest.mark.parametrize(
        "counts",
        [
            pytest.param([], id="no day count"),
            pytest.param([{16: 0}], id="no days"),
            pytest.param([{16: 32}], id="too many days"),
            pytest.param([{16: "    2 L "}], id="a flagged count"),
            pytest.param([{16: 2}, {16: 3}], id="two counts"),
        ],
    )
    def test_without_a_day_count_they_are_refused(
        self, load: Load, counts: list[dict[int, int | str]]
    ) -> None:
        lines = [dly_line(2001, 4, "DAPR", cells) for cells in counts]
        file = load(dly_line(2001, 4, "MDPR", {16: 120}), *lines)
        assert value(file, "2001-04-16", RAIN)[1].startswith("a total of several days (MDPR)")

    def test_a_repeated_count_is_still_one(self, load: Load) -> None:
        count = dly_line(2001, 4, "DAPR", {16: 3})
        file = load(count, dly_line(2001, 4, "MDPR", {16: 120}), count)
        assert value(file, "2001-04-16", RAIN) == (12.0, "")

    def test_a_flagged_one_keeps_the_providers_reason(self, load: Load) -> None:
        file = load(dly_line(2001, 4, "MDPR", {16: "  120 L "}), dly_line(2001, 4, "DAPR", {16: 3}))
        assert "flag L (length of a period" in value(file, "2001-04-16", RAIN)[1]


GOOD = dly_line(2001, 4, "PRCP", {}, rest=10)


@pytest.mark.parametrize(
    ("bad", "reason", "record"),
    [
        pytest.param(
            GOOD.replace("200104", "200113"),
            "columns 12-17: expected year and month as YYYYMM, years 1800 to 2199, months 01 to 12",
            None,
            id="month thirteen",
        ),
        pytest.param(
            GOOD.replace("200104", "2O0104"),
            "columns 12-17: expected year and month as YYYYMM, years 1800 to 2199, months 01 to 12",
            None,
            id="a letter in the year",
        ),
        pytest.param(
            GOOD.replace("PRCP", "PRKP"),
            "columns 18-21: expected an element of GHCN-Daily",
            None,
            id="an element that does not exist",
        ),
        pytest.param(
            GOOD.replace("TU00", "tu00"),
            "columns 1-11: expected a station's id of 11 capital letters and figures",
            None,
            id="a station's id in small letters",
        ),
        pytest.param(GOOD[:200], "expected 269 characters, got 200", None, id="half a line"),
        pytest.param(
            dly_line(2001, 4, "PRCP", {2: "  1x0   "}),
            "columns 30-34: expected a whole number or -9999",
            "  1x0   ",
            id="a value that is no number",
        ),
        pytest.param(
            dly_line(2001, 4, "PRCP", {31: 10}),
            "columns 262-266: expected -9999 after the month's end",
            "   10   ",
            id="rain on the 31st of April",
        ),
    ],
)
def test_a_bad_line_is_unread_and_the_rest_is_read(
    load: Load, bad: str, reason: str, record: str | None
) -> None:
    file = load(GOOD, bad, GOOD)
    (unread,) = file.unread
    assert (unread.file, unread.line, unread.reason) == ("gauge.dly", 2, reason)
    assert unread.record == (bad if record is None else record)
    assert file.records.groupby("line").size().to_dict() == {1: 30, 3: 30}


def test_blanks_that_an_editor_took_off_are_no_fault(load: Load) -> None:
    file = load(GOOD.rstrip(), GOOD)
    assert file.unread == ()
    assert len(file.records) == 60


def test_a_cut_flag_is_a_cut_line(load: Load) -> None:
    """The 31st is given, so what stood behind it may have been a failed check."""
    may = dly_line(2001, 5, "PRCP", {31: "   25 D "})
    file = load(GOOD, may[:266])
    assert [unread.line for unread in file.unread] == [2]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="an empty file"),
        pytest.param("STATION,DATE,PRCP\n", id="a CSV file"),
        pytest.param(dly_line(2001, 4, "SNWD", {1: 3}) + "\n", id="nothing of use"),
        pytest.param(dly_line(2001, 4, "PRCP", {}) + "\n", id="no value"),
        pytest.param("\n".join([GOOD, GOOD[:99], GOOD[:99], ""]), id="more unread than read"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "other.dly"
    path.write_text(content)
    with pytest.raises(InputError, match=r"other\.dly: expected GHCN-Daily .dly lines"):
        ghcn_daily.read(path)


def test_kastamonu_gives_what_stands_in_its_characters(shared_data: Path) -> None:
    """Line 1 begins  TU000017074193001TMAX   66  G   34  G   84  G
    line 7 has for the 30th of March 1930, TMAX,  "   33 IG"
    line 2511 begins  TU000017074199701PRCP   20  I    0  I    0  I   20  I-9999      20  I
    """
    file = ghcn_daily.read(shared_data / "stations" / "TU000017074.dly")
    assert [value(file, f"1930-01-0{day}", MAX) for day in (1, 2, 3)] == [
        (6.6, ""), (3.4, ""), (8.4, ""),
    ]  # fmt: skip
    assert value(file, "1930-03-30", MAX) == (
        3.3, "the provider's quality flag I (internal consistency)",
    )  # fmt: skip
    rain = file.records[(file.records["line"] == 2511) & (file.records["last_day"] < "1997-01-07")]
    assert [(str(d.date())[-2:], v) for d, v in zip(rain["last_day"], rain["value"], strict=True)] == [
        ("01", 2.0), ("02", 0.0), ("03", 0.0), ("04", 2.0), ("06", 2.0),
    ]  # fmt: skip
    assert file.unread == ()


def test_kastamonu_has_952_refused_values_of_89906(shared_data: Path) -> None:
    path = shared_data / "stations" / "TU000017074.dly"
    given = flagged = 0
    for line in path.read_text().splitlines():
        if line[17:21] in {"PRCP", "TMAX", "TMIN", "TAVG"}:
            cells = [line[21 + 8 * n : 29 + 8 * n] for n in range(31)]
            given += sum(cell[:5] != "-9999" for cell in cells)
            flagged += sum(cell[:5] != "-9999" and cell[6] != " " for cell in cells)
    assert (given, flagged) == (89906, 952)
    records = ghcn_daily.read(path).records
    assert (len(records), (records["reason"] != "").sum()) == (given, flagged)


def test_ankara_gives_what_stands_in_its_characters(shared_data: Path) -> None:
    """TUM00017130200304PRCP-9999   -9999      61B S …  the 19th   140B S
    TUM00017130200309TAVG  273H S  248H S
    """
    file = ghcn_daily.read(shared_data / "stations" / "TUM00017130.dly")
    assert value(file, "2003-04-03", RAIN) == (6.1, "")
    assert value(file, "2003-04-19", RAIN) == (14.0, "")
    assert [value(file, f"2003-09-0{day}", MEAN)[0] for day in (1, 2)] == [27.3, 24.8]
    assert (file.records["reason"] == "").all()
