"""In which units an order from Climate Data Online came, told by its digits alone.

The record behind it is in tenths of mm and of degrees C. A metric order keeps the tenths; an order
in standard units has inches to hundredths and whole degrees F; an order in tenths has no decimals.
"""

from __future__ import annotations

import pandas as pd

from pipeline.core.errors import InputError
from pipeline.core.ids import OrderUnits
from pipeline.stations import elements

MM_PER_INCH = 25.4
HOTTEST_C = 60.0
HOTTEST_F = 140.0
"""The same temperature: no air was ever measured as warm."""
FEWEST = 20
"""Fewer values than this prove nothing."""


def units_of(file: str, values: pd.DataFrame) -> tuple[OrderUnits, str]:
    """Return the units and the sign that proves them.

    Shares of the values decide, so that a few misprints prove nothing.

    Args:
        file: the name that errors give.
        values: columns ``element``, ``digits`` (as written) and ``value``.

    Raises:
        InputError: no sign is certain, or two contradict each other.
    """
    signs = _signs(values)
    if len(signs) == 1:
        return next(iter(signs.items()))
    raise InputError(
        f"{file}: expected units that its digits tell, got {_found(signs)}; say --units metric "
        "(mm, degrees C), --units standard (inches, degrees F) or --units tenths"
    )


def converted(values: pd.DataFrame, units: OrderUnits) -> pd.DataFrame:
    """Return the values in mm and degrees C; a number of days stays one."""
    value = values["value"]
    is_rain, is_count = _is_rain(values), values["element"] == elements.SEVERAL_DAYS_COUNT
    if units is OrderUnits.STANDARD:
        made = ((value - 32) / 1.8).where(~is_rain, value * MM_PER_INCH)
    elif units is OrderUnits.TENTHS:
        made = value / 10
    else:
        made = value
    return values.assign(value=value.where(is_count, made.round(4)))


def _signs(values: pd.DataFrame) -> dict[OrderUnits, str]:
    digits, value = values["digits"], values["value"]
    is_count = values["element"] == elements.SEVERAL_DAYS_COUNT
    has_point = digits.str.contains(".", regex=False)
    decimals = digits.str.partition(".")[2].str.rstrip("0").str.len()
    is_rain = _is_rain(values)
    heat, wet = ~is_rain & ~is_count, is_rain & (value > 0)
    signs = {}
    if _share(heat, decimals == 1) > 0.5:
        signs[OrderUnits.METRIC] = "temperatures have tenths of a degree"
    if _share(wet, decimals >= 2) > 0.25:
        signs[OrderUnits.STANDARD] = "rain has hundredths, as inches do"
    elif has_point[is_rain].any() and _share(heat, ~has_point & (value > HOTTEST_C)) > 0.25:
        signs[OrderUnits.STANDARD] = "whole temperatures above 60"
    if not has_point[~is_count].any() and _share(heat, value.abs() > HOTTEST_F) > 0.25:
        signs[OrderUnits.TENTHS] = "no decimals, and temperatures above 140"
    return signs


def _share(among: pd.Series, where: pd.Series) -> float:
    n = int(among.sum())
    return float((where & among).sum()) / n if n >= FEWEST else 0.0


def _is_rain(values: pd.DataFrame) -> pd.Series:
    return values["element"].isin(list(elements.TOTALS))


def _found(signs: dict[OrderUnits, str]) -> str:
    return " but ".join(f"{sign} ({units})" for units, sign in signs.items()) or "no certain sign"
