"""The same value again and again: an instrument that is stuck, or a month that was filled in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.stations.findings import Check, as_findings, runs, together
from pipeline.stations.observations import Quantity

LEAST_RUN = 4
CHANCE = 1e-3
"""A run of rain is marked where chance alone would make one in a thousand records of its length
hold it: the value's own share among the reports, to the power of the run, times the reports."""
TEMPERATURE_RUNS = {"daily": 20, "dekadal": 5, "monthly": 3}
"""Durre et al. (2010) take 20 equal daily values in a row; means of more days vary more finely."""

RAINLESS_CHANCE = 1e-4
"""A rainless stretch is marked where the shares of rainless months in the same calendar months of
other years multiply to less. In a land of dry summers they do not, however long it lasts."""
RAINLESS_YEARS = 20
"""Other years that a calendar month needs before its share of rainless months means anything."""

_SERIES = ["station_id", "quantity", "resolution"]


def persistence(observations: pd.DataFrame) -> pd.DataFrame:
    """Return findings of equal values in a row; days without a report or without rain are skipped.

    Zeros are never suspicious here (`rainless` judges them, by months). After the streak check of
    Durre, Menne, Gleason, Houston and Vose (2010), J. Appl. Meteorol. Climatol. 49, 1615-1633, whose
    fixed length for rain would let a stuck daily gauge pass for twenty wet days.

    Args:
        observations: those that stand, columns `OBSERVATION_COLUMNS`.
    """
    is_dry = (observations["quantity"] == Quantity.PRECIPITATION) & (observations["value"] == 0)
    spoken = observations[~is_dry].sort_values([*_SERIES, "last_day"], kind="stable")
    return together([_equal_runs(series) for _, series in spoken.groupby(_SERIES)])


def _equal_runs(series: pd.DataFrame) -> pd.DataFrame:
    grouped = series.groupby(runs(series["value"]))
    found = grouped.agg(
        **{name: (name, "first") for name in _SERIES},
        value=("value", "first"),
        length=("value", "size"),
        first_day=("last_day", "min"),
        last_day=("last_day", "max"),
    )
    found = found[_is_too_long(found, series)]
    reasons = [
        f"the value {value:g} in {length} reports in a row"
        for value, length in zip(found["value"], found["length"], strict=True)
    ]
    return as_findings(found.assign(reason=reasons), Check.PERSISTENCE)


def _is_too_long(found: pd.DataFrame, series: pd.DataFrame) -> pd.Series:
    first = series.iloc[0]
    if first["quantity"] != Quantity.PRECIPITATION:
        return found["length"] >= TEMPERATURE_RUNS[first["resolution"]]
    elsewhere = found["value"].map(series["value"].value_counts()) - found["length"]
    share = elsewhere.clip(lower=1) / len(series)
    expected = len(series) * share ** (found["length"] - 1)
    return (found["length"] >= LEAST_RUN) & (expected < CHANCE)


def rainless(months: pd.DataFrame) -> pd.DataFrame:
    """Return findings of rainless months in a row that the gauge's other years make incredible.

    Missing reports stored as zeros look so. A drought may too: the values stay and count.

    Args:
        months: columns ``station_id``, ``month``, ``precipitation_mm`` (NaN is a gap),
            ``resolution``.
    """
    return together([_rainless_runs(series) for _, series in months.groupby("station_id")])


def _rainless_runs(series: pd.DataFrame) -> pd.DataFrame:
    told = series[series["precipitation_mm"].notna()].sort_values("month")
    is_zero = told["precipitation_mm"] == 0
    by_calendar = is_zero.groupby(told["month"].dt.month)
    others = by_calendar.transform("size") - 1
    share = (by_calendar.transform("sum") - is_zero + 1) / (others + 2)
    chance = share.where(others >= RAINLESS_YEARS, 1.0)
    in_a_row = runs(is_zero.astype(str) + _breaks(told["month"]).astype(str))
    found = (
        told.assign(chance=np.log(chance))[is_zero]
        .groupby(in_a_row[is_zero])
        .agg(
            station_id=("station_id", "first"),
            resolution=("resolution", "first"),
            first_day=("month", "min"),
            newest=("month", "max"),
            length=("month", "size"),
            chance=("chance", "sum"),
        )
    )
    found = found[found["chance"] < np.log(RAINLESS_CHANCE)]
    return as_findings(
        found.assign(
            quantity=Quantity.PRECIPITATION.value,
            last_day=found["newest"] + pd.offsets.MonthEnd(1),
            reason=[
                f"{length} months without rain in a row, where other years have it"
                for length in found["length"]
            ],
        ),
        Check.RAINLESS,
    )


def _breaks(month: pd.Series) -> pd.Series:
    """A number that changes where the next month is not the following one."""
    number = pd.Series(month.dt.year * 12 + month.dt.month)
    return (number.diff() != 1).cumsum()
