"""Landscapes from and to GeoJSON and GeoPackage files.

Columns carry the names of our fields: landscape_id, name_en, country_code, land_use, names (an
object, or one column name_<language> each), is_salt_affected, is_derived,
headwater_landscape_id, aridity_index. What a file calls otherwise, or lacks, the caller says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataSourceError, FeatureError

from pipeline.core.errors import InputError
from pipeline.landscapes.landscape import (
    BOUNDARY_DECIMALS,
    Landscape,
    landscape_of,
    refuse_duplicates,
)
from pipeline.sources.feature_files import Feature, names_by_column, read_features

_FIELDS = (
    "landscape_id",
    "name_en",
    "names",
    "country_code",
    "land_use",
    "is_salt_affected",
    "is_derived",
    "headwater_landscape_id",
    "aridity_index",
)
_DRIVERS = {
    ".geojson": ("GeoJSON", {"RFC7946": "YES", "COORDINATE_PRECISION": str(BOUNDARY_DECIMALS)}),
    ".gpkg": ("GPKG", {}),
}


def read_landscapes(
    path: Path,
    *,
    id_field: str | None = None,
    name_field: str | None = None,
    country: str | None = None,
    land_use: str | None = None,
    is_derived: bool = False,
) -> list[Landscape]:
    """Return the landscapes of a file, in its order, positions turned to WGS84.

    `id_field` and `name_field` name the columns that hold landscape_id and name_en; the id is
    kept unchanged, as text. `country`, `land_use` and `is_derived` are values for features that
    do not say it themselves.

    Raises:
        InputError: no such file, another format, several layers, an unknown coordinate system, a
            column that is not there, no feature, one id twice, or a feature that is no landscape.
    """
    columns = {"landscape_id": id_field or "landscape_id", "name_en": name_field or "name_en"}
    values = {"country_code": country, "land_use": land_use, "is_derived": is_derived}
    features = read_features(path)
    _refuse_missing(columns, features[0].record, str(path))
    landscapes = [_landscape(feature, columns, values) for feature in features]
    refuse_duplicates(landscapes, str(path))
    return landscapes


def _refuse_missing(columns: Mapping[str, str], record: Mapping[str, object], where: str) -> None:
    for field, column in columns.items():
        if column not in record:
            option = "--id-field" if field == "landscape_id" else "--name-field"
            raise InputError(
                f"{where}: no column {column!r} for {field}, expected one of "
                f"{', '.join(record)}; name the right one with {option}"
            )


def _landscape(
    feature: Feature, columns: Mapping[str, str], values: Mapping[str, object]
) -> Landscape:
    where, record, geometry = feature
    ours = {field: record.get(columns.get(field, field)) for field in _FIELDS}
    for field, value in values.items():
        ours[field] = value if ours[field] is None else ours[field]
    for field, option in (("country_code", "--country"), ("land_use", "--land-use")):
        if ours[field] is None:
            raise InputError(
                f"{where}: {field} is empty, expected a value; fill it in or say {option}"
            )
    ours["names"] = ours["names"] or names_by_column(record)
    return landscape_of(ours, geometry, where)


def demand_writable(path: Path) -> None:
    """Refuse a file that `write_landscapes` could not write, before the work is done.

    Raises:
        InputError: the name ends neither in .geojson nor in .gpkg, or there is no such folder, or
            nothing may be written there.
    """
    if path.suffix not in _DRIVERS:
        raise InputError(
            f"{path}: expected a name that ends in {' or '.join(_DRIVERS)}, got "
            f"{path.suffix or 'none'}; name it so"
        )
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise InputError(
            f"{path}: expected a folder in which files can be written, got {path.parent}; make it, "
            "or name another"
        )


def write_landscapes(path: Path, landscapes: Sequence[Landscape]) -> None:
    """Write landscapes so that `read_landscapes` gives them again; area_km2 stands beside.

    The file is whole or not there.

    Raises:
        InputError: as `demand_writable`.
        OSError: the file could not be written to its end.
    """
    demand_writable(path)
    driver, options = _DRIVERS[path.suffix]
    languages = sorted({language for one in landscapes for language in one.names} - {"en"})
    table = gpd.GeoDataFrame(
        [_row(one, languages) for one in landscapes],
        geometry=[one.geometry for one in landscapes],
        crs="EPSG:4326",
    )
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        pyogrio.write_dataframe(
            table, part, driver=driver, layer=path.stem, promote_to_multi=True, **options
        )
        # GDAL does not tell whether the last of what it wrote came to the disk.
        if pyogrio.read_info(part, force_feature_count=True)["features"] != len(landscapes):
            raise OSError(f"{path}: it could not be written to its end; is the disk full?")
        part.replace(path)
    except (DataSourceError, FeatureError) as error:
        raise OSError(f"{path}: it could not be written ({error}); is the disk full?") from error
    finally:
        part.unlink(missing_ok=True)


def _row(landscape: Landscape, languages: Sequence[str]) -> dict[str, object]:
    return {
        "landscape_id": landscape.landscape_id,
        "country_code": str(landscape.country),
        "name_en": landscape.name_en,
        **{f"name_{language}": landscape.names.get(language) for language in languages},
        "land_use": str(landscape.land_use),
        "is_salt_affected": landscape.is_salt_affected,
        "is_derived": landscape.is_derived,
        "headwater_landscape_id": landscape.headwater_landscape_id,
        "aridity_index": landscape.aridity_index,
        "area_km2": round(landscape.area_km2, 3),
    }
