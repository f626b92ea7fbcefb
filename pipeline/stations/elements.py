"""Daily elements as GHCN-Daily names them, to precipitation and mean temperature.

PRCP is the rain of a day; MDPR that of several days together, DAPR how many, both on the last of
them. TMAX and TMIN are a day's extremes, TAVG a mean of hourly reports or one by another rule.
"""

from __future__ import annotations

import pandas as pd

from pipeline.stations.checks import refuse
from pipeline.stations.observations import Quantity, TemperatureMean

PRECIPITATION, SEVERAL_DAYS, SEVERAL_DAYS_COUNT = "PRCP", "MDPR", "DAPR"
MAXIMUM, MINIMUM, MEAN = "TMAX", "TMIN", "TAVG"
TOTALS = (PRECIPITATION, SEVERAL_DAYS)
TEMPERATURES = (MAXIMUM, MINIMUM, MEAN)
ELEMENTS = (*TOTALS, SEVERAL_DAYS_COUNT, *TEMPERATURES)
LONGEST_PERIOD_DAYS = 31

_DAY = ["station_id", "last_day"]


def with_several_day_totals(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates with each MDPR covering the days its DAPR counts.

    Refused: an MDPR whose DAPR is missing or not from 1 to 31, and one that shares a day with
    another total.
    """
    is_total = candidates["quantity"] == SEVERAL_DAYS
    if not is_total.any():
        return candidates
    counts = candidates[(candidates["quantity"] == SEVERAL_DAYS_COUNT) & _stands(candidates)]
    days = _looked_up(candidates, counts.drop_duplicates(_DAY).set_index(_DAY)["value"])
    is_counted = days.between(1, LONGEST_PERIOD_DAYS) & is_total
    n_days = candidates["n_days"].mask(is_counted, days).astype(int)
    counted = refuse(
        candidates.assign(n_days=n_days),
        is_total & candidates["value"].notna() & ~is_counted,
        "a total of several days (MDPR) without the number of days (DAPR, 1 to 31)",
    )
    return refuse(
        counted, _shares_a_day(counted), "a total of several days (MDPR) that shares a day"
    )


def as_precipitation(candidates: pd.DataFrame) -> pd.DataFrame:
    """Return the candidates of PRCP and MDPR under the quantity they both are."""
    rain = candidates[candidates["quantity"].isin(list(TOTALS))]
    return rain.assign(quantity=Quantity.PRECIPITATION.value)


def temperature_means(candidates: pd.DataFrame) -> dict[str, TemperatureMean]:
    """Return for each station the way of forming the mean that gives it more days.

    It holds for the whole record, because a change of definition inside a record looks like a
    change of climate. A tie goes to the half sum.
    """
    present = _by_element(candidates[_stands(candidates)])
    half_sums = present[[MAXIMUM, MINIMUM]].notna().all(axis=1).groupby("station_id").sum()
    means = present[MEAN].notna().groupby("station_id").sum()
    return {
        station: TemperatureMean.PROVIDER
        if means.get(station, 0) > half_sums.get(station, 0)
        else TemperatureMean.HALF_SUM
        for station in candidates["station_id"].unique()
    }


def as_mean_temperature(
    candidates: pd.DataFrame, means: dict[str, TemperatureMean]
) -> pd.DataFrame:
    """Return mean temperatures as observations, by the way that `means` names for each station.

    A day is rejected when it has no mean only because an element it needs was refused.
    """
    came = _mean(candidates, means)
    mean = _mean(candidates.assign(value=candidates["value"].where(_stands(candidates))), means)
    return (
        pd.DataFrame({"value": mean, "is_rejected": mean.isna() & came.notna()})
        .reset_index()
        .assign(quantity=Quantity.TEMPERATURE_MEAN.value, n_days=1)
    )


def _mean(candidates: pd.DataFrame, means: dict[str, TemperatureMean]) -> pd.Series:
    values = _by_element(candidates)
    is_half_sum = values.index.get_level_values("station_id").map(means) == TemperatureMean.HALF_SUM
    return ((values[MAXIMUM] + values[MINIMUM]) / 2).where(is_half_sum, values[MEAN])


def _by_element(candidates: pd.DataFrame) -> pd.DataFrame:
    """Values of the temperature elements side by side, indexed by station and day."""
    return pd.DataFrame(
        {
            element: candidates[candidates["quantity"] == element].groupby(_DAY)["value"].max()
            for element in TEMPERATURES
        }
    )


def _stands(candidates: pd.DataFrame) -> pd.Series:
    return (candidates["reason"] == "") & candidates["value"].notna()


def _looked_up(candidates: pd.DataFrame, values: pd.Series) -> pd.Series:
    keys = pd.MultiIndex.from_frame(candidates[_DAY])
    return pd.Series(values.reindex(keys).to_numpy(), index=candidates.index)


def _shares_a_day(candidates: pd.DataFrame) -> pd.Series:
    """Where an MDPR covers a day that another rain total that stands covers too."""
    is_rain = candidates["quantity"].isin(list(TOTALS))
    rain = candidates.loc[is_rain & _stands(candidates), [*_DAY, "quantity", "n_days"]]
    days = rain.loc[rain.index.repeat(rain["n_days"])].rename_axis("row").reset_index()
    back = days.groupby("row").cumcount()
    days["last_day"] = days["last_day"] - pd.to_timedelta(back, unit="D")
    shared = days[days.duplicated(_DAY, keep=False) & (days["quantity"] == SEVERAL_DAYS)]
    return pd.Series(candidates.index.isin(shared["row"]), index=candidates.index)
