"""Build landscapes of administrative unit and land use from boundaries and a land-cover map.

It writes a file to look at and to correct before it is loaded, and needs no warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import MultiPolygon
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.landscapes.basins import Linked, with_headwaters
from pipeline.landscapes.building import Tally, Unit, UnitParts, landscapes_of, tally, unit_parts
from pipeline.landscapes.land_use_words import land_use_words
from pipeline.landscapes.landscape import MOST_HUMID, Landscape, refuse_duplicates
from pipeline.landscapes.legend import NO_DATA, Kind, Legend, default_legend, legend_from_yaml
from pipeline.landscapes.rasters import RasterPiece, area_weighted_mean
from pipeline.sources.boundary_files import read_basins, read_irrigated, read_units
from pipeline.sources.feature_files import SUFFIXES
from pipeline.sources.landscape_files import demand_writable, write_landscapes
from pipeline.sources.rasters import Raster, class_polygons, open_raster
from pipeline.steps.progress import Advance

IrrigatedIn = Callable[[Unit], BaseGeometry | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What landscapes are to be built from."""

    boundaries: Sequence[Path]
    id_field: str
    name_field: str
    names: Mapping[str, str] = field(default_factory=dict)
    """Columns of names by language code."""
    country: Country | None = None
    land_cover: Path
    legend: Path | None = None
    """None: the shipped one, of IGBP classes."""
    irrigated: Path | None = None
    """A raster, or a file of polygons."""
    irrigated_above: float = 0.0
    """Cells of that raster with more than this are irrigated."""
    aridity: Path | None = None
    aridity_scale: float = 1.0
    basins: Sequence[Path] = ()
    min_area_km2: float = 0.0


@dataclass(frozen=True, slots=True)
class Built:
    """What was built, and of what it could not be."""

    landscapes: list[Landscape]
    tally: Tally
    joined: list[str]
    """Units that came in several features, by id."""
    linked: Linked | None
    """None where no basins were given."""
    without_aridity: int
    """Landscapes that the raster of aridity holds no value for."""
    languages_left_out: list[str]
    """Languages of the boundaries that have no words for land uses."""
    unchecked_languages: list[str]
    """Languages of names whose words no speaker has checked."""


def build_landscapes(order: Order, to: Path, advance: Advance) -> Built:
    """Build the landscapes that `order` describes and write them to `to`.

    Raises:
        InputError: a file cannot be read or does not fit, cells are of a class the legend does
            not name, no landscape comes out, or `to` cannot be written.
    """
    demand_writable(to)
    legend = default_legend() if order.legend is None else _legend(order.legend)
    units = read_units(
        order.boundaries,
        id_field=order.id_field,
        name_field=order.name_field,
        names=order.names,
        country=order.country,
    )
    basins = read_basins(order.basins)
    divided = _divided(order, legend, units, advance)
    landscapes = [one for parts in divided for one in landscapes_of(parts)]
    if not landscapes:
        raise InputError(
            f"{order.land_cover}: expected cells with a land use inside the boundaries, got none "
            f"in {len(units)} units; is it the map of these countries, and --min-area-km2 right?"
        )
    where = ", ".join(map(str, order.basins))
    linked = with_headwaters(landscapes, basins, units, where) if basins else None
    landscapes = landscapes if linked is None else linked.landscapes
    if order.aridity is not None:
        landscapes = _with_aridity(landscapes, order.aridity, order.aridity_scale, advance)
    refuse_duplicates(landscapes, str(to))
    write_landscapes(to, landscapes)
    asked = set(order.names)
    named = {language for one in landscapes for language in one.names}
    return Built(
        landscapes,
        tally(divided),
        [unit.unit_id for unit in units if unit.features > 1],
        linked,
        sum(one.aridity_index is None for one in landscapes) if order.aridity else 0,
        sorted(asked - named),
        sorted(named & land_use_words().unchecked),
    )


