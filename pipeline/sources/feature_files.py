"""Tables of polygons from GeoJSON and GeoPackage files, in WGS84."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import geopandas as gpd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError

SUFFIXES = (".geojson", ".json", ".gpkg")
_BOM = b"\xef\xbb\xbf"
_SQLITE = b"SQLite format 3\x00"
_GEOPACKAGE = (b"GPKG", b"GP10", b"GP11")
_GEOPACKAGE_AT = 68
"""Where a database of SQLite says whose it is."""
_HEAD_BYTES = 4096
_NAME_COLUMN = re.compile(r"name_([a-z]{2,3}(?:[-_][A-Za-z0-9]+)*)")


class Feature(NamedTuple):
    """One feature of a file."""

    where: str
    """The file and the number of the feature, for errors."""
    record: Mapping[str, object]
    """Values by column; None where a cell is empty."""
    geometry: BaseGeometry | None


def read_features(path: Path) -> list[Feature]:
    """Return the features of the one layer of a file, in its order, positions turned to WGS84.

    Raises:
        InputError: no such file, another format, several layers, an unknown coordinate system, or
            no feature.
    """
    table = _table(path)
    cells = table.drop(columns="geometry").astype(object)
    records = cells.where(cells.notna(), None).to_dict("records")
    return [
        Feature(f"{path}: feature {number}", _values(record), geometry)
        for number, (record, geometry) in enumerate(
            zip(records, table.geometry, strict=True), start=1
        )
    ]


def names_by_column(record: Mapping[str, object]) -> dict[str, str]:
    """Return the names in the columns ``name_<language>``, by language code."""
    found = ((_NAME_COLUMN.fullmatch(column), value) for column, value in record.items())
    return {match[1]: str(name) for match, name in found if match and name is not None}


def _table(path: Path) -> gpd.GeoDataFrame:
    """The one layer of the file in WGS84."""
    if not path.is_file():
        raise InputError(f"{path}: no such file, expected GeoJSON or GeoPackage; correct the path")
    place = _opened_as(path)
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(place)]
        if len(layers) != 1:
            raise InputError(
                f"{path}: expected one layer, got {len(layers)} ({', '.join(layers)}); "
                "save the layer of landscapes to a file of its own"
            )
        table = pyogrio.read_dataframe(place, layer=layers[0], on_invalid="ignore")
    except (DataSourceError, DataLayerError) as error:
        raise InputError(
            f"{path}: expected GeoJSON or GeoPackage, got what GDAL cannot read ({error}); "
            "the file may be cut short: copy it again"
        ) from error
    if not isinstance(table, gpd.GeoDataFrame) or table.empty:
        raise InputError(f"{path}: expected features with polygons, got none; check the export")
    return _in_wgs84(table, str(path))


def _opened_as(path: Path) -> str:
    """Return the file as GDAL is to open it: as GeoJSON or GeoPackage, by its content.

    Left to itself GDAL takes it for any of a hundred formats, and of some a text file names other
    files to read, addresses to fetch or commands to run.

    Raises:
        InputError: it is neither.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.removeprefix(_BOM).lstrip().startswith(b"{"):
        return f"GeoJSON:{path}"
    if head.startswith(_SQLITE) and head[_GEOPACKAGE_AT:].startswith(_GEOPACKAGE):
        return str(path)
    raise InputError(
        f"{path}: expected GeoJSON or GeoPackage, got {head[:16]!r}; export it as one of these"
    )


def _in_wgs84(table: gpd.GeoDataFrame, where: str) -> gpd.GeoDataFrame:
    if table.crs is None:
        raise InputError(
            f"{where}: no coordinate system, expected one such as EPSG:4326; set it when exporting"
        )
    return table if table.crs.equals("EPSG:4326") else table.to_crs("EPSG:4326")


def _values(record: Mapping[str, object]) -> dict[str, object]:
    return {str(column): _value(cell) for column, cell in record.items()}


def _value(cell: object) -> object:
    """The value of a cell, None where it is empty; a whole number without decimals."""
    if cell == "":
        return None
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell
