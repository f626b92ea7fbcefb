from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.core.panels import GAPS
from pipeline.landscapes.agreement import Agreement, agreement
from pipeline.landscapes.blending import Shortfall, blended, shortfall
from pipeline.landscapes.gauges import network

PERIOD = CalibrationPeriod(1991, 2020)
FIRST = Month(1991, 1)
MONTHS = 31 * 12
GOOD = Agreement(360, 40.0, 30.0, 0.75, -10.0, 0.8, 0.8, 0.6, 0.6, None)


def steady(mm: float) -> np.ndarray:
    return np.full(MONTHS, mm)


class TestTheSeries:
    def test_gauges_say_how_much_of_the_grids_normal(self) -> None:
        gauge, grid = steady(100.0), steady(40.0)
        gauge[-1], grid[-1] = 50.0, 90.0
        found = blended(network(gauge[:, np.newaxis], FIRST, PERIOD), grid, FIRST, PERIOD)
        # Half of normal at the gauge is half of the grid's 40 mm, whatever the grid says itself.
        assert found.precipitation_mm[-1] == 20.0
        assert found.precipitation_mm[0] == 40.0
        assert set(found.gauge_fraction) == {1.0}

    def test_in_a_dry_season_they_say_how_much_more_or_less(self) -> None:
        gauge, grid = steady(2.0), steady(3.0)
        gauge[-2:] = [7.0, 0.5]
        found = blended(network(gauge[:, np.newaxis], FIRST, PERIOD), grid, FIRST, PERIOD)
        assert found.precipitation_mm[-2:].tolist() == [8.0, 1.5]

    def test_a_month_without_rain_at_any_gauge_is_one_without_rain(self) -> None:
        """Were a little left in each, no index could see that rain is rare there."""
        gauges, grid = np.column_stack([steady(2.0)] * 2), steady(3.0)
        gauges[-3:] = [[0.0, 0.0], [0.0, np.nan], [0.0, 1.0]]
        found = blended(network(gauges, FIRST, PERIOD), grid, FIRST, PERIOD)
        assert found.precipitation_mm[-3:].tolist() == [0.0, 0.0, 1.5]

    def test_nothing_is_known_of_a_rainless_month_without_a_normal_of_the_grid(self) -> None:
        gauge, grid = steady(0.0), steady(40.0)
        grid[: 12 * 7] = np.nan
        found = blended(network(gauge[:, np.newaxis], FIRST, PERIOD), grid, FIRST, PERIOD)
        assert {GAPS[code] for code in found.gaps} == {Gap.CALIBRATION_SHORT}

    def test_a_month_without_gauges_is_a_gap_and_never_the_grids_own_value(self) -> None:
        gauge, grid = steady(100.0), steady(40.0)
        gauge[-1] = np.nan
        found = blended(network(gauge[:, np.newaxis], FIRST, PERIOD), grid, FIRST, PERIOD)
        assert np.isnan(found.precipitation_mm[-1])
        assert GAPS[found.gaps[-1]] is Gap.TOO_FEW_OBSERVATIONS
        assert found.gauge_fraction[-1] == 0.0
        assert not found.gaps[:-1].any()

    def test_a_month_that_the_grid_lacks_is_known_from_the_gauges(self) -> None:
        gauge, grid = steady(100.0), steady(40.0)
        gauge[-1], grid[-1] = 25.0, np.nan
        found = blended(network(gauge[:, np.newaxis], FIRST, PERIOD), grid, FIRST, PERIOD)
        assert found.precipitation_mm[-1] == 10.0

    def test_without_a_normal_of_the_grid_nothing_can_be_scaled(self) -> None:
        grid = steady(40.0)
        grid[: 12 * 7] = np.nan
        found = blended(network(steady(9.0)[:, np.newaxis], FIRST, PERIOD), grid, FIRST, PERIOD)
        assert {GAPS[code] for code in found.gaps} == {Gap.CALIBRATION_SHORT}

    def test_the_share_of_gauges_that_reported_is_told(self) -> None:
        values = np.column_stack([steady(50.0)] * 4)
        values[-1, 1:] = np.nan
        found = blended(network(values, FIRST, PERIOD), steady(40.0), FIRST, PERIOD)
        assert found.gauge_fraction[[0, -1]].tolist() == [1.0, 0.25]

    def test_the_unit_and_the_place_of_a_gauge_do_not_matter(self) -> None:
        """A constant factor at the gauge, such as a sheltered site, changes nothing."""
        gauge = np.random.default_rng(1).gamma(2.0, 20.0, MONTHS)
        grid = np.random.default_rng(2).gamma(2.0, 15.0, MONTHS)
        one, other = (
            blended(network(g[:, np.newaxis], FIRST, PERIOD), grid, FIRST, PERIOD)
            for g in (gauge, gauge * 2.5)
        )
        np.testing.assert_allclose(one.precipitation_mm, other.precipitation_mm)


class TestWhetherGaugesSuffice:
    @pytest.mark.parametrize(
        ("found", "expected"),
        [
            pytest.param(GOOD, None, id="enough months, and a correlation on the limit"),
            pytest.param(
                replace(GOOD, anomaly_correlation=0.599), Shortfall.LOW_CORRELATION, id="below it"
            ),
            pytest.param(
                replace(GOOD, anomaly_correlation=None), Shortfall.LOW_CORRELATION, id="none at all"
            ),
            pytest.param(
                replace(GOOD, correlation=0.99, anomaly_correlation=0.1),
                Shortfall.LOW_CORRELATION,
                id="that of the seasons does not count",
            ),
            pytest.param(replace(GOOD, n_months=119), Shortfall.FEW_MONTHS, id="too few months"),
        ],
    )
    def test_of_gauges_with_normals(self, found: Agreement, expected: Shortfall | None) -> None:
        gauges = network(steady(50.0)[:, np.newaxis], FIRST, PERIOD)
        assert shortfall(gauges, found) is expected

    def test_gauges_without_normals_never_do(self) -> None:
        young = steady(50.0)
        young[: 12 * 10] = np.nan
        gauges = network(young[:, np.newaxis], FIRST, PERIOD)
        assert shortfall(gauges, GOOD) is Shortfall.NO_NORMAL

    def test_a_gauge_of_another_climate_does_not(self) -> None:
        gauge = np.random.default_rng(1).gamma(2.0, 20.0, MONTHS)
        grid = np.random.default_rng(2).gamma(2.0, 15.0, MONTHS)
        gauges = network(gauge[:, np.newaxis], FIRST, PERIOD)
        found = agreement(gauges.precipitation_mm, grid, FIRST, PERIOD)
        assert shortfall(gauges, found) is Shortfall.LOW_CORRELATION
