"""Checks on single values: what is refused goes to quarantine with its reason, nothing crashes.

The checks work on *candidates*, a DataFrame with the columns `CANDIDATE_COLUMNS`: values as they
came, of which some will become observations.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from pipeline.stations.observations import OBSERVATION_COLUMNS, Quantity, Quarantined

CANDIDATE_COLUMNS = (
    "line", "station_id", "quantity", "last_day", "n_days", "value", "reason", "text",
)  # fmt: skip
"""As `OBSERVATION_COLUMNS`, with the `line` of the file, the `text` found there, and the `reason`
why the value is refused (empty: it stands). `quantity` may also be an element of the provider."""

KEY = ["station_id", "quantity", "last_day"]

PRECIPITATION_LIMITS_MM = ((1, 2000.0), (11, 6000.0), (31, 9500.0))
"""Longest period in days and the most rain it can hold: just above the world records of one day
(1,825 mm, 1966), ten days (5,678 mm, 2007) and one month (9,300 mm, 1861); WMO archive of
weather extremes."""
TEMPERATURE_LIMITS_C = (-70.0, 60.0)


def refuse(candidates: pd.DataFrame, where: pd.Series, reason: str | pd.Series) -> pd.DataFrame:
    """Return the candidates with `reason` given `where` it is true; an earlier reason stays."""
    fresh = where & (candidates["reason"] == "")
    return candidates.assign(reason=candidates["reason"].mask(fresh, reason))


def refuse_impossible(
    candidates: pd.DataFrame,
    precipitation: Collection[str] = (Quantity.PRECIPITATION,),
    temperatures: Collection[str] = (Quantity.TEMPERATURE_MEAN,),
) -> pd.DataFrame:
    """Refuse rain below zero or above `PRECIPITATION_LIMITS_MM`, and temperatures off the Earth.

    The two collections name the quantities that are checked as each.
    """
    value, days = candidates["value"], candidates["n_days"]
    most = pd.Series(PRECIPITATION_LIMITS_MM[-1][1], candidates.index)
    for longest, limit in reversed(PRECIPITATION_LIMITS_MM):
        most = most.mask(days <= longest, limit)
    low, high = TEMPERATURE_LIMITS_C
    is_rain = candidates["quantity"].isin(list(precipitation))
    is_temperature = candidates["quantity"].isin(list(temperatures))
    checked = refuse(
        candidates,
        is_rain & ((value < 0) | (value > most)),
        "impossible precipitation, expected 0 to " + most.astype(int).astype(str) + " mm",
    )
    return refuse(
        checked,
        is_temperature & ((value < low) | (value > high)),
        f"impossible temperature, expected {low:g} to {high:g} degrees C",
    )


def refuse_contradictions(candidates: pd.DataFrame) -> pd.DataFrame:
    """Refuse every one of several different values for one station, quantity and day.

    Repeats of the same value are left to `settled`, which keeps one.
    """
    given = candidates[candidates["value"].notna()]
    repeated = given[given.duplicated(KEY, keep=False)]
    differing = repeated[repeated.groupby(KEY)["value"].transform("nunique") > 1]
    reason = pd.Series("", candidates.index)
    for _, group in differing.groupby(KEY):
        lines = ", ".join(group["line"].astype(str))
        reason[group.index] = f"different values for one station and period, in lines {lines}"
    return refuse(candidates, reason != "", reason)


def settled(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates as observations, one row per station, quantity and day.

    A refused value becomes missing, marked `is_rejected`. Of repeats a value that stands comes
    before a refused one, and that before a missing one.
    """
    is_rejected = candidates["reason"] != ""
    value = candidates["value"].mask(is_rejected)
    rank = np.select([value.notna(), is_rejected], [0, 1], 2)
    return (
        candidates.assign(value=value, is_rejected=is_rejected, rank=rank)
        .sort_values([*KEY, "rank"], kind="stable")
        .drop_duplicates(KEY)
        .reset_index(drop=True)[list(OBSERVATION_COLUMNS)]
    )


def quarantined(file: str, candidates: pd.DataFrame) -> tuple[Quarantined, ...]:
    """Return a record for each candidate with a reason, in the order of the file."""
    refused = candidates[candidates["reason"] != ""].sort_values("line", kind="stable")
    what = refused["quantity"].astype(str) + " " + refused["last_day"].dt.strftime("%Y-%m-%d")
    reasons = what + ": " + refused["reason"]
    return tuple(
        Quarantined(file, int(line), station_id, reason, record)
        for line, station_id, reason, record in zip(
            refused["line"], refused["station_id"], reasons, refused["text"], strict=True
        )
    )
