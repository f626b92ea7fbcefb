"""What the machine says of itself, whether or not the database answers: disk, backups, software."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pipeline.core.backups import Backup
from pipeline.core.errors import InputError
from pipeline.settings import Settings
from pipeline.warehouse.backup_files import read_backups


@dataclass(frozen=True, slots=True)
class Disk:
    """The room where a folder lies."""

    folder: str
    """var, archive, grids or backups."""
    free_bytes: int | None
    """None: not known, as the folder cannot be read."""
    size_bytes: int | None
    trouble: str | None = None
    """Why it cannot be read."""


@dataclass(frozen=True, slots=True)
class BackupState:
    """The backups in the folder."""

    count: int
    newest_at: datetime | None
    """The moment it holds."""
    newest_tried_at: datetime | None
    """When the newest one was restored for a trial; None: it was not."""
    newest_bytes: int | None
    last_tried_at: datetime | None
    """The moment that the newest tried one holds."""


@dataclass(frozen=True, slots=True)
class FailedUnit:
    """A systemd unit whose last run failed, or that is being started again."""

    name: str
    since: datetime


def read_failed_units(settings: Settings) -> list[FailedUnit] | None:
    """Return the units that noted a failure and have not succeeded since; empty without systemd.

    None: the folder of notices cannot be read, so that it is not known.
    """
    found = []
    try:
        for notice in sorted(settings.unit_notices.iterdir()):
            with suppress(FileNotFoundError):  # it succeeds just now
                since = datetime.fromtimestamp(notice.stat().st_mtime, UTC)
                found.append(FailedUnit(notice.name, since))
    except FileNotFoundError:
        return []
    except OSError:
        return None
    return found


def read_disks(settings: Settings) -> list[Disk]:
    """Return the room of every folder of ours that lies on this machine, or why it is not known."""
    urls = {"archive": settings.archive, "grids": settings.grids}
    folders = {"var": settings.var, "backups": settings.backups_folder} | {
        name: Path(url2pathname(urlsplit(url).path) if "://" in url else url)
        for name, url in urls.items()
        if "://" not in url or url.startswith("file://")
    }
    return [_disk(name, path) for name, path in sorted(folders.items())]


def _disk(name: str, path: Path) -> Disk:
    try:
        usage = shutil.disk_usage(_existing(path.absolute()))
    except OSError as error:  # such as a share that went away
        return Disk(name, None, None, error.strerror or str(error))
    return Disk(name, usage.free, usage.total)


def read_backup_state(settings: Settings) -> BackupState | None:
    """Return how the backups stand; None where their folder cannot be read."""
    try:
        backups = read_backups(settings.backups_folder)
    except (OSError, InputError):
        return None
    newest = backups[-1] if backups else None
    return BackupState(
        len(backups),
        None if newest is None else newest.made_at,
        None if newest is None else newest.tried_at,
        None if newest is None else newest.size_bytes,
        _last_tried(backups),
    )


def _last_tried(backups: list[Backup]) -> datetime | None:
    return max((one.made_at for one in backups if one.tried_at is not None), default=None)


def _existing(path: Path) -> Path:
    return path if path.exists() or path == path.parent else _existing(path.parent)
