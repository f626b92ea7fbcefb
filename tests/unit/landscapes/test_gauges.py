from __future__ import annotations

import numpy as np
import pytest
from shapely import box

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.months import Month
from pipeline.landscapes.gauges import Gauge, calendar_normals, departed, gauges_inside, network

PERIOD = CalibrationPeriod(1991, 2020)
FIRST = Month(1991, 1)
MONTHS = 31 * 12
"""The period and the year after it."""


def record(by_calendar_month: float | np.ndarray) -> np.ndarray:
    """A gauge with the same total every year."""
    return np.broadcast_to(by_calendar_month, (31, 12)).reshape(-1).astype(float).copy()


def position(month: Month) -> int:
    return month.ordinal - FIRST.ordinal


class TestInside:
    GAUGES = (
        Gauge("within", 38.5, 66.5),
        Gauge("at the border", 38.0, 66.2),
        Gauge("swapped", 66.5, 38.5),
        Gauge("east of it", 38.5, 67.01),
    )

    def test_a_gauge_inside_or_on_the_boundary_speaks(self) -> None:
        found = gauges_inside(self.GAUGES, {7: box(66, 38, 67, 39), 8: box(10, 10, 11, 11)})
        assert found == {7: ("at the border", "within")}

    def test_a_gauge_in_two_landscapes_speaks_for_both(self) -> None:
        found = gauges_inside(self.GAUGES[:1], {1: box(66, 38, 67, 39), 2: box(60, 30, 70, 40)})
        assert found == {1: ("within",), 2: ("within",)}


class TestNormals:
    def test_they_are_means_over_the_period_only(self) -> None:
        values = record(30.0)
        values[position(Month(2021, 1)) :] = 900.0
        values[position(Month(1991, 5))] = 60.0
        normals = calendar_normals(values[:, np.newaxis], FIRST, PERIOD)
        assert normals[0, 0] == 30.0
        assert normals[4, 0] == 31.0

    @pytest.mark.parametrize(("held", "has_normal"), [(24, True), (23, False)])
    def test_they_need_24_values_of_the_calendar_month(self, held: int, has_normal: bool) -> None:
        values = record(30.0).reshape(31, 12)
        values[held:30, 6] = np.nan
        normals = calendar_normals(values.reshape(-1, 1), FIRST, PERIOD)
        assert np.isfinite(normals[6, 0]) == has_normal
        assert normals[5, 0] == 30.0


class TestNetwork:
    def test_departures_are_averaged_as_shares_of_each_gauges_own_normal(self) -> None:
        mountain, valley = record(100.0), record(20.0)
        june = position(Month(2021, 6))
        mountain[june], valley[june] = 50.0, 30.0
        both = network(np.column_stack([mountain, valley]), FIRST, PERIOD)
        # 50 of 100 mm and 30 of 20 mm: half and one and a half, so normal; 60 mm is their mean.
        assert both.departures[june] == 1.0
        assert both.precipitation_mm[june] == 60.0

    def test_a_gauge_that_falls_silent_leaves_no_jump(self) -> None:
        mountain, valley = record(100.0), record(20.0)
        june = position(Month(2021, 6))
        mountain[june], valley[june] = np.nan, 10.0
        both = network(np.column_stack([mountain, valley]), FIRST, PERIOD)
        assert both.precipitation_mm[june - 1] == 60.0
        assert both.precipitation_mm[june] == 30.0
        assert both.reported[june].tolist() == [False, True]

    def test_where_a_normal_is_small_departures_are_differences(self) -> None:
        summer = np.where(np.arange(12) == 7, 4.0, 40.0)
        august = position(Month(2021, 8))
        values = record(summer)
        values[august] = 14.0
        one = network(values[:, np.newaxis], FIRST, PERIOD)
        assert not one.is_ratio[7]
        assert one.departures[august] == 10.0
        assert one.precipitation_mm[august] == 14.0

    def test_one_gauge_with_a_small_normal_makes_them_differences_for_all(self) -> None:
        both = network(np.column_stack([record(100.0), record(4.0)]), FIRST, PERIOD)
        assert not both.is_ratio.any()

    def test_a_gauge_with_a_short_record_does_not_speak(self) -> None:
        short = record(500.0)
        short[: position(Month(2011, 1))] = np.nan
        both = network(np.column_stack([record(100.0), short]), FIRST, PERIOD)
        assert both.speaking.sum(axis=1).tolist() == [1] * 12
        assert both.precipitation_mm[-1] == 100.0

    def test_a_month_without_reports_is_missing(self) -> None:
        values = record(100.0)
        values[100] = np.nan
        one = network(values[:, np.newaxis], FIRST, PERIOD)
        assert np.isnan(one.precipitation_mm[100])
        assert np.isfinite(np.delete(one.precipitation_mm, 100)).all()

    def test_of_one_gauge_its_own_values_come_back(self) -> None:
        values = np.random.default_rng(3).gamma(0.8, 12.0, MONTHS)
        one = network(values[:, np.newaxis], FIRST, PERIOD)
        np.testing.assert_allclose(one.precipitation_mm, values, atol=1e-9)

    def test_rain_is_never_below_none(self) -> None:
        values = record(4.0)
        values[-1] = 0.0
        one = network(values[:, np.newaxis], FIRST, PERIOD)
        assert departed(one, np.full(12, 1.0))[-1] == 0.0