def _legend(path: Path) -> Legend:
    try:
        return legend_from_yaml(path.read_text("utf-8"), str(path))
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected YAML in UTF-8, got other bytes ({error})") from error


def _divided(
    order: Order, legend: Legend, units: Sequence[Unit], advance: Advance
) -> list[UnitParts]:
    with open_raster(order.land_cover) as cover, _irrigated(order) as irrigated_in:
        if not cover.is_whole_numbers:
            raise InputError(
                f"{order.land_cover}: expected class codes, got numbers with decimals; save the "
                "classes as whole numbers"
            )
        divided = []
        for number, unit in enumerate(units):
            advance("cutting units by land use", number, len(units))
            cells = _cells(cover, legend, unit)
            parts = unit_parts(unit, cells, irrigated_in(unit), min_area_km2=order.min_area_km2)
            divided.append(parts)
        advance("cutting units by land use", len(units), len(units))
        return divided


def _cells(cover: Raster, legend: Legend, unit: Unit) -> dict[Kind, MultiPolygon]:
    """Outlines of the cells around a unit, by what the legend says they are."""
    piece = cover.piece(unit.geometry.bounds)
    if piece is None:
        return {}
    kinds, positions = legend.kinds(piece.values)
    kinds.append(NO_DATA)
    classes = np.where(piece.is_known, positions, np.int32(len(kinds) - 1))
    return {kinds[at]: outline for at, outline in class_polygons(classes, piece).items()}


@contextmanager
def _irrigated(order: Order) -> Iterator[IrrigatedIn]:
    """Give a function that finds the irrigated land around a unit; None where nothing says it."""
    path = order.irrigated
    if path is None:
        yield lambda unit: None
    elif path.suffix.lower() in SUFFIXES:
        land = read_irrigated(path)
        shapely.prepare(land)
        yield lambda unit: shapely.clip_by_rect(land, *unit.geometry.bounds)
    else:
        with open_raster(path) as raster:
            yield lambda unit: _irrigated_cells(raster, unit, order.irrigated_above)


def _irrigated_cells(raster: Raster, unit: Unit, above: float) -> BaseGeometry:
    piece = raster.piece(unit.geometry.bounds)
    if piece is None:
        return MultiPolygon()
    is_irrigated = piece.is_known & (piece.values > above)
    return class_polygons(is_irrigated.astype(np.int32), piece).get(1, MultiPolygon())


def _with_aridity(
    landscapes: Sequence[Landscape], path: Path, scale: float, advance: Advance
) -> list[Landscape]:
    found = []
    with open_raster(path) as raster:
        for number, landscape in enumerate(landscapes, start=1):
            piece = raster.piece(landscape.geometry.bounds)
            if piece is not None:
                _refuse_below_zero(piece, path, landscape)
            mean = None if piece is None else area_weighted_mean(piece, landscape.geometry)
            found.append(replace(landscape, aridity_index=_aridity(mean, scale, path, landscape)))
            advance("taking the mean of aridity", number, len(landscapes))
    return found


def _refuse_below_zero(piece: RasterPiece, path: Path, landscape: Landscape) -> None:
    """A few cells of -9999 could leave a mean that looks like one."""
    known = piece.values[piece.is_known]
    if known.size and known.min() < 0:
        raise InputError(
            f"{path}: expected rain by PET, 0 or more, got {known.min():g} around "
            f"{landscape.landscape_id!r}; if that stands for no value, mark it so, for instance "
            f"with rio edit-info --nodata {known.min():g} FILE"
        )


def _aridity(mean: float | None, scale: float, path: Path, landscape: Landscape) -> float | None:
    if mean is None:
        return None
    index = round(mean * scale, 4)
    if not 0.0 <= index <= MOST_HUMID:
        raise InputError(
            f"{path}: expected rain by PET, from 0 to {MOST_HUMID:g}, got {index:g} for "
            f"{landscape.landscape_id!r}; a raster in ten-thousandths needs --aridity-scale 0.0001"
        )
    return index
