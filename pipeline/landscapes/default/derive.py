"""Derives the default landscapes from boundaries, land cover and climate zones, by hand.

    python -m pipeline.landscapes.default.derive DATA

DATA is the folder of source data named in README.md. Writes landscapes.geojson and
provenance.json beside this file; the same sources give the same bytes.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from shapely.geometry import mapping, shape

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.building import RAINFED_FROM_LATITUDE
from pipeline.landscapes.rasters import RasterPiece, cells_of

HERE = Path(__file__).parent
BOUNDARIES = "boundaries/natural_earth_admin1_cacilm6.geojson"
LAND_COVER = "landscape/mcd12c1_igbp_2019_cacilm_bbox.tif"
CLIMATE = "landscape/koppen_geiger_simplified_cacilm_bbox.tif"

NATIONAL_LANGUAGE = {
    Country.KAZAKHSTAN: "kk",
    Country.KYRGYZSTAN: "ky",
    Country.TAJIKISTAN: "tg",
    Country.TURKMENISTAN: "tk",
    Country.UZBEKISTAN: "uz",
    Country.TURKIYE: "tr",
}

IGBP_CLASSES: dict[str, tuple[int, ...]] = {
    "cropland_fraction": (12, 14),
    "grassland_fraction": (10,),
    "barren_fraction": (15, 16),
    "forest_fraction": (1, 2, 3, 4, 5),
    "savanna_fraction": (8, 9),
    "shrubland_fraction": (6, 7),
    "wetland_fraction": (11,),
    "built_up_fraction": (13,),
}
"""Shares of land, that is of everything but water (class 0); together they are 1."""

KOPPEN_ARID = 2


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the rule turns; shares are of productive land unless said otherwise."""

    built_up: float = 0.5
    """Share of all land from which a unit is a city, and what grows there grows in gardens."""
    tree_based: float = 0.6
    agro_sylvo_pastoral: float = 0.3
    irrigated: float = 0.05
    """Lower than for rainfed land: an oasis feeds a unit that is desert pasture by area."""
    rainfed: float = 0.1
    rainfed_from_latitude: float = RAINFED_FROM_LATITUDE
    """Degrees north from which Central Asian grain is grown without irrigation."""


THRESHOLDS = Thresholds()


def read_class_map(path: Path) -> RasterPiece:
    """Return the map in a raster of one band of bytes, in degrees and north up.

    Raises:
        InputError: the file is not such a raster.
    """
    try:
        with rasterio.open(path) as dataset:
            found = (*dataset.dtypes, bool(dataset.crs and dataset.crs.is_geographic))
            place = dataset.transform
            codes = dataset.read(1)
    except RasterioError as error:
        raise InputError(
            f"{path}: expected a raster, got what GDAL cannot read: {error}"
        ) from error
    if found != ("uint8", True):
        raise InputError(f"{path}: expected one band of bytes in degrees, got {found}")
    return RasterPiece(
        codes, np.ones(codes.shape, dtype=np.bool_), place.c, place.f, place.a, -place.e
    )


def class_areas(class_map: RasterPiece, units: list[dict[str, Any]]) -> NDArray[np.float64]:
    """Area of each class code in each unit, dims (unit, code), in no particular unit of area.

    A cell counts by the fraction of it that the unit covers and by the cosine of its latitude.
    """
    cells = cells_of(class_map, [shape(unit["geometry"]) for unit in units])
    return np.array([np.bincount(one.values, weights=one.areas, minlength=256) for one in cells])


def fractions(
    cover_areas: NDArray[np.float64], zone_areas: NDArray[np.float64]
) -> dict[str, float]:
    """Return the published figures of one unit, to three decimals, from its class areas."""
    land = sum(cover_areas[list(codes)].sum() for codes in IGBP_CLASSES.values())
    shares = {
        name: round(float(cover_areas[list(codes)].sum() / land), 3)
        for name, codes in IGBP_CLASSES.items()
    }
    # Group 0 of the climate map is sea.
    return shares | {
        "arid_fraction": round(float(zone_areas[KOPPEN_ARID] / zone_areas[1:].sum()), 3)
    }


def land_use(
    country: Country,
    latitude: float,
    shares: Mapping[str, float],
    thresholds: Thresholds = THRESHOLDS,
) -> LandUse:
    """Return the land-use system the figures of a unit speak for; README.md gives the reasons.

    Productive land is what is neither barren nor built up. Trees are forest and savanna.
    """
    if shares["built_up_fraction"] >= thresholds.built_up:
        return LandUse.HOME_GARDEN
    # A unit of bare rock has no productive land, and nothing to divide.
    productive = max(1 - shares["barren_fraction"] - shares["built_up_fraction"], 0.001)
    trees = (shares["forest_fraction"] + shares["savanna_fraction"]) / productive
    crops = shares["cropland_fraction"] / productive
    if trees >= thresholds.tree_based:
        return LandUse.TREE_BASED
    if trees >= thresholds.agro_sylvo_pastoral and trees > crops:
        return LandUse.AGRO_SYLVO_PASTORAL
    is_dry_farmed = country is Country.TURKIYE or latitude >= thresholds.rainfed_from_latitude
    if is_dry_farmed:
        return LandUse.RAINFED if crops >= thresholds.rainfed else LandUse.PASTORAL
    return LandUse.IRRIGATED if crops >= thresholds.irrigated else LandUse.PASTORAL


