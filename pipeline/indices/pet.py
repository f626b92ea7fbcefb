"""Reference evapotranspiration (the PET of SPEI) from monthly means.

By FAO-56 Penman-Monteith, and by Hargreaves where humidity, wind or radiation is missing.
Source: Allen et al. (1998), Crop evapotranspiration, FAO Irrigation and Drainage Paper 56, whose
equation numbers are given. Choices for monthly means, and what they cost, are in `docs/method.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.indices import engine
from pipeline.indices.pet_inputs import EXTREMES, HARGREAVES, REQUIRED

WIND_HEIGHT_M = 10.0
SEA_LEVEL_PRESSURE_KPA = 101.3
SOIL_HEAT_FLUX_MJ_M2_DAY = 0.0
"""FAO-56 eq. 43 and 44 need the months around; a month's PET must not change with them."""
MM_PER_MJ_M2 = 0.408
"""Water that an energy evaporates: 1 / 2.45 MJ per kg, FAO-56 eq. 20."""
_ROUNDING_C = 0.01


def has_pet_inputs(fields: xr.Dataset) -> bool:
    """Whether `fields` holds every variable that the PET cannot do without."""
    return all(name in fields for name in REQUIRED)


def has_hargreaves_inputs(fields: xr.Dataset) -> bool:
    """Whether `fields` holds every variable that Hargreaves is made of."""
    return all(name in fields for name in HARGREAVES)


def hargreaves_mm(fields: xr.Dataset) -> xr.DataArray:
    """Return `pet_hargreaves_mm`, dims ``(month, latitude, longitude)``, mm a month, 0 or more.

    FAO-56 eq. 52, the equation of Hargreaves and Samani (1985), with the radiation above the air on
    the middle day of the month. 0 where it is colder than -17.8 degrees.

    Args:
        fields: as for `reference_evapotranspiration_mm`; required are ``temperature_mean_c``,
            ``temperature_max_c`` and ``temperature_min_c``. A missing value in any of them is
            missing in the result, and so is a cell whose maximum is below its minimum. The
            attributes say what the range of temperature is, and how many cells were exchanged so.

    Raises:
        InputError: one of them is missing.
    """
    missing = [name for name in HARGREAVES if name not in fields]
    if missing:
        raise InputError(
            f"PET: expected {', '.join(HARGREAVES)}, lacking {', '.join(missing)}; fetch 2 m "
            "temperature by the hour of the day, or do without Hargreaves"
        )
    mean_c, highest, lowest = (fields[name].astype(float) for name in HARGREAVES)
    range_c = highest - lowest
    is_exchanged = range_c < -_ROUNDING_C
    range_c = range_c.clip(min=0.0).where(~is_exchanged)
    above_mm_day = _mid_month_radiation_mj_m2_day(fields) * MM_PER_MJ_M2
    mm_day = 0.0023 * above_mm_day * (mean_c + 17.8).clip(min=0.0) * range_c**0.5
    pet = (mm_day * fields["month"].dt.days_in_month).transpose("month", "latitude", "longitude")
    return (
        pet.drop_attrs()
        .rename("pet_hargreaves_mm")
        .assign_attrs(
            units="mm",
            long_name="monthly reference evapotranspiration",
            method="Hargreaves and Samani, FAO-56 eq. 52, from monthly means",
            temperature_range=fields["temperature_max_c"].attrs.get("comment", "daily extremes"),
            cells_with_maximum_below_minimum=int(is_exchanged.sum()),
        )
    )


