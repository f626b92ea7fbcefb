"""One value a month for each landscape: the area-weighted mean of the cells that have one.

Aggregate first, standardise after. A missing cell takes its weight out; it never counts as 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.landscapes.weights import AreaWeights, Grid, fraction_of

Floats = npt.NDArray[np.float64]

DIMS = ("month", "latitude", "longitude")
MONTHS_AT_ONCE = 60
"""Bounds memory: five years of the six countries at 0.1 degree take some 90 MB."""
COVERAGE_TOLERANCE = 1.0e-6
"""Covered fractions are single precision: a half may come out as 0.49999998."""


@dataclass(frozen=True, slots=True, eq=False)
class LandscapeSeries:
    """Means of one field; dims ``(month, landscape)``, months consecutive from `first_month`."""

    first_month: Month
    means: Floats
    """In the unit of the field; NaN where no cell of the landscape has a value."""
    coverage: Floats
    """The part of the landscape's area that lies in cells with a value, 0 to 1."""
    is_published: npt.NDArray[np.bool_]
    """Dims ``(month,)``: whether the grid has any value at all."""


def landscape_means(field: xr.DataArray, weights: AreaWeights) -> LandscapeSeries:
    """Return the area-weighted mean and the coverage of every landscape in every month.

    `field` has dims ``(month, latitude, longitude)`` and may lack months; a month it lacks is
    not published and has coverage 0. The order of latitudes and longitudes is free.

    Raises:
        InputError: other dims, another grid than that of `weights`, or months out of order.
    """
    months = _months(field)
    values = _on_grid(field, weights.grid).to_numpy().reshape(len(months), -1)
    first, length = months[0], months[-1].ordinal - months[0].ordinal + 1
    shape = (length, weights.total_km2.size)
    means, coverage = np.full(shape, np.nan), np.zeros(shape)
    is_published = np.zeros(length, dtype=np.bool_)
    rows = np.array([month.ordinal - first.ordinal for month in months])
    for block in _blocks(len(months)):
        at = rows[block]
        means[at], coverage[at] = _weighted(values[block], weights)
        is_published[at] = ~np.isnan(values[block]).all(axis=1)
    return LandscapeSeries(first, means, coverage, is_published)


def with_gaps(series: LandscapeSeries, min_coverage: float) -> Panel:
    """Return the means with coverage of at least `min_coverage`, and for each other a gap.

    A month without any value in the grid is `not_published`; a landscape without a value in a
    month that has some elsewhere is `outside_grid`; too little of it is `low_coverage`.
    """
    gaps = np.zeros(series.means.shape, dtype=np.uint8)
    gaps[series.coverage < min_coverage - COVERAGE_TOLERANCE] = gap_code(Gap.LOW_COVERAGE)
    gaps[series.coverage == 0.0] = gap_code(Gap.OUTSIDE_GRID)
    gaps[~series.is_published] = gap_code(Gap.NOT_PUBLISHED)
    return Panel(series.first_month, np.where(gaps == 0, series.means, np.nan), gaps)


def _months(field: xr.DataArray) -> list[Month]:
    if field.dims != DIMS or field.sizes["month"] == 0:
        raise InputError(
            f"field {field.name}: expected dims {DIMS} and at least one month, got "
            f"{dict(field.sizes)}; bring it to months first"
        )
    ordinals = field["month"].to_numpy().astype("datetime64[M]").astype(np.int64)
    if (np.diff(ordinals) <= 0).any():
        raise InputError(f"field {field.name}: expected each month once and in order; sort it")
    epoch = Month(1970, 1).ordinal
    return [Month.from_ordinal(epoch + int(ordinal)) for ordinal in ordinals]


def _on_grid(field: xr.DataArray, grid: Grid) -> xr.DataArray:
    """The field with its axes in the order of `grid`."""
    if Grid.of(field) == grid:
        return field
    for name, axis in (("latitude", grid.latitudes), ("longitude", grid.longitudes)):
        if sorted(field[name].to_numpy()) != sorted(axis):
            raise InputError(
                f"field {field.name}: its {name} is not that of the weights, expected "
                f"{len(axis)} from {axis[0]:g} to {axis[-1]:g}; weigh this grid anew"
            )
    return field.sel(latitude=list(grid.latitudes), longitude=list(grid.longitudes))


def _blocks(months: int) -> Iterator[slice]:
    return (slice(start, start + MONTHS_AT_ONCE) for start in range(0, months, MONTHS_AT_ONCE))


def _weighted(values: npt.NDArray[np.floating], weights: AreaWeights) -> tuple[Floats, Floats]:
    """Means and coverage, dims ``(month, landscape)``, of values with dims ``(month, cell)``."""
    areas = weights.used_km2
    cells = values[:, weights.used_cells].T.astype(np.float64)
    has_value = ~np.isnan(cells)
    sums = np.asarray(areas @ np.where(has_value, cells, 0.0)).T
    valid_km2 = np.asarray(areas @ has_value.astype(np.float64)).T
    means = np.divide(sums, valid_km2, out=np.full_like(sums, np.nan), where=valid_km2 > 0.0)
    return means, fraction_of(valid_km2, weights.total_km2)
