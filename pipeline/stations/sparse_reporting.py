"""Records that hold only the days with rain: which of the missing days may be taken as dry.

Nothing in such a file tells a dry day from a missing one. Here a day is taken as dry only where the
whole habit of the station says so and its observer is known to have been at work that day.
"""

from __future__ import annotations

import pandas as pd

from pipeline.stations.days import covered_days
from pipeline.stations.observations import Quantity

HABIT_YEARS = 5
"""A habit is judged over so many calendar years around the month: the wet-day share of one year
moves with its weather, and a change of habit must not be bridged."""
MOST_ZERO_SHARE = 1 / 3
"""Zeros among the reports of rain. Where every day is reported, dry days are far more than half
even on the Black Sea coast; the few zeros of a sparse record are days with a trace."""
MOST_REPORTED_SHARE = 1 / 2
"""Days with a report of rain among the days on which the station reported anything else, in each of
those years."""
LEAST_OBSERVED_SHARE = 0.9
"""Days with a report of another quantity, in the year of the month: the station was manned."""

_DAY = ["station_id", "last_day"]
_YEAR = ["station_id", "year"]
_MONTH = ["station_id", "month"]


def dry_days(observations: pd.DataFrame) -> pd.DataFrame:
    """Return the days that may be taken as dry, columns `station_id` and `last_day`.

    A day is taken as dry when the station reported another quantity on it and no rain, not even a
    refused value, in a month with at least one report of rain and in a year of sparse reporting.

    Args:
        observations: daily ones, columns `OBSERVATION_COLUMNS`.
    """
    is_rain = observations["quantity"] == Quantity.PRECIPITATION
    rain = covered_days(observations[is_rain]).assign(last_day=lambda covered: covered["day"])
    standing = rain[~rain["is_rejected"]]
    seen = observations.loc[~is_rain & ~observations["is_rejected"], _DAY].drop_duplicates()
    if standing.empty or seen.empty:
        return pd.DataFrame(columns=_DAY)
    years = _sparse_years(standing, seen)
    silent = seen.merge(rain[_DAY], on=_DAY, how="left", indicator="told")
    silent = silent.loc[silent["told"] == "left_only", _DAY]
    dated = silent.assign(
        year=silent["last_day"].dt.year, month=silent["last_day"].dt.to_period("M")
    )
    spoken = standing.assign(month=standing["last_day"].dt.to_period("M"))
    return (
        dated.merge(years, on=_YEAR)
        .merge(spoken[_MONTH].drop_duplicates(), on=_MONTH)[_DAY]
        .reset_index(drop=True)
    )


def _sparse_years(rain: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """The years in which the station reported only days with rain, columns `_YEAR`."""
    counts = _counts(rain, seen)
    often = (counts["reports"] > MOST_REPORTED_SHARE * counts["seen"]).astype(int)
    half = HABIT_YEARS // 2
    yearly = counts[["reports", "zeros"]].assign(often=often)
    around = yearly.groupby("station_id", group_keys=False)[list(yearly)].apply(
        lambda years: years.rolling(2 * half + 1, center=True, min_periods=half + 1).sum()
    )
    is_sparse = (
        (around["zeros"] <= MOST_ZERO_SHARE * around["reports"])
        & (around["often"] == 0)
        & (counts["seen"] >= LEAST_OBSERVED_SHARE * counts["days"])
        & (counts["reports"] > 0)
    )
    return is_sparse[is_sparse].reset_index()[_YEAR]


def _counts(rain: pd.DataFrame, seen: pd.DataFrame) -> pd.DataFrame:
    """Reports of rain, zeros among them, days seen, days of the record: per station and year."""
    spans = seen.groupby("station_id")["last_day"].agg(["min", "max"])
    calendar = pd.DataFrame(
        [
            (station, day.year)
            for station, first, last in spans.itertuples()
            for day in pd.date_range(first, last)
        ],
        columns=_YEAR,
    )
    told = rain.assign(year=rain["last_day"].dt.year, zero=rain["value"] == 0).groupby(_YEAR)
    counts = {
        "reports": told.size(),
        "zeros": told["zero"].sum(),
        "seen": seen.groupby(["station_id", seen["last_day"].dt.year.rename("year")]).size(),
    }
    days = calendar.groupby(_YEAR).size()
    return pd.DataFrame(counts).reindex(days.index).fillna(0).assign(days=days)
