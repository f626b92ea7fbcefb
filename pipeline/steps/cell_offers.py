"""What archived files have for each cell of a grid, and what holds of it.

The choice among files is that of landscapes, with a cell for a landscape: it is covered or it is
not, and nothing is averaged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import xarray as xr

from pipeline.core.gaps import Gap
from pipeline.core.ids import Release
from pipeline.core.panels import gap_code
from pipeline.indices.pet import (
    hargreaves_mm,
    has_hargreaves_inputs,
    has_pet_inputs,
    reference_evapotranspiration_mm,
)
from pipeline.landscapes.choosing import Offer, choice
from pipeline.landscapes.lattice import Lattice, Overlap
from pipeline.landscapes.weights import Grid
from pipeline.warehouse.files import HeldFile

Floats = npt.NDArray[np.float64]

RAIN = "precipitation_mm"
PET = "pet_mm"
HARGREAVES = "pet_hargreaves_mm"
VALUES_AT_ONCE = 500_000
"""Of a field while PET is made of it: three months of the six countries at 0.1 degree. The formulas
hold some twenty fields of double precision at once."""


def cell_offer(
    grid: Grid, file: HeldFile, fields: xr.Dataset, releases: Sequence[Release]
) -> Offer | None:
    """Return what `file` has for the cells of `grid`, dims ``(month, cell)``.

    None: its `fields` are of another lattice, or lie elsewhere.
    """
    own = Grid.of(fields)
    if not Lattice.of(grid).holds(own):
        return None
    overlap = Overlap.of(own, grid)
    if not overlap.cells_of_whole.size:
        return None
    issued_at = fields.attrs.get("issued_at")
    rain, gaps = _rain(fields, overlap, grid)
    return Offer(
        file_id=file.file_id,
        issued_at=None if issued_at is None else datetime.fromisoformat(issued_at),
        received_at=file.received_at,
        is_final=np.array([release is Release.FINAL for release in releases]),
        precipitation_mm=rain,
        gaps=gaps,
        coverage=(gaps == 0).astype(np.float64),
        beside=_beside(fields, overlap, grid),
        has_precipitation=RAIN in fields,
    )


def _rain(fields: xr.Dataset, overlap: Overlap, grid: Grid) -> tuple[Floats, npt.NDArray[np.uint8]]:
    """Precipitation, and why it is missing, as for a landscape of that one cell."""
    if RAIN not in fields:
        shape = fields.sizes["month"], grid.cells
        return np.full(shape, np.nan), np.full(shape, gap_code(Gap.NOT_PUBLISHED), dtype=np.uint8)
    is_published = fields[RAIN].notnull().any(("latitude", "longitude")).to_numpy()
    piece = fields[RAIN].isel(latitude=overlap.rows, longitude=overlap.columns)
    rain = _placed(piece, overlap, grid)
    missing = np.where(is_published, gap_code(Gap.OUTSIDE_GRID), gap_code(Gap.NOT_PUBLISHED))
    return rain, (np.isnan(rain) * missing[:, np.newaxis]).astype(np.uint8)


def _beside(fields: xr.Dataset, overlap: Overlap, grid: Grid) -> Mapping[str, Floats]:
    """PET by each method that the file has the fields for."""
    methods: tuple[tuple[str, bool, Callable[[xr.Dataset], xr.DataArray]], ...] = (
        (PET, has_pet_inputs(fields), reference_evapotranspiration_mm),
        (HARGREAVES, has_hargreaves_inputs(fields), hargreaves_mm),
    )
    piece = fields.isel(latitude=overlap.rows, longitude=overlap.columns)
    several = max(1, VALUES_AT_ONCE // max(1, overlap.cells_of_whole.size))
    blocks = [
        piece.isel(month=slice(start, start + several))
        for start in range(0, piece.sizes["month"], several)
    ]
    return {
        name: np.concatenate([_placed(method(block), overlap, grid) for block in blocks])
        for name, has_inputs, method in methods
        if has_inputs
    }


def _placed(piece: xr.DataArray, overlap: Overlap, grid: Grid) -> Floats:
    """What the file has of `grid` on all its cells, dims ``(month, cell)``, NaN elsewhere."""
    placed = np.full((piece.sizes["month"], grid.cells), np.nan)
    placed[:, overlap.cells_of_whole] = piece.to_numpy().reshape(len(placed), -1)
    return placed


def held_maps(offers: Sequence[Offer]) -> dict[str, Floats]:
    """Return what holds of `offers`: precipitation and both PETs, dims ``(month, cell)``."""
    names = (PET, HARGREAVES)
    rainy = [offer.precipitation_mm for offer in offers if offer.has_precipitation]
    given = {RAIN: rainy, **{n: [o.beside[n] for o in offers if n in o.beside] for n in names}}
    if any(len(values) > 1 for values in given.values()):
        return _chosen(offers)
    nothing = np.full(offers[0].precipitation_mm.shape, np.nan)
    return {name: values[0] if values else nothing for name, values in given.items()}


def _chosen(offers: Sequence[Offer]) -> dict[str, Floats]:
    """The choice, a month at a time: it looks at every offer of every cell."""
    shape = offers[0].precipitation_mm.shape
    maps = {name: np.full(shape, np.nan) for name in (RAIN, PET, HARGREAVES)}
    for row in range(shape[0]):
        held = choice([_month(offer, slice(row, row + 1)) for offer in offers])
        maps[RAIN][row] = held.precipitation_mm[0]
        for name, values in held.beside.items():
            maps[name][row] = values[0]
    return maps


def _month(offer: Offer, row: slice) -> Offer:
    return replace(
        offer,
        is_final=offer.is_final[row],
        precipitation_mm=offer.precipitation_mm[row],
        gaps=offer.gaps[row],
        coverage=offer.coverage[row],
        beside={name: values[row] for name, values in offer.beside.items()},
    )
