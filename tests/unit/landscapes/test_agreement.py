from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.months import Month
from pipeline.landscapes.agreement import agreement

PERIOD = CalibrationPeriod(1991, 2020)
FIRST = Month(1990, 1)
YEARS = 32
SEASONS = np.array([60, 50, 70, 40, 30, 10, 5, 5, 10, 30, 50, 60], dtype=float)


def rain(seed: int = 1) -> np.ndarray:
    """A gauge: its seasons, and weather that makes a month half or double."""
    weather = np.random.default_rng(seed).choice([0.5, 1.0, 2.0], (YEARS, 12))
    return (SEASONS * weather).reshape(-1)


def test_bias_is_that_of_the_sums_in_the_period() -> None:
    gauge, grid = np.full(YEARS * 12, 40.0), np.full(YEARS * 12, 30.0)
    grid[:12] = 4000.0  # 1990 lies before the period
    grid[12] = 66.0  # 36 mm more in one of 360 months: 0.1 mm a month
    found = agreement(gauge, grid, FIRST, PERIOD)
    assert (found.n_months, found.gauge_mm) == (360, 40.0)
    assert found.grid_mm == pytest.approx(30.1)
    assert found.ratio == pytest.approx(30.1 / 40)
    assert found.difference_mm == pytest.approx(-9.9)


def test_only_months_that_both_have_are_compared() -> None:
    gauge, grid = rain(), rain()
    gauge[50:60], grid[55:70] = np.nan, np.nan
    found = agreement(gauge, grid, FIRST, PERIOD)
    assert found.n_months == 360 - 20
    assert found.ratio == 1.0


def test_the_seasons_alone_make_a_correlation_and_no_correlation_of_anomalies() -> None:
    found = agreement(rain(1), rain(2), FIRST, PERIOD)
    assert found.correlation is not None
    assert found.correlation > 0.25
    assert found.anomaly_correlation == pytest.approx(0.0, abs=0.15)


def test_correlations_of_a_record_worked_by_hand() -> None:
    """Januaries of 1991-1993 only: gauge 10, 20, 60 and grid 20, 10, 60 mm."""
    gauge, grid = np.full(YEARS * 12, np.nan), np.full(YEARS * 12, np.nan)
    at = [12, 24, 36]
    gauge[at], grid[at] = [10.0, 20.0, 60.0], [20.0, 10.0, 60.0]
    found = agreement(gauge, grid, FIRST, PERIOD)
    # Both have mean 30: anomalies -20 -10 30 and -10 -20 30, products 200 + 200 + 900 of 1400.
    assert found.correlation == pytest.approx(1300 / 1400)
    assert found.anomaly_correlation == pytest.approx(1300 / 1400)
    # Ranks 1 2 3 and 2 1 3: 1 - 6 * 2 / (3 * 8).
    assert found.rank_correlation == pytest.approx(0.5)
    assert found.anomaly_rank_correlation == pytest.approx(0.5)
    assert found.ratio_break is None


def test_what_does_not_vary_does_not_correlate() -> None:
    steady = np.tile(SEASONS, YEARS)
    found = agreement(steady, rain(), FIRST, PERIOD)
    assert found.correlation is not None
    assert found.anomaly_correlation is None
    assert found.anomaly_rank_correlation is None


@pytest.mark.parametrize(
    ("gauge", "expected"),
    [
        pytest.param(np.nan, (0, None, None), id="nothing in common"),
        pytest.param(0.0, (360, 0.0, None), id="dry gauges have no ratio"),
    ],
)
def test_what_cannot_be_said_is_none(
    gauge: float, expected: tuple[int, float | None, float | None]
) -> None:
    found = agreement(np.full(YEARS * 12, gauge), rain(), FIRST, PERIOD)
    assert (found.n_months, found.gauge_mm, found.ratio) == expected
    assert found.correlation is None
    assert found.ratio_break is None


class TestBreaks:
    def test_a_fall_of_the_ratio_is_dated_by_its_first_water_year(self) -> None:
        gauge = rain()
        grid = gauge * np.where(np.arange(len(gauge)) < 12 * 9 + 9, 0.8, 0.5)  # from October 1999
        grid *= np.where(np.arange(len(gauge)) % 24 < 12, 1.02, 1 / 1.02)
        found = agreement(gauge, grid, FIRST, PERIOD).ratio_break
        assert found is not None
        assert found.water_year == 2000
        assert found.is_significant
        assert found.ratio_before == pytest.approx(0.8, rel=0.01)
        assert found.ratio_after == pytest.approx(0.5, rel=0.01)
        # Water years 1990 (nine months only) and 2022 (three) are not whole enough.
        assert found.n_years == 31

    def test_a_ratio_that_only_wavers_has_no_significant_step(self) -> None:
        gauge = rain()
        noise = np.repeat(np.exp(np.random.default_rng(5).normal(0.0, 0.1, YEARS)), 12)
        found = agreement(gauge, gauge * noise, FIRST, PERIOD).ratio_break
        assert found is not None
        assert not found.is_significant

    def test_months_that_one_of_them_lacks_do_not_shift_the_ratio(self) -> None:
        gauge = rain()
        grid = gauge * 0.8
        grid[[3, 27, 28, 60]] = np.nan
        found = agreement(gauge, grid, FIRST, PERIOD).ratio_break
        assert found is None or found.ratio_before == pytest.approx(found.ratio_after)

    def test_dry_years_have_no_ratio(self) -> None:
        gauge = rain()
        gauge[: 12 * 20] = 0.0
        found = agreement(gauge, rain(2), FIRST, PERIOD).ratio_break
        assert found is not None
        assert found.n_years == 12
