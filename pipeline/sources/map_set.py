"""A set of a grid store: arrays of monthly maps that are committed together, month by month.

What commits a month is its number in the array ``fingerprint``, which lies in one chunk, written
last. Beside each array of maps stands how many cells of each map have a value: a chunk that was
lost would read as a map without any.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import zarr
from zarr.abc.store import Store

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.landscapes.weights import Grid
from pipeline.sources.grid_layout import (
    FIRST_MONTH,
    MONTHS,
    UNREADABLE,
    create_axes,
    create_maps,
    create_month_array,
    damaged,
    existing_array,
    flush,
    opened_array,
    opened_group,
    rewritten,
    told_as_damage,
)
from pipeline.sources.map_kinds import Floats, MapKind, Packed, Positions, gathered, scattered

Fingerprints = npt.NDArray[np.uint64]

MONTHS_AT_ONCE = 60
"""Bounds memory: five years of one quantity of the six countries at 0.1 degree take 35 MB."""
_MAPS = "maps"
"""Attribute of a set: the names of its arrays of maps."""
_FINGERPRINT = "fingerprint"


@dataclass(frozen=True, slots=True, eq=False)
class MapSet:
    """A set that stands open. Months are positions on the axis of months, ascending."""

    store: Store
    place: str
    """Of the store, as messages name it."""
    path: str
    grid: Grid
    kinds: Mapping[str, MapKind]
    maps: Mapping[str, zarr.Array[Any]]
    counts: Mapping[str, zarr.Array[Any]]
    """Cells with a value in each map."""
    fingerprint: zarr.Array[Any]

    def committed(self) -> Fingerprints:
        """Return the fingerprint of each month of the axis; 0 where it is absent."""
        with told_as_damage(f"{self.path}/{_FINGERPRINT}", self.place):
            return np.asarray(self.fingerprint[:], dtype=np.uint64)

    @contextmanager
    def unchanged(self, months: Positions, made_of: Fingerprints) -> Iterator[None]:
        """Believe the body, or what it says of damage, only if `months` are still `made_of` that.

        Raises:
            RewrittenMeanwhileError: they are not.
        """
        try:
            yield
        finally:
            if (self.committed()[months] != made_of).any():
                raise rewritten(self.path, self.place)

    def cells_with_values(self, name: str) -> npt.NDArray[np.int32]:
        """Return how many cells have a value, month by month of the axis."""
        with told_as_damage(f"{self.path}/{name}_cells", self.place):
            return np.asarray(self.counts[name][:])

    def forget(self, months: Positions) -> Fingerprints:
        """Make `months` absent; return what remains committed."""
        committed = self.committed()
        if committed[months].any():
            committed[months] = 0
            self.fingerprint[:] = committed
        return committed

    def write(
        self,
        months: Positions,
        maps: Mapping[str, npt.NDArray[np.floating]],
        fingerprints: Sequence[int],
        cells: Positions | None,
    ) -> None:
        """Write maps with dims ``(month, cell)`` and commit all the months at once.

        Raises:
            InputError: shapes do not fit; or a value cannot be stored: the months are absent then.
        """
        self._refuse_misfits((len(months), self._width(cells)), maps, fingerprints)
        committed = self.forget(months)
        for name, values in maps.items():
            counts = self.cells_with_values(name)
            for rows in _runs(months):
                packed = self.kinds[name].packed(values[rows], self._where(name))
                counts[months[rows]] = self.kinds[name].has_value(packed).sum(axis=1)
                fill_value = self.kinds[name].fill_value
                laid_out = scattered(packed, cells, self.grid.shape, fill_value)
                self.maps[name][_span(months, rows)] = laid_out
            self.counts[name][:] = counts
        flush(self.store)
        committed[months] = fingerprints
        self.fingerprint[:] = committed

    def read(self, name: str, months: Positions, cells: Positions | None) -> Floats:
        """Return the maps of months that are committed, dims ``(month, cell)``.

        Raises:
            InputError: a map is damaged or lost.
        """
        kind = self.kinds[name]
        values = np.empty((len(months), self._width(cells)), dtype=kind.value_dtype)
        for rows in _runs(months):
            values[rows] = kind.values(gathered(self._verified(name, _span(months, rows)), cells))
        return values

    def _verified(self, name: str, span: slice) -> Packed:
        """Maps as they lie in the store, all cells, none of them lost or damaged."""
        maps = self._stored(name, span).reshape(span.stop - span.start, -1)
        expected = self.cells_with_values(name)[span]
        found = self.kinds[name].has_value(maps).sum(axis=1)
        for n in np.flatnonzero(found != expected):
            reason = f"{found[n]} cells with a value instead of {expected[n]}"
            raise damaged(self._chunk(name, span.start + int(n)), self.place, reason)
        return maps

    def _stored(self, name: str, span: slice) -> Packed:
        try:
            return np.asarray(self.maps[name][span])
        except UNREADABLE:
            # One by one, to find which.
            return np.stack([self._stored_map(name, n) for n in range(span.start, span.stop)])

    def _stored_map(self, name: str, n: int) -> Packed:
        with told_as_damage(self._chunk(name, n), self.place):
            return np.asarray(self.maps[name][n])

    def _refuse_misfits(
        self,
        shape: tuple[int, int],
        maps: Mapping[str, npt.NDArray[np.floating]],
        fingerprints: Sequence[int],
    ) -> None:
        if maps.keys() != self.kinds.keys():
            raise InputError(
                f"{self.place}: {self.path}: expected {', '.join(self.kinds)}, got "
                f"{', '.join(maps)}; give each array of the set, NaN throughout where there is nothing"
            )
        for name, values in maps.items():
            if values.shape != shape:
                raise InputError(
                    f"{self._where(name)}: expected (month, cell) of {shape}, got {values.shape}; "
                    "give a row for each month and a column for each cell"
                )
        if len(fingerprints) != shape[0] or not all(fingerprints):
            raise InputError(
                f"{self.place}: {self.path}: expected a fingerprint other than 0 for each of "
                f"{shape[0]} months, got {list(fingerprints)}; 0 says that a month is absent"
            )

    def _width(self, cells: Positions | None) -> int:
        return self.grid.cells if cells is None else len(cells)

    def _chunk(self, name: str, n: int) -> str:
        return f"{self.path}/{name}/c/{n}/0/0, the map of {FIRST_MONTH + n},"

    def _where(self, name: str) -> str:
        return f"{self.place}: {self.path}/{name}"


def opened_set(store: Store, place: str, path: str, grid: Grid) -> MapSet | None:
    """Return the set at `path`; None where there is none, or none that was made to the end.

    Raises:
        InputError: its description is damaged.
    """
    with told_as_damage(f"the description of {path}", place):
        fingerprint = opened_array(store, f"{path}/{_FINGERPRINT}")
        group = opened_group(store, path)
        if fingerprint is None or group is None:
            return None
        names = cast("list[str]", group.attrs[_MAPS])
        maps = {name: existing_array(store, f"{path}/{name}") for name in names}
        return MapSet(
            store,
            place,
            path,
            grid,
            {name: MapKind.of(array.dtype, array.attrs) for name, array in maps.items()},
            maps,
            {name: existing_array(store, _count_path(path, name)) for name in names},
            fingerprint,
        )


def create_set(
    store: Store,
    path: str,
    grid: Grid,
    arrays: Mapping[str, MapKind],
    attributes: Mapping[str, Any],
) -> None:
    """Make the set at `path`, without any month; a killed writer leaves none."""
    create_axes(store, path, grid, months="month")
    add_maps(store, path, grid, (), arrays, attributes)
    # Last: it is what makes the set exist.
    said = "what the maps of the month were made of; 0: it is absent"
    create_month_array(store, f"{path}/{_FINGERPRINT}", "u8", said)


def add_maps(
    store: Store,
    path: str,
    grid: Grid,
    held: Sequence[str],
    arrays: Mapping[str, MapKind],
    attributes: Mapping[str, Any],
) -> None:
    """Add `arrays` to those that a set holds; its months have no value in them yet."""
    for name, kind in arrays.items():
        create_maps(store, f"{path}/{name}", kind, grid, "month", MONTHS)
        counted = f"number of cells with a value of {name}"
        create_month_array(store, _count_path(path, name), "i4", counted)
    group = zarr.open_group(store, path=path, mode="a", zarr_format=3)
    group.update_attributes({**attributes, _MAPS: [*held, *arrays]})


def _count_path(path: str, name: str) -> str:
    return f"{path}/{name}_cells"


def positions(months: Sequence[Month]) -> Positions:
    """Where `months` lie on the axis of months, or would lie."""
    ordinals = [month.ordinal - FIRST_MONTH.ordinal for month in months]
    return np.array(ordinals, dtype=np.intp)


def _runs(months: Positions) -> Iterator[slice]:
    """Rows of neighbouring months, at most `MONTHS_AT_ONCE` of them together."""
    breaks = np.flatnonzero(np.diff(months) != 1) + 1
    for start, stop in pairwise([0, *breaks.tolist(), len(months)]):
        for first in range(start, stop, MONTHS_AT_ONCE):
            yield slice(first, min(first + MONTHS_AT_ONCE, stop))


def _span(months: Positions, rows: slice) -> slice:
    """The part of the axis that a run covers."""
    return slice(int(months[rows.start]), int(months[rows.stop - 1]) + 1)
