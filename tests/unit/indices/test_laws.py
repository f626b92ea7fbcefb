"""Laws that hold for any weather: what more water does, what gaps do, what order does not do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, IndexCode, IndexFamily
from pipeline.core.panels import Floats, Panel, gap_code
from pipeline.indices.calibration import Calibration, Limits, calibrate, joined
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values
from tests.unit.indices import climates
from tests.unit.indices.climates import MONTHS, PLACES
from tests.unit.indices.records import panel

PERIOD = CalibrationPeriod(1981, 2010)
YEARS_FITTED = 30
AFTER_CALIBRATION = YEARS_FITTED * 12
Mask = npt.NDArray[np.bool_]

ROUNDING = 1e-9
"""The engine's quantile and integral functions are monotone up to rounding in the last digits."""

DRIVER = {
    IndexFamily.SPI: "precipitation_mm",
    IndexFamily.SPEI: "precipitation_mm",
    IndexFamily.PERCENT_OF_NORMAL: "precipitation_mm",
    IndexFamily.SMRI: "rain_and_melt_mm",
    IndexFamily.SWEI: "snow_water_equivalent_mm",
    IndexFamily.SMA: "soil_moisture_m3_m3",
}
"""The water each index counts: with more of it, no index may fall."""
CLIMATES = {"seasonal": climates.seasonal_rain_mm, "arid": climates.arid_rain_mm}

codes = st.sampled_from(INDEX_CODES)
every_code = pytest.mark.parametrize("code", INDEX_CODES, ids=str)
climate_names = st.sampled_from(sorted(CLIMATES))
seeds = st.integers(0, 2**32 - 1)


@cache
def weather(climate: str) -> Drivers:
    """All drivers of six places over 35 years."""
    soil = np.random.default_rng(7).beta(4.0, 10.0, (MONTHS, PLACES))
    return Drivers(
        precipitation_mm=panel(CLIMATES[climate]()),
        pet_mm=panel(climates.demand_mm()),
        rain_and_melt_mm=panel(climates.rain_and_melt_mm()),
        snow_water_equivalent_mm=panel(climates.snow_that_lies_mm()),
        soil_moisture_m3_m3=panel(soil),
    )


@cache
def fitted(code: IndexCode, climate: str) -> Calibration:
    return calibrate(code, weather(climate), PERIOD)


@cache
def whole_run(code: IndexCode, climate: str) -> Panel:
    return index_values(fitted(code, climate), weather(climate))


def changed(drivers: Drivers, name: str, values: Floats) -> Drivers:
    return replace(drivers, **{name: panel(values)})


def with_gaps(drivers: Drivers, missing: Mask) -> Drivers:
    """The same with every driver missing in those months and places."""
    return each(drivers, lambda whole: panel(np.where(missing, np.nan, whole.values)))


def part_of(whole: Panel, months: slice = slice(None), places: object = slice(None)) -> Panel:
    first, _, _ = months.indices(len(whole.values))
    return Panel(
        whole.first_month + first,
        whole.values[months][:, places].copy(),
        whole.gaps[months][:, places].copy(),
    )


def each(drivers: Drivers, change: Callable[[Panel], Panel]) -> Drivers:
    """The same change to every driver."""
    return Drivers(
        **{field.name: change(getattr(drivers, field.name)) for field in fields(drivers)}
    )


def same(one: Panel, other: Panel) -> bool:
    """Equal to the last bit, gaps and reasons included."""
    return (
        one.first_month == other.first_month
        and np.array_equal(one.gaps, other.gaps)
        and one.values.tobytes() == other.values.tobytes()
    )


def some_months(seed: int, share: float = 0.05) -> Mask:
    return np.random.default_rng(seed).random((MONTHS, PLACES)) < share


