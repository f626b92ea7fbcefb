"""One mean temperature for a record, of the mean the provider gives or of the day's extremes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipeline.stations.observations import OBSERVATION_COLUMNS, Quantity, TemperatureMean

_PERIOD = ["station_id", "last_day"]


def with_one_mean(observations: pd.DataFrame) -> pd.DataFrame:
    """Return the observations of one resolution with one mean temperature a period, no extremes.

    The way of forming it is the one that gives the station more values (`temperature_means`), and
    it holds for the whole record: a change of definition inside a record looks like a change of
    climate. A mean is rejected when it is missing only because a value it needs does not count.
    """
    is_rain = observations["quantity"] == Quantity.PRECIPITATION
    heat = observations[~is_rain]
    if heat.empty:
        return observations
    means = temperature_means(heat)
    came = _mean(heat, means)
    standing = _mean(heat[~heat["is_rejected"]], means)
    value = standing.reindex(came.index)
    lengths = heat.groupby(_PERIOD)["n_days"].max()
    formed = pd.DataFrame(
        {
            "value": value,
            "is_rejected": value.isna() & came.notna(),
            "n_days": lengths.reindex(came.index),
        }
    ).reset_index()
    formed = formed[formed["value"].notna() | formed["is_rejected"]].assign(
        quantity=Quantity.TEMPERATURE_MEAN.value, resolution=heat["resolution"].iloc[0]
    )
    columns = list(OBSERVATION_COLUMNS)
    return pd.concat([observations.loc[is_rain, columns], formed[columns]], ignore_index=True)


def temperature_means(observations: pd.DataFrame) -> dict[str, TemperatureMean]:
    """Return for each station the way of forming the mean that gives it more values.

    A tie goes to the half sum of the extremes.
    """
    present = _side_by_side(observations[~observations["is_rejected"]])
    half_sums = _half_sum(present).notna().groupby("station_id").sum()
    means = present[Quantity.TEMPERATURE_MEAN].notna().groupby("station_id").sum()
    return {
        station: TemperatureMean.PROVIDER
        if means.get(station, 0) > half_sums.get(station, 0)
        else TemperatureMean.HALF_SUM
        for station in observations["station_id"].unique()
    }


def _mean(observations: pd.DataFrame, means: dict[str, TemperatureMean]) -> pd.Series:
    values = _side_by_side(observations.assign(value=observations["value"].fillna(0.0)))
    stations = values.index.get_level_values("station_id").map(means)
    is_half_sum = np.asarray(stations == TemperatureMean.HALF_SUM)
    return _half_sum(values).where(is_half_sum, values[Quantity.TEMPERATURE_MEAN])


def _half_sum(values: pd.DataFrame) -> pd.Series:
    return (values[Quantity.TEMPERATURE_MAX] + values[Quantity.TEMPERATURE_MIN]) / 2


def _side_by_side(observations: pd.DataFrame) -> pd.DataFrame:
    """Values of the temperatures in columns, indexed by station and last day."""
    return pd.DataFrame(
        {
            quantity: values.set_index(_PERIOD)["value"]
            for quantity in Quantity
            if quantity is not Quantity.PRECIPITATION
            for values in [observations[observations["quantity"] == quantity]]
        }
    )
