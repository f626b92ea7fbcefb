"""Area weights: how much of each grid cell lies in each landscape, in km2.

The covered fraction of a cell is exact in degrees (exactextract), its area that of a sphere. A
landscape's total counts the cells its parts outside the grid would have, so that coverage is
never flattered by a small grid.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import shapely
import xarray as xr
from scipy.sparse import csr_array
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError
from pipeline.landscapes.coverage import CellFrame, covered_cells

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

EARTH_RADIUS_KM = 6371.0088
METHOD_VERSION = 2
"""Part of the fingerprint: raise it whenever weights come out differently."""

_STEP_TOLERANCE = 0.01
"""How far, in steps, a coordinate may lie from a regular axis: files round positions."""
_EDGE_TOLERANCE = 1.0e-9


@dataclass(frozen=True, slots=True)
class Grid:
    """Cell centres of a regular grid in degrees, in the order of the field's axes."""

    latitudes: tuple[float, ...]
    longitudes: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.latitudes or not self.longitudes:
            raise InputError("grid: expected at least one cell, got none; check the area asked for")
        if len(self.latitudes) == len(self.longitudes) == 1:
            raise InputError("grid: a single cell has no size, expected two or more; ask for more")
        for name, axis in (("latitude", self.latitudes), ("longitude", self.longitudes)):
            regular = np.linspace(axis[0], axis[-1], len(axis))
            step = abs(axis[-1] - axis[0]) / max(len(axis) - 1, 1)
            if not np.allclose(axis, regular, rtol=0.0, atol=step * _STEP_TOLERANCE):
                raise InputError(
                    f"grid: the steps of {name} differ, expected {step:g} degree throughout; "
                    "regrid the file to a regular grid"
                )

    @classmethod
    def of(cls, field: xr.DataArray | xr.Dataset) -> Self:
        """Return the grid of a field with coordinates ``latitude`` and ``longitude``."""
        latitudes, longitudes = (
            tuple(float(degree) for degree in field[name].to_numpy())
            for name in ("latitude", "longitude")
        )
        return cls(latitudes, longitudes)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.latitudes), len(self.longitudes)

    @property
    def cells(self) -> int:
        return math.prod(self.shape)

    @property
    def steps(self) -> tuple[float, float]:
        """Height and width of a cell in degrees; one row or column is as wide as the other axis."""
        height, width = (
            abs(axis[-1] - axis[0]) / max(len(axis) - 1, 1)
            for axis in (self.latitudes, self.longitudes)
        )
        return height or width, width or height


@dataclass(frozen=True, eq=False)
class AreaWeights:
    """Areas of the pieces of `grid` that make up each landscape."""

    grid: Grid
    cell_km2: Any
    """Sparse CSR, dims ``(landscape, cell)``; cells row by row in the order of `grid`."""
    total_km2: Floats
    """Dims ``(landscape,)``: the whole landscape, inside the grid or not."""

    @property
    def coverage_fraction(self) -> Floats:
        """Dims ``(landscape,)``: the part of each landscape that lies in the grid, 0 to 1."""
        return fraction_of(np.asarray(self.cell_km2.sum(axis=1)), self.total_km2)

    @cached_property
    def used_cells(self) -> Positions:
        """Positions of the cells that lie in any landscape, ascending."""
        is_used = np.zeros(self.cell_km2.shape[1], dtype=np.bool_)
        is_used[self.cell_km2.indices] = True
        return np.flatnonzero(is_used)

    @cached_property
    def used_km2(self) -> Any:  # noqa: ANN401  scipy has no types
        """The columns of `cell_km2` of the used cells."""
        return self.cell_km2[:, self.used_cells]


def fraction_of(part_km2: Floats, total_km2: Floats) -> Floats:
    """Return ``part / total`` within 0 and 1; 0 where the total is 0."""
    whole = np.broadcast_to(total_km2, part_km2.shape)
    fraction = np.divide(part_km2, whole, out=np.zeros_like(part_km2), where=whole > 0.0)
    return np.clip(fraction, 0.0, 1.0)


