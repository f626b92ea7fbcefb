"""Which grid store a source has: its lattice, cut to the countries of the landscapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pipeline.core.ids import Origin, Release
from pipeline.core.months import Month
from pipeline.landscapes.lattice import Box, Lattice, is_alike
from pipeline.landscapes.weights import Grid
from pipeline.sources.cds import COUNTRY_AREAS
from pipeline.sources.grid_store import GridStore, stored_grids
from pipeline.steps.archived_files import ArchivedFiles
from pipeline.steps.installation import Installation
from pipeline.warehouse.files import HeldFile
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.outcomes import read_identity

CLIMATE = "climate"
"""The set of a store that the months of the source are laid into."""
FILES_ASKED = 12
"""How many files, spread over the record, say which lattice it is of where no store says so."""

Register = Mapping[Month, Mapping[HeldFile, Release]]
"""The files of each month."""


def opened(installation: Installation, source: str) -> GridStore | None:
    """Return the store of `source` as it is, or None where none was made for these landscapes.

    Raises:
        InputError: the store is damaged.
        ConflictError: it is of another origin than the warehouse.
    """
    with installation.warehouse.connect() as connection:
        box = box_around(read_landscapes(connection))
        origin = read_identity(connection).origin
    stores = () if box is None else _stores(installation, source, box, origin)
    return max(stores, key=lambda store: len(store.fingerprints(CLIMATE)), default=None)


def store_for(installation: Installation, source: str, box: Box, register: Register) -> GridStore:
    """Return the store for the months of `register`, made where there is none.

    The lattice is the one of most months. A store that holds more than half of them has it; else
    files are asked.

    Raises:
        InputError: a file has gone from the archive, or a store is damaged.
        ConflictError: a file was changed, or the store is of another origin.
    """
    origin = next(iter(next(iter(register.values())))).origin
    for store in _stores(installation, source, box, origin):
        if 2 * len(store.fingerprints(CLIMATE).keys() & register.keys()) > len(register):
            return store
    grid = _lattice(installation, register).piece(box)
    return GridStore.open(installation.settings.grids, source, grid, origin=origin)


def box_around(landscapes: Sequence[StoredLandscape]) -> Box | None:
    """Return the countries of the landscapes with whatever of a landscape lies beyond them."""
    if not landscapes:
        return None
    areas = [COUNTRY_AREAS[country] for country in {s.landscape.country for s in landscapes}]
    bounds = [stored.landscape.geometry.bounds for stored in landscapes]
    return Box.around(
        [Box(area.south, area.west, area.north, area.east) for area in areas]
        + [Box(south, west, north, east) for west, south, east, north in bounds]
    )


def _stores(
    installation: Installation, source: str, box: Box, origin: Origin | None
) -> Iterator[GridStore]:
    """The stores of `source` that are cut to `box`; those of other landscapes are left alone."""
    url = installation.settings.grids
    for grid in stored_grids(url, source):
        if is_alike(Lattice.of(grid).piece(box), grid):
            yield GridStore.open(url, source, grid, origin=origin)


def _lattice(installation: Installation, register: Register) -> Lattice:
    """The lattice of most months among some files; of two, the one that came first."""
    months: dict[HeldFile, list[Month]] = {}
    for month, files in register.items():
        for file in files:
            months.setdefault(file, []).append(month)
    record = list(months)
    asked = record[:: -(-len(record) // FILES_ASKED)]
    votes: Counter[Lattice] = Counter()
    for file in asked:
        with ArchivedFiles(installation.archive) as archived:
            grid = Grid.of(archived[file].fields(months[file][:1]))
        lattice = next((known for known in votes if known.holds(grid)), Lattice.of(grid))
        votes[lattice] += len(months[file])
    return votes.most_common(1)[0][0]
