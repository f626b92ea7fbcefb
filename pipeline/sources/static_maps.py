"""Maps that hold for a calendar month of every year, such as those of a calibration.

Twelve maps make one array. It counts from the moment when its last attribute is written; before
that, or while it is written anew, it is absent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import zarr
from zarr.abc.store import Store

from pipeline.core.errors import InputError
from pipeline.landscapes.weights import Grid
from pipeline.sources.grid_layout import (
    CALENDAR_MONTHS,
    create_axes,
    create_maps,
    damaged,
    flush,
    opened_array,
    rewritten,
    told_as_damage,
)
from pipeline.sources.map_kinds import Floats, MapKind, Positions, gathered, scattered

_DIM = "calendar_month"
_VALUES = "cells_with_values"
"""Attribute: how many cells of each map have a value; it says that the array is whole."""


def write(
    store: Store,
    path: str,
    grid: Grid,
    values: npt.NDArray[np.floating],
    cells: Positions | None,
    attributes: Mapping[str, Any],
    of_group: Mapping[str, Any],
) -> None:
    """Write the array at `path`; `values` have dims ``(calendar_month, cell)``.

    `attributes` are those of the array, `of_group` those of the group it lies in.

    Raises:
        InputError: shapes do not fit, or a value is infinite.
    """
    shape = CALENDAR_MONTHS, len(cells) if cells is not None else grid.cells
    if values.shape != shape:
        raise InputError(
            f"{path}: expected (calendar_month, cell) of {shape}, got {values.shape}; give a row "
            "for each calendar month and a column for each cell"
        )
    group, _, name = path.rpartition("/")
    kind = MapKind("f8", None, str(attributes.get("units", "1")), name)
    packed = kind.packed(values, path)
    if opened_array(store, f"{group}/{_DIM}") is None:
        create_axes(store, group, grid, months=_DIM)
    zarr.open_group(store, path=group, mode="a", zarr_format=3).update_attributes(dict(of_group))
    array = create_maps(store, path, kind, grid, _DIM, CALENDAR_MONTHS)
    array[:] = scattered(packed, cells, grid.shape, kind.fill_value)
    flush(store)
    counts = kind.has_value(packed).sum(axis=1).tolist()
    array.update_attributes({**attributes, _VALUES: counts})


def read(
    store: Store,
    path: str,
    place: str,
    cells: Positions | None,
    calendar_months: Sequence[int],
) -> Floats:
    """Return the maps of `calendar_months` (1 to 12), dims ``(calendar_month, cell)``.

    Raises:
        InputError: the array is absent, damaged, or a map of it is lost.
        RewrittenMeanwhileError: it was written anew at the same time.
    """
    array = _whole(store, path, place)
    if array is None:
        raise InputError(f"{place}: expected {path}, which is absent; have it computed first")
    said: dict[str, Any] = dict(array.attrs)
    try:
        return _read(array, path, place, cells, calendar_months, said[_VALUES])
    finally:
        if attributes(store, path, place) != said:
            raise rewritten(path, place)


def _read(
    array: zarr.Array[Any],
    path: str,
    place: str,
    cells: Positions | None,
    calendar_months: Sequence[int],
    counts: Sequence[int],
) -> Floats:
    kind = MapKind("f8", None, "1", path)
    rows: list[Floats] = []
    for number in calendar_months:
        chunk = f"{path}/c/{number - 1}/0/0"
        with told_as_damage(chunk, place):
            held = np.asarray(array[number - 1]).reshape(1, -1)
        found, expected = int(kind.has_value(held).sum()), counts[number - 1]
        if found != expected:
            raise damaged(chunk, place, f"{found} cells with a value instead of {expected}")
        rows.append(kind.values(gathered(held, cells)))
    return np.concatenate(rows)


def attributes(store: Store, path: str, place: str) -> Mapping[str, Any] | None:
    """Return the attributes of the array at `path`; None where it is absent or not whole."""
    array = _whole(store, path, place)
    return None if array is None else dict(array.attrs)


def _whole(store: Store, path: str, place: str) -> zarr.Array[Any] | None:
    with told_as_damage(f"the description of {path}", place):
        array = opened_array(store, path)
    return array if array is not None and _VALUES in array.attrs else None
