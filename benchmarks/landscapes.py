"""Made-up landscapes: a region cut into so many polygons, each around a point drawn at random."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from benchmarks.climate import STEP, Region

EDGE_DEGREES = 0.02
"""Boundaries have a corner so often, as those of districts do."""


def polygons(region: Region, landscapes: int) -> list[BaseGeometry]:
    """Cut the region into polygons without gaps or overlaps, none beyond the grid."""
    grid = region.grid
    west, east = grid.longitudes[0] - STEP / 2, grid.longitudes[-1] + STEP / 2
    south, north = grid.latitudes[-1] - STEP / 2, grid.latitudes[0] + STEP / 2
    rng = np.random.default_rng([region.seed, 5])
    points = rng.uniform((west, south), (east, north), (landscapes, 2))
    outline = shapely.box(west, south, east, north)
    cells = shapely.voronoi_polygons(shapely.multipoints(points), extend_to=outline)
    clipped = shapely.intersection(shapely.get_parts(cells), outline)
    return list(shapely.segmentize(clipped, EDGE_DEGREES))
