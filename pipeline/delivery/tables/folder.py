"""The folder of an export: it appears whole or not at all, in an empty place or that of an earlier one."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from pipeline.core.errors import InputError
from pipeline.delivery.tables.package import CHECKSUMS, DESCRIPTION, listed
from pipeline.delivery.whole import appearing_whole


def whole_folder(place: Path, *, replace: bool) -> AbstractContextManager[Path]:
    """Give a folder to fill, and move it to `place` when the body ends without an error.

    With `replace` an earlier export at `place` makes room for it; anything else there stays, and is
    refused.

    Raises:
        InputError: there is something at `place` already.
        ConflictError: another run is writing to the same place.
        DeliveryError: the disk is full, or may not be written to.
    """
    return appearing_whole(place, partial(refuse_taken, replace=replace))


def refuse_taken(place: Path, *, replace: bool) -> None:
    """Check that `place` is free, or with `replace` holds an earlier export and nothing else.

    Raises:
        InputError: it does not.
    """
    if not place.exists():
        return
    if place.is_mount() or not place.is_dir():
        raise InputError(
            f"{place}: expected the name of a new folder, got "
            f"{'a mounted disk; name a folder inside it' if place.is_dir() else 'a file; name another'}"
        )
    held = {path.name for path in place.iterdir()}
    if not held:
        return
    if not {CHECKSUMS, DESCRIPTION} <= held:
        raise InputError(
            f"{place}: expected a new or empty folder, got one that holds {_some(held)}; name "
            "another one"
        )
    if not replace:
        raise InputError(
            f"{place}: holds an earlier export; name another folder, or add --replace to put the "
            "new one in its place"
        )
    strange = held - listed(place)
    if strange:
        raise InputError(
            f"{place}: expected an earlier export and nothing else, got also {_some(strange)}; move "
            "that away, or name another folder"
        )


def _some(names: set[str]) -> str:
    return ", ".join(sorted(names)[:3]) + (" and more" if len(names) > 3 else "")
