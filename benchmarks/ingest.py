"""35 years of monthly files into a fresh warehouse: seconds a month, and whether memory grows.

Each file is what the store sends for one month of the six countries: 206 x 621 cells of 0.1 degree,
eight variables, single precision, compressed. It is made, opened and loaded with plain xarray (the
other side of the ratio), ingested, and deleted; a year at a time the landscape means are taken,
after which its copies leave the archive, because 2 GB are not needed on the disk either. With
`--one-file` all months lie in one file instead, which is larger than what is held of it at a time.

    .venv/bin/python -m benchmarks.ingest --months 420
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr
from rich.console import Console

from benchmarks.cost import apart, peak_mb
from benchmarks.fresh import SOURCE, fresh_installation
from pipeline.core.months import Month
from pipeline.landscapes.default import default_landscapes_file
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.means import take_means
from pipeline.terminal import progress

FIRST = Month(1991, 1)
REPORT_AFTER = (12, 60, 420)
LATITUDES = np.round(np.arange(55.5, 34.95, -0.1), 1)
LONGITUDES = np.round(np.arange(25.5, 87.55, 0.1), 1)
HISTORY = '{"source": "data.grib", "filter_by_keys": {"stream": ["moda"]}}'
VARIABLES = {
    # Unit, value in January at 45 N, what July adds, spread among cells.
    "tp": ("m", 0.002, -0.0015, 0.0004),
    "t2m": ("K", 268.0, 30.0, 4.0),
    "d2m": ("K", 264.0, 18.0, 3.0),
    "u10": ("m s**-1", 1.5, 0.5, 1.0),
    "v10": ("m s**-1", 1.0, -0.5, 1.0),
    "ssrd": ("J m**-2", 7.0e6, 1.7e7, 8.0e5),
    "mx2t": ("K", 273.0, 32.0, 4.0),
    "mn2t": ("K", 263.0, 26.0, 4.0),
}


@dataclass
class Tally:
    """Seconds spent so far, and how much was read."""

    plain: float = 0.0
    ingest: float = 0.0
    means: float = 0.0
    months: int = 0
    raw_bytes: int = 0

    def line(self) -> str:
        n = self.months
        ours = self.ingest + self.means
        return (
            f"{n:>6} {self.raw_bytes / 1e6:>9.0f} {self.plain / n:>11.3f} {self.ingest / n:>8.3f} "
            f"{self.means / n:>7.3f} {ours / self.plain:>6.1f} {peak_mb():>9.0f}"
        )


HEADER = "months   file MB  plain s/mo ingest s/m means s/m  ratio   peak MB"


def write(path: Path, months: Sequence[Month]) -> None:
    """A file of the store for `months`, written month by month, a map a chunk."""
    shape = (LATITUDES.size, LONGITUDES.size)
    with netCDF4.Dataset(path, "w") as file:
        for name, axis in (("latitude", LATITUDES), ("longitude", LONGITUDES)):
            file.createDimension(name, axis.size)
            file.createVariable(name, "f8", (name,))[:] = axis
        file.createDimension("valid_time", len(months))
        times = file.createVariable("valid_time", "i8", ("valid_time",))
        times.units, times.calendar = "days since 1970-01-01", "proleptic_gregorian"
        file.createVariable("expver", str, ())[...] = "0001"
        file.history = f"2026-07-01T14:44 GRIB to CDM+CF via cfgrib with {HISTORY}"
        for code, (units, *_) in VARIABLES.items():
            dims = ("valid_time", "latitude", "longitude")
            variable = file.createVariable(
                code, "f4", dims, zlib=True, complevel=1, chunksizes=(1, *shape), fill_value=np.nan
            )
            variable.units, variable.coordinates = units, "expver"
        for n, month in enumerate(months):
            times[n] = np.datetime64(str(month), "D").astype(int)
            for code in VARIABLES:
                file[code][n] = field(code, month)


def field(code: str, month: Month) -> np.ndarray:
    """A map with a season, a slope from south to north, and noise in each cell."""
    _, january, july, spread = VARIABLES[code]
    # The warmest and the coldest hour share their noise, or one could fall below the other.
    alike = "mx2t" if code == "mn2t" else code
    generator = np.random.default_rng([month.ordinal, list(VARIABLES).index(alike)])
    season = (1 - np.cos(2 * np.pi * (month.month - 1) / 12)) / 2
    noise = generator.standard_normal((LATITUDES.size, LONGITUDES.size), dtype=np.float32)
    slope = ((45.0 - LATITUDES) / 10)[:, np.newaxis]
    values = january + july * season + spread * (noise + slope)
    values[60:100, 245:285] = np.nan  # a sea
    lowest = 0.0 if code in ("tp", "ssrd") else -np.inf
    return np.maximum(values, lowest).astype(np.float32)


def timed_load(path: Path) -> float:
    """Seconds that plain xarray takes to open the file and load all of it."""
    start = time.perf_counter()
    with xr.open_dataset(path, engine="netcdf4") as file:
        file.load()
    return time.perf_counter() - start


def timed_ingest(installation: Installation, path: Path) -> float:
    start = time.perf_counter()
    ingest_grid(installation, path, source=SOURCE)
    return time.perf_counter() - start


def timed_means(installation: Installation, *, keep: bool) -> float:
    start = time.perf_counter()
    take_means(installation, SOURCE, None, lambda what, done, of: None)
    seconds = time.perf_counter() - start
    if not keep:
        shutil.rmtree(installation.settings.var / "archive")
    return seconds


def month_by_month(months: Sequence[Month], *, keep: bool, console: Console) -> None:
    """One file a month; the table grows a line whenever memory may have."""
    tally = Tally()
    with (
        fresh_installation(read_landscapes(default_landscapes_file())) as (installation, folder),
        progress(console) as advance,
    ):
        console.print(HEADER, highlight=False)
        for n, month in enumerate(months, start=1):
            advance(str(month), n, len(months))
            path = folder / f"{month}.nc"
            write(path, [month])
            tally.raw_bytes += path.stat().st_size
            tally.plain += timed_load(path)
            tally.ingest += timed_ingest(installation, path)
            path.unlink()
            tally.months = n
            if n % 12 == 0 or n == len(months):
                tally.means += timed_means(installation, keep=keep)
            if n in REPORT_AFTER or n == len(months):
                console.print(tally.line(), highlight=False)


def one_file(months: Sequence[Month], *, console: Console) -> None:
    """All months in one file; made, and loaded with plain xarray, in processes of their own."""
    with fresh_installation(read_landscapes(default_landscapes_file())) as (installation, folder):
        path = folder / "all.nc"
        apart(write, path, months)
        tally = Tally(months=len(months), raw_bytes=path.stat().st_size)
        tally.plain, plain_mb = apart(loaded, path)
        tally.ingest = timed_ingest(installation, path)
        tally.means = timed_means(installation, keep=False)
        console.print(f"{HEADER}\n{tally.line()}", highlight=False)
        console.print(f"plain xarray held {plain_mb:.0f} MB", highlight=False)


def loaded(path: Path) -> tuple[float, float]:
    """Seconds that `timed_load` takes, and the most memory of its process."""
    return timed_load(path), peak_mb()


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=420)
    parser.add_argument("--keep", action="store_true", help="keep the copies in the archive")
    parser.add_argument("--one-file", action="store_true", help="all months in one file")
    asked = parser.parse_args()
    months = [FIRST + n for n in range(asked.months)]
    if asked.one_file:
        one_file(months, console=Console())
    else:
        month_by_month(months, keep=asked.keep, console=Console())


if __name__ == "__main__":
    main()
