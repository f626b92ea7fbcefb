"""GeoPackage, for programs for maps that do not know GeoParquet yet."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.core.dictionary import View
from pipeline.delivery.tables.csv_text import as_json
from pipeline.delivery.tables.kinds import GEOJSON
from pipeline.delivery.tables.parquet import GEOMETRY, geometries


class GeoPackageFile:
    """A GeoPackage being gathered: landscapes are few enough to be held in memory."""

    def __init__(self, path: Path, view: View) -> None:
        self.path = path
        self._view = view
        self._batches: list[pa.RecordBatch] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Keep some rows."""
        self._batches.append(batch)

    def abandon(self) -> None:
        """Do nothing: nothing is open."""

    def close(self, said: Mapping[str, str]) -> None:
        """Write all of them; lists become JSON text, polygons multipolygons."""
        table = pa.Table.from_batches(self._batches)
        columns, fields = [], []
        for column in self._view.columns:
            if column.name == GEOJSON:
                continue
            values = _plain(table[column.name])
            columns.append(values)
            note = {"GDAL:OGR:comment": column.meaning}
            fields.append(pa.field(column.name, values.type, metadata=note))
        shapes = [_many(shape) for shape in geometries(table[GEOJSON])]
        columns.append(pa.chunked_array([pa.array(shapely.to_wkb(shapes), pa.binary())]))
        fields.append(
            pa.field(GEOMETRY, pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"})
        )
        try:
            pyogrio.write_arrow(
                pa.Table.from_arrays(columns, schema=pa.schema(fields)),
                self.path,
                layer=self._view.name,
                driver="GPKG",
                geometry_name=GEOMETRY,
                geometry_type="MultiPolygon",
                crs="EPSG:4326",
                layer_metadata={
                    **said,
                    "DESCRIPTION": " ".join(filter(None, (said.get("label"), self._view.meaning))),
                    "units": json.dumps({c.name: c.unit for c in self._view.columns if c.unit}),
                },
            )
        except (DataSourceError, DataLayerError) as error:
            raise OSError(str(error)) from error


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        return pa.chunked_array([c.storage for c in values.chunks], kind.storage_type)
    if pa.types.is_list(kind):
        return pa.chunked_array([pa.array([as_json(one) for one in values.to_pylist()], "string")])
    return values


def _many(shape: shapely.Geometry | None) -> shapely.Geometry | None:
    return shapely.MultiPolygon([shape]) if isinstance(shape, shapely.Polygon) else shape
