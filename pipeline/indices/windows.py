"""Totals over the months an index looks back on, and the calendar they are judged by.

Gaps are carried through: a total is missing for the reason its newest missing month gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode, IndexFamily, Season
from pipeline.core.months import Month
from pipeline.core.panels import Floats, GapCodes, Panel, gap_code

CALENDAR_MONTHS = 12

Scalar = TypeVar("Scalar", bound=np.generic)
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Folded:
    """Totals of consecutive months, folded so that a column is a calendar month of a place.

    Up to twelve months lie side by side in one row; more are folded by year, January first.
    Months of a year that are outside are missing.
    """

    first_month: Month
    months: int
    values: Floats
    """Dims ``(year, calendar_month, place)``; NaN where missing."""
    gaps: GapCodes
    """Dims as the values: why one is missing; 0 where it is not."""

    @classmethod
    def room(cls, first_month: Month, months: int, places: int) -> Folded:
        """Return room for the totals of `months`, not filled yet."""
        before = _before(first_month, months)
        width = min(months, CALENDAR_MONTHS)
        rows = before + months
        rows += -rows % width
        values, gaps = np.empty((rows, places)), np.empty((rows, places), np.uint8)
        for outside in (slice(before), slice(before + months, None)):
            values[outside], gaps[outside] = np.nan, gap_code(Gap.SHORT_HISTORY)
        shape = (rows // width, width, places)
        return cls(first_month, months, values.reshape(shape), gaps.reshape(shape))

    @property
    def calendar_months(self) -> Positions | slice:
        """Where the second dimension stands in a table of calendar months, January first."""
        if self.months > CALENDAR_MONTHS:
            return slice(None)
        return calendar_months(self.first_month, self.months)

    def by_month(self, folded: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
        """Return a view with dims ``(month, place)`` of an array that is folded like this."""
        before = _before(self.first_month, self.months)
        rows = folded.reshape(-1, folded.shape[2])
        return rows[before : before + self.months]


def _before(first_month: Month, months: int) -> int:
    """Return how many steps of the first row come before the first month."""
    return first_month.month - 1 if months > CALENDAR_MONTHS else 0


def calendar_months(first_month: Month, months: int) -> Positions:
    """Return for each of consecutive months its calendar month, counted from 0 for January."""
    return (np.arange(months) + (first_month.month - 1)) % CALENDAR_MONTHS


def window_totals(monthly: Panel, index: IndexCode, months: int) -> Folded:
    """Return for each of the last `months` of a panel the total of the window that ends with it.

    Of soil moisture (SMA) it is the mean: what lies in the soil is no flow, and cannot be added.
    A window that reaches before the panel is `short_history`: the panel is taken for the whole
    record. Outside the season of an index its months are `not_applicable`. Each total is added
    up oldest month first, so it is the same to the last bit however much history is handed in.
    """
    start = len(monthly.values) - months
    folded = Folded.room(monthly.first_month + start, months, monthly.values.shape[1])
    values, gaps = folded.by_month(folded.values), folded.by_month(folded.gaps)
    for back, first, step in _windows(index, folded.first_month, months):
        whole = first + -(-max(0, back - 1 - start - first) // step) * step
        missing = slice(first, None if back == 0 else whole, step)
        values[missing] = np.nan
        gaps[missing] = gap_code(Gap.SHORT_HISTORY if back else Gap.NOT_APPLICABLE)
        if back and whole < months:
            of_window = [slice(start + whole - k, None, step) for k in reversed(range(back))]
            _add_up(monthly, of_window, values[whole::step], gaps[whole::step])
    if index.family is IndexFamily.SMA:
        folded.values[...] /= index.longest_window_months
    return folded


def _windows(index: IndexCode, first_month: Month, months: int) -> Iterator[tuple[int, int, int]]:
    """Yield the length of each kind of window, the first month that ends one, and the step."""
    if not isinstance(index.window, Season):
        yield index.window, 0, 1
        return
    for first in range(min(months, CALENDAR_MONTHS)):
        yield index.months_back((first_month + first).month), first, CALENDAR_MONTHS


def _add_up(monthly: Panel, of_window: list[slice], values: Floats, gaps: GapCodes) -> None:
    """Add the months of windows up, oldest first, into `values` and `gaps`."""
    rows = len(values)
    values[:], gaps[:] = monthly.values[of_window[0]][:rows], monthly.gaps[of_window[0]][:rows]
    has_gaps = bool(monthly.gaps.any())
    for month in of_window[1:]:
        values += monthly.values[month][:rows]
        if has_gaps:
            newer = monthly.gaps[month][:rows]
            np.copyto(gaps, newer, where=newer != 0)