@given(code=codes, climate=climate_names, seed=seeds, amount=st.floats(0.001, 500.0))
@settings(max_examples=60, deadline=None)
def test_more_water_in_any_month_never_lowers_an_index(
    code: IndexCode, climate: str, seed: int, amount: float
) -> None:
    name, drivers = DRIVER[code.family], weather(climate)
    more = np.where(some_months(seed), amount, 0.0)
    wetter = changed(drivers, name, getattr(drivers, name).values + more)
    before, after = whole_run(code, climate), index_values(fitted(code, climate), wetter)
    assert np.array_equal(before.gaps, after.gaps)
    told = before.gaps == 0
    assert (after.values[told] >= before.values[told] - ROUNDING).all()
    if code.family is not IndexFamily.SWEI:  # snow is lacking in half of all months
        assert (after.values[told] > before.values[told] + 1e-3).any() or amount < 10.0


@given(
    code=st.sampled_from([code for code in INDEX_CODES if code.family is IndexFamily.SPEI]),
    climate=climate_names,
    seed=seeds,
    amount=st.floats(0.001, 300.0),
)
@settings(max_examples=30, deadline=None)
def test_more_demand_in_any_month_never_raises_spei(
    code: IndexCode, climate: str, seed: int, amount: float
) -> None:
    drivers = weather(climate)
    demand = drivers.pet_mm.values + np.where(some_months(seed), amount, 0.0)
    before = whole_run(code, climate)
    after = index_values(fitted(code, climate), changed(drivers, "pet_mm", demand))
    told = before.gaps == 0
    assert (after.values[told] <= before.values[told] + ROUNDING).all()
    assert (after.values[told] < before.values[told] - 1e-3).any() or amount < 10.0


@every_code
@given(seed=seeds, climate=climate_names)
@settings(max_examples=4, deadline=None)
def test_a_missing_month_is_a_gap_in_the_windows_that_hold_it_and_changes_no_other(
    code: IndexCode, seed: int, climate: str
) -> None:
    missing = some_months(seed, 0.02)
    expected = np.zeros(missing.shape, bool)
    for row in range(MONTHS):
        length = code.months_back(row % 12 + 1)
        if 0 < length <= row + 1:
            expected[row] = missing[row - length + 1 : row + 1].any(axis=0)
    before = whole_run(code, climate)
    # A blind month says nothing whatever the data are, and stays what it was.
    expected &= before.gaps != gap_code(Gap.NOT_APPLICABLE)
    after = index_values(fitted(code, climate), with_gaps(weather(climate), missing))
    assert ((after.gaps == gap_code(Gap.NOT_PUBLISHED)) == expected).all()
    assert np.array_equal(after.gaps[~expected], before.gaps[~expected])
    assert np.array_equal(after.values[~expected], before.values[~expected], equal_nan=True)


@given(
    code=st.sampled_from([c for c in INDEX_CODES if c.family is not IndexFamily.PERCENT_OF_NORMAL]),
    climate=climate_names,
    factor=st.floats(0.01, 100.0),
)
@settings(max_examples=40, deadline=None)
def test_water_in_another_unit_gives_the_same_values(
    code: IndexCode, climate: str, factor: float
) -> None:
    """Millimetres or inches: where the limit of a rainless month is converted as well."""
    drivers = weather(climate)
    converted = each(drivers, lambda whole: panel(whole.values * factor))
    # Just below 1 mm, which the rounding of a product could take from either side.
    once, again = Limits(rainless_below_mm=0.99), Limits(rainless_below_mm=0.99 * factor)
    before = index_values(calibrate(code, drivers, PERIOD, once), drivers)
    after = index_values(calibrate(code, converted, PERIOD, again), converted)
    assert np.array_equal(before.gaps, after.gaps)
    # A product is rounded to 1e-16 of itself; a fit of moments takes that up some thousandfold.
    assert after.values == pytest.approx(before.values, abs=1e-8, nan_ok=True)


