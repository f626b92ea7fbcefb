from __future__ import annotations

import calendar
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.sources import ghcn_daily
from pipeline.stations.months import monthly_values
from pipeline.stations.observations import (
    OBSERVATION_COLUMNS,
    Disclosure,
    Resolution,
    Station,
    StationFile,
    TemperatureMean,
)

STATION = "TU000000001"
Cell = int | str
Load = Callable[..., StationFile]


def line(year: int, month: int, element: str, cells: dict[int, Cell], rest: int = -9999) -> str:
    """A .dly line; a cell is a value, or the value's five characters and the three flags."""
    length = calendar.monthrange(year, month)[1]

    def cell(day: int) -> str:
        content = cells.get(day, rest if day <= length else -9999)
        return content if isinstance(content, str) else f"{content:5d}   "

    return f"{STATION}{year}{month:02d}{element}" + "".join(cell(day) for day in range(1, 32))


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def loaded(*lines: str, end: str = "\n") -> StationFile:
        path = tmp_path / "gauge.dly"
        path.write_bytes(end.join([*lines, ""]).encode())
        return ghcn_daily.read(path)

    return loaded


def months(file: StationFile) -> list[dict[str, object]]:
    return monthly_values(file.observations, file.resolution).to_dict("records")


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["Unix line ends", "Windows line ends"])
def test_a_millimetre_a_day_in_a_leap_february_is_29_mm(load: Load, end: str) -> None:
    file = load(line(2024, 2, "PRCP", {}, rest=10), end=end)
    assert file.stations == (
        Station(STATION, disclosure=Disclosure.OPEN, temperature_mean=TemperatureMean.HALF_SUM),
    )
    assert file.resolution is Resolution.DAILY
    assert tuple(file.observations.columns) == OBSERVATION_COLUMNS
    assert months(file)[0]["precipitation_mm"] == pytest.approx(29.0)
    assert file.quarantined == ()


@pytest.mark.parametrize(
    ("cell", "total", "gap", "n_refused"),
    [
        pytest.param("   25   ", 31.5, None, 0, id="a value counts in tenths"),
        pytest.param("    0T  ", 29.0, None, 0, id="a trace counts as nothing, and as read"),
        pytest.param("-9999   ", None, Gap.TOO_FEW_OBSERVATIONS, 0, id="missing is not dry"),
        pytest.param("    0P  ", None, Gap.TOO_FEW_OBSERVATIONS, 0, id="nor is presumed zero"),
        pytest.param("   25 D ", None, Gap.REJECTED, 1, id="a failed check refuses the value"),
        pytest.param("   25  S", 31.5, None, 0, id="the source flag says nothing of quality"),
        pytest.param("   -5   ", None, Gap.REJECTED, 1, id="rain below zero is refused"),
    ],
)
def test_one_day_of_april(
    load: Load, cell: str, total: float, gap: Gap | None, n_refused: int
) -> None:
    file = load(line(2001, 4, "PRCP", {17: cell}, rest=10))
    (month,) = months(file)
    assert month["gap"] is gap
    assert gap is not None or month["precipitation_mm"] == pytest.approx(total)
    assert len(file.quarantined) == n_refused


def test_quarantine_names_file_line_day_and_failed_check(load: Load) -> None:
    april = line(2001, 4, "PRCP", {}, rest=10)
    (refused,) = load(april, line(2001, 5, "TMAX", {9: "  451 I7"}, rest=200)).quarantined
    assert (refused.file, refused.line, refused.record) == ("gauge.dly", 2, "  451 I7")
    assert refused.reason == (
        "TMAX 2001-05-09: the provider's quality flag I (internal consistency)"
    )


