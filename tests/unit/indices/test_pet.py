"""PET against a worked example of FAO-56, another implementation, and its own laws."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.indices.pet import (
    hargreaves_mm,
    has_hargreaves_inputs,
    has_pet_inputs,
    reference_evapotranspiration_mm,
)
from tests.unit.indices.records import cfsr_fields

with warnings.catch_warnings():  # it regrets at import that matplotlib is absent
    warnings.simplefilter("ignore")
    from xclim.indices import potential_evapotranspiration


def dewpoint_c(vapour_kpa: float) -> float:
    """FAO-56 eq. 14, solved for the dewpoint."""
    logarithm = math.log(vapour_kpa / 0.6108)
    return 237.3 * logarithm / (17.27 - logarithm)


def weather(month: str = "2001-04", latitude: float = 40.0, **values: float) -> xr.Dataset:
    """One month at one place."""
    coords = {
        "month": pd.DatetimeIndex([f"{month}-01"]),
        "latitude": [latitude],
        "longitude": [65.0],
    }
    given = {
        "temperature_mean_c": 20.0,
        "dewpoint_c": 8.0,
        "wind_speed_m_s": 3.0,
        "solar_radiation_mj_m2_day": 20.0,
        **values,
    }
    dims = ("month", "latitude", "longitude")
    return xr.Dataset({k: (dims, np.full((1, 1, 1), v)) for k, v in given.items()}, coords)


def pet(fields: xr.Dataset) -> float:
    return float(reference_evapotranspiration_mm(fields).squeeze())


def test_the_worked_example_of_fao_56() -> None:
    # Example 17, Bangkok, April: 13 deg 44 min N, 2 m; Tmax 34.8, Tmin 25.6, ea 2.85 kPa,
    # u2 2 m/s, Rs 22.65 (8.5 h of sun), giving 5.72 mm a day with G = 0.14; without G
    # 0.408 x 0.14 x 0.685 = 0.04 more.
    bangkok = weather(
        latitude=13.73,
        temperature_mean_c=30.2,
        temperature_max_c=34.8,
        temperature_min_c=25.6,
        dewpoint_c=dewpoint_c(2.85),
        wind_speed_m_s=2.0 * math.log(67.8 * 10 - 5.42) / 4.87,
        solar_radiation_mj_m2_day=22.65,
        elevation_m=2.0,
    )
    assert pet(bangkok) / 30 == pytest.approx(5.76, abs=0.015)


def xclim_mm(fields: xr.Dataset, net_radiation_mj_m2_day: xr.DataArray) -> xr.DataArray:
    """FAO-56 by another project, which takes net radiation and relative humidity."""
    months = fields["month"]
    # It takes a value for an amount over its time step, and would divide by the month's days.
    days = pd.date_range("2005-01-01", periods=months.size)
    fields = fields.rename(month="time").assign_coords(time=days)
    kelvin = {
        name: (fields[name] + 273.15).assign_attrs(units="K")
        for name in ("temperature_min_c", "temperature_max_c")
    }

    def vapour(temperature_c: xr.DataArray) -> xr.DataArray:
        return 0.6108 * np.exp(17.27 * temperature_c / (temperature_c + 237.3))

    saturation = (vapour(fields["temperature_min_c"]) + vapour(fields["temperature_max_c"])) / 2
    watts = net_radiation_mj_m2_day.rename(month="time").assign_coords(time=days) * 1e6 / 86400
    nothing = xr.zeros_like(watts).assign_attrs(units="W m-2")
    with warnings.catch_warnings():  # it calls pandas in an old way
        warnings.simplefilter("ignore")
        rate = potential_evapotranspiration(
            tasmin=kelvin["temperature_min_c"],
            tasmax=kelvin["temperature_max_c"],
            hurs=(vapour(fields["dewpoint_c"]) / saturation * 100).assign_attrs(units="%"),
            rsds=watts.assign_attrs(units="W m-2"),
            rsus=nothing,
            rlds=nothing,
            rlus=nothing,
            sfcWind=fields["wind_speed_m_s"].assign_attrs(units="m s-1"),
            method="FAO_PM98",
        )
    mm_day = (rate * 86400).rename(time="month").assign_coords(month=months)
    return mm_day * months.dt.days_in_month


def radiation_above(fields: xr.Dataset) -> xr.DataArray:
    """FAO-56 eq. 21 to 25 written out, for the middle of the month, MJ m-2 a day."""
    day = np.floor(30.4 * fields["month"].dt.month - 15)
    latitude = np.deg2rad(fields["latitude"])
    distance = 1 + 0.033 * np.cos(2 * np.pi / 365 * day)
    declination = 0.409 * np.sin(2 * np.pi / 365 * day - 1.39)
    sunset = np.arccos(-np.tan(latitude) * np.tan(declination))
    return 37.6 * distance * (
        sunset * np.sin(latitude) * np.sin(declination)
        + np.cos(latitude) * np.cos(declination) * np.sin(sunset)
    )  # fmt: skip


def net_radiation(fields: xr.Dataset) -> xr.DataArray:
    """FAO-56 eq. 28 to 40 written out, at sea level."""
    above = radiation_above(fields)
    vapour = 0.6108 * np.exp(17.27 * fields["dewpoint_c"] / (fields["dewpoint_c"] + 237.3))
    warm = (
        (fields["temperature_max_c"] + 273.16) ** 4 + (fields["temperature_min_c"] + 273.16) ** 4
    ) / 2
    sun = fields["solar_radiation_mj_m2_day"]
    cloud = 1.35 * np.minimum(sun / (0.75 * above), 1) - 0.35
    return 0.77 * sun - 4.903e-9 * warm * (0.34 - 0.14 * np.sqrt(vapour)) * cloud


@pytest.fixture(scope="module")
def real(shared_data: Path) -> xr.Dataset:
    fields = cfsr_fields(shared_data).sel(month=slice("2005-01", "2006-12"))
    return fields.drop_vars("precipitation_mm").astype(float)


def test_it_agrees_with_xclim_where_both_follow_fao_56(real: xr.Dataset) -> None:
    # xclim takes the slope of the vapour pressure curve from the extremes, where FAO-56 (eq. 13)
    # takes it from the mean temperature; with no daily range the two are one. What is left is
    # another formula of saturation vapour pressure and 101.325 against 101.3 kPa.
    mean = real["temperature_mean_c"]
    flat = real.assign(temperature_max_c=mean, temperature_min_c=mean)
    ours = reference_evapotranspiration_mm(flat)
    theirs = xclim_mm(flat, net_radiation(flat)).transpose(*ours.dims)
    known = np.isfinite(ours.values)
    assert known.sum() == 24 * 70
    assert ours.values[known] == pytest.approx(theirs.values[known], rel=0.003, abs=0.05)


def test_it_stays_near_xclim_with_daily_extremes(real: xr.Dataset) -> None:
    ours = reference_evapotranspiration_mm(real)
    theirs = xclim_mm(real, net_radiation(real)).transpose(*ours.dims)
    assert float(ours.sum() / theirs.sum()) == pytest.approx(1.0, abs=0.03)


def test_without_daily_extremes_the_real_grid_loses_six_to_seven_percent(real: xr.Dataset) -> None:
    whole = reference_evapotranspiration_mm(real)
    mean_only = reference_evapotranspiration_mm(
        real.drop_vars(["temperature_max_c", "temperature_min_c"])
    )
    assert 0.92 < float(mean_only.sum() / whole.sum()) < 0.95
    assert "too low" in mean_only.attrs["saturation_vapour_pressure_from"]


@pytest.mark.parametrize(
    ("change", "direction"),
    [
        pytest.param({"dewpoint_c": 12.0}, -1, id="moister air takes less"),
        pytest.param({"wind_speed_m_s": 5.0}, 1, id="wind takes more"),
        pytest.param({"solar_radiation_mj_m2_day": 25.0}, 1, id="sun takes more"),
    ],
)
def test_weather_moves_pet_the_right_way(change: dict[str, float], direction: int) -> None:
    assert np.sign(pet(weather(**change)) - pet(weather())) == direction


def test_a_leap_february_has_a_day_more() -> None:
    assert pet(weather("2004-02")) / pet(weather("2003-02")) == pytest.approx(29 / 28)


def test_a_month_does_not_depend_on_the_months_around(real: xr.Dataset) -> None:
    whole = reference_evapotranspiration_mm(real)
    newest = reference_evapotranspiration_mm(real.isel(month=[-1]))
    assert np.array_equal(newest.values, whole.values[-1:], equal_nan=True)


@pytest.mark.parametrize(
    ("given", "source"),
    [
        pytest.param({}, "101.3 kPa", id="sea level where nothing is known"),
        pytest.param({"elevation_m": 1800.0}, "elevation_m", id="from the elevation"),
        pytest.param(
            {"surface_pressure_kpa": 81.8, "elevation_m": 1800.0},
            "surface_pressure_kpa",
            id="as measured",
        ),
    ],
)
def test_it_says_where_the_air_pressure_came_from(given: dict[str, float], source: str) -> None:
    result = reference_evapotranspiration_mm(weather(**given))
    assert source in result.attrs["air_pressure_from"]


def test_elevation_and_its_pressure_are_two_ways_to_say_one_thing() -> None:
    # FAO-56 table 2.1: 81.8 kPa at 1800 m.
    by_pressure = pet(weather(surface_pressure_kpa=81.8))
    assert by_pressure == pytest.approx(pet(weather(elevation_m=1800.0)), rel=1e-3)
    assert by_pressure != pytest.approx(pet(weather()), rel=1e-3)


def test_dewfall_counts_as_no_demand_and_is_counted() -> None:
    # A still, saturated, clear December: the ground radiates more than it receives.
    result = reference_evapotranspiration_mm(
        weather(
            "2001-12",
            latitude=52.0,
            temperature_mean_c=-20.0,
            dewpoint_c=-20.0,
            wind_speed_m_s=0.5,
            solar_radiation_mj_m2_day=4.0,
        )
    )
    assert (float(result.squeeze()), result.attrs["months_set_to_zero"]) == (0.0, 1)


def test_a_missing_value_stays_missing() -> None:
    assert math.isnan(pet(weather(dewpoint_c=math.nan)))


def test_the_result_says_what_it_is() -> None:
    result = reference_evapotranspiration_mm(weather())
    assert (result.name, result.dims) == ("pet_mm", ("month", "latitude", "longitude"))
    assert result.attrs["units"] == "mm"


def test_fields_without_wind_have_no_pet() -> None:
    fields = weather().drop_vars("wind_speed_m_s")
    assert has_pet_inputs(weather())
    assert not has_pet_inputs(fields)
    with pytest.raises(InputError, match="lacking wind_speed_m_s"):
        reference_evapotranspiration_mm(fields)


# --- Hargreaves ---------------------------------------------------------------------------------


def warmth(month: str = "2001-07", latitude: float = 45.72, **values: float) -> xr.Dataset:
    """One month at one place of which nothing but the temperature is known."""
    given = {"temperature_mean_c": 20.7, "temperature_max_c": 26.6, "temperature_min_c": 14.8}
    fields = weather(month, latitude, **(given | values))
    return fields[[*given]]


def hargreaves(fields: xr.Dataset) -> float:
    return float(hargreaves_mm(fields).squeeze())


def test_the_worked_example_of_fao_56_by_temperature_alone() -> None:
    # Example 20, Lyon, July: 45 deg 43 min N; Tmax 26.6, Tmin 14.8, Ra 40.6 MJ m-2 a day. By
    # eq. 52: 0.0023 x (20.7 + 17.8) x sqrt(11.8) x 40.6 x 0.408 = 5.04 mm a day; it prints 5.0.
    assert hargreaves(warmth()) / 31 == pytest.approx(5.04, abs=0.03)


def xclim_hargreaves_mm(fields: xr.Dataset) -> xr.DataArray:
    """The same equation by another project: every day of a month with its own sun, then summed."""
    months = fields.indexes["month"]
    days = pd.date_range(months[0], months[-1] + pd.offsets.MonthEnd(), name="time")
    daily = fields.sel(month=days.to_period("M").to_timestamp()).rename(month="time")
    daily = daily.assign_coords(time=days)
    kelvin = {
        name: (daily[name] + 273.15).assign_attrs(units="K")
        for name in ("temperature_min_c", "temperature_max_c", "temperature_mean_c")
    }
    with warnings.catch_warnings():  # it calls pandas in an old way
        warnings.simplefilter("ignore")
        rate = potential_evapotranspiration(
            tasmin=kelvin["temperature_min_c"],
            tasmax=kelvin["temperature_max_c"],
            tas=kelvin["temperature_mean_c"],
            lat=daily["latitude"].assign_attrs(units="degrees_north"),
            method="HG85",
        )
    monthly = (rate * 86400).groupby(rate["time"].dt.strftime("%Y-%m-01")).sum(skipna=False)
    return monthly.rename(strftime="month").assign_coords(month=months)


def test_hargreaves_agrees_with_xclim(real: xr.Dataset) -> None:
    # What is left is the sun of the middle day against that of every day, and a finer formula of
    # its declination, which in October and November puts it higher: 4 percent there, 2 elsewhere.
    year = real.sel(month="2005")
    ours = hargreaves_mm(year)
    theirs = xclim_hargreaves_mm(year).transpose(*ours.dims)
    known = np.isfinite(ours.values)
    assert known.sum() == 12 * 70
    assert ours.values[known] == pytest.approx(theirs.values[known], rel=0.05)
    assert float(ours.sum() / theirs.sum()) == pytest.approx(1.0, abs=0.005)


def test_each_row_of_a_grid_has_the_sun_of_its_latitude() -> None:
    south, north = (warmth("2001-01", latitude) for latitude in (40.0, 50.0))
    both = xr.concat([north, south], dim="latitude")
    on_a_grid = hargreaves_mm(both).squeeze().to_numpy()
    assert on_a_grid.tolist() == [hargreaves(north), hargreaves(south)]
    sun = radiation_above(both).squeeze().to_numpy()
    assert on_a_grid[0] / on_a_grid[1] == pytest.approx(sun[0] / sun[1], rel=0.001)


@pytest.mark.parametrize("latitude", [-60.0, 36.0, 55.0])
@pytest.mark.parametrize("mean_c", [-60.0, -17.8, -5.0, 35.0])
@pytest.mark.parametrize("half_range_c", [0.0, 9.0])
def test_hargreaves_is_never_below_zero(
    latitude: float, mean_c: float, half_range_c: float
) -> None:
    fields = warmth(
        "2001-12",
        latitude,
        temperature_mean_c=mean_c,
        temperature_max_c=mean_c + half_range_c,
        temperature_min_c=mean_c - half_range_c,
    )
    found = hargreaves(fields)
    assert found >= 0.0
    assert (found > 0.0) == (mean_c > -17.8 and half_range_c > 0.0)


@pytest.mark.parametrize("name", ["temperature_mean_c", "temperature_max_c", "temperature_min_c"])
def test_a_temperature_missing_is_a_hargreaves_missing(name: str) -> None:
    assert math.isnan(hargreaves(warmth(**{name: math.nan})))


def test_a_maximum_below_its_minimum_gives_nothing_and_is_counted() -> None:
    exchanged = hargreaves_mm(warmth(temperature_max_c=14.8, temperature_min_c=26.6))
    assert math.isnan(float(exchanged.squeeze()))
    assert exchanged.attrs["cells_with_maximum_below_minimum"] == 1
    rounded = hargreaves_mm(warmth(temperature_max_c=20.0, temperature_min_c=20.001))
    assert float(rounded.squeeze()) == 0.0


def test_hargreaves_says_what_its_range_is() -> None:
    daily, mean_day = warmth(), warmth()
    mean_day["temperature_max_c"].attrs["comment"] = "of the month's mean diurnal cycle"
    assert hargreaves_mm(daily).attrs["temperature_range"] == "daily extremes"
    assert "diurnal cycle" in hargreaves_mm(mean_day).attrs["temperature_range"]
    found = hargreaves_mm(daily)
    assert (found.name, found.dims) == ("pet_hargreaves_mm", ("month", "latitude", "longitude"))


def test_fields_without_extremes_have_no_hargreaves() -> None:
    assert has_hargreaves_inputs(warmth())
    assert not has_pet_inputs(warmth())
    assert not has_hargreaves_inputs(weather())
    with pytest.raises(InputError, match="lacking temperature_max_c, temperature_min_c"):
        hargreaves_mm(weather())


def test_on_the_real_grid_hargreaves_asks_for_a_sixth_less_and_most_of_all_in_autumn(
    shared_data: Path,
) -> None:
    """The figures of `docs/method.md`: 1,292 mm a year against 1,558."""
    fields = cfsr_fields(shared_data).sel(month=slice("1981", "2010")).astype(float)

    def normal(pet: xr.DataArray) -> xr.DataArray:
        return pet.groupby("month.month").mean().mean(["latitude", "longitude"])

    ours, theirs = normal(hargreaves_mm(fields)), normal(reference_evapotranspiration_mm(fields))
    assert float(ours.sum()) == pytest.approx(1292, abs=5)
    assert float(ours.sum() / theirs.sum()) == pytest.approx(0.83, abs=0.005)
    ratio = (ours / theirs).to_series()
    assert ratio.idxmax() == 1
    assert ratio.idxmin() == 11
    assert (ratio.max(), ratio.min()) == (
        pytest.approx(0.91, abs=0.01),
        pytest.approx(0.75, abs=0.01),
    )
