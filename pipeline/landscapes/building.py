"""Builds landscapes of one administrative unit and one land use each, from cells of a land-cover map.

A landscape is the unit's part in cells of that land use and nothing else; cells that the boundary
crosses give the part inside. Every square kilometre of a unit is in a landscape, in a class
that is none, or in a landscape that was left out as too small, and the three are told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.land_use_words import land_use_words
from pipeline.landscapes.landscape import BOUNDARY_DECIMALS, Landscape, geodesic_area_km2
from pipeline.landscapes.legend import OUTSIDE, Cover, Kind, Unclaimed

RAINFED_FROM_LATITUDE = 48.0
"""Degrees north from which Central Asian grain is grown without irrigation."""

_SMALLEST_STEP = 10.0**-BOUNDARY_DECIMALS
_SURFACE = 2
_TRIFLE = 1.0e-5
"""Share of a unit that two ways to sum its area may differ by."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit, such as a district."""

    unit_id: str
    country: Country
    names: Mapping[str, str]
    """By language code, English among them."""
    geometry: Polygon | MultiPolygon
    features: int = 1
    """How many features of its file make it up."""


@dataclass(frozen=True, slots=True)
class UnitParts:
    """How the area of a unit divides."""

    unit: Unit
    parts: Mapping[LandUse, Polygon | MultiPolygon]
    dropped_km2: Mapping[LandUse, float]
    """Areas too small for a landscape."""
    unclaimed_km2: Mapping[str, float]
    """Areas by the name of their class."""


@dataclass(slots=True)
class Sum:
    """How many there are, and their area."""

    count: int = 0
    km2: float = 0.0

    def add(self, km2: float) -> None:
        self.count += 1
        self.km2 += km2


def _sums() -> defaultdict[Any, Sum]:
    return defaultdict(Sum)


@dataclass(frozen=True, slots=True)
class Tally:
    """How the area of all units divided."""

    units: Sum = field(default_factory=Sum)
    landscapes: Mapping[LandUse, Sum] = field(default_factory=_sums)
    dropped: Mapping[LandUse, Sum] = field(default_factory=_sums)
    unclaimed: Mapping[str, Sum] = field(default_factory=_sums)


def unit_parts(
    unit: Unit,
    cells: Mapping[Kind, MultiPolygon],
    irrigated: BaseGeometry | None = None,
    *,
    min_area_km2: float = 0.0,
) -> UnitParts:
    """Return the unit's part of each kind of cell.

    Args:
        unit: the unit.
        cells: outlines of the cells around the unit, by what they are.
        irrigated: where fields are irrigated; without it all fields of a unit are one or the
            other, by `are_fields_rainfed` of their middle.
        min_area_km2: below this a part is no landscape.

    Raises:
        InputError: cells of the unit are of a class that the legend does not name.
    """
    cut = {kind: polygons_of(unit.geometry.intersection(area)) for kind, area in cells.items()}
    unclaimed = _unclaimed_km2(unit, cut)
    parts = {use: polygons_of(rounded(part)) for use, part in _by_land_use(unit, cut, irrigated)}
    sizes = {use: geodesic_area_km2(part) for use, part in parts.items() if not part.is_empty}
    kept = [use for use in LandUse if sizes.get(use, 0.0) >= min_area_km2 and use in sizes]
    return UnitParts(
        unit,
        {use: parts[use] for use in kept},
        {use: sizes[use] for use in LandUse if use in sizes and use not in kept},
        unclaimed,
    )


def _unclaimed_km2(unit: Unit, cut: Mapping[Kind, MultiPolygon]) -> dict[str, float]:
    areas = {kind: geodesic_area_km2(part) for kind, part in cut.items() if not part.is_empty}
    _refuse_unnamed(unit, areas)
    unclaimed = {kind.name: km2 for kind, km2 in areas.items() if isinstance(kind, Unclaimed)}
    whole = geodesic_area_km2(unit.geometry)
    outside = whole - sum(areas.values())
    if outside > _TRIFLE * whole:
        unclaimed[OUTSIDE.name] = outside
    return unclaimed


