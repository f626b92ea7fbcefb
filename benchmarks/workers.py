"""A record brought in blocks by one worker and by several: CPU, and what the busiest of them takes.

One process brings the whole record as `drought run` does. Then, for each number of workers, blocks are
handed out as `compute_indices` does, and each worker is a process of its own that takes the next
block when it is free, on the same machine. The machine is shared and has few cores, so no clock is
compared: a worker's work is its CPU time, Postgres' own aside, and the longest way through the run is
that of the busiest worker in each kind of work, with what is done by one between them.

    .venv/bin/python -m benchmarks.workers --cells 8000 --years 32
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import netCDF4
import numpy as np

from benchmarks.climate import LAND_CELLS, NEWEST, Region
from benchmarks.cost import apart, heading, table
from benchmarks.fresh import SOURCE, fresh_installation, made_up, reached, url_of
from benchmarks.landscapes import polygons
from pipeline.core.months import Month
from pipeline.steps.blocks import do_block, hand_out
from pipeline.steps.compute import compute
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.maps import bring_maps

KINDS = ("means", "climate", "maps", "shares")
MONTHS_OF_A_FILE = 12
HISTORY = '{"source": "data.grib", "filter_by_keys": {"stream": ["moda"]}}'


@dataclass
class Spent:
    """CPU seconds of each kind of work: in all, and of the busiest worker."""

    all: dict[str, float] = field(default_factory=dict)
    busiest: dict[str, float] = field(default_factory=dict)

    def add(self, kind: str, of_workers: Sequence[float]) -> None:
        self.all[kind] = self.all.get(kind, 0.0) + sum(of_workers)
        self.busiest[kind] = self.busiest.get(kind, 0.0) + max(of_workers, default=0.0)


def write(path: Path, region: Region, months: Sequence[Month]) -> None:
    """A file as the store sends it: rain, and the weather that evaporation is computed from."""
    shape = (region.rows, region.columns)
    grid = region.grid
    with netCDF4.Dataset(path, "w") as file:
        for name, axis in (("latitude", grid.latitudes), ("longitude", grid.longitudes)):
            file.createDimension(name, len(axis))
            file.createVariable(name, "f8", (name,))[:] = axis
        file.createDimension("valid_time", len(months))
        times = file.createVariable("valid_time", "i8", ("valid_time",))
        times.units, times.calendar = "days since 1970-01-01", "proleptic_gregorian"
        file.createVariable("expver", str, ())[...] = "0001"
        file.history = f"2026-07-01T14:44 GRIB to CDM+CF via cfgrib with {HISTORY}"
        times[:] = [np.datetime64(str(month), "D").astype(int) for month in months]
        for code, units in (
            *(("tp", "m"), ("t2m", "K"), ("d2m", "K"), ("u10", "m s**-1"), ("v10", "m s**-1")),
            ("ssrd", "J m**-2"),
        ):
            variable = file.createVariable(
                code,
                "f4",
                ("valid_time", "latitude", "longitude"),
                zlib=True,
                complevel=1,
                chunksizes=(1, *shape),
                fill_value=np.nan,
            )
            variable.units, variable.coordinates = units, "expver"
            for n, month in enumerate(months):
                variable[n] = weather(region, code, month)


def weather(region: Region, code: str, month: Month) -> np.ndarray:
    """A map of one quantity; the sea has no values."""
    values = np.full(region.rows * region.columns, np.nan, dtype=np.float32)
    warmth = -np.cos(2 * np.pi * (month.month - 1) / 12)
    noise = np.random.default_rng([month.ordinal, len(code), ord(code[0])]).normal(
        0, 1, region.land_cells
    )
    values[region.land] = {
        "tp": region.rain_mm(month) / month.days / 1000,
        "t2m": 283.0 + 13.0 * warmth + noise,
        "d2m": 272.0 + 6.0 * warmth + noise,
        "u10": 1.5 + 0.3 * noise,
        "v10": 1.0 + 0.3 * noise,
        "ssrd": 1.6e7 + 9e6 * warmth + 1e5 * noise,
    }[code]
    return values.reshape(region.rows, region.columns)


def fill(url: str, folder: Path, region: Region) -> None:
    """Ingest the record, a year a file."""
    installation = reached(url, folder)
    months = [region.first_month + n for n in range(region.months)]
    for start in range(0, len(months), MONTHS_OF_A_FILE):
        path = folder / "year.nc"
        write(path, region, months[start : start + MONTHS_OF_A_FILE])
        ingest_grid(installation, path, source=SOURCE)
        path.unlink()


def cpu_of(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def alone(url: str, folder: Path) -> Spent:
    """The whole record in one process, kind by kind as it comes."""
    installation, spent = reached(url, folder), Spent()
    spent.add("means and indices", [cpu_of(lambda: compute(installation))])
    last = time.process_time()
    stage = "climate"

    def advance(what: str, done: int, of: int) -> None:
        nonlocal last, stage
        now = time.process_time()
        spent.add(stage, [now - last])
        last = now
        if what.startswith(("fit of", "maps of")):
            stage = "maps"
        elif what.startswith("area shares"):
            stage = "shares"

    bring_maps(installation, advance=advance)
    spent.add(stage, [time.process_time() - last])
    return spent


def block_of(url: str, folder: Path, block: str) -> float:
    installation = reached(url, folder)
    return cpu_of(lambda: do_block(installation, block))


def one_step(url: str, folder: Path, step: str) -> tuple[float, list[str]]:
    """Do what one worker does between blocks; return its CPU time and what it handed out."""
    installation = reached(url, folder)
    blocks: list[str] = []
    work: dict[str, Callable[[], object]] = {
        "compute": lambda: compute(installation),
        "bring_maps": lambda: bring_maps(installation),
    }
    hand = work.get(step) or (lambda: blocks.extend(hand_out(installation, step)))
    return cpu_of(hand), blocks


def shared(url: str, folder: Path, workers: int) -> Spent:
    """The whole record in blocks, taken by so many workers in turn as they get free.

    Each is busy for its CPU time, whatever else the machine did: who has had the least takes the next.
    """
    spent = Spent()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:

        def do(name: str, *given: object) -> tuple[float, list[str]]:
            return pool.submit(one_step, url, folder, *given).result()

        for kind in KINDS:
            cost, blocks = do(kind, kind)
            spent.add("handing out", [cost])
            busy = [0.0] * workers
            for block in blocks:
                free = busy.index(min(busy))
                busy[free] += pool.submit(block_of, url, folder, block).result()
            spent.add(kind, busy)
            if kind == "means":
                spent.add("indices", [do("compute", "compute")[0]])
        spent.add("the rest", [do("maps", "bring_maps")[0]])
    return spent


def run(region: Region, landscapes: int, workers: Sequence[int]) -> None:
    rows = []
    for count in (0, *workers):
        with fresh_installation(made_up(polygons(region, landscapes))) as (installation, folder):
            url = url_of(installation)
            apart(fill, url, folder, region)
            spent = shared(url, folder, count) if count else apart(alone, url, folder)
            if not count:
                before = sum(spent.all.values())
            parts = ", ".join(f"{kind} {cost:.3g}" for kind, cost in spent.busiest.items())
            way = sum(spent.busiest.values())
            rows.append(
                (
                    f"{count} workers" if count else "no blocks",
                    sum(spent.all.values()),
                    way,
                    before / way,
                    parts,
                )
            )
    table(("", "CPU s in all", "longest way, CPU s", "times shorter", "of it"), rows)


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=LAND_CELLS // 10, help="land cells")
    parser.add_argument("--years", type=int, default=36)
    parser.add_argument("--landscapes", type=int, default=200)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    asked = parser.parse_args()
    region = Region.of(asked.cells, asked.years * 12 - (12 - NEWEST.month))
    heading(
        f"workers: {region.land_cells} land cells of {region.rows} x {region.columns}, "
        f"{region.months} months, {asked.landscapes} landscapes",
        "numpy", "zarr",
    )  # fmt: skip
    run(region, asked.landscapes, asked.workers)


if __name__ == "__main__":
    main()
