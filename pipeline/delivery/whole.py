"""A folder that appears whole or not at all.

It is filled beside its place under a hidden name and moved there at the end. What a killed run
left lies under the hidden name, and the next run to the same place takes it away.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.core.errors import ConflictError, DeliveryError


@contextmanager
def appearing_whole(place: Path, refuse_taken: Callable[[Path], None]) -> Iterator[Path]:
    """Give a folder to fill, and move it to `place` when the body ends without an error.

    What is at `place` makes room for it, unless `refuse_taken` raises. Where `place` is a symbolic
    link, that is the folder behind it.

    Raises:
        ConflictError: another run is writing to the same place.
        DeliveryError: the disk is full, or may not be written to.
    """
    place = place.resolve()
    refuse_taken(place)
    part = place.with_name(f".{place.name}.part")
    try:
        with _alone_in(part):
            # Again: another run that ended since then would make room without being told to.
            refuse_taken(place)
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
                shutil.rmtree(left) if left.is_dir() and not left.is_symlink() else left.unlink()
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
        f"{part}: something else is being written there; wait for it, or name another folder"
    )


def _is_called(handle: int, part: Path) -> bool:
    """Return whether the open folder is the one of that name still."""
    try:
        return os.path.samestat(os.fstat(handle), part.stat())
    except FileNotFoundError:
        return False


def _settle(part: Path) -> None:
    """Bring every file to the disk: a power cut must not leave a named folder of empty files."""
    for folder, _, names in os.walk(part):
        for path in (*(Path(folder, name) for name in names), Path(folder)):
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
    try:
        part.rename(place)
    except OSError:
        if old.exists() and not place.exists():
            old.rename(place)
        raise
    shutil.rmtree(old, ignore_errors=True)
