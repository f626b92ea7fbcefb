"""The units that an agency's values may come in: a closed list."""

from __future__ import annotations

from enum import StrEnum

import pandas as pd

from pipeline.stations.observations import Quantity


class Unit(StrEnum):
    """A unit of precipitation or of temperature."""

    MM = "mm"
    TENTH_MM = "0.1 mm"
    CM = "cm"
    INCH = "inch"
    DEGC = "degC"
    TENTH_DEGC = "0.1 degC"
    KELVIN = "K"


RAIN: dict[Unit, float] = {Unit.MM: 1.0, Unit.TENTH_MM: 0.1, Unit.CM: 10.0, Unit.INCH: 25.4}
"""mm in one of the unit."""
HEAT: dict[Unit, tuple[float, float]] = {
    Unit.DEGC: (1.0, 0.0), Unit.TENTH_DEGC: (0.1, 0.0), Unit.KELVIN: (1.0, -273.15),
}  # fmt: skip
"""Degrees C in one of the unit, and what is added."""
DECIMALS = 6
"""Beyond these the arithmetic of the conversion only leaves noise."""


def is_unit_of(unit: str, quantity: str) -> bool:
    """Return whether values of a quantity may come in a unit."""
    return unit in (RAIN if quantity == Quantity.PRECIPITATION else HEAT)


def default_unit(quantity: str) -> Unit:
    """Return the unit of the documented format: mm, or degrees C."""
    return Unit.MM if quantity == Quantity.PRECIPITATION else Unit.DEGC


def in_our_units(values: pd.Series, units: pd.Series) -> pd.Series:
    """Return values in mm and degrees C; NaN where the unit is none."""
    factors = {**{unit: (factor, 0.0) for unit, factor in RAIN.items()}, **HEAT}
    factor = units.map({str(unit): pair[0] for unit, pair in factors.items()})
    added = units.map({str(unit): pair[1] for unit, pair in factors.items()})
    return (values * factor.astype(float) + added.astype(float)).round(DECIMALS)