def borderline(country: Country, latitude: float, shares: Mapping[str, float]) -> list[LandUse]:
    """Land uses the unit would have were one threshold on a share a fifth lower or higher."""
    moved = [
        replace(THRESHOLDS, **{name: value * factor})
        for name, value in asdict(THRESHOLDS).items()
        if name != "rainfed_from_latitude"
        for factor in (0.8, 1.2)
    ]
    other = {land_use(country, latitude, shares, thresholds) for thresholds in moved}
    return sorted(other - {land_use(country, latitude, shares)})


def landscapes(data: Path) -> list[dict[str, Any]]:
    """Return the GeoJSON features of all units, in the order of their ids."""
    units = json.loads((data / BOUNDARIES).read_text())["features"]
    cover = class_areas(read_class_map(data / LAND_COVER), units)
    zones = class_areas(read_class_map(data / CLIMATE), units)
    names = {row["source_gn_name"]: row for row in _names()}
    features = [
        _feature(unit["geometry"], names[unit["properties"]["gn_name"]], fractions(*areas))
        for unit, *areas in zip(units, cover, zones, strict=True)
    ]
    return sorted(features, key=lambda feature: feature["properties"]["landscape_id"])


def _names() -> list[dict[str, str]]:
    with (HERE / "names.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def _feature(
    geometry: dict[str, Any], row: Mapping[str, str], shares: dict[str, float]
) -> dict[str, Any]:
    country = Country(row["landscape_id"][:2])
    # The source winds its rings clockwise; RFC 7946 asks for the other way.
    polygon = shapely.orient_polygons(shape(geometry))
    names = {"en": row["name_en"], "ru": row["name_ru"]}
    names[NATIONAL_LANGUAGE[country]] = row["name_national"]
    if row["name_kaa"]:
        names["kaa"] = row["name_kaa"]
    properties = {
        "landscape_id": row["landscape_id"],
        "country_code": country,
        "name_en": row["name_en"],
        "names": names,
        "land_use": land_use(country, polygon.centroid.y, shares),
        "is_salt_affected": False,
        "is_derived": True,
        "headwater_landscape_id": None,
        **shares,
        "extent_note": row["extent_note"] or None,
    }
    return {"type": "Feature", "properties": properties, "geometry": mapping(polygon)}


def provenance(data: Path, features: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the set was made of and by which numbers; no dates, so that it is stable."""
    counts: dict[str, Counter[str]] = {country: Counter() for country in Country}
    unsure: dict[str, list[LandUse]] = {}
    for feature in features:
        unit = feature["properties"]
        counts[unit["country_code"]][unit["land_use"]] += 1
        latitude = shape(feature["geometry"]).centroid.y
        if others := borderline(Country(unit["country_code"]), latitude, unit):
            unsure[unit["landscape_id"]] = others
    inputs = {name: _sha256(data / name) for name in (BOUNDARIES, LAND_COVER, CLIMATE)}
    return {
        "derived_by": "pipeline/landscapes/default/derive.py",
        "sha256": inputs | {"names.csv": _sha256(HERE / "names.csv")},
        "igbp_classes": IGBP_CLASSES,
        "koppen_arid_group": KOPPEN_ARID,
        "thresholds": asdict(THRESHOLDS),
        "landscapes": len(features),
        "land_use_by_country": {country: dict(sorted(c.items())) for country, c in counts.items()},
        "would_differ_if_a_threshold_moved_by_a_fifth": unsure,
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def geojson(features: list[dict[str, Any]]) -> str:
    """Return the collection with one feature a line, so that a change shows as a line."""
    lines = ",\n".join(
        json.dumps(feature, ensure_ascii=False, separators=(",", ":")) for feature in features
    )
    head = '"type":"FeatureCollection","name":"default_landscapes"'
    return f'{{{head},"features":[\n{lines}\n]}}\n'


def main(arguments: list[str]) -> None:
    if len(arguments) != 1:
        raise InputError("derive: expected one argument, the folder of source data")
    data = Path(arguments[0])
    features = landscapes(data)
    (HERE / "landscapes.geojson").write_text(geojson(features), encoding="utf-8")
    record = json.dumps(provenance(data, features), ensure_ascii=False, indent=2)
    (HERE / "provenance.json").write_text(record + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
