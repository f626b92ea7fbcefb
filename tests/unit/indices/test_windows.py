"""Totals over the months an index looks back on."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexFamily
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Panel, gap_code
from pipeline.indices import windows
from tests.unit.indices.records import panel

NAN = float("nan")


def reasons(totals: Panel) -> list[Gap | None]:
    return [GAPS[code] for code in totals.gaps[:, 0]]


def test_a_total_adds_the_month_and_those_before() -> None:
    totals = windows.window_totals(panel([1.0, 2.0, 4.0, 8.0]), 3)
    assert totals.values[2:, 0].tolist() == [7.0, 14.0]
    assert reasons(totals) == [Gap.SHORT_HISTORY, Gap.SHORT_HISTORY, None, None]


def test_a_record_shorter_than_the_scale_is_all_short_history() -> None:
    totals = windows.window_totals(panel([1.0, 2.0]), 3)
    assert reasons(totals) == [Gap.SHORT_HISTORY] * 2


def test_a_missing_month_is_missing_in_every_window_that_holds_it() -> None:
    totals = windows.window_totals(panel([1.0, NAN, 1.0, 1.0, 1.0]), 2)
    assert reasons(totals) == [
        Gap.SHORT_HISTORY, Gap.NOT_PUBLISHED, Gap.NOT_PUBLISHED, None, None,
    ]  # fmt: skip


def test_the_newest_missing_month_names_the_gap() -> None:
    codes = [0, gap_code(Gap.REJECTED), gap_code(Gap.LOW_COVERAGE), 0]
    monthly = Panel(
        Month(2000, 1),
        np.array([[1.0], [NAN], [NAN], [1.0]]),
        np.array(codes, np.uint8)[:, None],
    )
    totals = windows.window_totals(monthly, 3)
    assert reasons(totals)[2:] == [Gap.LOW_COVERAGE, Gap.LOW_COVERAGE]


def test_a_window_before_the_record_is_short_history_even_if_a_month_in_it_is_missing() -> None:
    totals = windows.window_totals(panel([NAN, 1.0, 1.0]), 3)
    assert reasons(totals) == [Gap.SHORT_HISTORY, Gap.SHORT_HISTORY, Gap.NOT_PUBLISHED]


def test_rain_names_the_gap_before_pet_does() -> None:
    rain = panel([1.0, NAN, NAN], gap=Gap.NOT_PUBLISHED)
    demand = panel([NAN, NAN, 1.0], gap=Gap.LOW_COVERAGE)
    balance = windows.monthly_quantity_mm(IndexFamily.SPEI, rain, demand)
    assert reasons(balance) == [Gap.LOW_COVERAGE, Gap.NOT_PUBLISHED, Gap.NOT_PUBLISHED]


@pytest.mark.parametrize(
    ("rain", "demand", "message"),
    [
        pytest.param([1.0, -0.1], [1.0, 1.0], "2000-02.*-0.1 is negative", id="negative rain"),
        pytest.param([1.0, np.inf], [1.0, 1.0], "precipitation_mm.*not finite", id="endless rain"),
        pytest.param([1.0, 1.0], [1.0, np.inf], "pet_mm.*not finite", id="endless demand"),
        pytest.param([1.0, 1.0], [1.0], "pet_mm: expected the months", id="PET of other months"),
    ],
)
def test_impossible_input_is_refused(rain: list[float], demand: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        windows.monthly_quantity_mm(
            IndexFamily.SPEI, panel(rain, "2000-01"), panel(demand, "2000-01")
        )


def test_folding_by_year_keeps_every_month_in_its_place() -> None:
    monthly = panel([float(k) for k in range(30)], "2000-05")
    folded = windows.by_year(monthly)
    assert folded.shape == (3, 12, 1)
    assert np.isnan(folded[0, :4, 0]).all()
    assert folded[0, 4, 0] == 0.0
    assert folded[1, 0, 0] == 8.0
    assert np.array_equal(windows.by_month(folded, monthly), monthly.values)
    assert windows.calendar_months(monthly)[:9].tolist() == [4, 5, 6, 7, 8, 9, 10, 11, 0]


@pytest.mark.parametrize(
    ("first", "months", "held"),
    [
        pytest.param("1981-01", 360, True, id="exactly the period"),
        pytest.param("1981-02", 360, False, id="its first January is missing"),
        pytest.param("1980-12", 360, False, id="its last December is missing"),
    ],
)
def test_the_record_must_hold_the_whole_period(first: str, months: int, held: bool) -> None:
    record = panel([1.0] * months, first)
    assert windows.holds(record, CalibrationPeriod(1981, 2010)) is held


def test_the_sample_is_the_years_of_the_period_and_no_other() -> None:
    record = panel([float(1979 + k // 12) for k in range(40 * 12)], "1979-01")
    sample = windows.calibration_sample(record, CalibrationPeriod(1981, 2010))
    assert sample[:, 0, 0].tolist() == [float(year) for year in range(1981, 2011)]
