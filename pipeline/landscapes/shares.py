"""How much of each landscape has an index at or below fixed values, cell by cell.

The index of a landscape is that of its mean rain; the share says whether all of it is dry, or a
corner. A cell without a value takes its area out; it never counts as dry or as wet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from pipeline.core.gaps import Gap
from pipeline.core.ids import AREA_CLASSES
from pipeline.core.panels import GapCodes, gap_code
from pipeline.landscapes.series import COVERAGE_TOLERANCE
from pipeline.landscapes.weights import AreaWeights, fraction_of

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Shares = npt.NDArray[np.float32]

INDEX_STEP = 1e-4
"""Maps keep an index in steps of this; both limits and values are compared as numbers of steps, so
that -1.0 is at or below -1.0 however it was rounded on the way."""
SHARE_DECIMALS = 4
METHOD_VERSION = 1
"""Raise it whenever shares come out differently: they are taken anew then."""

_CLASSES = len(AREA_CLASSES)
_NO_VALUE = np.iinfo(np.int16).min
_BINS = _CLASSES + 3
"""What a cell may be: at or below none of the limits, one, and so on to all; or blind; or else
without a value."""
_BLIND = _CLASSES + 1


def _bins() -> npt.NDArray[np.uint8]:
    """The bin of every number of steps, as a table: far quicker than comparing cell by cell."""
    steps = np.arange(2**16, dtype=np.uint16).view(np.int16)
    limits = np.array([round(limit / INDEX_STEP) for limit in AREA_CLASSES])
    counts: npt.NDArray[np.uint8] = (steps[:, np.newaxis] <= limits).sum(axis=1, dtype=np.uint8)
    counts[steps == _NO_VALUE] = _CLASSES + 2
    return counts


_BIN_OF = _bins()


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Where the cells of each landscape lie: made once, used for every map."""

    places: int
    """Landscapes."""
    landscape: npt.NDArray[np.intp]
    """Dims ``(piece,)``: the landscape that the piece is part of."""
    cell: npt.NDArray[np.intp]
    """Dims ``(piece,)``: the cell that it lies in, as a position in the grid."""
    km2: Floats
    """Dims ``(piece,)``: its area."""
    total_km2: Floats
    """Dims ``(landscape,)``: the whole landscape, inside the grid or not."""

    @classmethod
    def of(cls, weights: AreaWeights) -> Self:
        cells = weights.cell_km2
        landscape = np.repeat(np.arange(cells.shape[0]), np.diff(cells.indptr))
        return cls(
            cells.shape[0],
            landscape.astype(np.intp),
            cells.indices.astype(np.intp),
            np.asarray(cells.data, dtype=np.float64),
            weights.total_km2,
        )


def area_shares(
    values: npt.NDArray[np.floating], is_blind: Mask, pieces: Pieces, min_coverage: float
) -> tuple[Shares, GapCodes]:
    """Return what each landscape has of one map, and why where it has nothing.

    The shares have dims ``(landscape, 1 + class)``: first the part of the landscape, by area, that
    lies in cells with a value; then, for each of AREA_CLASSES, the share of that part at or below
    it. All are 0 to 1, with four decimals. A landscape whose part is below `min_coverage` is NaN
    throughout, and has one of the gaps `not_applicable` (with the cells in which the index is
    blind it would be enough), `outside_grid` (no cell of either kind) and `low_coverage`.

    Args:
        values: one map of an index, dims ``(cell,)`` in the order of the grid; NaN where missing.
        is_blind: dims ``(cell,)``: where the index cannot tell drought in this calendar month.
        pieces: of the same grid.
        min_coverage: the part of a landscape that needs values, 0 to 1.
    """
    keys = pieces.landscape * _BINS + _bin_of(values, is_blind)[pieces.cell]
    areas = np.bincount(keys, weights=pieces.km2, minlength=pieces.places * _BINS)
    by_bin: Floats = areas.astype(np.float64).reshape(pieces.places, _BINS)
    # From the driest: what is at or below a limit is also at or below all higher ones.
    at_or_below: Floats = np.cumsum(by_bin[:, _CLASSES::-1], axis=1)[:, ::-1]
    valid_km2, blind_km2 = at_or_below[:, 0], by_bin[:, _BLIND]
    gaps = _gaps(valid_km2, blind_km2, pieces.total_km2, min_coverage)
    covered = fraction_of(valid_km2, pieces.total_km2)
    shares = fraction_of(at_or_below[:, 1:], valid_km2[:, np.newaxis])
    found = np.column_stack([covered, shares]).round(SHARE_DECIMALS)
    found[gaps != 0] = np.nan
    return found.astype(np.float32), gaps


def _gaps(valid_km2: Floats, blind_km2: Floats, total_km2: Floats, min_coverage: float) -> GapCodes:
    least = min_coverage - COVERAGE_TOLERANCE
    gaps = np.full(valid_km2.shape, gap_code(Gap.LOW_COVERAGE), dtype=np.uint8)
    gaps[fraction_of(valid_km2 + blind_km2, total_km2) >= least] = gap_code(Gap.NOT_APPLICABLE)
    gaps[valid_km2 + blind_km2 == 0.0] = gap_code(Gap.OUTSIDE_GRID)
    gaps[(fraction_of(valid_km2, total_km2) >= least) & (valid_km2 > 0.0)] = 0
    return gaps


def _bin_of(values: npt.NDArray[np.floating], is_blind: Mask) -> npt.NDArray[np.uint8]:
    is_missing = np.isnan(values)
    steps = np.rint(values * (1.0 / INDEX_STEP))
    steps[is_missing] = _NO_VALUE
    bins: npt.NDArray[np.uint8] = _BIN_OF[steps.astype(np.int16).view(np.uint16)]
    bins[is_missing & is_blind] = _BLIND
    return bins
