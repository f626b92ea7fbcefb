"""Values and gaps of the indices, and the newest months from a stored fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, IndexCode
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Floats, Panel
from pipeline.indices.calibration import calibrate
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values
from tests.unit.indices.records import panel, pet_mm, rain_mm

PERIOD = CalibrationPeriod(1981, 2010)
NAN = float("nan")
YEARS = 35


def driven(water: Floats, demand: Floats | None = None, first: str = "1981-01") -> Drivers:
    """One record of water in the place of every driver but PET."""
    record = panel(water, first)
    other = pet_mm(len(record.values) // 12 + 1, record.values.shape[1])[: len(record.values)]
    pet = panel(other if demand is None else demand, first)
    return Drivers(record, pet, record, record, record)


def values_of(
    index: str, water: Floats, demand: Floats | None = None, first: str = "1981-01"
) -> Panel:
    drivers = driven(water, demand, first)
    return index_values(calibrate(IndexCode.parse(index), drivers, PERIOD), drivers)


def reasons(values: Panel, column: int = 0) -> list[Gap | None]:
    return [GAPS[code] for code in values.gaps[:, column]]


@pytest.mark.parametrize("newest", [1, 3, 12, 13, 40])
@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_the_newest_months_alone_are_those_of_the_whole_run(code: IndexCode, newest: int) -> None:
    rain, demand = rain_mm(landscapes=7), pet_mm(landscapes=7)
    rain[-15:, 2], rain[::12, 3], rain[-2, 4] = 0.0, 0.0, NAN
    drivers = driven(rain[:-3], demand[:-3])  # so that they end in September
    calibration = calibrate(code, drivers, PERIOD)
    whole = index_values(calibration, drivers)
    latest = index_values(calibration, drivers, newest=newest)
    assert latest.first_month == whole.last_month - (newest - 1)
    assert np.isfinite(latest.values[-1]).any()
    assert np.array_equal(latest.values, whole.values[-newest:], equal_nan=True)
    assert np.array_equal(latest.gaps, whole.gaps[-newest:])


@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_a_record_of_no_more_than_the_window_is_enough_for_its_last_month(code: IndexCode) -> None:
    rain, demand = rain_mm(landscapes=7)[:-3], pet_mm(landscapes=7)[:-3]
    drivers = driven(rain, demand)
    calibration = calibrate(code, drivers, PERIOD)
    months = code.months_back(9)
    first = str(Month(2015, 9) - (months - 1))
    tail = index_values(calibration, driven(rain[-months:], demand[-months:], first))
    assert np.array_equal(tail.values[-1], index_values(calibration, drivers).values[-1])
    assert np.isfinite(tail.values[-1]).all()
    # What comes before has no whole window, unless the window grows with the season.
    assert np.isnan(tail.values[:-1]).all() == isinstance(code.window, int)


@pytest.mark.parametrize("code", [code for code in INDEX_CODES if isinstance(code.window, int)])
def test_the_first_windows_are_short_history(code: IndexCode) -> None:
    before = code.longest_window_months - 1
    values = values_of(str(code), rain_mm())
    assert reasons(values)[:before] == [Gap.SHORT_HISTORY] * before
    assert not values.gaps[before:].any()


@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_a_place_gets_the_same_values_alone_and_among_a_thousand(code: IndexCode) -> None:
    rain, demand = rain_mm(landscapes=1001), pet_mm(landscapes=1001)
    many = values_of(str(code), rain, demand)
    alone = values_of(str(code), rain[:, 1000:], demand[:, 1000:])
    assert np.array_equal(many.values[:, 1000:], alone.values, equal_nan=True)


@pytest.mark.parametrize("family", ["spi", "spei"])
@pytest.mark.parametrize(
    ("season", "calendar_month", "window"),
    [
        pytest.param("hy", 10, "1", id="October begins the hydrological year"),
        pytest.param("hy", 12, "3", id="December is its third month"),
        pytest.param("hy", 3, "6", id="March its sixth"),
        pytest.param("hy", 6, "9", id="June its ninth"),
        pytest.param("hy", 9, "12", id="September is the whole year"),
        pytest.param("veg", 4, "1", id="April begins the growing season"),
        pytest.param("veg", 6, "3", id="June is its third month"),
        pytest.param("veg", 9, "6", id="September is the whole season"),
    ],
)
def test_a_season_so_far_is_the_index_of_a_window_as_long(
    family: str, season: str, calendar_month: int, window: str
) -> None:
    rain, demand = rain_mm(landscapes=3), pet_mm(landscapes=3)
    so_far = values_of(f"{family}_{season}", rain, demand)
    fixed = values_of(f"{family}_{window}", rain, demand)
    # From the second year on: the first has no whole window of either in all months.
    rows = slice(12 + calendar_month - 1, None, 12)
    assert np.isfinite(so_far.values[rows]).all()
    assert np.array_equal(so_far.values[rows], fixed.values[rows])


@pytest.mark.parametrize("family", ["spi", "spei"])
def test_the_growing_season_does_not_exist_in_winter(family: str) -> None:
    gaps = reasons(values_of(f"{family}_veg", rain_mm()))
    winter, summer = [Gap.NOT_APPLICABLE] * 3, [None] * 6
    assert gaps == (winter + summer + winter) * YEARS


def test_soil_moisture_is_told_in_standard_deviations() -> None:
    # Mean 0.2 and deviation sqrt(30 * 0.1 ** 2 / 29): 0.3 is as far above as 0.1 below.
    water = np.full((YEARS * 12, 1), 0.2)
    water[:360:12, 0], water[360::12, 0] = [0.1, 0.3] * 15, [0.1, 0.2, 0.25, 0.3, 0.6]
    januaries = values_of("sma_1", water).values[360::12, 0]
    one = (29 / 30) ** 0.5
    assert januaries == pytest.approx([-one, 0.0, one / 2, one, 3.09], abs=1e-9)


def test_percent_of_normal_is_the_share_of_the_mean() -> None:
    rain = np.full((YEARS * 12, 1), 20.0)
    rain[-1] = 5.0
    assert values_of("pn_1", rain).values[-2:, 0].tolist() == pytest.approx([100.0, 25.0])
    assert values_of("pn_3", rain).values[-1, 0] == pytest.approx(75.0)


@pytest.mark.parametrize("index", ["spi_1", "spei_1", "smri_1", "swei_1"])
@pytest.mark.parametrize(
    ("water", "score"),
    [pytest.param(1e5, 3.09, id="a flood"), pytest.param(0.0, -3.09, id="nothing at all")],
)
def test_values_end_at_3_09(index: str, water: float, score: float) -> None:
    record = rain_mm(seasonal=False) + 200.0
    record[-1] = water
    assert values_of(index, record, np.full(record.shape, 50.0)).values[-1, 0] == score
    assert norm.sf(3.09) == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_a_place_without_data_says_so_in_every_month(code: IndexCode) -> None:
    rain = rain_mm(landscapes=2)
    rain[:, 1] = NAN
    values = values_of(str(code), rain)
    after = code.longest_window_months - 1
    in_winter = {Gap.NOT_APPLICABLE} if str(code).endswith("veg") else set()
    assert set(reasons(values, 1)[after:]) == {Gap.NOT_PUBLISHED} | in_winter
    assert set(reasons(values, 0)[after:]) == {None} | in_winter


@pytest.mark.parametrize("index", ["spei_3", "spei_veg", "smri_3", "swei_1", "sma_3"])
@pytest.mark.parametrize("newest", [None, 24, 4])
def test_without_its_driver_an_index_is_not_published(index: str, newest: int | None) -> None:
    whole, rain = driven(rain_mm()), Drivers(panel(rain_mm()))
    for calibration in (
        calibrate(IndexCode.parse(index), record, PERIOD) for record in (whole, rain)
    ):
        values = index_values(calibration, rain, newest=newest)
        in_winter = {Gap.NOT_APPLICABLE} if index == "spei_veg" else set()
        assert set(reasons(values)) == {Gap.NOT_PUBLISHED} | in_winter
        assert len(values.values) == (newest or YEARS * 12)


def test_a_calibration_of_other_places_is_refused() -> None:
    code, two, three = (
        IndexCode.parse("spi_1"),
        driven(rain_mm(landscapes=2)),
        driven(rain_mm(landscapes=3)),
    )
    with pytest.raises(InputError, match="expected the 2 places of the calibration, got 3"):
        index_values(calibrate(code, two, PERIOD), three)


@pytest.mark.parametrize("newest", [0, -1, YEARS * 12 + 1])
def test_more_months_than_there_are_are_refused(newest: int) -> None:
    drivers = driven(rain_mm())
    calibration = calibrate(IndexCode.parse("spi_1"), drivers, PERIOD)
    with pytest.raises(InputError, match="expected 1 to 420 newest months"):
        index_values(calibration, drivers, newest=newest)


def test_a_number_the_engine_cannot_give_never_passes_as_a_gap() -> None:
    drivers = driven(rain_mm())
    calibration = calibrate(IndexCode.parse("spi_1"), drivers, PERIOD)
    broken = replace(
        calibration, parameters={**calibration.parameters, "beta": np.full((12, 1), NAN)}
    )
    with pytest.raises(ArithmeticError, match="defect of the program"):
        index_values(broken, drivers)


@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_the_drivers_are_left_as_they_were(code: IndexCode) -> None:
    drivers = driven(rain_mm(landscapes=2) - 5.9)  # most summers below the limit of rainless
    before = drivers.precipitation_mm.values.copy()
    calibration = calibrate(code, drivers, PERIOD)
    index_values(calibration, drivers)
    index_values(calibration, drivers, newest=1)
    assert np.array_equal(drivers.precipitation_mm.values, before)


def test_values_begin_where_the_panels_begin() -> None:
    assert values_of("spi_1", rain_mm()).first_month == Month(1981, 1)


def test_of_no_places_there_are_no_values() -> None:
    nowhere = driven(np.empty((360, 0)))
    calibration = calibrate(IndexCode.parse("spi_3"), nowhere, PERIOD)
    assert index_values(calibration, nowhere, newest=2).values.shape == (2, 0)
