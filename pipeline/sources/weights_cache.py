"""Area weights kept on disk: seconds to make, the same until a grid or a boundary changes."""

from __future__ import annotations

import math
import os
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_array
from shapely.geometry.base import BaseGeometry

from pipeline.landscapes.weights import AreaWeights, Grid, area_weights, fingerprint

_ABSENT_OR_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error)
"""What reading a cache file may raise; damage costs only making the weights again."""


def cached_area_weights(
    folder: Path, grid: Grid, geometries: Sequence[BaseGeometry]
) -> AreaWeights:
    """Return `area_weights`, from `folder` if they are there and whole, else made and kept.

    The file's name is the fingerprint of grid and boundaries, so a change of either makes anew.
    """
    path = folder / f"{fingerprint(grid, geometries)}.npz"
    try:
        return _read(path, grid, len(geometries))
    except _ABSENT_OR_DAMAGED:
        weights = area_weights(grid, geometries)
        _save(path, weights)
        return weights


def _read(path: Path, grid: Grid, landscapes: int) -> AreaWeights:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
        parts = (kept["data"], kept["indices"], kept["indptr"])
        total_km2 = kept["total_km2"]
    if total_km2.shape != (landscapes,):
        raise ValueError(f"{path}: {total_km2.shape} totals of {landscapes} landscapes")
    cell_km2 = csr_array(parts, shape=(landscapes, math.prod(grid.shape)))
    cell_km2.check_format(full_check=True)
    return AreaWeights(grid, cell_km2, total_km2)


def _save(path: Path, weights: AreaWeights) -> None:
    """Write beside the place and move there, so that no reader meets half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(
                file,
                data=weights.cell_km2.data,
                indices=weights.cell_km2.indices,
                indptr=weights.cell_km2.indptr,
                total_km2=weights.total_km2,
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
