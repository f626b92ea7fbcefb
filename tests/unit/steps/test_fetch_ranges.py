"""Which months want the daily range of temperature, by what their files hold."""

from __future__ import annotations

import pytest

from pipeline.core.ids import Country, Release
from pipeline.core.months import Month
from pipeline.sources import cds
from pipeline.steps.fetch_ranges import without_range
from pipeline.warehouse.holdings import Box, Holding

MONTH = Month(2026, 7)
FINAL, PRELIMINARY = Release.FINAL, Release.PRELIMINARY
AREA = cds.area_of([Country.TAJIKISTAN])
HERE: Box = (AREA.north, AREA.west, AREA.south, AREA.east)
RAIN = ("precipitation_mm", "temperature_mean_c")
ALL = (*RAIN, "dewpoint_c", "wind_speed_m_s", "solar_radiation_mj_m2_day")
RANGE = ("temperature_mean_c", "temperature_max_c", "temperature_min_c")


def file(
    *variables: str, release: Release = FINAL, area: Box | None = None, month: Month = MONTH
) -> Holding:
    return Holding(month, release, 1, "key", None, frozenset(variables), area)


OLD = Holding(MONTH, FINAL, 1, "key", None, None, None)


@pytest.mark.parametrize(
    ("files", "is_wanted"),
    [
        pytest.param([file(*RAIN)], True, id="rain and temperature alone"),
        pytest.param([file(*ALL)], False, id="what Penman-Monteith needs"),
        pytest.param([file(*RAIN), file(*ALL)], False, id="one file of two has it all"),
        pytest.param(
            [file(*ALL[:3]), file(*ALL[3:])], True, id="humidity in one file and wind in another"
        ),
        pytest.param([file(*RAIN, *RANGE[1:])], False, id="daily extremes in the file itself"),
        pytest.param([file(*RAIN), file(*RANGE)], False, id="the range is here"),
        pytest.param(
            [file(*RAIN), file(*RANGE, release=PRELIMINARY)], True, id="final rain, range not"
        ),
        pytest.param(
            [file(*RAIN, release=PRELIMINARY), file(*RANGE, release=PRELIMINARY)],
            False,
            id="both preliminary",
        ),
        pytest.param(
            [file(*ALL), file(*RANGE, release=PRELIMINARY)],
            True,
            id="not needed, but a preliminary one keeps the month preliminary",
        ),
        pytest.param(
            [file(*ALL), file(*RANGE, release=PRELIMINARY), file(*RANGE)],
            False,
            id="not needed, and final",
        ),
        pytest.param(
            [file(*ALL, release=PRELIMINARY), file(*RANGE, release=PRELIMINARY)],
            False,
            id="not needed, and the month is preliminary",
        ),
        pytest.param([file(*ALL), file(*RANGE, area=HERE)], False, id="not needed, and here"),
        pytest.param([file(*RAIN), file(*RANGE, area=HERE)], False, id="asked for just this area"),
        pytest.param(
            [file(*RAIN), file(*RANGE, area=(41.0, 67.0, 36.5, 75.5))],
            True,
            id="asked for half a degree less in the north",
        ),
        pytest.param([file(*RANGE)], False, id="no rain to go with it"),
        pytest.param([file("snow_melt_mm")], False, id="snow without rain"),
        pytest.param([OLD], True, id="not known what it holds: it is to be looked up"),
        pytest.param([OLD, file(*ALL)], False, id="not known, and a file that has it all"),
    ],
)
def test_a_month_wants_its_range(files: list[Holding], is_wanted: bool) -> None:
    assert without_range(files, AREA) == ([MONTH] if is_wanted else [])


def test_each_month_is_judged_by_its_own_files_oldest_first() -> None:
    files = [
        file(*RAIN, month=MONTH + 2),
        file(*ALL, month=MONTH + 1),
        file(*RAIN),
        file(*RANGE, month=MONTH + 3),
    ]
    assert without_range(files, AREA) == [MONTH, MONTH + 2]
