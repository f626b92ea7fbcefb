"""Landscapes: polygons with a country, a land use and names, checked before they are believed.

Positions are WGS84 degrees (EPSG:4326), longitude first. Boundaries imply no opinion on status.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import numpy as np
import pyproj
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.core.units import KM2_PER_M2

Box = tuple[float, float, float, float]
Vocabulary = TypeVar("Vocabulary", bound=StrEnum)

WGS84 = pyproj.Geod(ellps="WGS84")
BOUNDARY_DECIMALS = 7
"""1e-7 degree is a centimetre: below it two boundaries are the same."""

_STRAIGHT_DEGREES = 0.05
"""Edges this short are geodesics and straight in degrees alike, to a millionth of an area."""

MOST_HUMID = 20.0
"""An aridity index above it is a scaled number: even the wettest coasts have single figures."""

REGION_BOX: Box = (20.0, 30.0, 95.0, 60.0)
"""West, south, east, north: the six countries and the upper basins their rivers come from."""

COUNTRY_BOXES: dict[Country, Box] = {
    Country.KAZAKHSTAN: (46.0, 40.0, 88.0, 56.0),
    Country.KYRGYZSTAN: (68.7, 38.7, 80.8, 43.8),
    Country.TAJIKISTAN: (66.8, 36.2, 75.7, 41.5),
    Country.TURKMENISTAN: (51.9, 34.6, 67.2, 43.3),
    Country.UZBEKISTAN: (55.5, 36.7, 73.7, 46.1),
    Country.TURKIYE: (25.2, 35.3, 45.3, 42.6),
}
"""Extent of each country and half a degree: coarse, meant for swapped or projected positions."""

_REMEDY_POSITIONS = "are longitude and latitude swapped, or the coordinate system misnamed?"


@dataclass(frozen=True, slots=True)
class Landscape:
    """A production landscape: the polygon that is judged as a whole."""

    landscape_id: str
    country: Country
    name_en: str
    names: Mapping[str, str]
    """By language code, English among them."""
    land_use: LandUse
    is_salt_affected: bool
    is_derived: bool
    """The land use was derived from land cover, not stated by an agency."""
    headwater_landscape_id: str | None
    """Where the water of irrigated land comes from."""
    geometry: Polygon | MultiPolygon
    aridity_index: float | None = None
    """Rain by PET, mean of many years over the landscape (UNEP 1997); None where nobody said."""

    @property
    def area_km2(self) -> float:
        """Area on the WGS84 ellipsoid, holes taken out."""
        return geodesic_area_km2(self.geometry)

    @property
    def boundary_sha256(self) -> str:
        """Hash of the boundary, the same however its rings are ordered, begun or turned.

        A polygon and a multipolygon of that one polygon are the same boundary.
        """
        polygons = shapely.get_parts(shapely.force_2d(self.geometry))
        rounded = shapely.transform(shapely.multipolygons(polygons), _rounded)
        normal = shapely.normalize(rounded)
        return hashlib.sha256(bytes(shapely.to_wkb(normal, byte_order=1))).hexdigest()


def geodesic_area_km2(geometry: BaseGeometry) -> float:
    """Return the area of polygons on the WGS84 ellipsoid.

    Edges are straight in degrees, as maps draw them and as area weights take them: a geodesic
    between two far points would leave a parallel by kilometres.
    """
    stepped = shapely.segmentize(geometry, _STRAIGHT_DEGREES)
    area_m2, _ = WGS84.geometry_area_perimeter(shapely.orient_polygons(stepped))
    return abs(float(area_m2)) * KM2_PER_M2


def landscape_of(
    record: Mapping[str, object], geometry: BaseGeometry | None, where: str
) -> Landscape:
    """Return the landscape that `record`, keyed by the names of our fields, describes.

    A field that is absent or None is missing; `names` may be a mapping or its JSON text.

    Raises:
        InputError: a field is missing or outside its vocabulary, or the geometry is refused.
    """
    landscape_id = _text(record, "landscape_id", where)
    where = f"{where} {landscape_id!r}"
    country = _word(record, "country_code", Country, where)
    headwater = record.get("headwater_landscape_id")
    if headwater is not None and str(headwater) == landscape_id:
        raise InputError(
            f"{where}: headwater_landscape_id is the landscape itself, expected another one; "
            "leave it empty where the water falls on the landscape"
        )
    name_en = _text(record, "name_en", where)
    return Landscape(
        landscape_id=landscape_id,
        country=country,
        name_en=name_en,
        names={"en": name_en, **_names(record.get("names"), where)},
        land_use=_word(record, "land_use", LandUse, where),
        is_salt_affected=_flag(record, "is_salt_affected", where),
        is_derived=_flag(record, "is_derived", where),
        headwater_landscape_id=None if headwater is None else str(headwater),
        geometry=checked_geometry(geometry, country, where),
        aridity_index=_aridity(record.get("aridity_index"), where),
    )


def checked_geometry(
    geometry: BaseGeometry | None, country: Country | None, where: str
) -> Polygon | MultiPolygon:
    """Return the geometry in two dimensions, when it can be a landscape of `country`.

    Raises:
        InputError: missing, empty, no polygon, invalid, outside the region, or far from where the
            country lies, if one is given.
    """
    if geometry is None or geometry.is_empty:
        raise InputError(
            f"{where}: no readable geometry, expected a polygon; draw it or drop the feature"
        )
    flat = shapely.force_2d(geometry)
    if not isinstance(flat, Polygon | MultiPolygon):
        raise InputError(
            f"{where}: expected a Polygon or MultiPolygon, got {geometry.geom_type}; "
            "turn lines and collections into polygons"
        )
    if not flat.is_valid:
        raise InputError(
            f"{where}: invalid geometry, expected closed rings that do not cross, got "
            f"{explain_validity(flat)}; mend it, for instance with 'Fix geometries' in QGIS"
        )
    _refuse_outside_region(flat, where)
    if country is not None:
        _refuse_elsewhere(flat, country, where)
    return flat


def refuse_duplicates(landscapes: Iterable[Landscape], where: str) -> None:
    """Refuse two landscapes of one id.

    Raises:
        InputError: names the ids that come more than once.
    """
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for landscape in landscapes:
        if landscape.landscape_id in seen:
            twice[landscape.landscape_id] = None
        seen.add(landscape.landscape_id)
    if twice:
        raise InputError(
            f"{where}: expected each landscape_id once, got more than one of "
            f"{', '.join(map(repr, twice))}; join the parts into one feature, or name another "
            "--id-field"
        )


def _refuse_outside_region(geometry: Polygon | MultiPolygon, where: str) -> None:
    found: Box = geometry.bounds
    if not shapely.box(*REGION_BOX).contains(shapely.box(*found)):
        raise InputError(
            f"{where}: outside the six countries, expected positions within {_words(REGION_BOX)}, "
            f"got {_words(found)}; {_REMEDY_POSITIONS}"
        )


def _refuse_elsewhere(geometry: Polygon | MultiPolygon, country: Country, where: str) -> None:
    box = COUNTRY_BOXES[country]
    if not shapely.box(*box).intersects(geometry):
        raise InputError(
            f"{where}: outside {country}, expected to meet {_words(box)}, got "
            f"{_words(geometry.bounds)}; correct the country, or {_REMEDY_POSITIONS}"
        )


def _words(box: Box) -> str:
    west, south, east, north = box
    return f"{west:g} to {east:g} E, {south:g} to {north:g} N"


def _rounded(positions: np.ndarray) -> np.ndarray:
    return np.round(positions, BOUNDARY_DECIMALS)


def _text(record: Mapping[str, object], field: str, where: str) -> str:
    value = record.get(field)
    if value is None or not str(value).strip():
        raise InputError(f"{where}: {field} is empty, expected a text; fill it in the file")
    return str(value)


def _word(
    record: Mapping[str, object], field: str, vocabulary: type[Vocabulary], where: str
) -> Vocabulary:
    text = _text(record, field, where)
    if text not in set(vocabulary):
        raise InputError(
            f"{where}: unknown {field}, expected one of {', '.join(vocabulary)}, got {text!r}; "
            "correct it in the file"
        )
    return vocabulary(text)


def _flag(record: Mapping[str, object], field: str, where: str) -> bool:
    value = record.get(field)
    truths = {None: False, "": False, "true": True, "false": False, "1": True, "0": False}
    key = value if value is None else str(value).strip().lower()
    if key not in truths:
        raise InputError(
            f"{where}: {field}: expected true or false, got {value!r}; correct it in the file"
        )
    return truths[key]


def _aridity(value: object, where: str) -> float | None:
    if value is None or value == "":
        return None
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not 0.0 <= number <= MOST_HUMID:
        raise InputError(
            f"{where}: aridity_index: expected rain by PET, from 0 to {MOST_HUMID:g}, got "
            f"{value!r}; correct it in the file"
        )
    return number


def _names(value: object, where: str) -> dict[str, str]:
    if value is None or value == "":
        return {}
    try:
        names = json.loads(value) if isinstance(value, str) else value
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(
            f"{where}: names: expected JSON such as {{'ru': '…'}}, got {str(value)[:80]!r}; {error}"
        ) from error
    if not isinstance(names, Mapping):
        raise InputError(
            f"{where}: names: expected an object of language and name, got {value!r}; "
            "write one name for each language code"
        )
    return {str(language): str(name) for language, name in names.items() if name}
