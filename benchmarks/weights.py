"""Zonal means by cached weights against exactextract called anew each month, and how they differ.

A tenth of the cells have no value in one month in five: both sides must leave them out. The slow
side does a sample of the months, each as its users call it: one raster, one `weighted_mean` by
the areas of the cells.

    .venv/bin/python -m benchmarks.weights --landscapes 2000 --sample 3
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import xarray as xr
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from shapely.geometry.base import BaseGeometry

from benchmarks.climate import LAND_CELLS, MONTHS, STEP, Region
from benchmarks.cost import Cost, heading, measured, median_of, table
from benchmarks.landscapes import polygons
from pipeline.core.panels import Floats
from pipeline.landscapes.series import landscape_means
from pipeline.sources.weights_cache import cached_area_weights

RUNS = 5
A_BLOCK = 60


def maps(region: Region, months: int, first: int = 0) -> xr.DataArray:
    """Rain on the whole grid, sea included, for some months; a tenth missing now and then."""
    rows = []
    for n in range(first, first + months):
        rain = np.full(region.rows * region.columns, 5.0)  # over the sea
        rain[region.land] = 0.1 + region.rain_mm(region.first_month + n)
        if n % 5 == 0:
            rain[np.random.default_rng(n).random(rain.size) < 0.1] = np.nan
        rows.append(rain.reshape(region.rows, region.columns))
    first_month = np.datetime64(str(region.first_month + first), "M")
    return xr.DataArray(
        np.stack(rows),
        {
            "month": np.arange(first_month, first_month + months).astype("datetime64[ns]"),
            "latitude": list(region.grid.latitudes),
            "longitude": list(region.grid.longitudes),
        },
        ("month", "latitude", "longitude"),
        name="precipitation_mm",
    )


def extracted(region: Region, field: Floats, frame: gpd.GeoDataFrame) -> Floats:
    """One month by exactextract alone."""
    grid, half = region.grid, STEP / 2
    areas = np.broadcast_to(
        np.sin(np.radians(np.array(grid.latitudes) + half))
        - np.sin(np.radians(np.array(grid.latitudes) - half)),
        (region.columns, region.rows),
    ).T
    bounds = {
        "xmin": grid.longitudes[0] - half,
        "xmax": grid.longitudes[-1] + half,
        "ymin": grid.latitudes[-1] - half,
        "ymax": grid.latitudes[0] + half,
    }
    answer = exact_extract(
        NumPyRasterSource(field, nodata=np.nan, **bounds),
        frame,
        ["weighted_mean"],
        weights=NumPyRasterSource(np.ascontiguousarray(areas), **bounds),
        output="pandas",
    )
    return answer["weighted_mean"].to_numpy()


def run(region: Region, shapes: list[BaseGeometry], sample: int, folder: Path) -> None:
    """Time both sides and print them."""
    with measured() as making:
        weights = cached_area_weights(folder, region.grid, shapes)
    from_cache = median_of(RUNS, lambda: cached_area_weights(folder, region.grid, shapes))
    all_months = Cost()
    for first in range(0, region.months, A_BLOCK):
        fields = maps(region, min(A_BLOCK, region.months - first), first)
        with measured() as block:
            landscape_means(fields, weights)
        all_months += block
    newest = maps(region, 1, region.months - 1)
    one = median_of(RUNS, lambda: landscape_means(newest, weights))

    frame = gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326")
    slow, apart = Cost(), 0.0
    for n in range(sample):
        fields = maps(region, 1, 5 * n % region.months)
        with measured() as month:
            theirs = extracted(region, fields.values[0], frame)
        slow += month
        means = landscape_means(fields, weights).means[0]
        known = np.isfinite(means)
        if not np.array_equal(known, np.isfinite(theirs)):
            raise ArithmeticError("one side has a mean where the other has none")
        apart = max(apart, float(np.max(np.abs(means[known] / theirs[known] - 1.0))))
    a_month = slow.cpu_s / sample
    history = making.cpu_s + all_months.cpu_s
    table(
        ("CPU seconds", "exactextract", "weights", "ratio"),
        [
            (f"{region.months} months, weights made", a_month * region.months, history,
             a_month * region.months / history),
            (f"{region.months} months, weights kept", a_month * region.months, all_months.cpu_s,
             a_month * region.months / all_months.cpu_s),
            ("one month, weights read", a_month, from_cache.cpu_s + one.cpu_s,
             a_month / (from_cache.cpu_s + one.cpu_s)),
            ("one month, weights at hand", a_month, one.cpu_s, a_month / one.cpu_s),
        ],
    )  # fmt: skip
    print(f"exactextract did {sample} months ({a_month:.2f} s each); the rest is that many times.")
    print(f"Weights: made in {making.cpu_s:.2f} s, read in {from_cache.cpu_s:.3f} s, "
          f"{weights.cell_km2.nnz:,} pieces.")  # fmt: skip
    print(f"Largest relative difference of a mean: {apart:.1e} (aim 1e-6).")


def main() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--landscapes", type=int, default=2000)
    parser.add_argument("--cells", type=int, default=LAND_CELLS, help="land cells")
    parser.add_argument("--months", type=int, default=MONTHS)
    parser.add_argument("--sample", type=int, default=3, help="months of the slow side")
    asked = parser.parse_args()
    region = Region.of(asked.cells, asked.months)
    heading(
        f"weights: {asked.landscapes} landscapes on {region.rows} x {region.columns} cells",
        "exactextract", "scipy", "shapely",
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        run(region, polygons(region, asked.landscapes), asked.sample, Path(folder))


if __name__ == "__main__":
    main()
