"""In which formats tables leave, and what all of them have in common."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from pipeline.core.dictionary import View
from pipeline.core.errors import InputError

GEOJSON = "geometry_geojson"
"""The column of a view that makes it fit for a map."""


class Format(StrEnum):
    """A format of files."""

    PARQUET = "parquet"
    GEOPARQUET = "geoparquet"
    CSV = "csv"
    XLSX = "xlsx"
    GEOPACKAGE = "gpkg"
    """For programs too old for GeoParquet, such as the QGIS of Debian 12."""

    @property
    def is_map(self) -> bool:
        """Whether only views with polygons leave in it."""
        return self in {Format.GEOPARQUET, Format.GEOPACKAGE}


@dataclass(frozen=True, slots=True)
class CsvStyle:
    """How numbers and fields are written in CSV.

    Raises:
        InputError: one sign for both.
    """

    separator: str = ","
    decimal: str = "."

    def __post_init__(self) -> None:
        if self.separator == self.decimal:
            raise InputError(
                f"csv: expected two different signs between fields and in numbers, got "
                f"{self.separator!r} for both; use ';' between fields"
            )


class TableFile(Protocol):
    """A table being written."""

    @property
    def path(self) -> Path: ...

    def write(self, batch: pa.RecordBatch) -> None:
        """Write some rows; each batch has the columns of the view."""

    def close(self, said: Mapping[str, str]) -> None:
        """Finish the file; `said` goes into it where the format has a place for it."""

    def abandon(self) -> None:
        """Let go of a file that will not be finished; of a finished one nothing happens."""


def described(schema: pa.Schema, view: View) -> pa.Schema:
    """Return `schema` with meaning and unit of each column; JSON becomes text."""
    meant = {column.name: column for column in view.columns}
    fields = []
    for one in schema:
        kind = one.type.storage_type if isinstance(one.type, pa.BaseExtensionType) else one.type
        if pa.types.is_list(kind):
            kind = pa.list_(kind.value_type)
        column = meant[one.name]
        said = {"meaning": column.meaning, "postgres_type": column.type}
        if column.unit is not None:
            said["unit"] = column.unit
        fields.append(pa.field(one.name, kind, metadata=said))
    return pa.schema(fields)


def columns_as_json(view: View) -> str:
    """Return name, type, unit and meaning of each column, for readers that see only file metadata."""
    return json.dumps(
        [
            {"name": c.name, "type": c.type, "unit": c.unit, "meaning": c.meaning}
            for c in view.columns
        ],
        ensure_ascii=False,
    )
