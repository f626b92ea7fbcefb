"""A piece of a raster in degrees, and how much of its cells lies in polygons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from pipeline.landscapes.coverage import CellFrame, Covered, covered_cells

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RasterPiece:
    """Values of cells, dims (row from north, column from west); edges and sizes in degrees."""

    values: npt.NDArray[Any]
    is_known: npt.NDArray[np.bool_]
    """False where the raster holds no value."""
    west: float
    north: float
    width_degrees: float
    height_degrees: float

    @property
    def east(self) -> float:
        return float(self.west + self.values.shape[1] * self.width_degrees)

    @property
    def south(self) -> float:
        return float(self.north - self.values.shape[0] * self.height_degrees)


class CellsOf(NamedTuple):
    """The cells with values that a polygon lies in."""

    values: npt.NDArray[Any]
    areas: Floats
    """Of the part that lies in the polygon; in no particular unit."""


def cells_of(piece: RasterPiece, geometries: Sequence[BaseGeometry]) -> list[CellsOf]:
    """Return the cells of each geometry that hold a value.

    A cell counts by the fraction of it that the geometry covers and by the cosine of its latitude.
    """
    rows, columns = piece.values.shape
    frame = CellFrame(
        piece.west, piece.north, piece.width_degrees, piece.height_degrees, rows, columns
    )
    return [_known(piece, covered) for covered in covered_cells(frame, geometries)]


def area_weighted_mean(piece: RasterPiece, geometry: BaseGeometry) -> float | None:
    """Return the mean over the part of `geometry` that has values; None where none of it has."""
    [cells] = cells_of(piece, [geometry])
    total = float(cells.areas.sum())
    return float(np.dot(cells.values, cells.areas)) / total if total > 0.0 else None


def _known(piece: RasterPiece, covered: Covered) -> CellsOf:
    is_known = piece.is_known.ravel()[covered.cells]
    cells, fractions = covered.cells[is_known], covered.fractions[is_known]
    latitudes = piece.north - (cells // piece.values.shape[1] + 0.5) * piece.height_degrees
    return CellsOf(piece.values.ravel()[cells], fractions * np.cos(np.radians(latitudes)))
