"""The fields of an agency table that say when: its resolution, and the days each value covers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.core.errors import InputError
from pipeline.stations import date_formats, days
from pipeline.stations.agency_fields import REMEDY, WHEN
from pipeline.stations.agency_layout import Layout
from pipeline.stations.days import FIRST_YEAR, LAST_YEAR, Booleans, Integers
from pipeline.stations.numerals import whole_numbers
from pipeline.stations.observations import Resolution

KEYS = {
    frozenset({"date"}): Resolution.DAILY,
    frozenset({"year", "month", "day"}): Resolution.DAILY,
    frozenset({"month", "day"}): Resolution.DAILY,
    frozenset({"year", "month", "dekad"}): Resolution.DEKADAL,
    frozenset({"month", "dekad"}): Resolution.DEKADAL,
    frozenset({"year", "month"}): Resolution.MONTHLY,
    frozenset({"month"}): Resolution.MONTHLY,
}
"""Fields and the resolution they mean; `date` may also end a dekad, or begin or end a month."""

RESOLUTIONS = {
    "day": Resolution.DAILY, "dec": Resolution.DEKADAL, "mon": Resolution.MONTHLY,
    **{resolution.value: resolution for resolution in Resolution},
}  # fmt: skip
"""What the field `resolution` may say."""

NOT_DAILY_DATES = 6
"""So many different dates, each the end of a dekad or the first of a month, are no daily record."""

_YEARS = f"years {FIRST_YEAR} to {LAST_YEAR}"


def resolution_of(place: str, values: pd.DataFrame) -> tuple[Resolution, pd.Series]:
    """Return the resolution that the fields mean, and why a row contradicts it (empty: it agrees).

    Args:
        place: the name that errors give.
        values: text, one row a value, columns among `WHEN`.

    Raises:
        InputError: no known set of fields.
    """
    when = (frozenset(WHEN) & frozenset(values.columns)) - {"resolution"}
    if when not in KEYS:
        raise InputError(
            f"{place}: expected date, or year and month and dekad, or year and month, or month as "
            f"YYYY-MM, got {' and '.join(sorted(when)) or 'none of them'}; {REMEDY}"
        )
    meant = KEYS[when]
    if "resolution" not in values:
        return meant, pd.Series("", values.index)
    possible = list(Resolution) if "date" in when else [meant]
    stated = values["resolution"].str.lower().map(RESOLUTIONS)
    agreeing = stated[stated.isin(possible)]
    chosen = meant if agreeing.empty else Resolution(agreeing.mode().iloc[0])
    expected = f"resolution: expected {chosen} beside {' and '.join(sorted(when))}, as in most rows"
    return chosen, pd.Series(expected, values.index).mask(stated == chosen, "")


def dated(values: pd.DataFrame, resolution: Resolution, layout: Layout) -> pd.DataFrame:
    """Return the values with the last day each covers, how many, and why a row has none.

    Adds ``last_day``, ``n_days`` and ``fault``, empty where there is a day.
    """
    years, months, day, faults = _ends(values, resolution, layout)
    is_day = days.is_day(years, months, day)
    # A row with a fault needs some day to compute on; it is unread all the same.
    safe = [np.where(is_day, part, 1) for part in (years, months, day)]
    safe[0] = np.where(is_day, years, FIRST_YEAR)
    return values.assign(
        last_day=days.as_days(*safe), n_days=_day_counts(safe[2], resolution), fault=faults
    )


def require_daily(place: str, values: pd.DataFrame) -> None:
    """Refuse dates that are all ends of dekads, or all first days of months, taken as days.

    Raises:
        InputError: such dates, and nothing says that they are days.
    """
    dates = pd.DatetimeIndex(values["last_day"].unique())
    if "resolution" in values or "date" not in values or len(dates) < NOT_DAILY_DATES:
        return
    day = dates.day.to_numpy()
    if days.dekad_ends(day, dates.days_in_month.to_numpy()).all() or (day == 1).all():
        raise InputError(
            f"{place}: date: expected days, got only ends of dekads or first days of months; for "
            f"dekads add a column resolution that says dekadal, for months write year and month; "
            f"{REMEDY}"
        )


def _ends(
    values: pd.DataFrame, resolution: Resolution, layout: Layout
) -> tuple[Integers, Integers, Integers, pd.Series]:
    """Year, month and last day of each value, and why a row has none."""
    if "date" in values:
        return _ends_of_dates(values["date"], resolution, layout)
    years, months, faults = _months(values, layout)
    lengths = _lengths(years, months)
    if resolution is Resolution.MONTHLY:
        return years, months, lengths, faults
    if resolution is Resolution.DEKADAL:
        dekads = whole_numbers(values["dekad"], 1, 3).to_numpy()
        ends = np.select([dekads == 3, dekads > 0], [lengths, dekads * 10], 0)
        faults = _marked(faults, dekads == 0, "dekad: expected a number from 1 to 3")
        return years, months, ends, faults
    day = whole_numbers(values["day"], 1, 31).to_numpy()
    place = values["place"] if "place" in values else pd.Series("day", values.index)
    beyond = place + ": expected a day that the month has"
    return years, months, day, _marked(faults, (day == 0) | (day > lengths), beyond)


def _ends_of_dates(
    text: pd.Series, resolution: Resolution, layout: Layout
) -> tuple[Integers, Integers, Integers, pd.Series]:
    years, months, day = _written(text, layout, "YYYY-MM-DD")
    is_day, lengths = days.is_day(years, months, day), _lengths(years, months)
    expected = f"date: expected a day as {_formats(layout, 'YYYY-MM-DD')}, {_YEARS}"
    faults = _marked(pd.Series("", text.index), ~is_day, expected)
    if resolution is Resolution.DEKADAL:
        wrong = ~days.dekad_ends(day, lengths)
        expected = "date: expected the last day of a dekad: 10, 20 or the month's last"
        return years, months, day, _marked(faults, wrong, expected)
    if resolution is Resolution.MONTHLY:
        wrong = (day != 1) & (day != lengths)
        expected = "date: expected the first or the last day of a month"
        return years, months, np.where(is_day, lengths, 0), _marked(faults, wrong, expected)
    return years, months, day, faults


def _months(values: pd.DataFrame, layout: Layout) -> tuple[Integers, Integers, pd.Series]:
    faults = pd.Series("", values.index)
    if "year" not in values:
        years, months, _ = _written(values["month"], layout, "YYYY-MM")
        is_month = days.is_day(years, months, np.ones_like(years))
        expected = f"month: expected a month as {_formats(layout, 'YYYY-MM')}, {_YEARS}"
        return years, months, _marked(faults, ~is_month, expected)
    years = whole_numbers(values["year"], FIRST_YEAR, LAST_YEAR).to_numpy()
    months = whole_numbers(_month_numbers(values["month"], layout), 1, 12).to_numpy()
    faults = _marked(faults, years == 0, f"year: expected a number, {_YEARS}")
    return years, months, _marked(faults, months == 0, "month: expected a number from 1 to 12")


def _written(text: pd.Series, layout: Layout, usual: str) -> tuple[Integers, Integers, Integers]:
    named = [layout.date_format] if layout.date_format else []
    return date_formats.parts(text, usual, *named)


def _formats(layout: Layout, usual: str) -> str:
    return f"{usual} or {layout.date_format}" if layout.date_format else usual


def _marked(faults: pd.Series, where: Booleans, reason: str | pd.Series) -> pd.Series:
    """The faults, with a reason `where` there is none yet."""
    return faults.mask(where & (faults == ""), reason)


def _month_numbers(text: pd.Series, layout: Layout) -> pd.Series:
    names = {name.casefold(): str(n) for n, name in enumerate(layout.month_names or (), start=1)}
    return text.str.casefold().map(names).fillna(text) if names else text


def _lengths(years: Integers, months: Integers) -> Integers:
    """Days in each month; 0 where there is no such month."""
    is_month = days.is_day(years, months, np.ones_like(years))
    lengths = days.month_lengths(
        np.where(is_month, years, FIRST_YEAR), np.where(is_month, months, 1)
    )
    return np.where(is_month, lengths, 0)


def _day_counts(day: Integers, resolution: Resolution) -> Integers:
    if resolution is Resolution.DEKADAL:
        return days.dekad_lengths(day)
    return day if resolution is Resolution.MONTHLY else np.ones_like(day)
