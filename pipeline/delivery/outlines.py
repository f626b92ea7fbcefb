"""Landscapes as SVG paths: whole numbers on a spherical Mercator, simplified together, few bytes.

Neighbours keep their common borders, because a border is simplified once and not once from each side
(Visvalingam and Whyatt's areas, as GEOS applies them to a coverage). No landscape vanishes: what is
too small to be seen is drawn as a dot.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

WIDTH = 2400
"""Map units across: 55 degrees of longitude come to 0.02 degrees each."""
MOST_BYTES = 70_000
"""Of all paths together."""

_DOT = 4
"""Map units from the middle of a dot to its corners; what is no wider is drawn as one."""
_FIRST_TOLERANCE = 0.5
_LAST_TOLERANCE = 256.0
_MARGIN = 8

Box = tuple[int, int, int, int]
Positions = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Projection:
    """Spherical Mercator, scaled: degrees to map units, which run right and down."""

    west: float
    """Longitude at x = 0, degrees east."""
    north: float
    """Mercator ordinate at y = 0, in degrees of longitude at the equator."""
    scale: float
    """Map units for a degree of longitude."""

    def to_map(self, positions: Positions) -> Positions:
        """Return map units of longitudes and latitudes in degrees; dims ``(position, 2)``."""
        x = (positions[:, 0] - self.west) * self.scale
        y = (self.north - _ordinate(positions[:, 1])) * self.scale
        return np.column_stack([x, y])

    def to_degrees(self, x: float, y: float) -> tuple[float, float]:
        """Return longitude and latitude of a place on the map, as the page's script does."""
        ordinate = math.radians(self.north - y / self.scale)
        latitude = 2.0 * math.atan(math.exp(ordinate)) - math.pi / 2.0
        return self.west + x / self.scale, math.degrees(latitude)


@dataclass(frozen=True, slots=True)
class Outline:
    """One landscape on the map."""

    path: str
    """SVG path data of whole numbers: for each ring ``M x y``, then ``l`` with steps, then ``z``.
    Holes are rings of their own: fill it by the even-odd rule."""
    point: tuple[int, int]
    """A place inside, for a mark or a name."""
    bounds: Box
    """Left, top, right, bottom."""
    is_dot: bool
    """Whether it is too small to show its shape."""


@dataclass(frozen=True, slots=True)
class OutlineMap:
    """Landscapes on one map."""

    width: int
    height: int
    projection: Projection
    outlines: Mapping[str, Outline]
    """By landscape id, in the order given."""
    have_common_borders: bool
    """False where landscapes overlap or leave slivers: then neighbours may differ by a little."""

    @property
    def view_box(self) -> str:
        """As an SVG of it says."""
        return f"0 0 {self.width} {self.height}"

    @property
    def path_bytes(self) -> int:
        """The length of all paths."""
        return _length(self.outlines.values())


def outlines(
    geometries: Mapping[str, BaseGeometry], *, width: int = WIDTH, most_bytes: int = MOST_BYTES
) -> OutlineMap:
    """Return the landscapes as paths of at most `most_bytes` together.

    Simplified no more than it takes. With so many landscapes that even the coarsest paths are
    longer, they are longer.

    Args:
        geometries: polygons in degrees, longitude first, by landscape id.
        width: of the map, in map units.
        most_bytes: of all paths.
    """
    if not geometries:
        return OutlineMap(width, width, Projection(0.0, 0.0, 1.0), {}, have_common_borders=True)
    projection, height = _fitted(geometries.values(), width)
    placed = [shapely.transform(one, projection.to_map) for one in geometries.values()]
    shapes = np.array(placed, dtype=object)
    is_coverage = bool(shapely.coverage_is_valid(shapes))
    tolerance, found = _FIRST_TOLERANCE, _drawn(shapes, _FIRST_TOLERANCE)
    while _length(found) > most_bytes and tolerance < _LAST_TOLERANCE:
        tolerance *= math.sqrt(2.0)
        found = _drawn(shapes, tolerance)
    by_id = dict(zip(geometries, found, strict=True))
    return OutlineMap(width, height, projection, by_id, have_common_borders=is_coverage)


def _length(found: Iterable[Outline]) -> int:
    return sum(len(one.path) for one in found)