def reference_evapotranspiration_mm(fields: xr.Dataset) -> xr.DataArray:
    """Return `pet_mm`, dims ``(month, latitude, longitude)``, mm a month, 0 or more.

    Args:
        fields: monthly means with a datetime64 coordinate ``month`` (first day) and
            ``latitude`` in degrees north. Required: ``temperature_mean_c``, ``dewpoint_c``,
            ``wind_speed_m_s`` (at 10 m), ``solar_radiation_mj_m2_day``. Used if present:
            ``temperature_max_c`` with ``temperature_min_c``, ``surface_pressure_kpa``,
            ``elevation_m``. A missing value in any used field is missing in the result.

    The attributes say where saturation vapour pressure and air pressure came from, and how many
    months were set to 0 because the formula gave less (dewfall in a cold, dim month).

    Raises:
        InputError: a required variable is missing.
    """
    missing = [name for name in REQUIRED if name not in fields]
    if missing:
        raise InputError(
            f"PET: expected {', '.join(REQUIRED)}, lacking {', '.join(missing)}; "
            "add them to the source, or do without SPEI"
        )
    coldest, warmest, temperature_from = _extremes_c(fields)
    pressure_kpa, elevation_m, pressure_from = _air_pressure_kpa(fields)
    mean_c = fields["temperature_mean_c"]
    vapour_kpa = _apply(engine.saturation_vapour_pressure_kpa, fields["dewpoint_c"])
    clear_sky = _apply(
        engine.clear_sky_radiation_mj_m2_day, _mid_month_radiation_mj_m2_day(fields), elevation_m
    )
    sun = fields["solar_radiation_mj_m2_day"]
    mm_day = _apply(
        engine.penman_monteith_mm_day,
        _apply(engine.net_radiation_mj_m2_day, coldest, warmest, vapour_kpa, sun, clear_sky),
        xr.full_like(mean_c, SOIL_HEAT_FLUX_MJ_M2_DAY, dtype=float),
        mean_c,
        _apply(engine.wind_speed_2m_m_s, fields["wind_speed_m_s"], xr.DataArray(WIND_HEIGHT_M)),
        _apply(engine.mean_saturation_vapour_pressure_kpa, coldest, warmest),
        vapour_kpa,
        _apply(engine.vapour_pressure_slope_kpa_c, mean_c),
        _apply(engine.psychrometric_constant_kpa_c, pressure_kpa),
    )
    pet = (mm_day * fields["month"].dt.days_in_month).transpose("month", "latitude", "longitude")
    below_zero = int((pet < 0.0).sum())
    return (
        pet.clip(min=0.0)
        .drop_attrs()
        .rename("pet_mm")
        .assign_attrs(
            units="mm",
            long_name="monthly reference evapotranspiration",
            method="FAO-56 Penman-Monteith from monthly means",
            saturation_vapour_pressure_from=temperature_from,
            air_pressure_from=pressure_from,
            months_set_to_zero=below_zero,
        )
    )


def _extremes_c(fields: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray, str]:
    """Return the mean daily minimum and maximum; twice the mean where they are not known."""
    if all(name in fields for name in EXTREMES):
        return fields["temperature_min_c"], fields["temperature_max_c"], "daily extremes (eq. 12)"
    mean_c = fields["temperature_mean_c"]
    return mean_c, mean_c, "mean temperature (too low)"


def _air_pressure_kpa(fields: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray, str]:
    """Return air pressure and elevation, each from the other where only one is known (eq. 7)."""
    if "surface_pressure_kpa" in fields:
        pressure = fields["surface_pressure_kpa"]
        elevation = fields["elevation_m"] if "elevation_m" in fields else _elevation_m(pressure)
        return pressure, elevation, "surface_pressure_kpa"
    if "elevation_m" in fields:
        elevation = fields["elevation_m"]
        return _apply(engine.pressure_kpa, elevation), elevation, "elevation_m (eq. 7)"
    sea_level = xr.DataArray(SEA_LEVEL_PRESSURE_KPA)
    return sea_level, xr.DataArray(0.0), "101.3 kPa (sea level)"


def _elevation_m(pressure_kpa: xr.DataArray) -> xr.DataArray:
    """FAO-56 eq. 7, solved for the elevation."""
    return (293.0 / 0.0065) * (1.0 - (pressure_kpa / SEA_LEVEL_PRESSURE_KPA) ** (1.0 / 5.26))


def _mid_month_radiation_mj_m2_day(fields: xr.Dataset) -> xr.DataArray:
    """Extraterrestrial radiation on the middle day of each month, FAO-56 eq. 21 and annex 2."""
    day_of_year = (30.4 * fields["month"].dt.month - 15.0) // 1
    latitude_radians = fields["latitude"] * (np.pi / 180.0)
    return _apply(engine.extraterrestrial_radiation_mj_m2_day, latitude_radians, day_of_year)


def _apply(formula: Callable[..., Any], *arguments: xr.DataArray) -> xr.DataArray:
    """Evaluate an engine formula in double precision, matching dimensions by name."""
    result: xr.DataArray = xr.apply_ufunc(formula, *(a.astype(float) for a in arguments))
    return result
