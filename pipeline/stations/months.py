"""Days, dekads and months of a station to months, under a named completeness policy.

Missing is not dry: a month with a day of rain unread has no total. A value counts in a month when
all its days lie there, so rain measured once for several days is kept inside a month, and makes
a gap of two months where it spans their border.
"""

from __future__ import annotations

from enum import StrEnum
from typing import cast

import numpy as np
import pandas as pd

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.stations.observations import Quantity, Resolution
from pipeline.stations.sparse_reporting import dry_days
from pipeline.stations.temperatures import with_one_mean

MONTH_COLUMNS = (
    "station_id", "month", "precipitation_mm", "gap", "n_observations", "n_assumed_dry",
    "temperature_mean_c", "temperature_gap", "policy", "resolution",
)  # fmt: skip
"""`month` datetime64, the first day · `gap` and `temperature_gap` a `Gap` where the value of
precipitation or temperature is NaN, else None · `n_observations` precipitation values inside the
month (days, dekads, or 1) · `n_assumed_dry` days that the policy takes as dry, 0 in a gap ·
`policy` and `resolution` as they were used."""

MEAN_MISSING_DAYS = 11
MEAN_MISSING_RUN = 5
_KEY = ["station_id", "month"]
_GAPS = np.array([None, Gap.REJECTED, Gap.TOO_FEW_OBSERVATIONS], dtype=object)


class Completeness(StrEnum):
    """When a month has enough days to be given a value."""

    WMO_1203 = "wmo_1203"
    """WMO-No. 1203 (2017): a mean is missing with 11 or more days missing, or 5 or more in a row
    inside the month; a total needs every day. A missing dekad is 8 days or more in a row, so a
    month of dekads needs all three."""
    DEKADS_COMPLETE = "dekads_complete"
    """Totals and means need all three dekads, and a dekad all its days."""
    SPARSE_REPORTING = "sparse_reporting"
    """As `WMO_1203`, where the station reports only days with rain: the days without a report that
    `sparse_reporting.dry_days` names count as dry. Nothing proves that they were."""


def monthly_values(observations: pd.DataFrame, completeness: Completeness) -> pd.DataFrame:
    """Return one row per station and month, columns `MONTH_COLUMNS`.

    Each station has every month from its first row to its last, also those without any. The mean
    temperature weighs each value by its days. A gap is `too_few_observations`, or `rejected` where
    the month would be whole had no value been refused. Of a station that gives several resolutions
    each month is taken from the finest that has a total of it.

    Args:
        observations: columns `OBSERVATION_COLUMNS`, any quantities and resolutions.
        completeness: the policy for all of them.

    Raises:
        InputError: two values of one station, quantity and resolution cover the same day.
    """
    parts = [
        _of_one_resolution(rows, resolution, completeness)
        for resolution in Resolution
        for rows in [observations[observations["resolution"] == resolution]]
        if not rows.empty
    ]
    return _finest_with_a_total(pd.concat(parts, ignore_index=True))


def _finest_with_a_total(months: pd.DataFrame) -> pd.DataFrame:
    """One row per station and month; `months` holds the finest resolution first."""
    rank = months.assign(is_gap=months["gap"].notna())
    ordered = rank.sort_values([*_KEY, "is_gap"], kind="stable").drop_duplicates(_KEY)
    return ordered[list(MONTH_COLUMNS)].reset_index(drop=True)


def _of_one_resolution(
    observations: pd.DataFrame, resolution: Resolution, completeness: Completeness
) -> pd.DataFrame:
    assumed = _assumed_dry(observations, resolution, completeness)
    formed = with_one_mean(observations)
    dated = formed.assign(month=month_of(formed["last_day"]), is_assumed=False)
    months = _record(dated)
    rain, heat = (
        _monthly_series(
            pd.concat([dated, assumed], ignore_index=True) if of_rain else dated,
            months, completeness, quantity,
        )
        for quantity, of_rain in ((Quantity.PRECIPITATION, True), (Quantity.TEMPERATURE_MEAN, False))
    )  # fmt: skip
    values = {
        "precipitation_mm": rain["total"],
        "gap": rain["gap"],
        "n_observations": rain["n_observations"],
        "n_assumed_dry": rain["n_assumed_dry"],
        "temperature_mean_c": heat["mean"],
        "temperature_gap": heat["gap"],
    }
    return (
        pd.DataFrame(values)
        .reset_index()
        .assign(policy=completeness.value, resolution=resolution.value)
    )[list(MONTH_COLUMNS)]


