"""A folder that appears whole or not at all.

It is filled beside its place under a hidden name and moved there at the end. What a killed run
left lies under the hidden name, and the next run to the same place takes it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core.errors import ConflictError, DeliveryError, InputError
from pipeline.delivery.tables.package import CHECKSUMS, DESCRIPTION, listed


@contextmanager
def whole_folder(place: Path, *, replace: bool) -> Iterator[Path]:
    """Give a folder to fill, and move it to `place` when the body ends without an error.

    With `replace` an earlier export at `place` makes room for it; anything else there stays, and is
    refused.

    Raises:
        InputError: there is something at `place` already.
        ConflictError: another run is writing to the same place.
        DeliveryError: the disk is full, or may not be written to.
    """
    place = place.absolute()
    refuse_taken(place, replace=replace)
    part = place.with_name(f".{place.name}.part")
    try:
        with _alone_in(part):
            # Again: an export that ended since then would make room without being told to.
            refuse_taken(place, replace=replace)
            yield part
            _settle(part)
            _move(part, place)
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        raise DeliveryError(
            f"{place}: could not be written: {error.strerror or error}; free space or mend the "
            "folder's rights. Nothing was left behind"
        ) from error


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


@contextmanager
def _alone_in(part: Path) -> Iterator[None]:
    """Hold the folder, emptied of what a killed run left; the kernel frees it if we are killed.

    After an error it is taken away. After its move to another name nothing is: what is called
    `part` then is what another run has begun.
    """
    part.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(part, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError as error:  # between the two another run moved it to its place
        raise _busy(part) from error
    try:
        _lock(handle, part)
        try:
            for left in part.iterdir():
                left.unlink()
            yield
        except BaseException:
            if _is_called(handle, part):
                shutil.rmtree(part, ignore_errors=True)
            raise
    finally:
        os.close(handle)


def _lock(handle: int, part: Path) -> None:
    """Take the folder for ourselves.

    Raises:
        ConflictError: another run has it, or had it until now and moved it to its place.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_ours = _is_called(handle, part)
    except BlockingIOError:
        is_ours = False
    if not is_ours:
        raise _busy(part)


def _busy(part: Path) -> ConflictError:
    return ConflictError(
        f"{part}: another export is being written there; wait for it, or name another folder"
    )


def _is_called(handle: int, part: Path) -> bool:
    """Return whether the open folder is the one of that name still."""
    try:
        return os.path.samestat(os.fstat(handle), part.stat())
    except FileNotFoundError:
        return False


def _settle(part: Path) -> None:
    """Bring every file to the disk: a power cut must not leave a named folder of empty files."""
    for path in (*part.iterdir(), part):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _move(part: Path, place: Path) -> None:
    old = place.with_name(f".{place.name}.old")
    if place.exists():
        shutil.rmtree(old, ignore_errors=True)
        place.rename(old)
    part.rename(place)
    shutil.rmtree(old, ignore_errors=True)
