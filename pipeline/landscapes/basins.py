"""River basins: which headwater the water of an irrigated landscape comes from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.building import Unit, derived_landscape, polygons_of, rounded
from pipeline.landscapes.land_use_words import HEADWATER, land_use_words
from pipeline.landscapes.landscape import Landscape, checked_geometry, geodesic_area_km2


@dataclass(frozen=True, slots=True)
class Basin:
    """A river basin, and the basin its water comes from."""

    basin_id: str
    names: Mapping[str, str]
    """By language code, English among them."""
    headwater_basin_id: str | None
    """None: a headwater itself, fed by its own rain and snow."""
    land_use: LandUse
    country: Country | None
    """None: the country of the units that hold the largest part of it."""
    geometry: Polygon | MultiPolygon


@dataclass(frozen=True, slots=True)
class Linked:
    """Landscapes with their headwaters."""

    landscapes: list[Landscape]
    """All that were given, in their order, and behind them one for each headwater referred to."""
    headwaters: list[str]
    """Ids of those."""
    on_own_water: list[str]
    """Irrigated landscapes inside a headwater basin: they need none."""
    without_basin: list[str]
    """Irrigated landscapes that lie in no basin: their headwater is not known."""
    divided: list[str]
    """Irrigated landscapes of which no basin holds half: the largest part decided."""


def headwaters_of(basins: Sequence[Basin], where: str) -> dict[str, str]:
    """Return for each basin the headwater its water comes from in the end, by ids.

    A headwater stands for itself.

    Raises:
        InputError: one id twice, an id no basin has, or basins that feed each other in a circle.
    """
    upstream = {basin.basin_id: basin.headwater_basin_id for basin in basins}
    if len(upstream) < len(basins):
        ids = [basin.basin_id for basin in basins]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        raise InputError(
            f"{where}: expected each basin_id once, got more than one of {', '.join(twice)}; "
            "join the parts into one feature"
        )
    unknown = {one for one in upstream.values() if one is not None} - upstream.keys()
    if unknown:
        raise InputError(
            f"{where}: headwater_basin_id: expected the basin_id of a basin in the layer, got "
            f"{', '.join(sorted(unknown))}; add these basins or correct the ids"
        )
    return {basin_id: _source_of(basin_id, upstream, where) for basin_id in upstream}


def _source_of(basin_id: str, upstream: Mapping[str, str | None], where: str) -> str:
    way = [basin_id]
    while (above := upstream[way[-1]]) is not None:
        if above in way:
            circle = " -> ".join([*way[way.index(above) :], above])
            raise InputError(
                f"{where}: headwater_basin_id: expected a way up to a headwater, got the circle "
                f"{circle}; leave the headwater's own empty"
            )
        way.append(above)
    return way[-1]


def with_headwaters(
    landscapes: Sequence[Landscape], basins: Sequence[Basin], units: Sequence[Unit], where: str
) -> Linked:
    """Return the landscapes, irrigated ones linked to the headwater of the basin they lie in.

    The basin that holds the largest part of a landscape counts.

    Raises:
        InputError: as `headwaters_of`; no basin meets any irrigated landscape; or a headwater's
            country cannot be told.
    """
    sources = headwaters_of(basins, where)
    at_home = _BasinsByPlace(basins)
    linked = Linked([], [], [], [], [])
    needed: dict[str, None] = {}
    for landscape in landscapes:
        if landscape.land_use is not LandUse.IRRIGATED:
            linked.landscapes.append(landscape)
            continue
        basin_id, share = at_home.largest(landscape.geometry)
        source = None if basin_id is None else sources[basin_id]
        if basin_id is None:
            linked.without_basin.append(landscape.landscape_id)
        elif source == basin_id:
            linked.on_own_water.append(landscape.landscape_id)
        elif source is not None:
            needed[source] = None
        if basin_id is not None and share < _MOST:
            linked.divided.append(landscape.landscape_id)
        headwater = None if source in {None, basin_id} else _headwater_id(str(source))
        linked.landscapes.append(replace(landscape, headwater_landscape_id=headwater))
    _refuse_apart(linked, landscapes, where)
    made = [_headwater(basin, units, where) for basin in basins if basin.basin_id in needed]
    linked.landscapes.extend(made)
    linked.headwaters.extend(one.landscape_id for one in made)
    return linked


_MOST = 0.5


class _BasinsByPlace:
    """Basins, found by where they lie."""

    def __init__(self, basins: Sequence[Basin]) -> None:
        self._basins = basins
        self._tree = shapely.STRtree([basin.geometry for basin in basins])

    def largest(self, geometry: BaseGeometry) -> tuple[str | None, float]:
        """The basin that holds the largest part of `geometry`, and the share it holds."""
        near = np.sort(self._tree.query(geometry, predicate="intersects"))
        parts = [
            geodesic_area_km2(polygons_of(self._basins[at].geometry.intersection(geometry)))
            for at in near
        ]
        if not parts or max(parts) == 0.0:
            return None, 0.0
        first = parts.index(max(parts))
        return self._basins[near[first]].basin_id, parts[first] / geodesic_area_km2(geometry)


def _refuse_apart(linked: Linked, landscapes: Iterable[Landscape], where: str) -> None:
    irrigated = [one for one in landscapes if one.land_use is LandUse.IRRIGATED]
    if irrigated and len(linked.without_basin) == len(irrigated):
        raise InputError(
            f"{where}: expected basins that hold irrigated landscapes, got none that meets one of "
            f"the {len(irrigated)}; is it the layer of these countries, and its coordinate system "
            "the right one?"
        )


def _headwater_id(basin_id: str) -> str:
    return f"{basin_id}-{HEADWATER}"


def _headwater(basin: Basin, units: Sequence[Unit], where: str) -> Landscape:
    where = f"{where}: basin {basin.basin_id!r}"
    country = basin.country or _country_of(basin, units, where)
    return derived_landscape(
        _headwater_id(basin.basin_id),
        country,
        land_use_words().names(basin.names, HEADWATER),
        basin.land_use,
        checked_geometry(polygons_of(rounded(basin.geometry)), country, where),
    )


def _country_of(basin: Basin, units: Sequence[Unit], where: str) -> Country:
    held: dict[Country, float] = {}
    for unit in units:
        if unit.geometry.intersects(basin.geometry):
            part = polygons_of(unit.geometry.intersection(basin.geometry))
            held[unit.country] = held.get(unit.country, 0.0) + geodesic_area_km2(part)
    if sum(held.values()) < _MOST * geodesic_area_km2(basin.geometry):
        raise InputError(
            f"{where}: expected its country_code, got none, and most of it lies outside the units, "
            "so that they do not tell its country; fill in country_code"
        )
    return max(held, key=lambda country: held[country])