def _assumed_dry(
    observations: pd.DataFrame, resolution: Resolution, completeness: Completeness
) -> pd.DataFrame:
    """Rainless rows for the days that the policy takes as dry."""
    if completeness is not Completeness.SPARSE_REPORTING or resolution is not Resolution.DAILY:
        return pd.DataFrame()
    days = dry_days(observations)
    return days.assign(
        quantity=Quantity.PRECIPITATION.value, n_days=1, value=0.0, is_rejected=False,
        is_assumed=True, month=month_of(days["last_day"]),
    )  # fmt: skip


def _record(dated: pd.DataFrame) -> pd.DataFrame:
    """Every month of every station, indexed by `_KEY`, with its `length` in days."""
    spans = dated.groupby("station_id")["month"].agg(["min", "max"])
    keys = [
        (station, month)
        for station, first, last in spans.itertuples()
        for month in pd.date_range(first, last, freq="MS")
    ]
    index = pd.MultiIndex.from_tuples(keys, names=_KEY)
    return pd.DataFrame(
        {"length": pd.DatetimeIndex(index.get_level_values("month")).days_in_month}, index=index
    )


def _monthly_series(
    dated: pd.DataFrame, months: pd.DataFrame, completeness: Completeness, quantity: Quantity
) -> pd.DataFrame:
    """Columns `total`, `mean`, `n_observations`, `n_assumed_dry`, `gap` on the index of `months`."""
    rows = dated[dated["quantity"] == quantity]
    coverage = _coverage(rows[~rows["is_rejected"]], months)
    if coverage["overlap"].any():
        station, month = coverage.index[coverage["overlap"]][0]
        raise InputError(
            f"station {station}, {month:%Y-%m}: two values cover the same day, expected each day "
            "once; keep one of them in the file and load it again"
        )
    whole = _is_complete(coverage, completeness, quantity)
    came = _coverage(rows, months)
    whole_but_for_refusals = _is_complete(came, completeness, quantity)
    gaps = _GAPS[np.select([whole, whole_but_for_refusals], [0, 1], 2)]
    gap = pd.Series(gaps, coverage.index, dtype=object)
    values = coverage[["total", "mean"]].where(whole)
    assumed = coverage["n_assumed_dry"]
    return values.assign(
        n_observations=coverage["n_observations"] - assumed,
        n_assumed_dry=assumed.where(whole, 0),
        gap=gap,
    )


def _coverage(rows: pd.DataFrame, months: pd.DataFrame) -> pd.DataFrame:
    """How the rows of one quantity fill each month: days, longest hole, overlap, total, mean."""
    first_day = rows["last_day"] - pd.to_timedelta(rows["n_days"] - 1, unit="D")
    inside = rows[month_of(first_day) == rows["month"]].sort_values([*_KEY, "last_day"])
    end = inside["last_day"].dt.day
    start = end - inside["n_days"] + 1
    before = end.groupby([inside[key] for key in _KEY]).shift(fill_value=0)
    filled = (
        inside.assign(end=end, hole=start - before - 1, weighted=inside["value"] * inside["n_days"])
        .groupby(_KEY)
        .agg(
            n_observations=("value", "size"),
            n_assumed_dry=("is_assumed", "sum"),
            days=("n_days", "sum"),
            end=("end", "max"),
            hole=("hole", "max"),
            least=("hole", "min"),
            total=("value", "sum"),
            weighted=("weighted", "sum"),
        )
        .reindex(months.index)
    )
    counts = filled[["n_observations", "n_assumed_dry", "days"]].fillna(0).astype(int)
    tail = months["length"] - filled["end"].fillna(0)
    return pd.DataFrame(
        {
            "length": months["length"],
            "n_observations": counts["n_observations"],
            "n_assumed_dry": counts["n_assumed_dry"],
            "days": counts["days"],
            "hole": np.fmax(filled["hole"], tail),
            "overlap": filled["least"] < 0,
            "total": filled["total"],
            "mean": filled["weighted"] / filled["days"],
        }
    )


def _is_complete(
    coverage: pd.DataFrame, completeness: Completeness, quantity: Quantity
) -> pd.Series:
    missing = coverage["length"] - coverage["days"]
    bears_gaps = completeness is not Completeness.DEKADS_COMPLETE
    if quantity is Quantity.TEMPERATURE_MEAN and bears_gaps:
        return (missing < MEAN_MISSING_DAYS) & (coverage["hole"] < MEAN_MISSING_RUN)
    # Values that were rejected because they share days make the sum of days too large.
    return (missing <= 0) & (coverage["hole"] <= 0)


def month_of(days: pd.Series) -> pd.Series:
    """Return the first day of the month of each day."""
    return cast(pd.Series, days.astype("datetime64[s]").dt.to_period("M").dt.to_timestamp())
