"""A landscape as the polygons of a CAP message: few points, closed, apart from each other.

CAP 1.2 knows no holes: a landscape with one is cut through it, so that no enclave is covered.
"""

from __future__ import annotations

from collections.abc import Iterable

import shapely
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from pipeline.core.errors import InputError

MAX_POINTS = 300
FIRST_TOLERANCE_DEGREES = 0.001
DECIMALS = 4
GRID_DEGREES = 10.0**-DECIMALS
"""Some ten metres: finer than any grid of rain."""


def cap_polygons(geometry: BaseGeometry, where: str) -> list[str]:
    """Return the polygons of `geometry` as CAP writes them: ``lat,lon lat,lon …``, closed.

    The outline is simplified until at most `MAX_POINTS` points are left; islands and holes smaller
    than the tolerance squared go first.

    Args:
        geometry: valid polygons in longitude and latitude, degrees.
        where: names the landscape in errors.

    Raises:
        InputError: `geometry` has no area.
    """
    land = _parts(geometry)
    pieces, tolerance = _pieces(land), FIRST_TOLERANCE_DEGREES
    while sum(len(piece.exterior.coords) for piece in pieces) > MAX_POINTS:
        land = _simplified(land, tolerance)
        pieces, tolerance = _pieces(land), 2 * tolerance
    if not pieces:
        raise InputError(
            f"landscape {where}: expected polygons with an area, got {geometry.geom_type}; "
            "load its boundary again"
        )
    return [_text(piece) for piece in pieces]


def _simplified(land: list[Polygon], tolerance: float) -> list[Polygon]:
    largest = max(land, key=lambda part: part.area)
    kept = [part for part in land if part is largest or part.area > tolerance**2]
    outlines = [_with_large_holes(part, tolerance**2).simplify(tolerance) for part in kept]
    # Simplified one by one, neighbours may come to overlap: the union takes them together.
    return _parts(shapely.union_all(outlines))


def _with_large_holes(part: Polygon, least_area: float) -> Polygon:
    holes = [hole for hole in part.interiors if Polygon(hole).area > least_area]
    return Polygon(part.exterior, holes)


def _pieces(land: Iterable[Polygon]) -> list[Polygon]:
    """Return `land` without holes, its coordinates rounded and still valid."""
    rounded = _parts(_on_grid(shapely.union_all(list(land))))
    cut = [piece for part in rounded for piece in _without_holes(part)]
    return [piece for whole in cut for piece in _parts(_on_grid(whole))]


def _without_holes(part: Polygon) -> list[Polygon]:
    if not part.interiors:
        return [part]
    west, south, east, north = part.bounds
    middle = round(Polygon(part.interiors[0]).centroid.x, DECIMALS)
    halves = (box(west, south, middle, north), box(middle, south, east, north))
    cut = [piece for half in halves for piece in _parts(part.intersection(half))]
    return [piece for whole in cut for piece in _without_holes(whole)]


def _on_grid(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.set_precision(geometry, GRID_DEGREES)


def _parts(geometry: BaseGeometry) -> list[Polygon]:
    """Return the polygons of `geometry`, however deep they lie."""
    if isinstance(geometry, Polygon):
        return [] if geometry.is_empty else [geometry]
    return [part for inner in getattr(geometry, "geoms", ()) for part in _parts(inner)]


def _text(piece: Polygon) -> str:
    # CAP asks for no direction; map programs that read it do: outlines against the clock.
    return " ".join(f"{lat:.4f},{lon:.4f}" for lon, lat in orient(piece).exterior.coords)
