from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.landscapes.demand import needs_hargreaves

PERIOD = CalibrationPeriod(1991, 2020)
YEARS = 32


def panel(*missing_years: int, july_alone: bool = False) -> Panel:
    """1990 to 2021 of one landscape; some years are missing, whole or in July alone."""
    values = np.full((YEARS, 12, 1), 5.0)
    for year in missing_years:
        values[year - 1990, 6 if july_alone else slice(None)] = np.nan
    flat = values.reshape(-1, 1)
    gaps = np.where(np.isnan(flat), gap_code(Gap.NOT_PUBLISHED), 0).astype(np.uint8)
    return Panel(Month(1990, 1), flat, gaps)


SIX, SEVEN = range(2001, 2007), range(2001, 2008)
ALL = range(1990, 2022)


@pytest.mark.parametrize(
    ("rain", "penman", "hargreaves", "expected"),
    [
        pytest.param(panel(), panel(), panel(), False, id="both are there: Penman-Monteith"),
        pytest.param(panel(), panel(*ALL), panel(), True, id="Hargreaves alone is there"),
        pytest.param(panel(), panel(*ALL), panel(*ALL), False, id="neither is there"),
        pytest.param(panel(), panel(*SIX), panel(), False, id="24 years of Penman suffice"),
        pytest.param(panel(), panel(*SEVEN), panel(), True, id="23 years do not"),
        pytest.param(
            panel(), panel(*SEVEN, july_alone=True), panel(), True, id="not even in one month"
        ),
        pytest.param(
            panel(), panel(*SEVEN), panel(*SEVEN), False, id="Hargreaves must be better"
        ),
        pytest.param(
            panel(*SEVEN), panel(), panel(), False, id="without rain neither is worth anything"
        ),
        pytest.param(
            panel(2001, 2002, 2003), panel(2004, 2005, 2006, 2007), panel(), True,
            id="rain and Penman must be there in the same years",
        ),
        pytest.param(
            panel(), panel(1990, 2021), panel(), False, id="other years do not count"
        ),
    ],
)  # fmt: skip
def test_which_demand_a_record_is_judged_by(
    rain: Panel, penman: Panel, hargreaves: Panel, expected: bool
) -> None:
    assert needs_hargreaves(rain, penman, hargreaves, PERIOD).tolist() == [expected]


def test_each_landscape_is_judged_for_itself() -> None:
    def beside(one: Panel, other: Panel) -> Panel:
        return Panel(
            one.first_month,
            np.hstack([one.values, other.values]),
            np.hstack([one.gaps, other.gaps]),
        )

    both = beside(panel(), panel())
    found = needs_hargreaves(both, beside(panel(), panel(*ALL)), both, PERIOD)
    assert found.tolist() == [False, True]


def test_a_record_shorter_than_the_period_has_too_few_years() -> None:
    short = Panel(Month(2000, 3), np.full((200, 1), 5.0), np.zeros((200, 1), np.uint8))
    assert needs_hargreaves(short, short, short, PERIOD).tolist() == [False]
