"""Made-up gauges: observations and monthly totals with a known answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np
import pandas as pd

from pipeline.stations.observations import OBSERVATION_COLUMNS, Quantity, Resolution

RAIN = Quantity.PRECIPITATION.value
HEAT = Quantity.TEMPERATURE_MEAN.value
NORMALS_MM = (60, 70, 90, 80, 60, 30, 20, 15, 20, 40, 55, 60)


def daily(values: Mapping[date, float], quantity: str = RAIN, station: str = "A") -> pd.DataFrame:
    """Observations of single days."""
    frame = pd.DataFrame({"last_day": list(values), "value": list(values.values())})
    return frame.assign(
        last_day=pd.to_datetime(frame["last_day"]), station_id=station, quantity=quantity,
        resolution=Resolution.DAILY.value, n_days=1, is_rejected=False,
    )[list(OBSERVATION_COLUMNS)]  # fmt: skip


def in_a_row(values: Sequence[float], first: date = date(2001, 5, 1)) -> dict[date, float]:
    """Days from `first` on."""
    return {first + timedelta(days=n): value for n, value in enumerate(values)}


def shared_weather(first: int, years: int, seed: int = 1) -> pd.Series:
    """How wet each month was for everyone, 1 as usual."""
    index = pd.date_range(f"{first}-01-01", periods=12 * years, freq="MS")
    return pd.Series(np.random.default_rng(seed).gamma(4.0, 0.25, len(index)), index)


def gauge(weather: pd.Series, scale: float = 1.0, seed: int = 2) -> pd.Series:
    """Monthly totals of a gauge in that weather, with a fifth of scatter of its own."""
    own = np.random.default_rng(seed).lognormal(0.0, 0.2, len(weather))
    normals = np.array(NORMALS_MM)[pd.DatetimeIndex(weather.index).month - 1]
    return weather * own * normals * scale


def as_months(totals: pd.Series, station: str = "A") -> pd.DataFrame:
    """Monthly rows as the checks of months take them."""
    return pd.DataFrame(
        {
            "station_id": station,
            "month": totals.index,
            "precipitation_mm": totals.to_numpy(),
            "resolution": "monthly",
        }
    )
