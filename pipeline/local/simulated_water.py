"""The simulated snow and soil: a water balance of the simulated weather, a month at a time.

Any month can be had by itself: snow begins anew each September, and soil remembers twelve months.
Every formula is in `docs/simulated_climate.md`; no number here was observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.core.units import MM_PER_M
from pipeline.local.simulated_climate import DEFAULT_SEED, Field, Weather, weather

Cube = NDArray[np.float64]

_ALL_RAIN_C, _ALL_SNOW_C = 3.0, -3.0
"""Monthly means above and below which nothing else falls."""
_MELT_MM_C_DAY, _MELTS_ABOVE_C = 3.0, -2.0
_LAST_OF_SNOW_YEAR = 8
"""What lies in August melts in August."""
_MONTHS_REMEMBERED = 12
_DECAYS = {"swvl1": 0.3, "swvl2": 0.6, "swvl3": 0.85}
"""What a month's water counts a month later, by layer."""
_DRIEST, _SPAN = 0.06, 0.36
_MONTHS_KEPT = 192
"""Computed months that are kept: four long requests at once, and the two years before each."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What snow did in a month, mm; `pack` is what lies at its end."""

    snowfall: Field
    melt: Field
    pack: Field


def fields(
    month: Month, *, seed: int = DEFAULT_SEED, release: Release = Release.FINAL
) -> dict[str, Field]:
    """Return the snow and the soil of one month, in the names and units of the CDS.

    Preliminary values follow from the preliminary weather of the month and the final one of those
    before.

    Returns:
        On the grid of the climatology: ``sf`` and ``smlt`` (m per *day*), ``sd`` (m, at the end of
        the month), ``swvl1`` to ``swvl3`` (m3 m-3). No gaps: the sea has values too.
    """
    now = weather(month, seed=seed, release=release)
    snow = _balance(month, seed, release)
    per_day = MM_PER_M * month.days
    return {
        "sf": snow.snowfall / per_day,
        "smlt": snow.melt / per_day,
        "sd": snow.pack / MM_PER_M,
        **soil_moisture(*_remembered(month, seed, now, snow)),
    }


def snow_balance(month: Month, before_mm: Field, now: Weather) -> Balance:
    """Return what becomes of the snow `before_mm` and of what falls in a month."""
    share = (_ALL_RAIN_C - now.temperature_c) / (_ALL_RAIN_C - _ALL_SNOW_C)
    snowfall = now.rain_mm * np.clip(share, 0.0, 1.0)
    lying = before_mm + snowfall
    warmth = np.maximum(now.temperature_c - _MELTS_ABOVE_C, 0.0)
    if month.month == _LAST_OF_SNOW_YEAR:
        return Balance(snowfall, lying, np.zeros_like(lying))
    melt = np.minimum(lying, _MELT_MM_C_DAY * month.days * warmth)
    return Balance(snowfall, melt, lying - melt)


@lru_cache(maxsize=_MONTHS_KEPT)
def _balance(month: Month, seed: int, release: Release) -> Balance:
    now = weather(month, seed=seed, release=release)
    if month.month == _LAST_OF_SNOW_YEAR + 1:
        return snow_balance(month, np.zeros_like(now.rain_mm), now)
    return snow_balance(month, _balance(month - 1, seed, Release.FINAL).pack, now)


def soil_moisture(water_mm: Cube, thirst_mm: Cube) -> dict[str, Field]:
    """Return the layers, m3 m-3: water against thirst, both remembered, the deeper the longer.

    Dims ``(lag, latitude, longitude)``: the month itself first, then those before.
    """
    layers: dict[str, Field] = {}
    for name, decay in _DECAYS.items():
        weights = decay ** np.arange(len(water_mm))
        wet, dry = (np.tensordot(weights, one, 1) for one in (water_mm, thirst_mm))
        layers[name] = _DRIEST + _SPAN * wet / (wet + dry)
    return layers


def _remembered(month: Month, seed: int, now: Weather, snow: Balance) -> tuple[Cube, Cube]:
    """The water and the thirst of a month and of those before it."""
    water, thirst = [_water_mm(now, snow)], [_thirst_mm(now)]
    for lag in range(1, _MONTHS_REMEMBERED):
        past = weather(month - lag, seed=seed, release=Release.FINAL)
        water.append(_water_mm(past, _balance(month - lag, seed, Release.FINAL)))
        thirst.append(_thirst_mm(past))
    return np.stack(water), np.stack(thirst)


def _water_mm(now: Weather, snow: Balance) -> Field:
    return now.rain_mm - snow.snowfall + snow.melt


def _thirst_mm(now: Weather) -> Field:
    return 15.0 + 4.0 * np.maximum(now.temperature_c, 0.0)
