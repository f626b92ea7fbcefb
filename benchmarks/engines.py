"""climate-indices against xclim, and ours, on the same series: SPI and SPEI of a quarter year.

Ours is calibration and values with gaps named, one thread. climate-indices is called in blocks as
ours calls it, and once more one series at a time, as its documentation shows; xclim by Thom's
formula and by maximum likelihood. The slow ones get fewer series, and all are told in series a
second of CPU time.

    .venv/bin/python -m benchmarks.engines --series 2000
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import xarray as xr

from benchmarks.bare_engine import bare_spei, bare_spi, quiet
from benchmarks.climate import Region
from benchmarks.cost import heading, median_of, table
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.core.panels import Floats, Panel
from pipeline.indices.blocks import blocks
from pipeline.indices.calibration import calibrate
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from xclim.indices.stats import standardized_index

PERIOD = CalibrationPeriod(1991, 2020)
SCALE = 3
RUNS = 3


def ours(index: str, rain: Panel, demand: Panel) -> None:
    drivers = Drivers(rain, demand)
    index_values(calibrate(IndexCode.parse(index), drivers, PERIOD), drivers)


def in_blocks(score: Callable[..., object], *fields: Floats) -> None:
    for block in blocks(fields[0].shape[1]):
        score(*(np.ascontiguousarray(field[:, block]) for field in fields))


def one_by_one(score: Callable[..., object], *fields: Floats) -> None:
    for n in range(fields[0].shape[1]):
        score(*(np.ascontiguousarray(field[:, n]) for field in fields))


def xclim(totals: xr.DataArray, dist: str, method: str, **given: object) -> None:
    standardized_index(
        totals, freq=None, window=SCALE, dist=dist, method=method, zero_inflated=dist == "gamma",
        fitkwargs=given, cal_start=f"{PERIOD.first_year}-01-01", cal_end=f"{PERIOD.last_year}-12-31",
    ).load()  # fmt: skip


def for_xclim(values: Floats, first: str) -> xr.DataArray:
    time = pd.date_range(first, periods=len(values), freq="MS", unit="s")
    return xr.DataArray(values, {"time": time}, ("time", "cell"), attrs={"units": "mm/day"})


def run(region: Region, series: int) -> None:
    """Time each side and print series a second."""
    rain, demand = (
        Panel(whole.first_month, whole.values[:, :: region.land_cells // series][:, :series].copy(),
              whole.gaps[:, :series])
        for whole in region.panels()
    )  # fmt: skip
    first = f"{rain.first_month}-01"
    few, fewer = max(1, series // 10), max(1, series // 40)
    wet = for_xclim(rain.values, first)
    balance = for_xclim(rain.values - demand.values, first)
    spi, spei = (lambda r: bare_spi(r, SCALE, rain.first_month.year),
                 lambda r, d: bare_spei(r, d, SCALE, rain.first_month.year))  # fmt: skip
    sides: list[tuple[str, int, Callable[[], None]]] = [
        ("SPI  climate-indices, blocks", series, lambda: in_blocks(spi, rain.values)),
        ("SPI  ours", series, lambda: ours("spi_3", rain, demand)),
        ("SPI  climate-indices, one by one", few, lambda: one_by_one(spi, rain.values[:, :few])),
        ("SPI  xclim, Thom", few, lambda: xclim(wet[:, :few], "gamma", "APP", floc=0)),
        ("SPI  xclim, likelihood", few, lambda: xclim(wet[:, :few], "gamma", "ML", floc=0)),
        ("SPEI climate-indices, blocks", series,
         lambda: in_blocks(spei, rain.values, demand.values)),
        ("SPEI ours", series, lambda: ours("spei_3", rain, demand)),
        ("SPEI xclim, likelihood", fewer, lambda: xclim(balance[:, :fewer], "fisk", "ML")),
    ]  # fmt: skip
    rates: dict[str, float] = {}
    with quiet():
        for name, count, work in sides:
            rates[name] = count / median_of(RUNS, work).cpu_s
    rows = [
        [name, count, rates[name], rates[f"{name[:5]}climate-indices, blocks"] / rates[name]]
        for name, count, _ in sides
    ]
    table(("", "series", "series/s", "times the engine's cost"), rows)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--months", type=int, default=920)
    asked = parser.parse_args()
    region = Region.of(4 * asked.series, asked.months)
    heading(
        f"engines: {asked.series} series of {region.months} months, window of {SCALE} months, "
        f"one thread, median CPU time of {RUNS} runs",
        "climate-indices", "xclim", "numpy", "scipy",
    )  # fmt: skip
    run(region, asked.series)


if __name__ == "__main__":
    main()
