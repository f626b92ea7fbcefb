"""The grid store: monthly maps of one source on one grid, in Zarr v3, on any fsspec URL.

A set of arrays is committed month by month: first the maps, then, in one write, the month's number
in the set's ``fingerprint``; 0 says that the month is absent. A killed writer leaves it 0, and
readers believe nothing else. There may be one writer at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import zarr
from zarr.abc.store import Store

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Origin
from pipeline.core.months import Month
from pipeline.landscapes.lattice import grid_id
from pipeline.landscapes.weights import Grid
from pipeline.sources import static_maps
from pipeline.sources.grid_layout import (
    FIRST_MONTH,
    LAST_MONTH,
    MONTHS,
    REMEDY,
    RewrittenMeanwhileError,
    create_axes,
    existing_array,
    names_within,
    opened_group,
    root_attributes,
    shown,
    told_as_damage,
    zarr_store,
)
from pipeline.sources.map_kinds import Floats, MapKind, Positions
from pipeline.sources.map_set import MapSet, add_maps, create_set, opened_set, positions

__all__ = [
    "FIRST_MONTH",
    "LAST_MONTH",
    "GridStore",
    "MapKind",
    "RewrittenMeanwhileError",
    "stored_grids",
]

_SUFFIX = ".zarr"


class GridStore:
    """One Zarr store; cells are counted row by row in the order of its grid."""

    def __init__(self, store: Store, place: str, grid: Grid, attributes: Mapping[str, Any]) -> None:
        self.place = place
        """Where it lies, as messages name it."""
        self.grid = grid
        self._store = store
        self._attributes = dict(attributes)
        self._sets: dict[str, MapSet] = {}

    @classmethod
    def open(cls, url: str, source: str, grid: Grid, *, origin: Origin | None = None) -> Self:
        """Return the store of `source` and `grid` under `url`; it is made where there is none.

        Raises:
            InputError: `url` cannot be opened, or the store is damaged.
            ConflictError: it holds grids of another origin.
        """
        full = f"{_folder(url, source)}/{grid_id(grid)}{_SUFFIX}"
        return cls.within(zarr_store(full), shown(full), source, grid, origin=origin)

    @classmethod
    def within(
        cls, store: Store, place: str, source: str, grid: Grid, *, origin: Origin | None = None
    ) -> Self:
        """Return the grid store in a Zarr store at hand, as `open` does."""
        held = _description(store, place)
        if held is None:
            held = root_attributes(source, origin)
            create_axes(store, "", grid)
            # Last: it is what makes the store exist.
            zarr.open_group(store, mode="a", zarr_format=3).update_attributes(held)
        elif origin is not None and held.get("origin", origin) != origin:
            raise ConflictError(
                f"{place}: holds grids of origin {held['origin']!r}, expected {origin.value!r}; "
                "set DROUGHT_GRIDS_URL to another place"
            )
        return cls(store, place, grid, held)

    def define(
        self, set_path: str, arrays: Mapping[str, MapKind], *, attributes: Mapping[str, Any]
    ) -> None:
        """Make the set at `set_path`, or add to it those of `arrays` that it lacks.

        Raises:
            ConflictError: it holds an array of that name and another kind.
        """
        said = {**self._attributes, **attributes}
        held = self._set_or_none(set_path)
        if held is None:
            create_set(self._store, set_path, self.grid, arrays, said)
            return
        for name in held.kinds.keys() & arrays.keys():
            if held.kinds[name] != arrays[name]:
                raise ConflictError(
                    f"{self.place}: {set_path}/{name} is {held.kinds[name]}, expected "
                    f"{arrays[name]}; {REMEDY.format(place=self.place)}"
                )
        lacking = {name: kind for name, kind in arrays.items() if name not in held.kinds}
        if lacking:
            add_maps(self._store, set_path, self.grid, [*held.kinds], lacking, said)
            del self._sets[set_path]

    def fingerprints(self, set_path: str) -> dict[Month, int]:
        """Return the fingerprint of each whole month, oldest first; none where there is no set."""
        held = self._set_or_none(set_path)
        if held is None:
            return {}
        numbers = held.committed()
        return {FIRST_MONTH + int(at): int(numbers[at]) for at in np.flatnonzero(numbers)}

    def cells_with_values(self, set_path: str, name: str) -> dict[Month, int]:
        """Return of each whole month how many cells of its map have a value; no map is read."""
        counts = self._set(set_path).cells_with_values(name)
        return {month: int(counts[positions([month])[0]]) for month in self.fingerprints(set_path)}

    def write(
        self,
        set_path: str,
        months: Sequence[Month],
        maps: Mapping[str, npt.NDArray[np.floating]],
        fingerprints: Sequence[int],
        cells: Positions | None = None,
    ) -> None:
        """Write whole months, all of them or none; what was held of them goes first.

        Args:
            set_path: a set that was defined.
            months: ascending.
            maps: each array of the set, dims ``(month, cell)``; NaN is missing.
            fingerprints: of each month, not 0.
            cells: the cells that the columns stand for, others are missing; None: all.

        Raises:
            InputError: there is no such set, a month lies outside its axis, shapes do not fit, or
                a value cannot be stored.
        """
        held = self._set(set_path)
        where = f"{self.place}: {set_path}"
        at = _positions(months, where)
        self._refuse_outside(where, cells)
        held.write(at, maps, fingerprints, cells)

    def read(
        self,
        set_path: str,
        name: str,
        months: Sequence[Month],
        cells: Positions | None = None,
    ) -> Floats:
        """Return maps, dims ``(month, cell)``, NaN where missing; ``f4`` as single precision.

        Raises:
            InputError: the set, the array or a whole month is absent, or a map is damaged or lost.
            RewrittenMeanwhileError: a month of them was written anew at the same time.
        """
        held = self._set(set_path)
        where = f"{self.place}: {set_path}"
        if name not in held.kinds:
            raise InputError(
                f"{where}: expected one of {', '.join(held.kinds)}, got {name!r}; correct the name"
            )
        at = _positions(months, where)
        self._refuse_outside(where, cells)
        made_of = held.committed()[at]
        absent = np.flatnonzero(made_of == 0)
        if absent.size:
            raise InputError(
                f"{where}: expected all months asked for, got {absent.size} absent, the first of "
                f"them {months[int(absent[0])]}; have them computed first"
            )
        with held.unchanged(at, made_of):
            return held.read(name, at, cells)

    def forget(self, set_path: str, months: Sequence[Month]) -> None:
        """Make `months` absent."""
        self._set(set_path).forget(_positions(months, f"{self.place}: {set_path}"))

    def write_static(
        self,
        path: str,
        name: str,
        values: npt.NDArray[np.floating],
        cells: Positions | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one map for each calendar month, dims ``(calendar_month, cell)``, 12 in all.

        Raises:
            InputError: the shape does not fit, or a value is infinite.
        """
        static_maps.write(
            self._store,
            f"{path}/{name}",
            self.grid,
            values,
            cells,
            attributes or {},
            self._attributes,
        )

    def read_static(
        self,
        path: str,
        name: str,
        cells: Positions | None = None,
        calendar_months: Sequence[int] = range(1, 13),
    ) -> Floats:
        """Return such maps, dims ``(calendar_month, cell)``, double precision, NaN where missing.

        Raises:
            InputError: they are absent, damaged or lost.
            RewrittenMeanwhileError: they were written anew at the same time.
        """
        return static_maps.read(self._store, f"{path}/{name}", self.place, cells, calendar_months)

    def static_attributes(self, path: str, name: str) -> Mapping[str, Any] | None:
        """Return what is said of such maps; None where they are absent or not whole."""
        return static_maps.attributes(self._store, f"{path}/{name}", self.place)

    def _refuse_outside(self, where: str, cells: Positions | None) -> None:
        if cells is None:
            return
        outside = cells[(cells < 0) | (cells >= self.grid.cells)]
        if outside.size:
            raise InputError(
                f"{where}: expected cells from 0 to {self.grid.cells - 1}, got {outside[0]}; count "
                "them row by row in the order of the grid"
            )

    def _set(self, set_path: str) -> MapSet:
        held = self._set_or_none(set_path)
        if held is None:
            raise InputError(
                f"{self.place}: expected a set {set_path}, which is absent; have it computed first"
            )
        return held

    def _set_or_none(self, set_path: str) -> MapSet | None:
        """The set, opened once: its layout never changes, but for arrays that are added."""
        if set_path not in self._sets:
            held = opened_set(self._store, self.place, set_path, self.grid)
            if held is None:
                return None
            self._sets[set_path] = held
        return self._sets[set_path]