@pytest.mark.parametrize("index", ["spi_1", "smri_1", "spei_1", "sma_1"])
@given(seed=seeds, shape=st.floats(1.0, 20.0))
@settings(max_examples=10, deadline=None)
def test_without_zeros_the_calibration_years_have_mean_0_and_deviation_1(
    index: str, seed: int, shape: float
) -> None:
    """The mean of 30 values known to have deviation 1 is off by 0.18 (1/√30), of 240 columns of
    them by 0.012; their deviation by 0.13 (1/√60), and 0.008. A fit to these very values takes
    most of that away, column by column, and adds its own bias of a few hundredths (of two or
    three parameters from 30 values), the same in every column.
    """
    rng = np.random.default_rng(seed)
    water = panel(1.0 + rng.gamma(shape, 50.0 / shape, (AFTER_CALIBRATION, 20)))
    drivers = Drivers(
        precipitation_mm=water,
        pet_mm=panel(rng.normal(80.0, 5.0, water.values.shape)),
        rain_and_melt_mm=water,
        soil_moisture_m3_m3=panel(rng.normal(0.25, 0.04, water.values.shape)),
    )
    values = index_values(calibrate(IndexCode.parse(index), drivers, PERIOD), drivers).values
    columns = values.reshape(YEARS_FITTED, -1)
    assert np.abs(columns.mean(axis=0)).max() < 0.5 / np.sqrt(YEARS_FITTED)
    assert columns.std(axis=0) == pytest.approx(1.0, abs=2.0 / np.sqrt(2 * YEARS_FITTED))
    assert abs(columns.mean()) < 0.04
    assert columns.std() == pytest.approx(1.0, abs=0.05)


@every_code
@given(order=st.permutations(range(PLACES)))
@settings(max_examples=3, deadline=None)
def test_the_order_of_places_does_not_matter(code: IndexCode, order: list[int]) -> None:
    drivers = each(weather("arid"), lambda whole: part_of(whole, places=order))
    values = index_values(calibrate(code, drivers, PERIOD), drivers)
    assert same(values, part_of(whole_run(code, "arid"), places=order))


@every_code
@given(cut=st.integers(1, PLACES - 1))
@settings(max_examples=3, deadline=None)
def test_blocks_of_places_do_not_matter(code: IndexCode, cut: int) -> None:
    """Fitted apart and scored together, or fitted together and scored apart: the same bits."""
    drivers, together = weather("arid"), fitted(code, "arid")
    blocks = [slice(0, cut), slice(cut, PLACES)]
    of_block = [each(drivers, partial(part_of, places=block)) for block in blocks]
    apart = joined([calibrate(code, drivers, PERIOD) for drivers in of_block])
    for name, parameter in together.parameters.items():
        assert np.array_equal(parameter, apart.parameters[name], equal_nan=True)
    assert same(index_values(apart, drivers), whole_run(code, "arid"))
    for block, part in zip(blocks, of_block, strict=True):
        values = index_values(together.part(block), part)
        assert same(values, part_of(whole_run(code, "arid"), places=block))


@every_code
@given(newest=st.integers(1, 30), last=st.integers(0, 11), seed=seeds, climate=climate_names)
@settings(max_examples=6, deadline=None)
def test_the_newest_months_alone_are_those_of_the_whole_run_to_the_last_bit(
    code: IndexCode, newest: int, last: int, seed: int, climate: str
) -> None:
    """From the whole record or its tail, ending in any calendar month, with gaps in them."""
    end = MONTHS - last
    begin = end - newest
    holed = with_gaps(weather(climate), some_months(seed, 0.005))
    record = each(holed, lambda whole: part_of(whole, slice(0, end)))
    tail = each(holed, lambda whole: part_of(whole, slice(begin - code.longest_window_months, end)))
    calibration = fitted(code, climate)
    expected = part_of(index_values(calibration, record), slice(begin, None))
    assert same(index_values(calibration, record, newest=newest), expected)
    assert same(index_values(calibration, tail, newest=newest), expected)
