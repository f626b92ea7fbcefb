"""The columns of the agency table that say when: its resolution, and the days each row covers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.core.errors import InputError
from pipeline.stations import days
from pipeline.stations.agency_fields import REMEDY, WHEN, demand
from pipeline.stations.days import FIRST_YEAR, LAST_YEAR, Days, Integers
from pipeline.stations.observations import Resolution

KEYS = {
    frozenset({"date"}): Resolution.DAILY,
    frozenset({"year", "month", "dekad"}): Resolution.DEKADAL,
    frozenset({"year", "month"}): Resolution.MONTHLY,
    frozenset({"month"}): Resolution.MONTHLY,
}
"""Columns and the resolution they mean; `date` may also be the last day of a dekad."""

RESOLUTIONS = {
    "day": Resolution.DAILY, "dec": Resolution.DEKADAL, "mon": Resolution.MONTHLY,
    **{resolution.value: resolution for resolution in Resolution},
}  # fmt: skip
"""What the column `resolution` may say."""

NOT_DAILY_DATES = 6
"""So many different dates, each the end of a dekad or the first of a month, are no daily record."""


def resolution_of(file: str, table: pd.DataFrame) -> Resolution:
    """Return the resolution that the columns mean; a column `resolution` must agree.

    Raises:
        InputError: no known set of columns, or a contradiction.
    """
    when = (frozenset(WHEN) & frozenset(table.columns)) - {"resolution"}
    if when not in KEYS:
        raise InputError(
            f"{file}: line 1: expected date, or year and month and dekad, or year and month, or "
            f"month as YYYY-MM, got {' and '.join(sorted(when)) or 'none of them'}; {REMEDY}"
        )
    meant = KEYS[when]
    if "resolution" not in table:
        return meant
    possible = [Resolution.DAILY, Resolution.DEKADAL] if "date" in when else [meant]
    stated = table["resolution"].map(RESOLUTIONS)
    is_good = stated.isin(possible) & (stated == stated.iloc[0])
    expected = f"{' or '.join(possible)} beside {' and '.join(sorted(when))}, and one for all rows"
    demand(file, table, "resolution", is_good, expected)
    return Resolution(stated.iloc[0])


def last_days(file: str, table: pd.DataFrame, resolution: Resolution) -> Days:
    """Return the last day that each row covers.

    Raises:
        InputError: a row whose date, year, month or dekad is not one.
    """
    if "date" in table:
        return _dates(file, table, resolution)
    years, months = _months(file, table) if "year" not in table else _years_months(file, table)
    lengths = days.month_lengths(years, months)
    if resolution is Resolution.MONTHLY:
        return days.as_days(years, months, lengths)
    dekads = _whole_numbers(file, table, "dekad", 1, 3)
    return days.as_days(years, months, np.where(dekads == 3, lengths, dekads * 10))


def day_counts(last_day: Days, resolution: Resolution) -> Integers:
    """Return how many days each row covers."""
    day = pd.DatetimeIndex(last_day).day.to_numpy()
    if resolution is Resolution.DEKADAL:
        return days.dekad_lengths(day)
    return day if resolution is Resolution.MONTHLY else np.ones_like(day)


def _dates(file: str, table: pd.DataFrame, resolution: Resolution) -> Days:
    is_written = table["date"].str.fullmatch(r"\d{4}-\d{2}-\d{2}")
    number = table["date"].where(is_written, "0").str.replace("-", "").astype(int).to_numpy()
    years, months, day = number // 10000, number // 100 % 100, number % 100
    is_day = days.is_day(years, months, day)
    expected = f"a day of the calendar as YYYY-MM-DD, from {FIRST_YEAR} to {LAST_YEAR}"
    demand(file, table, "date", is_day, expected)
    is_end = days.dekad_ends(day, days.month_lengths(years, months))
    if resolution is Resolution.DEKADAL:
        demand(file, table, "date", is_end, "the last day of a dekad: 10, 20 or the month's last")
    elif table["date"].nunique() >= NOT_DAILY_DATES and (is_end.all() or (day == 1).all()):
        raise InputError(
            f"{file}: date: expected days, got only ends of dekads or first days of months; for "
            f"dekads add a column resolution that says dekadal, for months write year and month; "
            f"{REMEDY}"
        )
    return days.as_days(years, months, day)


def _months(file: str, table: pd.DataFrame) -> tuple[Integers, Integers]:
    is_written = table["month"].str.fullmatch(r"\d{4}-\d{2}")
    number = table["month"].where(is_written, "0").str.replace("-", "").astype(int).to_numpy()
    years, months = number // 100, number % 100
    is_month = days.is_day(years, months, np.ones_like(years))
    demand(file, table, "month", is_month, f"YYYY-MM, from {FIRST_YEAR}-01 to {LAST_YEAR}-12")
    return years, months


def _years_months(file: str, table: pd.DataFrame) -> tuple[Integers, Integers]:
    years = _whole_numbers(file, table, "year", FIRST_YEAR, LAST_YEAR)
    return years, _whole_numbers(file, table, "month", 1, 12)


def _whole_numbers(file: str, table: pd.DataFrame, column: str, low: int, high: int) -> Integers:
    is_written = table[column].str.fullmatch(r"\d{1,4}")
    number = table[column].where(is_written, "-1").astype(int)
    demand(file, table, column, number.between(low, high), f"a number from {low} to {high}")
    return number.to_numpy()
