"""The simulated temperature by the hour of the day; the formula is in `docs/simulated_climate.md`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.core.units import KELVIN_AT_ZERO_C
from pipeline.local.simulated_climate import (
    DEFAULT_SEED,
    Field,
    climatology,
    solar_radiation_mj_m2_day,
    weather,
)

HOURS = range(24)
_WARMEST_HOUR = 15.0
"""Local solar time."""


def hourly_temperature_k(
    month: Month, *, seed: int = DEFAULT_SEED, release: Release = Release.FINAL
) -> NDArray[np.float64]:
    """Return the mean of each hour of the day (UTC), dims ``(hour, latitude, longitude)``.

    The mean of the hours is the month's mean temperature.
    """
    now = weather(month, seed=seed, release=release)
    hours = np.array(HOURS)[:, np.newaxis] + climatology().longitude / 15.0
    swing = np.cos(2 * np.pi * (hours - _WARMEST_HOUR) / 24)[:, np.newaxis, :]
    half = diurnal_range_c(month.month, now.rain_mm) / 2
    return np.asarray(now.temperature_c + half * swing + KELVIN_AT_ZERO_C)


def diurnal_range_c(calendar_month: int, rain_mm: Field) -> Field:
    """Return how far the warmest hour lies above the coldest: sunny months have the wider range."""
    return 3.0 + 0.5 * solar_radiation_mj_m2_day(calendar_month, rain_mm)
