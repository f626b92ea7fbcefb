"""Which landscapes a report speaks of: by their id, their name, or the unit most of them lies in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from pipeline.core.errors import InputError
from pipeline.landscapes.landscape import Landscape

MOST = 0.5
"""A landscape belongs to a unit that more than this part of it lies in."""

Mask = npt.NDArray[np.bool_]


def named_landscapes(
    names: Collection[str],
    landscapes: Sequence[Landscape],
    units: Mapping[str, BaseGeometry],
    where: str,
) -> Mask:
    """Return which of `landscapes` are meant, in their order.

    Args:
        names: ids or names of landscapes, in any of their languages, or codes of units; empty: all
            are meant.
        landscapes: those of one country.
        units: first-level units by code, in degrees.
        where: the record that names them, for messages.

    Raises:
        InputError: a name is neither a landscape nor a unit.
    """
    if not names:
        return np.ones(len(landscapes), dtype=np.bool_)
    found = np.zeros(len(landscapes), dtype=np.bool_)
    for name in names:
        is_meant = np.array([_is_called(one, name) for one in landscapes], dtype=np.bool_)
        if not is_meant.any():
            if name not in units:
                raise InputError(
                    f"{where}: landscapes: expected ids or names of landscapes, or codes of units "
                    f"such as {', '.join(sorted(units)[:3])}, got {name!r}; correct it, or write "
                    "'*' for the whole country"
                )
            is_meant = np.array([_lies_in(one, units[name]) for one in landscapes], dtype=np.bool_)
        found |= is_meant
    return found


def _is_called(landscape: Landscape, name: str) -> bool:
    known = {landscape.landscape_id, landscape.name_en, *landscape.names.values()}
    return name.casefold() in {one.casefold() for one in known}


def _lies_in(landscape: Landscape, unit: BaseGeometry) -> bool:
    """Whether most of it does; shares of one small polygon are the same in degrees."""
    geometry = landscape.geometry
    if not geometry.intersects(unit):
        return False
    return bool(geometry.intersection(unit).area > MOST * geometry.area)
