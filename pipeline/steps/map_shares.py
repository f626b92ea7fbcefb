"""From maps of the indices to each landscape's shares of area."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from pipeline.core.calibration import MIN_VALID_YEARS, CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import AREA_CLASSES, CELL_INDEX_CODES, IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import GapCodes, gap_code
from pipeline.indices.calibration import PARAMETERS
from pipeline.landscapes import shares
from pipeline.landscapes.lattice import grid_id
from pipeline.landscapes.shares import Mask, Pieces, Shares, area_shares
from pipeline.sources.grid_store import GridStore
from pipeline.steps.cell_calibration import CellFits, number_of
from pipeline.steps.cell_maps import VALUE, index_path
from pipeline.steps.installation import Installation
from pipeline.steps.means import Basis
from pipeline.steps.progress import Advance
from pipeline.steps.source_store import CLIMATE
from pipeline.warehouse.area_shares import (
    MonthShares,
    read_cell_fits,
    read_final_months,
    read_share_fingerprints,
    save_area_shares,
)
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.landscapes import read_landscapes
from pipeline.warehouse.locks import only_saver
from pipeline.warehouse.outcomes import read_identity

MONTHS_AT_ONCE = 24
"""A transaction each: some 50,000 rows of 2,000 landscapes."""
LONGEST_WINDOW_MONTHS = max(index.longest_window_months for index in CELL_INDEX_CODES)


def take_shares(
    installation: Installation,
    store: GridStore,
    source: str,
    period: CalibrationPeriod,
    to: Month | None,
    advance: Advance,
    only: Collection[Month] | None = None,
) -> tuple[int, int]:
    """Take the shares of every month whose maps, landscapes or release are others than they were.

    Of the months of `only`, while others take those of other months; None: of all.

    Returns:
        The months taken, and how many rows were new or different.
    """
    work = _Work.of(installation, store, source, period, to)
    stale = [month for month in work.stale if only is None or month in only]
    if not stale:
        return 0, 0
    basis, maps = work.basis, work.maps
    pieces = Pieces.of(basis.weights(store.grid))
    keys = tuple(stored.landscape_key for stored in basis.landscapes)
    series = Series(source, period, keys, tuple(stored.version for stored in basis.landscapes))
    written = 0
    for start in range(0, len(stale), MONTHS_AT_ONCE):
        advance(f"area shares: {stale[start]}", start, len(stale))
        batch = stale[start : start + MONTHS_AT_ONCE]
        found, gaps = maps.shares(batch, pieces, basis.min_coverage)
        taken = [
            MonthShares(
                month,
                found[:, n],
                gaps[:, n],
                release_of(month, maps.climate, maps.final),
                work.wanted[month],
            )
            for n, month in enumerate(batch)
        ]
        with only_saver(installation.warehouse), installation.warehouse.begin() as connection:
            written += save_area_shares(connection, series, taken, work.origin)
    return len(stale), written


def months_without_shares(
    installation: Installation, store: GridStore, source: str, period: CalibrationPeriod
) -> list[Month]:
    """Return the months whose shares are not what they should be."""
    return _Work.of(installation, store, source, period, None).stale


@dataclass(frozen=True, slots=True, eq=False)
class _Work:
    """What there is to do."""

    basis: Basis
    maps: _Maps
    origin: Origin
    wanted: Mapping[Month, int]
    """The number that the shares of each month should bear."""
    stale: list[Month]
    """The months that bear another."""

    @classmethod
    def of(
        cls,
        installation: Installation,
        store: GridStore,
        source: str,
        period: CalibrationPeriod,
        to: Month | None,
    ) -> Self:
        with installation.warehouse.connect() as connection:
            landscapes = read_landscapes(connection)
            known = read_share_fingerprints(connection, source, period)
            final = read_final_months(connection, source)
            is_fitted = read_cell_fits(connection, source, period).keys()
            origin = read_identity(connection).origin
        assert origin is not None  # noqa: S101 - the first file registered set it
        settings = installation.settings
        basis = Basis(landscapes, settings.min_coverage, installation.weights_folder)
        maps = _Maps.of(CellFits(store, period), is_fitted, final)
        wanted = maps.wanted(number_of(shares.METHOD_VERSION, basis.fingerprint), to)
        stale = [month for month, number in wanted.items() if known.get(month) != number]
        return cls(basis, maps, origin, wanted, stale)


def release_of(month: Month, held: Mapping[Month, int], final: Set[Month]) -> Release:
    """Return `preliminary` while any month of the longest window that is held is."""
    window = (month - n for n in range(LONGEST_WINDOW_MONTHS))
    is_final = all(one in final for one in window if one in held)
    return Release.FINAL if is_final else Release.PRELIMINARY


def blind_cells(fits: CellFits, index: IndexCode, calendar_month: int) -> Mask:
    """Return where the index cannot tell drought in a calendar month; dims ``(cell,)``."""
    return _Fitted.read(fits, index, calendar_month).is_blind


@dataclass(frozen=True, slots=True, eq=False)
class _Maps:
    """The maps that shares are taken of."""

    fits: CellFits
    climate: Mapping[Month, int]
    """The number of each month of the climate."""
    numbers: Mapping[IndexCode, Mapping[Month, int]]
    """The number of each map that there is."""
    final: Set[Month]
    """Months of which a file holds final values."""
    _fitted: dict[tuple[IndexCode, int], _Fitted] = field(default_factory=dict)

    @classmethod
    def of(cls, fits: CellFits, is_fitted: Set[IndexCode], final: Set[Month]) -> _Maps:
        numbers = {
            index: fits.store.fingerprints(index_path(fits.period, index))
            if index in is_fitted
            else {}
            for index in CELL_INDEX_CODES
        }
        return cls(fits, fits.store.fingerprints(CLIMATE), numbers, final)

    def wanted(self, basis: int, to: Month | None) -> dict[Month, int]:
        """Return the months that have maps, each with the number its shares should bear."""
        on_grid = number_of(basis, grid_id(self.fits.store.grid))
        months = [month for month in self.climate if to is None or month <= to]
        made_of = {
            month: [held.get(month, 0) for held in self.numbers.values()] for month in months
        }
        return {
            month: number_of(on_grid, release_of(month, self.climate, self.final).value, numbers)
            for month, numbers in made_of.items()
            if any(numbers)
        }

    def shares(
        self, months: Sequence[Month], pieces: Pieces, min_coverage: float
    ) -> tuple[Shares, GapCodes]:
        """Return the shares of `months`, dims ``(index, month, landscape, 1 + class)``, and gaps."""
        shape = (len(CELL_INDEX_CODES), len(months), pieces.places)
        found = np.full((*shape, 1 + len(AREA_CLASSES)), np.nan, dtype=np.float32)
        gaps = np.zeros(shape, dtype=np.uint8)
        for at, index in enumerate(CELL_INDEX_CODES):
            there = [n for n, month in enumerate(months) if month in self.numbers[index]]
            for n in set(range(len(months))).difference(there):
                is_season = index.months_back(months[n].month) > 0
                gaps[at, n] = gap_code(Gap.NOT_PUBLISHED if is_season else Gap.NOT_APPLICABLE)
            for n, values in zip(there, self._read(index, [months[n] for n in there]), strict=True):
                of_month = self._fitted_in(index, months[n].month)
                found[at, n], gaps[at, n] = area_shares(
                    values, of_month.is_blind, pieces, min_coverage
                )
                if np.isnan(values).all():
                    gaps[at, n] = gap_code(self._gap_of_empty_map(index, months[n], of_month))
        return found, gaps

    def _read(
        self, index: IndexCode, months: Sequence[Month]
    ) -> Iterator[npt.NDArray[np.floating]]:
        if months:
            path = index_path(self.fits.period, index)
            yield from self.fits.store.read(path, VALUE, months)

    def _fitted_in(self, index: IndexCode, calendar_month: int) -> _Fitted:
        key = index, calendar_month
        if key not in self._fitted:
            self._fitted[key] = _Fitted.read(self.fits, index, calendar_month)
        return self._fitted[key]

    def _gap_of_empty_map(self, index: IndexCode, month: Month, of_month: _Fitted) -> Gap:
        if month - (index.months_back(month.month) - 1) < min(self.climate):
            return Gap.SHORT_HISTORY
        if of_month.is_short_everywhere:
            return Gap.CALIBRATION_SHORT
        return Gap.NOT_APPLICABLE if of_month.is_blind_everywhere else Gap.NOT_PUBLISHED


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """The fit of an index in one calendar month."""

    is_blind: Mask
    """Dims ``(cell,)``, all cells of the grid."""
    is_blind_everywhere: bool
    """In all cells with a fit."""
    is_short_everywhere: bool

    @classmethod
    def read(cls, fits: CellFits, index: IndexCode, calendar_month: int) -> _Fitted:
        first, years = (
            fits.store.read_static(fits.path(index), name, calendar_months=[calendar_month])[0]
            for name in (PARAMETERS[index.family][0], "n_years")
        )
        has_enough = years >= MIN_VALID_YEARS
        is_blind = has_enough & np.isnan(first)
        everywhere = bool(is_blind.any() and is_blind.sum() == has_enough.sum())
        return cls(is_blind, everywhere, not has_enough.any())
