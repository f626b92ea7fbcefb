"""The store's variables that we know: their names, units and what can be on Earth.

A file holds them under short names (``tp``); ours say quantity and unit (``precipitation_mm``).
Accumulated ones are metres a day in monthly means, or metres a month in totals.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Product
from pipeline.core.units import J_PER_MJ, KELVIN_AT_ZERO_C, MM_PER_M, PA_PER_KPA


@dataclass(frozen=True, slots=True)
class Variable:
    """How one variable of the store becomes one of ours: ``value * factor + offset``."""

    name: str
    unit: str
    raw_units: tuple[str, ...]
    factor: float = 1.0
    offset: float = 0.0
    per: str | None = None
    """What ours accumulates over, ``month`` or ``day``; None for an instantaneous field."""
    between: tuple[float, float] = (-np.inf, np.inf)
    """What can be on Earth, in our unit; beyond lie undeclared fill values and other units."""
    least_raw: float | None = None
    """Of what cannot be below 0: packing makes cells without it a little negative, and anything
    below this, in the store's unit, is another fault. None: negatives are as good as others."""


_KELVIN = ("K",)
_AIR_C = (-95.0, 65.0)
_WIND_M_S = (-100.0, 100.0)
_SPEED = ("m s**-1", "m s-1", "m/s")
_ENERGY = ("J m**-2", "J m-2", "J/m2")
_WATER = ("m of water equivalent", "m")
_VOLUME = ("m**3 m**-3", "m3 m-3", "m3/m3")
_WETTEST_MM = 10_000.0
"""The wettest month on record brought 9,300 mm."""
_DEEPEST_SNOW_MM = 100_000.0
"""The model holds 10 m of water on a glacier, and what falls on it besides."""


def _temperature(name: str, between: tuple[float, float] = _AIR_C) -> Variable:
    return Variable(name, "degC", _KELVIN, offset=-KELVIN_AT_ZERO_C, between=between)


def _fallen(name: str, raw_units: tuple[str, ...]) -> Variable:
    return Variable(
        name, "mm", raw_units, MM_PER_M, per="month", between=(0.0, _WETTEST_MM), least_raw=-1.0e-4
    )


def _soil_moisture(layer: int) -> Variable:
    name = f"soil_moisture_{layer}_m3_m3"
    return Variable(name, "m3 m-3", _VOLUME, between=(0.0, 1.0), least_raw=-1.0e-3)


VARIABLES: dict[str, Variable] = {
    "tp": _fallen("precipitation_mm", ("m",)),
    "t2m": _temperature("temperature_mean_c"),
    "mx2t": _temperature("temperature_max_c"),
    "mn2t": _temperature("temperature_min_c"),
    "d2m": _temperature("dewpoint_c", (-120.0, 50.0)),
    "si10": Variable("wind_speed_m_s", "m s-1", _SPEED, between=_WIND_M_S),
    "u10": Variable("wind_east_m_s", "m s-1", _SPEED, between=_WIND_M_S),
    "v10": Variable("wind_north_m_s", "m s-1", _SPEED, between=_WIND_M_S),
    # Packing makes the polar night a little negative.
    "ssrd": Variable(
        "solar_radiation_mj_m2_day",
        "MJ m-2 day-1",
        _ENERGY,
        1.0 / J_PER_MJ,
        per="day",
        between=(-1.0, 60.0),
    ),
    "sp": Variable("surface_pressure_kpa", "kPa", ("Pa",), 1 / PA_PER_KPA, between=(25.0, 115.0)),
    "swvl1": _soil_moisture(1),
    "swvl2": _soil_moisture(2),
    "swvl3": _soil_moisture(3),
    "sd": Variable(
        "snow_water_equivalent_mm",
        "mm",
        _WATER,
        MM_PER_M,
        between=(0.0, _DEEPEST_SNOW_MM),
        least_raw=-1.0e-3,
    ),
    "smlt": _fallen("snow_melt_mm", _WATER),
    "sf": _fallen("snowfall_mm", _WATER),
}
"""By the short name in a file."""


def known_codes(codes: Iterable[str], where: str) -> list[str]:
    """Return those of the store's short names `codes` that we know, each once.

    Raises:
        InputError: there is none.
    """
    found = list(dict.fromkeys(codes))
    known = [code for code in VARIABLES if code in found]
    if not known:
        raise InputError(
            f"{where}: expected at least one of {', '.join(VARIABLES)}, got "
            f"{', '.join(found) or 'no variable'}; ask the store for tp and t2m"
        )
    return known


def verify_units(raw: xr.Dataset, codes: Iterable[str], where: str) -> None:
    """Look at the attribute ``units`` of each of `codes`.

    Raises:
        InputError: it is not one that the store uses for the variable.
    """
    for code in codes:
        unit, expected = raw[code].attrs.get("units"), VARIABLES[code].raw_units
        if unit not in expected:
            raise InputError(
                f"{where}: variable {code!r} is in {unit!r}, expected {expected[0]!r}; convert it, "
                "or correct its attribute 'units'"
            )


def without_negatives(raw: xr.DataArray, where: str) -> tuple[xr.DataArray, int]:
    """Return a raw field with what packing left below 0 raised to 0, and how many cells that were.

    A field that may be negative is returned as it is.

    Raises:
        InputError: it falls lower than packing explains.
    """
    code, least = str(raw.name), VARIABLES[str(raw.name)].least_raw
    if least is None:
        return raw, 0
    lowest = float(raw.min())
    if lowest < least:
        raise InputError(
            f"{where}: {code!r} falls to {lowest:.3g} {raw.attrs['units']}, expected no less than "
            f"{least:g}; the file is damaged or holds something else: look before loading it"
        )
    # Choosing copies the field, and most have nothing to raise.
    if not lowest < 0.0:
        return raw, 0
    return raw.where(~(raw < 0.0), 0.0), int((raw < 0.0).sum())


def converted(
    raw: xr.DataArray, product: Product | None, days: xr.DataArray, where: str
) -> xr.DataArray:
    """Return a raw field in our unit, single precision; `days` are those of each month.

    An accumulated field is rescaled from what `product` says it stands for.

    Raises:
        InputError: a value cannot be on Earth.
    """
    variable = VARIABLES[str(raw.name)]
    value = raw.astype(np.float64) * variable.factor + variable.offset
    if variable.per == "month" and product is Product.MONTHLY_MEAN:
        value = value * days
    if variable.per == "day" and product is Product.MONTHLY_TOTAL:
        value = value / days
    _refuse_unearthly(value, variable, f"{where}: {raw.name!r}")
    single = value.astype(np.float32)
    single.attrs = {"units": variable.unit}
    return single


def _refuse_unearthly(value: xr.DataArray, variable: Variable, what: str) -> None:
    least, most = variable.between
    for extreme in (float(value.min()), float(value.max())):
        if extreme < least or extreme > most:
            raise InputError(
                f"{what} reaches {extreme:.3g} {variable.unit}, expected {least:g} to {most:g}; "
                "either missing cells are not declared (attribute '_FillValue'), or the unit is "
                "another than the file says, or it is damaged: look before loading it"
            )