class TestTotalsOfSeveralDays:
    def test_inside_a_month_they_are_kept(self, load: Load) -> None:
        rain = line(2001, 4, "PRCP", dict.fromkeys((14, 15, 16), -9999), rest=10)
        total = line(2001, 4, "MDPR", {16: 120})
        count = line(2001, 4, "DAPR", {16: 3})
        (month,) = months(load(rain, total, count))
        assert month["precipitation_mm"] == pytest.approx(27 * 1.0 + 12.0)
        assert month["n_observations"] == 28

    def test_across_a_border_they_leave_two_gaps(self, load: Load) -> None:
        april = line(2001, 4, "PRCP", {29: -9999, 30: -9999}, rest=10)
        may = line(2001, 5, "PRCP", {1: -9999}, rest=10)
        file = load(april, may, line(2001, 5, "MDPR", {1: 120}), line(2001, 5, "DAPR", {1: 3}))
        gaps = [month["gap"] for month in months(file)]
        assert gaps == [Gap.TOO_FEW_OBSERVATIONS, Gap.TOO_FEW_OBSERVATIONS]
        assert file.quarantined == ()

    def test_a_flagged_one_rejects_the_month(self, load: Load) -> None:
        rain = line(2001, 4, "PRCP", dict.fromkeys((14, 15, 16), -9999), rest=10)
        total = line(2001, 4, "MDPR", {16: "  120 L "})
        (month,) = months(load(rain, total, line(2001, 4, "DAPR", {16: 3})))
        assert month["gap"] is Gap.REJECTED
        assert month["n_observations"] == 27

    @pytest.mark.parametrize(
        ("counted", "rain", "reason"),
        [
            pytest.param({}, {15: -9999, 16: -9999}, "without the number", id="no day count"),
            pytest.param({16: 0}, {15: -9999, 16: -9999}, "without the number", id="no days"),
            pytest.param({16: "    2 L "}, {16: -9999}, "without the number", id="a flagged count"),
            pytest.param({16: 2}, {16: -9999}, "shares a day", id="a day with rain of its own"),
        ],
    )
    def test_otherwise_they_are_refused(
        self, load: Load, counted: dict[int, Cell], rain: dict[int, Cell], reason: str
    ) -> None:
        file = load(
            line(2001, 4, "PRCP", rain, rest=10),
            line(2001, 4, "MDPR", {16: 120}),
            line(2001, 4, "DAPR", counted),
        )
        assert [record.line for record in file.quarantined if reason in record.reason] == [2]
        assert np.isnan(months(file)[0]["precipitation_mm"])


class TestMeanTemperature:
    def test_it_is_the_half_sum_where_the_extremes_give_more_days(self, load: Load) -> None:
        file = load(
            line(2001, 4, "TMAX", {}, rest=200),
            line(2001, 4, "TMIN", {}, rest=100),
            line(2001, 4, "TAVG", {1: -9999}, rest=140),
        )
        assert file.stations[0].temperature_mean is TemperatureMean.HALF_SUM
        assert months(file)[0]["temperature_mean_c"] == pytest.approx(15.0)

    def test_it_is_the_providers_where_that_gives_more_days(self, load: Load) -> None:
        file = load(
            line(2001, 4, "TMAX", {}, rest=200),
            line(2001, 4, "TMIN", {3: "  250 I "}, rest=100),
            line(2001, 4, "TAVG", {}, rest=140),
        )
        assert file.stations[0].temperature_mean is TemperatureMean.PROVIDER
        assert months(file)[0]["temperature_mean_c"] == pytest.approx(14.0)

    def test_a_record_never_mixes_the_two(self, load: Load) -> None:
        extremes = [
            line(2001, month, element, {}, rest=rest)
            for month in (4, 5)
            for element, rest in (("TMAX", 200), ("TMIN", 100))
        ]
        april, may, june = months(load(*extremes, line(2001, 6, "TAVG", {}, rest=140)))
        assert [april["temperature_mean_c"], may["temperature_mean_c"]] == pytest.approx([15, 15])
        assert june["temperature_gap"] is Gap.TOO_FEW_OBSERVATIONS

    def test_five_refused_days_in_a_row_reject_the_month(self, load: Load) -> None:
        flagged = dict.fromkeys(range(3, 8), "  250 I ")
        (month,) = months(
            load(line(2001, 4, "TMAX", {}, rest=200), line(2001, 4, "TMIN", flagged, rest=100))
        )
        assert month["temperature_gap"] is Gap.REJECTED


