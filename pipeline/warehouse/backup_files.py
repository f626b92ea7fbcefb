"""The folder of backups: a dump, and beside it what is known of it. What is there is whole."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pydantic import ValidationError

from pipeline.core.backups import Backup
from pipeline.core.errors import ConflictError, InputError

REFUSED = "refused.dump"
"""The newest dump that failed its trial; no backup, kept to look at."""
_PART = ".part"


def made_folder(folder: Path) -> Path:
    """Make the folder, readable for its owner alone: a dump holds what is restricted too.

    Raises:
        InputError: it cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{folder}: expected a folder for backups, got: {error.strerror}; choose another with "
            "--to or DROUGHT_BACKUPS"
        ) from error
    if not os.access(folder, os.W_OK):
        raise InputError(
            f"{folder}: expected a folder that can be written, got none; run as its owner, or choose "
            "another with --to or DROUGHT_BACKUPS"
        )
    return folder


def unfinished(folder: Path, name: str) -> Path:
    """Return where to write a dump that is to be called `name`, readable for its owner alone.

    What killed runs have left is removed: whoever asks is the only one at work.
    """
    for left in folder.glob(f"drought-*{_PART}"):
        left.unlink()
    path = unfinished_path(folder, name)
    path.touch(mode=0o600)
    return path


def unfinished_path(folder: Path, name: str) -> Path:
    """Return where a dump lies until it is a backup."""
    return folder / f"{name}{_PART}"


def finish(folder: Path, backup: Backup) -> None:
    """Give a dump its name, after it and what is known of it have reached the disk."""
    part = unfinished_path(folder, backup.name)
    _sync(part)
    describe(folder, backup)
    part.replace(folder / backup.name)
    _sync(folder)


def refuse(folder: Path, name: str) -> Path:
    """Take a dump that failed its trial out of the backups, and return where it lies now.

    Only the newest such is kept, so that failing backups do not fill the disk.
    """
    return unfinished_path(folder, name).replace(folder / REFUSED)


def describe(folder: Path, backup: Backup) -> None:
    """Write what is known of a backup beside it."""
    path = _sidecar(folder / backup.name)
    part = path.with_name(f"{path.name}{_PART}")
    part.touch(mode=0o600)
    part.write_text(backup.model_dump_json(indent=1) + "\n", encoding="utf-8")
    _sync(part)
    part.replace(path)


def read_backups(folder: Path) -> list[Backup]:
    """Return the backups in the folder, oldest first; none where there is no folder."""
    found = [read_backup(path) for path in folder.glob("*.dump") if _sidecar(path).exists()]
    return sorted((one for one in found if one is not None), key=lambda one: one.made_at)


def read_backup(dump: Path) -> Backup | None:
    """Return what is known of a dump, by the file beside it; None where there is none.

    Raises:
        InputError: it is not such a file.
    """
    path = _sidecar(dump)
    if not path.exists():
        return None
    try:
        return Backup.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(
            f"{path}: expected what `drought db backup` writes beside a dump, got {first['msg']}; "
            "restore it, or move it away to restore the dump without"
        ) from error


def verify(dump: Path, backup: Backup) -> None:
    """Compare a dump with what is known of it.

    Raises:
        ConflictError: other bytes.
    """
    size, digest = fingerprint(dump)
    if (size, digest) != (backup.size_bytes, backup.sha256):
        raise ConflictError(
            f"{dump}: expected {backup.size_bytes} bytes with checksum {backup.sha256[:12]}, got "
            f"{size} with {digest[:12]}; it was cut short or changed: take another copy or backup"
        )


def fingerprint(path: Path) -> tuple[int, str]:
    """Return size in bytes and SHA-256 of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def remove(folder: Path, backup: Backup) -> None:
    """Delete a backup: first the dump, so that no half of it looks like one."""
    (folder / backup.name).unlink()
    _sidecar(folder / backup.name).unlink(missing_ok=True)


def _sidecar(dump: Path) -> Path:
    return dump.with_suffix(".json")


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
