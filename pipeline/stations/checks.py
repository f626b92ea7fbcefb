"""Checks on single records: what is refused goes to quarantine with its reason, nothing crashes.

They work on records (`RECORD_COLUMNS`). The checks that need a whole record or its neighbours are
in `findings`: they mark and do not refuse.
"""

from __future__ import annotations

import pandas as pd

from pipeline.stations.observations import Quantity

KEY = ["station_id", "quantity", "last_day"]

PRECIPITATION_LIMITS_MM = ((1, 2000.0), (11, 6000.0), (31, 9500.0))
"""Longest period in days and the most rain it can hold: just above the world records of one day
(1,825 mm, 1966), ten days (5,678 mm, 2007) and one month (9,300 mm, 1861); WMO archive of
weather extremes."""
TEMPERATURE_LIMITS_C = (-70.0, 60.0)
TEMPERATURES = (
    Quantity.TEMPERATURE_MEAN.value,
    Quantity.TEMPERATURE_MAX.value,
    Quantity.TEMPERATURE_MIN.value,
)


def judged(records: pd.DataFrame) -> pd.DataFrame:
    """Return the records with a reason for each that cannot stand; an earlier reason stays."""
    return refuse_contradictions(refuse_impossible(records))


def refuse(records: pd.DataFrame, where: pd.Series, reason: str | pd.Series) -> pd.DataFrame:
    """Return the records with `reason` given `where` it is true; an earlier reason stays."""
    fresh = where & (records["reason"] == "")
    return records.assign(reason=records["reason"].mask(fresh, reason))


def refuse_impossible(records: pd.DataFrame) -> pd.DataFrame:
    """Refuse rain below zero or above `PRECIPITATION_LIMITS_MM`, and temperatures off the Earth."""
    value, days = records["value"], records["n_days"]
    most = pd.Series(PRECIPITATION_LIMITS_MM[-1][1], records.index)
    for longest, limit in reversed(PRECIPITATION_LIMITS_MM):
        most = most.mask(days <= longest, limit)
    low, high = TEMPERATURE_LIMITS_C
    is_rain = records["quantity"] == Quantity.PRECIPITATION
    is_temperature = records["quantity"].isin(TEMPERATURES)
    checked = refuse(
        records,
        is_rain & ~value.between(0, most),
        "impossible precipitation, expected 0 to " + most.astype(int).astype(str) + " mm",
    )
    return refuse(
        checked,
        is_temperature & ~value.between(low, high),
        f"impossible temperature, expected {low:g} to {high:g} degrees C",
    )


def refuse_contradictions(records: pd.DataFrame) -> pd.DataFrame:
    """Refuse every one of several different values for one station, quantity and period.

    Repeats of the same value contradict nothing. Records refused before contradict nobody.
    """
    standing = records[records["reason"] == ""]
    repeated = standing[standing.duplicated(KEY, keep=False)]
    said = repeated.groupby(KEY)[["value", "n_days"]].transform("nunique").max(axis=1)
    differing = repeated[said > 1]
    if differing.empty:
        return records
    lines = differing["line"].astype(str).groupby([differing[key] for key in KEY])
    named = lines.transform(lambda group: ", ".join(group.unique()))
    reason = "different values for one station and period, in lines " + named
    everywhere = reason.reindex(records.index, fill_value="")
    return refuse(records, everywhere != "", everywhere)
