"""Made-up records and the real Uzbekistan grid, as the panels the indices take."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.core.panels import Floats, Panel, gap_code

CFSR = Path("reanalysis") / "cfsr_uzbekistan_1979_2014_cds_layout.nc"


def panel(values: Floats, first: str = "1981-01", gap: Gap = Gap.NOT_PUBLISHED) -> Panel:
    """A panel whose every NaN has the reason `gap`; 1-D values are one landscape."""
    columns = np.atleast_2d(np.asarray(values, float).T).T
    gaps = np.where(np.isnan(columns), gap_code(gap), 0).astype(np.uint8)
    return Panel(Month.parse(first), columns, gaps)


def rain_mm(years: int = 35, landscapes: int = 1, seed: int = 1, seasonal: bool = True) -> Floats:
    """Rain of 6 mm a month or more: dry summers, wet springs, uneven years."""
    rng = np.random.default_rng(seed)
    months = np.arange(years * 12) % 12
    season = 1.0 + 0.9 * np.cos((months - 2) * np.pi / 6) * seasonal
    return 6.0 + season[:, None] * rng.gamma(1.5, 20.0, (years * 12, landscapes))


def pet_mm(years: int = 35, landscapes: int = 1, seed: int = 2) -> Floats:
    rng = np.random.default_rng(seed)
    months = np.arange(years * 12) % 12
    season = 110.0 - 90.0 * np.cos(months * np.pi / 6)
    return season[:, None] * rng.normal(1.0, 0.06, (years * 12, landscapes))


def cfsr_fields(shared_data: Path) -> xr.Dataset:
    """The real grid in the variables of the grid store."""
    with xr.open_dataset(shared_data / CFSR) as raw:
        raw = raw.load().rename(valid_time="month").drop_vars(["number", "expver"])
    days = raw["month"].dt.days_in_month
    return xr.Dataset(
        {
            "precipitation_mm": (raw["tp"] * (1000.0 * days)).astype(float),
            "temperature_mean_c": raw["t2m"] - 273.15,
            "temperature_max_c": raw["mx2t"] - 273.15,
            "temperature_min_c": raw["mn2t"] - 273.15,
            "dewpoint_c": raw["d2m"] - 273.15,
            "wind_speed_m_s": np.hypot(raw["u10"], raw["v10"]),
            "solar_radiation_mj_m2_day": raw["ssrd"] / 1e6,
        }
    )


def cells(field: xr.DataArray) -> Panel:
    """The grid cells that hold values, each as a landscape of its own."""
    stacked = field.transpose("month", ...).values.reshape(field.sizes["month"], -1)
    return panel(stacked[:, np.isfinite(stacked).any(axis=0)], "1979-01")
