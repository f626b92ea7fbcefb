"""Lattices: the endless regular net of cell centres of which a grid is a piece.

Files of one source are pieces of one lattice, cut to different boxes, so that their cells can be
laid into one grid without any resampling. A piece of another lattice cannot.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from pipeline.core.errors import InputError
from pipeline.landscapes.weights import Grid

Positions = npt.NDArray[np.intp]

DEGREE_DECIMALS = 4
"""Of cell centres, as in `pipeline.grids`: 11 m."""
_TOLERANCE = 0.01
"""How far, in steps, a cell centre may lie from a node: files round positions."""
_EDGE_TOLERANCE = 1.0e-6


@dataclass(frozen=True, slots=True)
class Box:
    """Outer bounds in degrees; longitudes run from -180 to 180."""

    south: float
    west: float
    north: float
    east: float

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Self:
        """Return the smallest box that holds all of `boxes`.

        Raises:
            InputError: there is none.
        """
        held = list(boxes)
        if not held:
            raise InputError("box: expected at least one to enclose, got none; name an area")
        return cls(
            min(box.south for box in held),
            min(box.west for box in held),
            max(box.north for box in held),
            max(box.east for box in held),
        )


@dataclass(frozen=True, slots=True)
class Lattice:
    """Nodes every `step` degrees, one of them at `origin`; latitude before longitude."""

    steps: tuple[float, float]
    origin: tuple[float, float]

    @classmethod
    def of(cls, grid: Grid) -> Self:
        """Return the lattice that `grid` is a piece of."""
        return cls(grid.steps, (grid.latitudes[0], grid.longitudes[0]))

    def holds(self, grid: Grid) -> bool:
        """Whether every cell of `grid` is a cell of this lattice."""
        axes = (grid.latitudes, grid.longitudes)
        return all(
            abs(step - other) < step * _TOLERANCE and _is_on_nodes(axis, origin, step)
            for step, other, origin, axis in zip(
                self.steps, grid.steps, self.origin, axes, strict=True
            )
        )

    def piece(self, box: Box) -> Grid:
        """Return the cells that `box` touches, north to south and west to east."""
        (height, width), (latitude, longitude) = self.steps, self.origin
        south, north = _nodes(box.south, box.north, latitude, height)
        west, east = _nodes(box.west, box.east, longitude, width)
        return Grid(
            tuple(_centre(latitude, height, n) for n in range(north, south - 1, -1)),
            tuple(_centre(longitude, width, n) for n in range(west, east + 1)),
        )


def grid_id(grid: Grid) -> str:
    """Return a short hash of the cell centres of `grid`, in their order."""
    digest = hashlib.sha256()
    for axis in (grid.latitudes, grid.longitudes):
        centres = np.array([len(axis), *axis], dtype="<f8").round(DEGREE_DECIMALS) + 0.0
        digest.update(centres.tobytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Overlap:
    """The cells that two pieces of one lattice share, by rows and columns of each."""

    rows: slice
    columns: slice
    cells_of_whole: Positions
    """Positions in the other piece, row by row of this one."""

    @classmethod
    def of(cls, piece: Grid, whole: Grid) -> Self:
        """Return what `piece` shares with `whole`; both may run in any direction."""
        rows, rows_of_whole = _shared(piece.latitudes, whole.latitudes)
        columns, columns_of_whole = _shared(piece.longitudes, whole.longitudes)
        width = len(whole.longitudes)
        cells = rows_of_whole[:, np.newaxis] * width + columns_of_whole
        return cls(rows, columns, cells.ravel())


def is_alike(one: Grid, other: Grid) -> bool:
    """Whether two grids are of the same cells in the same order, but for rounded centres."""
    return one.shape == other.shape and all(
        np.allclose(axis, others, rtol=0.0, atol=step * _TOLERANCE)
        for axis, others, step in (
            (one.latitudes, other.latitudes, one.steps[0]),
            (one.longitudes, other.longitudes, one.steps[1]),
        )
    )


def _shared(axis: tuple[float, ...], whole: tuple[float, ...]) -> tuple[slice, Positions]:
    """The part of `axis` that lies in `whole`, and where each node of it stands there."""
    # A single node has no direction, and then the other axis says how long a step is.
    along = whole if len(whole) > 1 else axis
    step = (along[-1] - along[0]) / max(len(along) - 1, 1) or 1.0
    at = np.rint((np.asarray(axis) - whole[0]) / step).astype(np.intp)
    inside = np.flatnonzero((at >= 0) & (at < len(whole)))
    if not inside.size:
        return slice(0, 0), inside
    return slice(int(inside[0]), int(inside[-1]) + 1), at[inside]


def _is_on_nodes(axis: tuple[float, ...], origin: float, step: float) -> bool:
    steps = (np.asarray(axis) - origin) / step
    return bool(np.allclose(steps, np.rint(steps), rtol=0.0, atol=_TOLERANCE))


def _nodes(low: float, high: float, origin: float, step: float) -> tuple[int, int]:
    """Numbers of the first and the last node whose cell lies in part between `low` and `high`."""
    first = math.ceil((low - origin) / step - 0.5 + _EDGE_TOLERANCE)
    last = math.floor((high - origin) / step + 0.5 - _EDGE_TOLERANCE)
    return first, last


def _centre(origin: float, step: float, n: int) -> float:
    return round(origin + n * step, DEGREE_DECIMALS)
