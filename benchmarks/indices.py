"""Index maps of every land cell against the bare engine on the same blocks: CPU, memory, disk.

Ours goes from the climate in the grid store to maps written, with fits and every gap. The engine is
given the same blocks of 500 cells, as arrays at hand. Between two indices of ours it does the one
that is next on blocks spread over the region, so that both sides meet the same noise; its cost for
all blocks is that of the sample, times the blocks there are. Afterwards, each as a line of its own:
shares of area of the landscapes, and the newest month.

    .venv/bin/python -m benchmarks.indices --cells 86000 --sample 8
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.bare_engine import bare_spei, bare_spi, quiet
from benchmarks.climate import LAND_CELLS, MONTHS, NEWEST, Region
from benchmarks.cost import Cost, apart, heading, measured, megabytes, table
from benchmarks.fresh import SOURCE, fresh_installation, made_up, reached, url_of
from benchmarks.landscapes import polygons
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import CELL_INDEX_CODES, IndexCode, IndexFamily, Origin, Season
from pipeline.indices.blocks import blocks
from pipeline.sources.grid_store import GridStore, MapKind
from pipeline.steps.cell_offers import HARGREAVES, PET, RAIN
from pipeline.steps.maps import maps_of_store
from pipeline.steps.source_store import CLIMATE
from pipeline.warehouse.engine import claim_origin

PERIOD = CalibrationPeriod(1991, 2020)
SEVEN_SCALES = [code for code in CELL_INDEX_CODES if not isinstance(code.window, Season)]
MONTHS_A_WRITE = 60
KIND = MapKind("f4", None, "mm", "made up")
SEASONS = [code for code in CELL_INDEX_CODES if code not in SEVEN_SCALES]
READING, SHARES = "reading", "area shares"
KNOWN_STAGES = {READING, SHARES, *map(str, CELL_INDEX_CODES)}
_INDEX = re.compile(r"(?:fit|maps) of (\w+)")
"""How a run tells of the index it is at."""


@dataclass
class Engine:
    """The bare engine on a sample of blocks."""

    folder: Path
    blocks: int
    """How many there are in all."""
    first_year: int
    cost: Cost = field(default_factory=Cost)

    def does(self, code: IndexCode) -> None:
        """Do one index on every block of the sample."""
        for path in sorted(self.folder.glob("*.npz")):
            with np.load(path) as kept:
                rain, demand = kept["rain"], kept["demand"]
            with quiet(), measured() as cost:
                if code.family is IndexFamily.SPI:
                    bare_spi(rain, code.longest_window_months, self.first_year)
                else:
                    bare_spei(rain, demand, code.longest_window_months, self.first_year)
            self.cost += cost

    def of_all_blocks(self) -> Cost:
        """What all blocks would have cost."""
        share = self.blocks / len(list(self.folder.glob("*.npz")))
        return Cost(self.cost.cpu_s * share, self.cost.wall_s * share)


class Stages:
    """What each stage of a run of ours costs, as the run tells of its progress.

    When the turn comes to an index that the engine has too, the engine does it first.
    """

    def __init__(self, engine: Engine | None) -> None:
        self.cost: dict[str, Cost] = {}
        self._engine = engine
        self._stage = READING
        self._stack = ExitStack()

    def begin(self) -> None:
        """Begin with what comes before the first index."""
        self._began = self._stack.enter_context(measured())

    def advance(self, what: str, done: int, of: int) -> None:
        """Be told of the progress."""
        index = _INDEX.match(what)
        stage = SHARES if what.startswith(SHARES) else index[1] if index else what
        if stage == self._stage or stage not in KNOWN_STAGES:
            return
        self.end()
        if self._engine and stage in map(str, SEVEN_SCALES):
            self._engine.does(IndexCode.parse(stage))
        self._stage = stage
        self._began = self._stack.enter_context(measured())

    def end(self) -> None:
        """Close the stage that is running."""
        self._stack.close()
        self.cost[self._stage] = self.cost.get(self._stage, Cost()) + self._began

    def of(self, stages: Iterable[object]) -> Cost:
        """What some of the stages cost together."""
        return sum((self.cost.get(str(stage), Cost()) for stage in stages), start=Cost())


def lay(url: str, folder: Path, region: Region, sample: int) -> int:
    """Write the climate into the store and the sample beside it; return how many blocks there are."""
    installation = reached(url, folder)
    with installation.warehouse.begin() as connection:
        claim_origin(connection, Origin.SIMULATED, SOURCE)
    store = opened(installation.settings.grids, region)
    store.define(CLIMATE, dict.fromkeys((RAIN, PET, HARGREAVES), KIND), attributes={})
    rain, demand = region.weather
    for start in range(0, region.months, MONTHS_A_WRITE):
        rows = slice(start, min(start + MONTHS_A_WRITE, region.months))
        months = [region.first_month + n for n in range(rows.start, rows.stop)]
        maps = {RAIN: rain[rows], PET: demand[rows], HARGREAVES: np.full_like(rain[rows], np.nan)}
        numbers = [month.ordinal for month in months]
        store.write(CLIMATE, months, maps, numbers, region.land)
    every = list(blocks(region.land_cells))
    (folder / "sample").mkdir()
    for n in np.unique(np.linspace(0, len(every) - 1, min(sample, len(every))).astype(int)):
        of_block = {"rain": rain[:, every[n]], "demand": demand[:, every[n]]}
        doubles = {name: part.astype(np.float64) for name, part in of_block.items()}
        np.savez(folder / "sample" / f"{n:04}.npz", **doubles)
    return len(every)


def opened(grids: str, region: Region) -> GridStore:
    """The grid store of the region."""
    return GridStore.open(grids, SOURCE, region.grid, origin=Origin.SIMULATED)


def ours(url: str, folder: Path, region: Region, count: int) -> tuple[Stages, Stages, Engine]:
    """All of history but the newest month, with the engine in between; then that month."""
    installation = reached(url, folder)
    store = opened(installation.settings.grids, region)
    engine = Engine(folder / "sample", count, region.first_month.year)
    before, newest = Stages(engine), Stages(None)
    for stages, to in ((before, NEWEST - 1), (newest, NEWEST)):
        stages.begin()
        maps_of_store(installation, store, SOURCE, PERIOD, to, stages.advance)
        stages.end()
    if untold := KNOWN_STAGES.difference(before.cost):
        raise RuntimeError(f"{', '.join(sorted(untold))}: expected to be told when they begin")
    return before, newest, engine


def run(region: Region, sample: int, landscapes: int) -> None:
    """Make the climate, measure both sides, print."""
    with fresh_installation(made_up(polygons(region, landscapes))) as (installation, folder):
        url = url_of(installation)
        count = apart(lay, url, folder, region, sample)
        before, newest, engine = apart(ours, url, folder, region, count)
        bare = engine.of_all_blocks()
        seven = before.of([READING, *SEVEN_SCALES])
        rows = [
            (f"bare engine, {len(SEVEN_SCALES)} indices", bare, ""),
            (f"ours, {len(SEVEN_SCALES)} indices", seven, round(seven.peak_mb)),
            ("  of it, reading", before.of([READING]), ""),
            (f"{len(SEASONS)} indices of seasons", before.of(SEASONS), ""),
            (f"shares of {landscapes} landscapes", before.of([SHARES]), ""),
            ("newest month, maps", newest.of([READING, *CELL_INDEX_CODES]), ""),
            ("newest month, shares", newest.of([SHARES]), ""),
        ]
        table(
            ("", "CPU s", "clock s", "peak MB", "times the engine"),
            [
                (name, cost.cpu_s, cost.wall_s, peak, cost.cpu_s / bare.cpu_s)
                for name, cost, peak in rows
            ],
        )
        whole, last = (stages.of(KNOWN_STAGES).cpu_s for stages in (before, newest))
        print(f"The newest month, maps and shares, cost {whole / last:.0f} times less than all.")
        print(f"The engine did {min(sample, count)} of {count} blocks of each index; the rest is "
              "that many times.")  # fmt: skip
        parts = {
            path.name: megabytes(path)
            for path in (installation.settings.var / "grids").glob(f"{SOURCE}/*.zarr/*")
        }
        said = ", ".join(f"{name} {size:,.0f} MB" for name, size in sorted(parts.items()))
        print(f"Disk: {said}.")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=LAND_CELLS, help="land cells")
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--landscapes", type=int, default=2000)
    parser.add_argument("--sample", type=int, default=8, help="blocks of the engine")
    asked = parser.parse_args()
    region = Region.of(asked.cells, asked.months)
    heading(
        f"indices: {region.land_cells} land cells of {region.rows} x {region.columns}, "
        f"{region.months} months",
        "climate-indices", "numpy", "zarr",
    )  # fmt: skip
    run(region, asked.sample, asked.landscapes)


if __name__ == "__main__":
    main()
