"""Which evaporative demand a record is judged by: one for all of it, or none could be compared."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.core.calibration import MIN_VALID_YEARS, CalibrationPeriod
from pipeline.core.months import Month
from pipeline.core.panels import Panel

PENMAN_MONTEITH, HARGREAVES = "pet_mm", "pet_hargreaves_mm"
"""Names of the fields; the first is preferred."""


def needs_hargreaves(
    precipitation_mm: Panel, pet_mm: Panel, pet_hargreaves_mm: Panel, period: CalibrationPeriod
) -> npt.NDArray[np.bool_]:
    """Return which landscapes have to be judged by Hargreaves, dims ``(landscape,)``.

    Those for which each calendar month of the period has rain and Hargreaves in enough years,
    and not so with Penman-Monteith. The panels are of the same months and landscapes.
    """
    penman = _is_enough(precipitation_mm, pet_mm, period)
    return ~penman & _is_enough(precipitation_mm, pet_hargreaves_mm, period)


def _is_enough(rain: Panel, demand: Panel, period: CalibrationPeriod) -> npt.NDArray[np.bool_]:
    start = rain.position(Month(period.first_year, 1))
    rows = np.arange(
        max(start, 0), min(rain.position(Month(period.last_year, 12)) + 1, len(rain.values))
    )
    is_valid = (rain.gaps[rows] == 0) & (demand.gaps[rows] == 0)
    years = np.zeros((12, rain.values.shape[1]), dtype=np.int64)
    np.add.at(years, (rows - start) % 12, is_valid)
    return np.asarray((years >= MIN_VALID_YEARS).all(axis=0))
