"""Totals over the months an index looks back on, and the calendar they are judged by.

Gaps are carried through: a total is missing for the reason its newest missing month gives.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexFamily
from pipeline.core.months import Month
from pipeline.core.panels import Floats, Panel, gap_code

CALENDAR_MONTHS = 12


def monthly_quantity_mm(family: IndexFamily, precipitation_mm: Panel, pet_mm: Panel) -> Panel:
    """Return what the index adds up, in mm a month: rain, or for SPEI rain less PET.

    Where both are missing the gap of the precipitation is told.

    Raises:
        InputError: rain is negative or not finite, or (SPEI) PET is not finite or covers
            other months or landscapes.
    """
    _check_finite("precipitation_mm", precipitation_mm)
    _check_not_negative(precipitation_mm)
    if family is not IndexFamily.SPEI:
        return precipitation_mm
    if (pet_mm.first_month, pet_mm.values.shape) != (
        precipitation_mm.first_month,
        precipitation_mm.values.shape,
    ):
        raise InputError(
            f"pet_mm: expected the months and landscapes of the precipitation "
            f"({precipitation_mm.first_month}, {precipitation_mm.values.shape}), "
            f"got ({pet_mm.first_month}, {pet_mm.values.shape})"
        )
    _check_finite("pet_mm", pet_mm)
    return Panel(
        precipitation_mm.first_month,
        precipitation_mm.values - pet_mm.values,
        np.where(precipitation_mm.gaps != 0, precipitation_mm.gaps, pet_mm.gaps),
    )


def window_totals(monthly: Panel, scale_months: int) -> Panel:
    """Return for each month the total of it and the `scale_months` - 1 months before.

    The first `scale_months` - 1 months of the panel are `short_history`: the panel is taken
    for the whole record. Each total is added up oldest month first, so it is the same to the
    last bit however much history is handed in.
    """
    months = monthly.values.shape[0]
    totals = np.full(monthly.values.shape, np.nan)
    gaps = np.full(monthly.gaps.shape, gap_code(Gap.SHORT_HISTORY), np.uint8)
    if months < scale_months:
        return Panel(monthly.first_month, totals, gaps)

    whole = slice(scale_months - 1, None)
    steps = [slice(k, months - scale_months + 1 + k) for k in range(scale_months)]
    total, gap = monthly.values[steps[0]].copy(), monthly.gaps[steps[0]]
    for step in steps[1:]:
        total += monthly.values[step]
        gap = np.where(monthly.gaps[step] != 0, monthly.gaps[step], gap)
    totals[whole], gaps[whole] = total, gap
    return Panel(monthly.first_month, totals, gaps)


def by_year(panel: Panel) -> Floats:
    """Return the values with dims ``(year, calendar_month, landscape)``.

    The first year is that of the panel's first month; months outside the panel are NaN.
    """
    before = panel.first_month.month - 1
    after = -(before + panel.values.shape[0]) % CALENDAR_MONTHS
    padded = np.pad(panel.values, ((before, after), (0, 0)), constant_values=np.nan)
    return padded.reshape(-1, CALENDAR_MONTHS, panel.values.shape[1])


def by_month(values: Floats, panel: Panel) -> Floats:
    """Undo `by_year`: return `values` with the rows of `panel`."""
    before = panel.first_month.month - 1
    rows = values.reshape(-1, values.shape[2])
    return rows[before : before + panel.values.shape[0]]


def calendar_months(panel: Panel) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return for each row of `panel` its calendar month, counted from 0 for January."""
    return (np.arange(panel.values.shape[0]) + panel.first_month.month - 1) % CALENDAR_MONTHS


def holds(panel: Panel, period: CalibrationPeriod) -> bool:
    """Whether the panel reaches over all months of the period's years."""
    first, last = Month(period.first_year, 1), Month(period.last_year, 12)
    return panel.first_month <= first and last <= panel.last_month


def calibration_sample(totals: Panel, period: CalibrationPeriod) -> Floats:
    """Return the totals of the period's years, dims ``(year, calendar_month, landscape)``.

    All are NaN where the record does not hold the whole period.
    """
    years = period.last_year - period.first_year + 1
    if not holds(totals, period):
        return np.full((years, CALENDAR_MONTHS, totals.values.shape[1]), np.nan)
    first = period.first_year - totals.first_month.year
    return by_year(totals)[first : first + years]


def _check_finite(name: str, panel: Panel) -> None:
    if np.isinf(panel.values).any():
        raise InputError(f"{name}: {_place(panel, np.isinf(panel.values))} is not finite")


def _check_not_negative(precipitation_mm: Panel) -> None:
    negative = precipitation_mm.values < 0.0
    if negative.any():
        raise InputError(
            f"precipitation_mm: {_place(precipitation_mm, negative)} is negative, expected 0 or "
            f"more; correct it, or give it a gap"
        )


def _place(panel: Panel, wrong: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    row, column = (int(axis[0]) for axis in np.nonzero(wrong))
    value = panel.values[row, column]
    return f"{panel.first_month + row}, landscape column {column}: {value}"
