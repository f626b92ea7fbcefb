"""Parquet and GeoParquet 1.1: the same rows give the same bytes.

Row groups have a fixed number of rows, however they come in. GeoParquet holds polygons as WKB in
longitude and latitude (EPSG:4326).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS

from pipeline.core.dictionary import View
from pipeline.delivery.tables.kinds import GEOJSON, columns_as_json, described

ROWS_A_GROUP = 131_072
"""Enough for good compression, few enough to be held in memory at full width."""
GEOMETRY = "geometry"


class ParquetFile:
    """A Parquet file being written.

    `said` is what is known of it from the beginning, and meets whoever reads its schema.
    """

    def __init__(
        self, path: Path, schema: pa.Schema, view: View, said: Mapping[str, str] | None = None
    ) -> None:
        self.path = path
        self._view = view
        self._schema = described(schema, view).with_metadata(said)
        self._pending: list[pa.RecordBatch] = []
        self._rows = 0
        self._writer = pq.ParquetWriter(
            path, self._written(self._schema), compression="zstd", write_page_index=True
        )

    def write(self, batch: pa.RecordBatch) -> None:
        """Write some rows, as soon as there are enough for a row group."""
        arrays = [_storage(column) for column in batch.columns]
        self._pending.append(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows += batch.num_rows
        while self._rows >= ROWS_A_GROUP:
            self._write_group(ROWS_A_GROUP)

    def close(self, said: Mapping[str, str]) -> None:
        """Write what is left and the metadata."""
        try:
            if self._rows:
                self._write_group(self._rows)
            self._writer.add_key_value_metadata(
                {**said, "columns": columns_as_json(self._view), **self._more()}
            )
        finally:
            self._writer.close()

    def abandon(self) -> None:
        """Let go of the file; what is in it will be deleted."""
        with suppress(OSError):
            self._writer.close()

    def _write_group(self, rows: int) -> None:
        table = pa.Table.from_batches(self._pending)
        group = self._written(table.slice(0, rows).combine_chunks())
        self._writer.write_table(group, row_group_size=rows)
        self._pending = table.slice(rows).to_batches()
        self._rows -= rows

    def _written(self, what: Any) -> Any:  # noqa: ANN401 - a schema or a table
        """Return the columns as they are in the file."""
        return what

    def _more(self) -> dict[str, str]:
        return {}


class GeoParquetFile(ParquetFile):
    """A Parquet file whose polygons programs for maps understand."""

    def __init__(
        self, path: Path, schema: pa.Schema, view: View, said: Mapping[str, str] | None = None
    ) -> None:
        self._bounds = [float("inf"), float("inf"), float("-inf"), float("-inf")]
        self._kinds: set[str] = set()
        super().__init__(path, schema, view, said)

    def _written(self, what: Any) -> Any:  # noqa: ANN401 - a schema or a table
        if isinstance(what, pa.Schema):
            return what.remove(what.get_field_index(GEOJSON)).append(_FIELD)
        shapes = geometries(what[GEOJSON])
        self._note(shapes)
        wkb = pa.array(shapely.to_wkb(shapes, byte_order=1), pa.binary())
        return what.drop_columns([GEOJSON]).append_column(_FIELD, wkb)

    def _note(self, shapes: Any) -> None:  # noqa: ANN401 - an array of shapes
        self._kinds |= {shape.geom_type for shape in shapes if shape is not None}
        west, south, east, north = shapely.total_bounds(shapes).tolist()
        if west == west:  # not NaN: there is a shape
            held = self._bounds
            self._bounds = [
                min(held[0], west), min(held[1], south), max(held[2], east), max(held[3], north),
            ]  # fmt: skip

    def _more(self) -> dict[str, str]:
        column: dict[str, Any] = {
            "encoding": "WKB",
            "geometry_types": sorted(self._kinds),
            "crs": CRS.from_epsg(4326).to_json_dict(),
            "edges": "planar",
        }
        if self._kinds:
            column["bbox"] = self._bounds
        return {
            "geo": json.dumps(
                {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}
            )
        }


_FIELD = pa.field(
    GEOMETRY,
    pa.binary(),
    metadata={"meaning": "Polygon as WKB, longitude and latitude in degrees (EPSG:4326)."},
)


def geometries(texts: pa.Array | pa.ChunkedArray) -> Any:  # noqa: ANN401 - shapely has no types for it
    """Return the shapes of GeoJSON texts as an array; None where there is none."""
    return shapely.from_geojson(texts.to_numpy(zero_copy_only=False))


def _storage(column: pa.Array) -> pa.Array:
    kept = column.storage if isinstance(column, pa.ExtensionArray) else column
    if pa.types.is_list(kept.type):
        return kept.cast(pa.list_(kept.type.value_type))
    return kept
