"""Little GeoTIFFs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio


def write_map(
    path: Path,
    values: Any,  # noqa: ANN401 - whatever numpy makes an array of
    *,
    west: float = 65.0,
    north: float = 41.0,
    cell: float = 0.5,
    crs: str | None = "EPSG:4326",
    **profile: Any,  # noqa: ANN401
) -> Path:
    """Write a GeoTIFF of one band, rows from the north, bytes unless the values say otherwise."""
    cells = np.asarray(values)
    if cells.dtype == np.int64:
        cells = cells.astype(np.uint8)
    options = {
        "driver": "GTiff",
        "count": 1,
        "height": cells.shape[0],
        "width": cells.shape[1],
        "dtype": cells.dtype,
        "crs": crs,
        "transform": rasterio.Affine(cell, 0.0, west, 0.0, -cell, north),
        **profile,
    }
    with rasterio.open(path, "w", **options) as dataset:
        for band in range(1, options["count"] + 1):
            dataset.write(cells, band)
    return path
