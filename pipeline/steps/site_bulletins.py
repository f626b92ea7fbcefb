"""Bulletins as files on disk, and which of them were issued."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection

from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.delivery.site.facts import BulletinOnDisk
from pipeline.warehouse.bulletins import IssuedBulletin, read_issued

_NAME = re.compile(
    r"(?P<scope>kz|kg|tj|tm|uz|tr|region)\.(?P<language>[a-z]{2,3})\.(html|txt|pdf|docx)"
)


def bulletins_on_disk(folder: Path, connection: Connection) -> Iterator[BulletinOnDisk]:
    """Yield the files of bulletins, newest month first; what is called otherwise is passed over."""
    issued = {(one.month, one.scope.lower()): one for one in read_issued(connection)}
    for place in sorted(folder.iterdir(), reverse=True) if folder.is_dir() else ():
        month = _month(place)
        for path in sorted(place.iterdir()) if month is not None else ():
            found = _NAME.fullmatch(path.name)
            if month is not None and found is not None and path.is_file():
                issue = issued.get((month, found["scope"]))
                yield _file(path, month, found["scope"], found["language"], issue)


def issued_unchanged(
    files: Iterator[BulletinOnDisk], connection: Connection
) -> Iterator[BulletinOnDisk]:
    """Yield those of `files` that were issued.

    Raises:
        InputError: one of them is not as it was issued.
    """
    sums = {
        (one.month, name): digest
        for one in read_issued(connection)
        for name, digest in one.files.items()
    }
    for one in files:
        if one.number is None:
            continue
        digest = hashlib.sha256(one.path.read_bytes()).hexdigest()
        if digest != sums[one.month, one.path.name]:
            raise InputError(
                f"{one.path}: expected the file that was issued as No. {one.number}, got another one; "
                "put the issued file back from a backup: an issued bulletin never changes"
            )
        yield one


def _month(place: Path) -> Month | None:
    try:
        return Month.parse(place.name) if place.is_dir() else None
    except InputError:
        return None


def _file(
    path: Path, month: Month, scope: str, language: str, issue: IssuedBulletin | None
) -> BulletinOnDisk:
    country = None if scope == "region" else Country(scope.upper())
    if issue is None or path.name not in issue.files:
        return BulletinOnDisk(month, country, language, path)
    return BulletinOnDisk(month, country, language, path, issue.number, issue.dated)