def stored_grids(url: str, source: str) -> Iterator[Grid]:
    """Yield the grids of `source` for which there is a store under `url`."""
    folder = _folder(url, source)
    for name in names_within(folder):
        if not name.endswith(_SUFFIX):
            continue
        store, place = zarr_store(f"{folder}/{name}"), shown(f"{folder}/{name}")
        if _description(store, place) is not None:
            with told_as_damage("an axis", place):
                yield _grid(store)


def _folder(url: str, source: str) -> str:
    return f"{url.rstrip('/')}/{source}"


def _description(store: Store, place: str) -> dict[str, Any] | None:
    """The attributes of a store that was made to the end; None where there is none."""
    with told_as_damage("its description", place):
        root = opened_group(store, "")
        return dict(root.attrs) if root is not None and "source" in root.attrs else None


def _grid(store: Store) -> Grid:
    latitudes, longitudes = (
        tuple(np.asarray(existing_array(store, name)[:], dtype=float).tolist())
        for name in ("latitude", "longitude")
    )
    return Grid(latitudes, longitudes)


def _positions(months: Sequence[Month], where: str) -> Positions:
    """Where `months` lie on the axis of months."""
    at = positions(months)
    if at.size and (at[0] < 0 or at[-1] >= MONTHS or (np.diff(at) <= 0).any()):
        raise InputError(
            f"{where}: expected months from {FIRST_MONTH} to {LAST_MONTH}, each once and in order, "
            f"got {months[0]} to {months[-1]}; sort them, and leave out what lies outside"
        )
    return at