def _ordinate(latitudes: Positions) -> Positions:
    """Mercator ordinates of latitudes, in degrees of longitude at the equator."""
    return np.degrees(np.log(np.tan(np.pi / 4.0 + np.radians(latitudes) / 2.0)))


def _fitted(geometries: Iterable[BaseGeometry], width: int) -> tuple[Projection, int]:
    """Return the projection that fits the width, and the height that follows, a margin around."""
    west, south, east, north = shapely.total_bounds(list(geometries))
    low, high = _ordinate(np.array([south, north]))
    scale = (width - 2 * _MARGIN) / max(east - west, (high - low) / 2.0, 1e-6)
    margin = _MARGIN / scale
    height = math.ceil((high - low) * scale) + 2 * _MARGIN
    return Projection(float(west - margin), float(high + margin), float(scale)), height


def _drawn(shapes: npt.NDArray[Any], tolerance: float) -> list[Outline]:
    simple = _simplified(shapes, tolerance)
    return [_outline(one, whole, tolerance) for one, whole in zip(simple, shapes, strict=True)]


def _simplified(shapes: npt.NDArray[Any], tolerance: float) -> npt.NDArray[Any]:
    """Return the shapes with fewer vertices, common borders once.

    Of landscapes that overlap, GEOS leaves the borders that cross as they are to each other; where
    it gives up, each is simplified for itself.
    """
    try:
        return np.asarray(shapely.coverage_simplify(shapes, tolerance))
    except shapely.GEOSException:
        return np.asarray(shapely.simplify(shapes, tolerance))


def _outline(simple: BaseGeometry, whole: BaseGeometry, tolerance: float) -> Outline:
    """Return the outline of one landscape; small parts and holes go, the largest part stays."""
    inside = shapely.get_coordinates(shapely.point_on_surface(whole))[0]
    point = (round(float(inside[0])), round(float(inside[1])))
    rings = list(_rings(simple, least=max(4.0, tolerance * tolerance)))
    corners = np.vstack(rings) if rings else np.empty((0, 2), dtype=np.int64)
    if not len(corners) or np.ptp(corners, axis=0).max() <= 2 * _DOT:
        rings, is_dot = [_dot(point)], True
        corners = rings[0]
    else:
        is_dot = False
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    bounds = (int(left), int(top), int(right), int(bottom))
    return Outline("".join(map(_path, rings)), point, bounds, is_dot)


def _dot(point: tuple[int, int]) -> npt.NDArray[np.int64]:
    """A square that stands on its corner."""
    x, y = point
    return np.array([(x, y - _DOT), (x + _DOT, y), (x, y + _DOT), (x - _DOT, y)])


def _rings(simple: BaseGeometry, *, least: float) -> Iterator[npt.NDArray[np.int64]]:
    """Yield closed rings as whole numbers, the last position left out; largest part first.

    Parts and holes below `least` square units are left out, but for the largest part.
    """
    parts = [p for p in shapely.get_parts(simple) if isinstance(p, Polygon) and not p.is_empty]
    for number, part in enumerate(sorted(parts, key=lambda one: -one.area)):
        if number and part.area < least:
            return
        holes = [ring for ring in part.interiors if Polygon(ring).area >= least]
        for ring in (part.exterior, *holes):
            corners = _whole(shapely.get_coordinates(ring))
            if len(corners) >= 3:
                yield corners


def _whole(positions: Positions) -> npt.NDArray[np.int64]:
    """Return the corners of a ring as whole numbers, without what came to lie on the one before.

    A corner that two landscapes share is rounded to the same place in both.
    """
    corners = np.rint(positions).astype(np.int64)
    is_new = np.any(corners != np.roll(corners, 1, axis=0), axis=1)
    return corners[is_new]


def _path(corners: Sequence[Any] | npt.NDArray[np.int64]) -> str:
    """Return the path of one ring: where it begins, and the steps to the next corners."""
    steps = np.diff(np.asarray(corners), axis=0).ravel().tolist()
    x, y = (int(number) for number in corners[0])
    return f"M{_joined([x, y])}l{_joined(steps)}z"


def _joined(numbers: Iterable[int]) -> str:
    """Numbers as SVG reads them: a minus sign parts them as well as a space does."""
    text = " ".join(map(str, numbers))
    return text.replace(" -", "-")
