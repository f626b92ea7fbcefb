"""From archived grids to the climate of each cell, in the grid store.

The fingerprint of a month says what it was made of. Where the register of files says otherwise now,
the month is made anew, of all its files, so that what is stored depends on the files and not on
their order.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Self

from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.landscapes.choosing import Offer
from pipeline.landscapes.weights import Grid
from pipeline.sources.grid_files import in_blocks
from pipeline.sources.grid_store import FIRST_MONTH, LAST_MONTH, GridStore, MapKind
from pipeline.steps.archived_files import ArchivedFiles
from pipeline.steps.cell_offers import HARGREAVES, PET, RAIN, cell_offer, held_maps
from pipeline.steps.installation import Installation
from pipeline.steps.progress import Advance
from pipeline.steps.source_store import CLIMATE, Register, box_around, store_for
from pipeline.warehouse.files import HeldFile, read_files_of_months
from pipeline.warehouse.landscapes import read_landscapes
from pipeline.warehouse.locks import only_saver

_log = logging.getLogger(__name__)

METHOD_VERSION = 1
"""Raise it whenever the climate of a cell comes out differently: it is made anew then."""
NAMED = 5
"""How many of several files a message names."""

_KINDS = {
    RAIN: MapKind("f4", None, "mm", "precipitation of the month"),
    PET: MapKind("f4", None, "mm", "reference evapotranspiration of the month, Penman-Monteith"),
    HARGREAVES: MapKind("f4", None, "mm", "reference evapotranspiration of the month, Hargreaves"),
}


def take_maps(
    installation: Installation,
    source: str,
    to: Month | None,
    advance: Advance,
    only: Collection[Month] | None = None,
) -> GridStore | None:
    """Bring the climate of each cell up to date; return the store, or None where there is none.

    Of the months of `only`, while others bring other months; None: of all, as the only writer.
    There is no store without landscapes or without files of rain. Left out, and told, is a file on
    another lattice than most of the record, and a month that no other file holds.

    Raises:
        InputError: a file has gone from the archive, or the store is damaged.
        ConflictError: a file of the archive was changed, or the store is of another origin.
    """
    found = _Record.of(installation, source)
    if found is None:
        return None
    if only is None:
        found.prepare()
    stale = [month for month in found.stale(to) if only is None or month in only]
    _take(installation, found.store, stale, found.register, found.expected, advance)
    return found.store


def months_without_maps(installation: Installation, source: str) -> list[Month]:
    """Make the store ready, and return the months whose climate is not current in it.

    The caller is the only writer. Raises as `take_maps` does.
    """
    found = _Record.of(installation, source)
    if found is None:
        return []
    found.prepare()
    return found.stale(None)


def store_of_climate(installation: Installation, source: str) -> GridStore | None:
    """Return the store that `take_maps` brings up to date, as it is. Raises as that does."""
    found = _Record.of(installation, source)
    return None if found is None else found.store


@dataclass(frozen=True, slots=True, eq=False)
class _Record:
    """The months that files hold, and the store that they are laid into."""

    store: GridStore
    register: Register
    expected: Mapping[Month, int]
    """The fingerprint that each month should have."""

    @classmethod
    def of(cls, installation: Installation, source: str) -> Self | None:
        with installation.warehouse.connect() as connection:
            box = box_around(read_landscapes(connection))
            register = _storable_months(read_files_of_months(connection, source))
        if box is None or not register:
            return None
        expected = {month: climate_fingerprint(files) for month, files in register.items()}
        return cls(store_for(installation, source, box, register), register, expected)

    def prepare(self) -> None:
        """Make the set of the climate, and forget the months that no file holds any more."""
        self.store.define(CLIMATE, _KINDS, attributes={"method_version": METHOD_VERSION})
        held = self.store.fingerprints(CLIMATE)
        self.store.forget(CLIMATE, [month for month in held if month not in self.expected])

    def stale(self, to: Month | None) -> list[Month]:
        """Return the months that are not in the store as they should be."""
        return stale_months(self.expected, self.store.fingerprints(CLIMATE), to)


def climate_fingerprint(files: Mapping[HeldFile, Release]) -> int:
    """Return 64 bits that say what the climate of a month was made of, never 0.

    `files` are all that hold the month, each with the release of the month in it. The order in
    which they were received counts: where nothing else does, it decides which of them holds.
    """
    received = sorted(files, key=lambda file: (file.received_at, file.file_id))
    said = [[file.archive_key, file.product, files[file]] for file in received]
    digest = hashlib.sha256(json.dumps([METHOD_VERSION, said]).encode()).digest()
    return int.from_bytes(digest[:8], "big") or 1


def stale_months(
    expected: Mapping[Month, int], held: Mapping[Month, int], to: Month | None
) -> list[Month]:
    """Return the months, none after `to`, whose fingerprint is not the one that is expected."""
    return [
        month
        for month, fingerprint in expected.items()
        if held.get(month) != fingerprint and (to is None or month <= to)
    ]


def _storable_months(register: Register) -> Register:
    kept = {month: files for month, files in register.items() if FIRST_MONTH <= month <= LAST_MONTH}
    if len(kept) < len(register):
        _log.warning(
            "grids: %d months before %s or after %s have no maps",
            len(register) - len(kept),
            FIRST_MONTH,
            LAST_MONTH,
        )
    return kept


def _take(
    installation: Installation,
    store: GridStore,
    pending: Sequence[Month],
    register: Register,
    expected: Mapping[Month, int],
    advance: Advance,
) -> None:
    """Lay `pending` months into the store, those together that the same files hold."""
    done = 0
    left_out: list[Month] = []
    elsewhere: dict[HeldFile, None] = {}
    for files, together in _by_files(pending, register).items():
        with ArchivedFiles(installation.archive) as archived:
            for months in in_blocks(together, partial(_size, archived, files)):
                advance(f"climate of cells: {months[0]}", done, len(pending))
                offers = _offers(store.grid, archived, files, months, register)
                elsewhere |= dict.fromkeys(file for file in files if file not in offers)
                if offers:
                    fingerprints = [expected[month] for month in months]
                    maps = held_maps([*offers.values()])
                    with only_saver(installation.warehouse):
                        store.write(CLIMATE, months, maps, fingerprints)
                else:
                    left_out.extend(months)
                done += len(months)
    with only_saver(installation.warehouse):
        store.forget(CLIMATE, sorted(left_out))
    _tell(store, [file.name for file in elsewhere], sorted(left_out))


def _tell(store: GridStore, names: Sequence[str], months: Sequence[Month]) -> None:
    """Say which files lie on another lattice, and which months have no other."""
    if names:
        _log.warning(
            "grids: %d files lie on another grid than %s and are left out of the maps: %s",
            len(names),
            store.place,
            ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else ""),
        )
    if months:
        _log.warning(
            "grids: %d months (%s to %s) have no maps: no other file holds them",
            len(months),
            months[0],
            months[-1],
        )


def _size(archived: ArchivedFiles, files: Sequence[HeldFile], months: Sequence[Month]) -> int:
    """Return the bytes of `months` in the largest of the files."""
    return max(archived[file].size(months) for file in files)


def _by_files(
    months: Sequence[Month], register: Register
) -> dict[tuple[HeldFile, ...], list[Month]]:
    together: dict[tuple[HeldFile, ...], list[Month]] = {}
    for month in months:
        together.setdefault(tuple(register[month]), []).append(month)
    return together


def _offers(
    grid: Grid,
    archived: ArchivedFiles,
    files: Sequence[HeldFile],
    months: Sequence[Month],
    register: Register,
) -> dict[HeldFile, Offer]:
    """What each file has for the cells of `grid`, but for those that lie on another lattice."""
    offers = {}
    for file in files:
        releases = [register[month][file] for month in months]
        offer = cell_offer(grid, file, archived[file].fields(months), releases)
        if offer is not None:
            offers[file] = offer
    return offers
