"""How cost grows with cells, years and landscapes: each at three sizes, with the slope.

A slope of 1 says twice the size, twice the cost; of 0, the same cost. Cells and years: fitting and
scoring all indices of cells, and the newest month of them. Landscapes: weights, means of five
years of one quantity, all indices of all history, their newest month, and the history loaded into
the warehouse (by the clock; the rest is CPU time).

    .venv/bin/python -m benchmarks.growth --cells 2000 --landscapes 500
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.climate import LAND_CELLS, Region
from benchmarks.cost import apart, heading, measured, table
from benchmarks.fresh import fresh_installation, made_up
from benchmarks.history import History, series_of
from benchmarks.landscapes import polygons
from benchmarks.newest import all_drivers, compared, rain_and_demand
from benchmarks.warehouse import clocked
from benchmarks.weights import maps
from pipeline.core.ids import CELL_INDEX_CODES, INDEX_CODES
from pipeline.landscapes.series import landscape_means
from pipeline.sources.weights_cache import cached_area_weights

MONTHS = (428, 668, 920)
"""Since 1991, 1971 and 1950."""
MOST_MONTHS = MONTHS[-1]


def cells(region: Region) -> dict[str, float]:
    """CPU seconds of the indices of cells."""
    whole, newest = apart(compared, CELL_INDEX_CODES, region, rain_and_demand)
    return {"all months": whole.cpu_s, "newest month": newest.cpu_s}


def landscapes(count: int) -> dict[str, float]:
    """CPU seconds of the work on landscapes, and seconds of loading."""
    region = Region.of(LAND_CELLS, MOST_MONTHS)
    shapes = polygons(region, count)
    with tempfile.TemporaryDirectory() as folder, measured() as making:
        weights = cached_area_weights(Path(folder), region.grid, shapes)
    fields = maps(region, 60)
    with measured() as means:
        landscape_means(fields, weights)
    as_places = Region.of(count, MOST_MONTHS)
    whole, newest = apart(compared, INDEX_CODES, as_places, all_drivers)
    return {
        "weights": making.cpu_s,
        "means of 60 months": means.cpu_s,
        "all months, 31 indices": whole.cpu_s,
        "newest month, 31 indices": newest.cpu_s,
        "load of all months": apart(loading, count),
    }


def loading(count: int) -> float:
    """Seconds that the whole history takes into the warehouse."""
    region = Region.of(LAND_CELLS, MOST_MONTHS)
    with fresh_installation(made_up(polygons(region, count))) as (installation, _):
        history = History.of(series_of(installation), MOST_MONTHS)
        return clocked(installation, history.save)


def told(what: str, sizes: Sequence[int], found: Iterable[dict[str, float]]) -> None:
    """Print the costs of three sizes and their slopes."""
    costs = list(found)
    rows = [
        (name, *(cost[name] for cost in costs), slope(sizes, [cost[name] for cost in costs]))
        for name in costs[0]
    ]
    table((what, *(f"{size:,}" for size in sizes), "slope"), rows)


def slope(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """The power of the size that the cost grows with."""
    return float(np.polyfit(np.log(sizes), np.log(costs), 1)[0])


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=2000, help="the smallest of the sizes")
    parser.add_argument("--landscapes", type=int, default=500, help="the smallest of the sizes")
    asked = parser.parse_args()
    heading("growth of cost, seconds", "climate-indices", "numpy", "exactextract", "psycopg")
    sizes = [asked.cells * factor for factor in (1, 2, 4)]
    told(f"cells, {MOST_MONTHS} months", sizes, (cells(Region.of(n, MOST_MONTHS)) for n in sizes))
    told(f"months, {asked.cells} cells", MONTHS, (cells(Region.of(asked.cells, n)) for n in MONTHS))
    sizes = [asked.landscapes * factor for factor in (1, 2, 4)]
    told(f"landscapes, {MOST_MONTHS} months", sizes, map(landscapes, sizes))


if __name__ == "__main__":
    main()
