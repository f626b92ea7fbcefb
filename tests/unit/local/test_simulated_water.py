"""The simulated snow and soil: no water is made or lost, and each month can be had by itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.core.ids import Release
from pipeline.core.months import Month, months_between
from pipeline.local import simulated_climate, simulated_water
from pipeline.local.simulated_climate import Weather

Floats = npt.NDArray[np.float64]

MONTHS = tuple(months_between(Month(2019, 9), Month(2022, 8)))
"""Three years of snow, from September on."""


@pytest.fixture(scope="module")
def water() -> dict[str, Floats]:
    """Snow in mm and soil in m3 m-3, dims (month, latitude, longitude)."""
    found = [simulated_water.fields(month) for month in MONTHS]
    stacked = {name: np.stack([one[name] for one in found]) for name in found[0]}
    days = np.array([month.days for month in MONTHS])[:, np.newaxis, np.newaxis]
    return stacked | {
        "sf": stacked["sf"] * 1000 * days,
        "smlt": stacked["smlt"] * 1000 * days,
        "sd": stacked["sd"] * 1000,
    }


@pytest.fixture(scope="module")
def rain_mm() -> Floats:
    return np.stack([simulated_climate.fields(m)["tp"] * 1000 * m.days for m in MONTHS])


def lying_before(water: dict[str, Floats]) -> Floats:
    """Snow at the end of the month before; none before the first September."""
    return np.concatenate([np.zeros_like(water["sd"][:1]), water["sd"][:-1]])


def test_the_snow_balance_closes(water: dict[str, Floats]) -> None:
    expected = lying_before(water) + water["sf"] - water["smlt"]
    np.testing.assert_allclose(water["sd"], expected, atol=1e-9)
    assert water["sd"].max() > 300


def test_no_more_melts_than_lies(water: dict[str, Floats]) -> None:
    assert (water["smlt"] >= 0).all()
    assert (water["smlt"] <= lying_before(water) + water["sf"] + 1e-9).all()


def test_no_more_snow_falls_than_rain_and_snow_together(
    water: dict[str, Floats], rain_mm: Floats
) -> None:
    assert (water["sf"] >= 0).all()
    assert (water["sf"] <= rain_mm + 1e-9).all()


def test_nothing_lies_at_the_end_of_august_and_winters_are_white(
    water: dict[str, Floats],
) -> None:
    assert (water["sd"][11::12] == 0).all()
    north = simulated_climate.climatology().latitude > 50
    assert (water["sd"][4::12, north] > 0).mean() > 0.95


def test_soil_moisture_is_possible(water: dict[str, Floats]) -> None:
    for name in ("swvl1", "swvl2", "swvl3"):
        assert (water[name] >= 0.06).all()
        assert (water[name] <= 0.42).all()


def test_the_deeper_the_soil_the_slower_it_is(water: dict[str, Floats]) -> None:
    """The top layer follows the months; the lowest hardly moves."""
    steps = [np.abs(np.diff(water[f"swvl{layer}"], axis=0)).mean() for layer in (1, 2, 3)]
    assert steps[0] > 1.5 * steps[1] > 2.2 * steps[2]


ONE = np.ones((1, 1))


@pytest.mark.parametrize(
    ("month", "temperature_c", "before_mm", "snowfall_mm", "melt_mm"),
    [
        pytest.param(Month(2025, 1), -3.0, 50.0, 40.0, 0.0, id="cold: all of it snow, none melts"),
        pytest.param(Month(2025, 1), -1.5, 50.0, 30.0, 46.5, id="3 mm x 31 days x 0.5 degrees"),
        pytest.param(Month(2025, 1), 0.0, 500.0, 20.0, 186.0, id="half snow; 3 mm x 31 x 2"),
        pytest.param(Month(2025, 1), 0.0, 50.0, 20.0, 70.0, id="no more than lies"),
        pytest.param(Month(2025, 4), 3.0, 50.0, 0.0, 50.0, id="warm: rain, and all melts"),
        pytest.param(Month(2025, 8), -9.0, 50.0, 40.0, 90.0, id="what lies in August melts"),
    ],
)
def test_a_month_of_snow_by_hand(
    month: Month, temperature_c: float, before_mm: float, snowfall_mm: float, melt_mm: float
) -> None:
    """40 mm fall, as rain or snow."""
    now = Weather(rain_mm=40.0 * ONE, temperature_c=temperature_c * ONE)
    balance = simulated_water.snow_balance(month, before_mm * ONE, now)
    assert balance.snowfall.item() == pytest.approx(snowfall_mm)
    assert balance.melt.item() == pytest.approx(melt_mm)
    assert balance.pack.item() == pytest.approx(before_mm + snowfall_mm - melt_mm)


def test_soil_that_gets_what_it_wants_is_half_full_in_all_layers() -> None:
    same = np.full((12, 1, 1), 60.0)
    layers = simulated_water.soil_moisture(same, same)
    assert [layer.item() for layer in layers.values()] == pytest.approx([0.24] * 3)


def test_a_wet_month_counts_by_each_layers_memory() -> None:
    """Of two months, the earlier with 100 mm, the later with none, against 50 mm of thirst each."""
    water, thirst = np.array([[[0.0]], [[100.0]]]), np.full((2, 1, 1), 50.0)
    layers = simulated_water.soil_moisture(water, thirst)
    expected = [0.06 + 0.36 * 100 * d / (100 * d + 50 * (1 + d)) for d in (0.3, 0.6, 0.85)]
    assert [layer.item() for layer in layers.values()] == pytest.approx(expected)


def test_a_month_is_the_same_whenever_and_in_whatever_order_it_is_asked_for() -> None:
    before = simulated_water.fields(Month(2026, 5))
    simulated_water.fields(Month(1999, 1), seed=3)
    simulated_water._balance.cache_clear()
    simulated_climate.weather.cache_clear()
    after = simulated_water.fields(Month(2026, 5))
    for name, values in before.items():
        np.testing.assert_array_equal(values, after[name], err_msg=name)


def test_the_first_month_has_a_winter_before_it() -> None:
    assert simulated_water.fields(Month(1991, 1))["sd"].max() > 0.1


def test_preliminary_snow_follows_from_the_final_month_before() -> None:
    month = Month(2026, 2)
    found = simulated_water.fields(month, release=Release.PRELIMINARY)
    before = simulated_water.fields(month - 1)["sd"]
    expected = before + (found["sf"] - found["smlt"]) * month.days
    np.testing.assert_allclose(found["sd"], expected, atol=1e-12)
    assert not np.array_equal(found["sd"], simulated_water.fields(month)["sd"])
