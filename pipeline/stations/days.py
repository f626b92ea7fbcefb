"""Calendar arithmetic on whole columns: lengths of months, last days of dekads.

A dekad is a third of a month: days 1-10, 11-20, and 21 to the end (8 to 11 days).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Integers = npt.NDArray[np.integer[Any]]
Days = npt.NDArray[np.datetime64]
Booleans = npt.NDArray[np.bool_]

FIRST_YEAR, LAST_YEAR = 1800, 2199
"""No station record reaches beyond these: another year is a misprint."""


def month_lengths(years: Integers, months: Integers) -> Integers:
    """Return the days in each month; months run from 1 to 12."""
    first = _months(years, months)
    following = (first + 1).astype("datetime64[D]")
    lengths: Integers = (following - first.astype("datetime64[D]")).astype(np.int64)
    return lengths


def is_day(years: Integers, months: Integers, days: Integers) -> Booleans:
    """Return where the three numbers name a day of the calendar that a record may hold."""
    in_year = (years >= FIRST_YEAR) & (years <= LAST_YEAR) & (months >= 1) & (months <= 12)
    lengths = month_lengths(np.where(in_year, years, FIRST_YEAR), np.where(in_year, months, 1))
    return np.asarray(in_year & (days >= 1) & (days <= lengths), dtype=np.bool_)


def as_days(years: Integers, months: Integers, days: Integers) -> Days:
    """Return calendar days; expects numbers for which `is_day` holds."""
    day = _months(years, months).astype("datetime64[D]") + (days - 1)
    return day.astype("datetime64[s]")


def dekad_ends(days: Integers, lengths: Integers) -> Booleans:
    """Return where a day of the month is the last of a dekad, in months of `lengths` days."""
    return np.asarray((days == 10) | (days == 20) | (days == lengths), dtype=np.bool_)


def dekad_lengths(days: Integers) -> Integers:
    """Return the days in each dekad, known by the day of the month that ends it."""
    return np.where(days <= 20, 10, days - 20)


def covered_days(values: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each `day` that a value covers, from its `last_day` back `n_days` days."""
    n_days = values["n_days"].to_numpy(dtype=np.int64)
    each = values.iloc[np.repeat(np.arange(len(values)), n_days)].reset_index(drop=True)
    first = np.repeat(np.cumsum(n_days) - n_days, n_days)
    back = pd.to_timedelta(np.arange(len(each)) - first, unit="D")
    return each.assign(day=each["last_day"] - back)


def _months(years: Integers, months: Integers) -> Days:
    return ((years - 1970) * 12 + (months - 1)).astype("datetime64[M]")
