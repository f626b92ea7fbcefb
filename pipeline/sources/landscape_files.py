"""Landscapes from GeoJSON and GeoPackage files.

Columns carry the names of our fields: landscape_id, name_en, country_code, land_use, names (an
object, or one column name_<language> each), is_salt_affected, is_derived,
headwater_landscape_id. What a file calls otherwise, or lacks, the caller says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError
from pipeline.landscapes.landscape import Landscape, landscape_of, refuse_duplicates

_FIELDS = (
    "landscape_id",
    "name_en",
    "names",
    "country_code",
    "land_use",
    "is_salt_affected",
    "is_derived",
    "headwater_landscape_id",
)
_NAME_COLUMN = re.compile(r"name_([a-z]{2,3}(?:[-_][A-Za-z0-9]+)*)")


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
    table = _table(path)
    columns = {"landscape_id": id_field, "name_en": name_field}
    table = _with_our_names(table, columns, str(path))
    values = {"country_code": country, "land_use": land_use, "is_derived": is_derived}
    cells = table.drop(columns="geometry").astype(object)
    records = cells.where(cells.notna(), None).to_dict("records")
    landscapes = [
        _landscape(record, geometry, values, f"{path}: feature {number}")
        for number, (record, geometry) in enumerate(
            zip(records, table.geometry, strict=True), start=1
        )
    ]
    refuse_duplicates(landscapes, str(path))
    return landscapes


def _table(path: Path) -> gpd.GeoDataFrame:
    """The one layer of the file in WGS84."""
    if not path.is_file():
        raise InputError(f"{path}: no such file, expected GeoJSON or GeoPackage; correct the path")
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        if len(layers) != 1:
            raise InputError(
                f"{path}: expected one layer, got {len(layers)} ({', '.join(layers)}); "
                "save the layer of landscapes to a file of its own"
            )
        table = pyogrio.read_dataframe(path, layer=layers[0], on_invalid="ignore")
    except (DataSourceError, DataLayerError) as error:
        raise InputError(
            f"{path}: expected GeoJSON or GeoPackage, got what GDAL cannot read ({error}); "
            "the file may be cut short: copy it again"
        ) from error
    if not isinstance(table, gpd.GeoDataFrame) or table.empty:
        raise InputError(f"{path}: expected features with polygons, got none; check the export")
    return _in_wgs84(table, str(path))


def _in_wgs84(table: gpd.GeoDataFrame, where: str) -> gpd.GeoDataFrame:
    if table.crs is None:
        raise InputError(
            f"{where}: no coordinate system, expected one such as EPSG:4326; set it when exporting"
        )
    return table if table.crs.equals("EPSG:4326") else table.to_crs("EPSG:4326")


def _with_our_names(
    table: gpd.GeoDataFrame, columns: Mapping[str, str | None], where: str
) -> gpd.GeoDataFrame:
    """Copy the columns the caller named to the names of our fields."""
    found = [str(column) for column in table.columns if column != "geometry"]
    for field, column in columns.items():
        if (column or field) not in found:
            option = "--id-field" if field == "landscape_id" else "--name-field"
            raise InputError(
                f"{where}: no column {column or field!r} for {field}, expected one of "
                f"{', '.join(found)}; name the right one with {option}"
            )
    return table.assign(**{field: table[column or field] for field, column in columns.items()})


def _landscape(
    record: Mapping[str, object],
    geometry: BaseGeometry | None,
    values: Mapping[str, object],
    where: str,
) -> Landscape:
    ours = {field: _value(record.get(field)) for field in _FIELDS}
    for field, value in values.items():
        ours[field] = value if ours[field] is None else ours[field]
    for field, option in (("country_code", "--country"), ("land_use", "--land-use")):
        if ours[field] is None:
            raise InputError(
                f"{where}: {field} is empty, expected a value; fill it in or say {option}"
            )
    ours["names"] = ours["names"] or _names_by_column(record)
    return landscape_of(ours, geometry, where)


def _names_by_column(record: Mapping[str, object]) -> dict[str, str]:
    found = ((_NAME_COLUMN.fullmatch(column), _value(value)) for column, value in record.items())
    return {match[1]: str(name) for match, name in found if match and name is not None}


def _value(cell: object) -> object:
    """The value of a cell, None where it is empty; a whole number without decimals."""
    if cell == "":
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