def fingerprint(grid: Grid, geometries: Sequence[BaseGeometry]) -> str:
    """Return a hash that changes whenever `area_weights` of the two could."""
    digest = hashlib.sha256(f"area_weights {METHOD_VERSION}".encode())
    for axis in (grid.latitudes, grid.longitudes):
        digest.update(np.array([len(axis), *axis], dtype="<f8").tobytes())
    for geometry in geometries:
        digest.update(hashlib.sha256(bytes(shapely.to_wkb(geometry, byte_order=1))).digest())
    return digest.hexdigest()


def area_weights(grid: Grid, geometries: Sequence[BaseGeometry]) -> AreaWeights:
    """Return the area of every cell in every landscape; `geometries` are in EPSG:4326.

    A landscape that misses the grid has an empty row and its full total.
    """
    frame = _Frame.around(grid, geometries)
    found = covered_cells(frame.cells, geometries)
    rows = np.repeat(np.arange(len(geometries)), [len(one.cells) for one in found])
    cells = np.concatenate([np.empty(0, np.intp), *(one.cells for one in found)])
    covered = np.concatenate([np.empty(0), *(one.fractions for one in found)])
    areas = covered * frame.cell_areas_km2()[cells // frame.columns]
    totals: Floats = np.zeros(len(geometries))
    np.add.at(totals, rows, areas)
    inside, positions = frame.positions(cells)
    return AreaWeights(
        grid=grid,
        cell_km2=csr_array(
            (areas[inside], (rows[inside], positions[inside])),
            shape=(len(geometries), math.prod(grid.shape)),
        ),
        total_km2=totals,
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """The grid, north up and grown by whole cells until it holds every landscape."""

    grid: Grid
    west: float
    north: float
    rows: int
    columns: int
    rows_above: int
    columns_before: int

    @classmethod
    def around(cls, grid: Grid, geometries: Sequence[BaseGeometry]) -> Self:
        height, width = grid.steps
        west, east = min(grid.longitudes) - width / 2, max(grid.longitudes) + width / 2
        south, north = min(grid.latitudes) - height / 2, max(grid.latitudes) + height / 2
        if len(geometries):
            bounds = shapely.total_bounds(np.asarray(geometries, dtype=object))
        else:
            bounds = np.array([west, south, east, north])
        above, below = _cells(bounds[3] - north, height), _cells(south - bounds[1], height)
        before, after = _cells(west - bounds[0], width), _cells(bounds[2] - east, width)
        return cls(
            grid=grid,
            west=west - before * width,
            north=north + above * height,
            rows=above + len(grid.latitudes) + below,
            columns=before + len(grid.longitudes) + after,
            rows_above=above,
            columns_before=before,
        )

    @property
    def cells(self) -> CellFrame:
        height, width = self.grid.steps
        return CellFrame(self.west, self.north, width, height, self.rows, self.columns)

    def cell_areas_km2(self) -> Floats:
        """Dims ``(row,)``: area of one cell on a sphere, from north to south."""
        height, width = self.grid.steps
        edges = np.clip(self.north - height * np.arange(self.rows + 1), -90.0, 90.0)
        bands: Floats = -np.diff(np.sin(np.radians(edges)))
        return EARTH_RADIUS_KM**2 * math.radians(width) * bands

    def positions(self, cells: Positions) -> tuple[npt.NDArray[np.bool_], Positions]:
        """Which of our cells lie in the grid, and where in the order of its axes."""
        height, width = self.grid.shape
        row = cells // self.columns - self.rows_above
        column = cells % self.columns - self.columns_before
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        if self.grid.latitudes[0] < self.grid.latitudes[-1]:
            row = height - 1 - row
        if self.grid.longitudes[0] > self.grid.longitudes[-1]:
            column = width - 1 - column
        return inside, row * width + column


def _cells(degrees: float, step: float) -> int:
    return max(0, math.ceil(degrees / step - _EDGE_TOLERANCE))