def _refuse_unnamed(unit: Unit, areas: Mapping[Kind, float]) -> None:
    unnamed = [
        f"{kind.name} ({km2:,.0f} km²)"
        for kind, km2 in areas.items()
        if isinstance(kind, Unclaimed) and not kind.is_in_legend
    ]
    if unnamed:
        raise InputError(
            f"land cover of {unit.unit_id!r}: expected classes of the legend, got "
            f"{', '.join(unnamed)}; add them to a copy of the legend, or name the legend of this "
            "map with --legend"
        )


def _by_land_use(
    unit: Unit, cut: Mapping[Kind, MultiPolygon], irrigated: BaseGeometry | None
) -> Iterable[tuple[LandUse, BaseGeometry]]:
    """The parts by land use; fields join what the map itself calls irrigated or rainfed."""
    found: dict[LandUse, list[BaseGeometry]] = {}
    for kind, part in cut.items():
        if isinstance(kind, LandUse):
            found.setdefault(kind, []).append(part)
    fields = cut.get(Cover.CROPLAND)
    if fields is not None and not fields.is_empty:
        for use, land in _fields(unit.country, fields, irrigated).items():
            found.setdefault(use, []).append(land)
    return ((use, shapely.union_all(pieces)) for use, pieces in found.items())


def _fields(
    country: Country, fields: MultiPolygon, irrigated: BaseGeometry | None
) -> dict[LandUse, BaseGeometry]:
    if irrigated is None:
        is_rainfed = are_fields_rainfed(country, fields.centroid.y)
        return {LandUse.RAINFED if is_rainfed else LandUse.IRRIGATED: fields}
    return {
        LandUse.IRRIGATED: fields.intersection(irrigated),
        LandUse.RAINFED: fields.difference(irrigated),
    }


def are_fields_rainfed(country: Country, latitude: float) -> bool:
    """Return whether fields around `latitude`, degrees north, are grown without irrigation.

    By latitude and not by aridity, which puts the spring wheat of Kostanay with the cotton of
    Bukhara; see `default/README.md`.
    """
    return country is Country.TURKIYE or latitude >= RAINFED_FROM_LATITUDE


def polygons_of(geometry: BaseGeometry) -> MultiPolygon:
    """Return the polygons of a geometry, without the lines and points that cutting leaves."""
    parts = shapely.get_parts(geometry)
    if any(part.geom_type == "GeometryCollection" for part in parts):
        parts = shapely.get_parts(parts)
    return MultiPolygon(list(parts[shapely.get_dimensions(parts) == _SURFACE]))


def rounded(geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry as files hold it, valid: positions of a centimetre."""
    return shapely.set_precision(geometry, _SMALLEST_STEP)


def landscapes_of(parts: UnitParts) -> list[Landscape]:
    """Return the landscapes of a unit: one for each land use, named after both."""
    unit = parts.unit
    return [
        derived_landscape(
            f"{unit.unit_id}-{use}",
            unit.country,
            land_use_words().names(unit.names, use),
            use,
            geometry,
        )
        for use, geometry in parts.parts.items()
    ]


def derived_landscape(
    landscape_id: str,
    country: Country,
    names: Mapping[str, str],
    land_use: LandUse,
    geometry: Polygon | MultiPolygon,
) -> Landscape:
    """Return a landscape nobody has surveyed: salinity and headwater are not known."""
    return Landscape(
        landscape_id=landscape_id,
        country=country,
        name_en=names["en"],
        names=names,
        land_use=land_use,
        is_salt_affected=False,
        is_derived=True,
        headwater_landscape_id=None,
        geometry=geometry,
    )


def tally(all_parts: Iterable[UnitParts]) -> Tally:
    """Return the numbers and areas of all units together."""
    total = Tally()
    for parts in all_parts:
        total.units.add(geodesic_area_km2(parts.unit.geometry))
        for use, geometry in parts.parts.items():
            total.landscapes[use].add(geodesic_area_km2(geometry))
        for use, km2 in parts.dropped_km2.items():
            total.dropped[use].add(km2)
        for name, km2 in parts.unclaimed_km2.items():
            total.unclaimed[name].add(km2)
    return total