GOOD = line(2001, 4, "PRCP", {}, rest=10)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        pytest.param(
            GOOD.replace("200104", "200113"),
            "line 2, columns 12-17: expected year and month as YYYYMM, years 1800 to 2199, "
            "months 01 to 12, got '200113'",
            id="month thirteen",
        ),
        pytest.param(
            GOOD.replace("200104", "2O0104"),
            "line 2, columns 12-17: expected year and month as YYYYMM, years 1800 to 2199, "
            "months 01 to 12, got '2O0104'",
            id="a letter in the year",
        ),
        pytest.param(
            line(2001, 4, "PRCP", {2: "  1x0   "}),
            "line 2, columns 30-34: expected a whole number or -9999, got '  1x0'",
            id="a value that is no number",
        ),
        pytest.param(
            line(2001, 4, "PRCP", {31: 10}),
            "line 2, columns 262-266: expected -9999 after the month's end, got '   10'",
            id="rain on the 31st of April",
        ),
        pytest.param(
            GOOD[:200],
            "line 2: expected 269 characters as in GHCN-Daily .dly files, got 200",
            id="half a line",
        ),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_loaded(load: Load, bad: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        load(GOOD, bad, GOOD)
    assert str(error.value) == (
        f"gauge.dly: {message}; fetch the file again; nothing was loaded from it"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param("", "the file is empty", id="an empty file"),
        pytest.param("STATION,DATE,PRCP\n", "line 1: expected 269 characters", id="a CSV file"),
        pytest.param(
            line(2001, 4, "SNWD", {}) + "\n", "of the elements PRCP,", id="nothing of use"
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "other.dly"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        ghcn_daily.read(path)


def counted_by_hand(path: Path, wanted: str) -> dict[str, tuple[int, float]]:
    """Days read and their sum in tenths, month by month, straight from the characters."""
    counts = {}
    for text in path.read_text().splitlines():
        if text[17:21] != wanted:
            continue
        cells = [text[21 + 8 * n : 29 + 8 * n] for n in range(31)]
        good = [int(c[:5]) for c in cells if c[:5] != "-9999" and c[5] != "P" and c[6] == " "]
        counts[f"{text[11:15]}-{text[15:17]}"] = (len(good), float(sum(good)))
    return counts


@pytest.mark.parametrize(
    ("name", "n_whole"),
    [
        pytest.param("TU000017074.dly", 28, id="Kastamonu"),
        pytest.param("TUM00017130.dly", 40, id="Ankara"),
    ],
)
def test_real_months_of_rain_are_those_counted_by_hand(
    shared_data: Path, name: str, n_whole: int
) -> None:
    path = shared_data / "stations" / name
    file = ghcn_daily.read(path)
    made = monthly_values(file.observations, file.resolution)
    counts = counted_by_hand(path, "PRCP")
    expected = {
        month: tenths / 10
        for month, (n_days, tenths) in counts.items()
        if n_days == pd.Period(month).days_in_month
    }
    assert len(expected) == n_whole
    whole = made[made["gap"].isna()]
    got = dict(zip(whole["month"].dt.strftime("%Y-%m"), whole["precipitation_mm"], strict=True))
    assert got == pytest.approx(expected)
    n_days = dict(zip(made["month"].dt.strftime("%Y-%m"), made["n_observations"], strict=True))
    assert {month: n_days[month] for month in counts} == {m: n for m, (n, _) in counts.items()}


def test_kastamonu_before_2000_is_gaps_not_drought(shared_data: Path) -> None:
    """Rain is reported there on 100 to 158 days a year, and nothing says the others were dry."""
    file = ghcn_daily.read(shared_data / "stations" / "TU000017074.dly")
    made = monthly_values(file.observations, file.resolution)
    early = made[made["month"] < "2000-01-01"]
    assert len(early) == 70 * 12
    assert early["precipitation_mm"].isna().all()
    assert (early["gap"] == Gap.TOO_FEW_OBSERVATIONS).all()
    days_a_year = early.groupby(early["month"].dt.year)["n_observations"].sum()
    assert days_a_year.between(100, 158).all()


def test_kastamonu_quarantine_holds_every_flagged_value_of_rain_and_temperature(
    shared_data: Path,
) -> None:
    path = shared_data / "stations" / "TU000017074.dly"
    flagged = sum(
        text[21 + 8 * n : 26 + 8 * n] != "-9999" and text[27 + 8 * n] != " "
        for text in path.read_text().splitlines()
        for n in range(31)
        if text[17:21] in {"PRCP", "TMAX", "TMIN", "TAVG"}
    )
    assert flagged == 952
    assert len(ghcn_daily.read(path).quarantined) == flagged
