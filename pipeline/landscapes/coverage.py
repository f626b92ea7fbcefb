"""How much of each cell of a regular grid lies in a polygon, exact in degrees.

exactextract counts it, and shapely again where it miscounts: of polygons with edges that all but coincide
with the grid's, as those made of raster cells have, it may lose whole cells (version 0.3.0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from shapely.geometry.base import BaseGeometry

_MISCOUNT = 1.0e-3
"""In cells: single precision errs by a thousandth of that, a lost cell by one."""


@dataclass(frozen=True, slots=True)
class CellFrame:
    """Rows of cells from the north, columns from the west; edges and sizes in degrees."""

    west: float
    north: float
    width: float
    height: float
    rows: int
    columns: int

    @property
    def east(self) -> float:
        return self.west + self.columns * self.width

    @property
    def south(self) -> float:
        return self.north - self.rows * self.height


class Covered(NamedTuple):
    """The cells a polygon lies in."""

    cells: npt.NDArray[np.intp]
    """Numbered row by row."""
    fractions: npt.NDArray[np.float64]
    """The part of each that the polygon covers, above 0 and up to 1."""


def covered_cells(frame: CellFrame, geometries: Sequence[BaseGeometry]) -> list[Covered]:
    """Return the cells of each geometry; what lies outside the frame is left out."""
    if not geometries:
        return []
    table = exact_extract(
        NumPyRasterSource(
            # Its values are never looked at, so they take no memory.
            np.broadcast_to(np.uint8(0), (frame.rows, frame.columns)),
            xmin=frame.west,
            ymin=frame.south,
            xmax=frame.east,
            ymax=frame.north,
        ),
        gpd.GeoDataFrame(geometry=list(geometries), crs="EPSG:4326"),
        ["cell_id", "coverage"],
        output="pandas",
    )
    found = [
        Covered(np.asarray(cells, np.intp), np.asarray(fractions, np.float64))
        for cells, fractions in zip(table["cell_id"], table["coverage"], strict=True)
    ]
    expected = _areas_in_cells(frame, geometries)
    return [
        _cut(frame, geometry) if _is_miscounted(one.fractions.sum(), cells) else one
        for one, geometry, cells in zip(found, geometries, expected, strict=True)
    ]


def _areas_in_cells(
    frame: CellFrame, geometries: Sequence[BaseGeometry]
) -> npt.NDArray[np.float64]:
    """Area of each geometry within the frame, one cell being 1."""
    inside = shapely.box(frame.west, frame.south, frame.east, frame.north)
    within = shapely.covers(inside, geometries)
    areas = np.where(within, shapely.area(geometries), 0.0)
    areas[~within] = shapely.area(shapely.intersection(np.array(geometries)[~within], inside))
    return np.asarray(areas / (frame.width * frame.height), dtype=np.float64)


def _is_miscounted(found: float, expected: float) -> bool:
    return bool(abs(found - expected) > _MISCOUNT * max(min(expected, 1.0), _MISCOUNT))


def _cut(frame: CellFrame, geometry: BaseGeometry) -> Covered:
    """The same by cutting each cell: a thousand times slower, and right."""
    west, south, east, north = geometry.bounds
    columns = _span(west - frame.west, east - frame.west, frame.width, frame.columns)
    rows = _span(frame.north - north, frame.north - south, frame.height, frame.rows)
    row, column = (axis.ravel() for axis in np.meshgrid(rows, columns, indexing="ij"))
    boxes = shapely.box(
        frame.west + column * frame.width,
        frame.north - (row + 1) * frame.height,
        frame.west + (column + 1) * frame.width,
        frame.north - row * frame.height,
    )
    shapely.prepare(geometry)
    fractions = shapely.contains_properly(geometry, boxes).astype(np.float64)
    cut = (fractions == 0.0) & shapely.intersects(geometry, boxes)
    pieces = shapely.intersection(geometry, boxes[cut])
    fractions[cut] = np.minimum(shapely.area(pieces) / shapely.area(boxes[cut]), 1.0)
    touched = fractions > 0.0
    return Covered((row * frame.columns + column)[touched].astype(np.intp), fractions[touched])


def _span(first: float, last: float, step: float, size: int) -> npt.NDArray[np.intp]:
    """Cells of an axis between two distances from its beginning, one more at either end."""
    start, stop = int(np.floor(first / step)) - 1, int(np.ceil(last / step)) + 1
    return np.arange(max(0, start), min(size, stop), dtype=np.intp)
