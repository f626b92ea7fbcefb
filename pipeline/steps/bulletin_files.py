"""The files of bulletins that are issued: into their places, and watched there for good.

What is about to be issued lies in a folder beside the others until its issue is committed, and is put
in its place then: whoever is killed in between leaves either no issue, or one that is finished by the
next who writes bulletins.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.delivery.files import write_to_folder
from pipeline.warehouse.bulletins import IssuedBulletin, read_issue

_STAGED = ".issuing-"
_READ_ONLY = 0o444


def folder_of(bulletins: Path, month: Month) -> Path:
    """Return the folder of the bulletins of a month."""
    return bulletins / str(month)


def languages_issued(issued: IssuedBulletin) -> tuple[str, ...]:
    """Return the languages in which a bulletin was issued."""
    return tuple(dict.fromkeys(name.split(".")[1] for name in sorted(issued.files)))


def faults(bulletins: Path, issued: IssuedBulletin) -> dict[str, str]:
    """Return what is wrong with the files of an issued bulletin, by their names."""
    folder = folder_of(bulletins, issued.month)
    return {
        name: f"{folder / name}: expected the file that was issued as No. {issued.number}, got "
        f"{'another' if (folder / name).is_file() else 'none'}; lay a copy of it there again"
        for name, checksum in sorted(issued.files.items())
        if not _is(folder / name, checksum)
    }


def stage(bulletins: Path, month: Month, scope: str, files: Mapping[str, bytes]) -> dict[str, str]:
    """Lay the files of a bulletin beside their places, and return the checksum of each.

    Raises:
        DeliveryError: the folder cannot be written to.
    """
    staged = _staged(bulletins, month, scope)
    shutil.rmtree(staged, ignore_errors=True)
    for name, written in files.items():
        write_to_folder(staged, name, written).chmod(_READ_ONLY)
    return {name: sha256(written).hexdigest() for name, written in files.items()}


def put_in_place(bulletins: Path, issued: IssuedBulletin) -> None:
    """Move the files of an issue that is committed to their places; doing it twice is no harm."""
    staged = _staged(bulletins, issued.month, issued.scope)
    for name, checksum in issued.files.items():
        if _is(staged / name, checksum):
            (staged / name).replace(folder_of(bulletins, issued.month) / name)
    shutil.rmtree(staged, ignore_errors=True)


def finish(bulletins: Path, connection: Connection) -> None:
    """Finish what somebody began who was killed: issues that are committed, and none that are not."""
    for month, scope in list(_begun(bulletins)):
        issued = read_issue(connection, month, scope)
        if issued is not None:
            put_in_place(bulletins, issued)
        else:
            shutil.rmtree(_staged(bulletins, month, scope), ignore_errors=True)


def _begun(bulletins: Path) -> Iterator[tuple[Month, str]]:
    for staged in sorted(bulletins.glob(f"*/{_STAGED}*")):
        scope = staged.name.removeprefix(_STAGED)
        try:
            yield Month.parse(staged.parent.name), scope if scope == "region" else scope.upper()
        except InputError:  # no folder of ours
            continue


def _staged(bulletins: Path, month: Month, scope: str) -> Path:
    return folder_of(bulletins, month) / f"{_STAGED}{scope.lower()}"


def _is(path: Path, checksum: str) -> bool:
    return path.is_file() and sha256(path.read_bytes()).hexdigest() == checksum
