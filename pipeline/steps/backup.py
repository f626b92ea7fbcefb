"""Backups of the warehouse, each tried: what cannot be restored is no backup."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from pipeline.core.backups import Backup, differences, name_of, superfluous
from pipeline.core.errors import ConflictError, InputError
from pipeline.steps.check import looked_over
from pipeline.steps.installation import ENGINE, Installation
from pipeline.steps.outcome import recorded
from pipeline.warehouse import backup_files
from pipeline.warehouse.checks import Checked
from pipeline.warehouse.databases import refuse_without_scratch, scratch_database
from pipeline.warehouse.dumps import DumpPrograms
from pipeline.warehouse.inventory import read_inventory, read_server_version
from pipeline.warehouse.locks import only_backup
from pipeline.warehouse.migrations import newest_applied, pending

_ROOM = 1.2
"""Times the size of the newest backup that the next may need."""
_PACKED = 0.5
"""Of the database's size, where there is no backup to go by: measured 0.2 to 0.4."""
_GIB = 1 << 30

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Programs:
    """How to reach Postgres's own programs and the disk its databases lie on."""

    folders: tuple[Path | None, ...]
    """Where to look for pg_dump and pg_restore; None: on the PATH."""
    data: Path | None
    """Where the server keeps its databases; None: elsewhere, not ours to look at."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made."""

    backup: Backup
    path: Path
    dump_seconds: float
    trial_seconds: float | None
    """None: it was not tried."""
    found: tuple[Checked, ...]
    """What the checks found in the restored copy; none where its tables are older than they."""
    removed: tuple[str, ...]
    """Older backups that went."""


def back_up(
    installation: Installation,
    programs: Programs,
    *,
    to: Path | None = None,
    is_tried: bool = True,
    tell: Tell = lambda line: None,
) -> Made:
    """Write the warehouse as it is at this moment into one file, and try it.

    The trial restores the file into a database of its own on the same server, compares rows and
    content of every table with the snapshot, runs the checks there, and drops it. Then the older
    backups beyond ``DROUGHT_BACKUPS_KEPT`` go.

    Args:
        installation: where.
        programs: of Postgres.
        to: the folder; None: that of the settings.
        is_tried: False leaves the trial out.
        tell: told what is being done.

    Raises:
        InputError: no room, no folder, no programs for this server, or no database may be made for
            the trial; nothing was written.
        ConflictError: what came back differs from what was there; the dump is kept as refused.dump.
        DumpError: a program of Postgres failed.
        BusyWarehouseError: another backup is being made.
    """
    folder = to or installation.settings.backups_folder
    with recorded(installation.warehouse, "backup") as report:
        with only_backup(installation.warehouse):
            made = _made(installation.warehouse, programs, folder, tell, is_tried=is_tried)
        removed = superfluous(backup_files.read_backups(folder), installation.settings.backups_kept)
        for old in removed:
            backup_files.remove(folder, old)
        report.rows = made.backup.rows
        how = "not tried" if made.trial_seconds is None else f"tried in {made.trial_seconds:.0f} s"
        report.message = f"{made.path.name}, {made.backup.size_bytes} bytes, {how}"
        return Made(
            made.backup,
            made.path,
            made.dump_seconds,
            made.trial_seconds,
            made.found,
            tuple(old.name for old in removed),
        )


def _made(
    warehouse: Engine, programs: Programs, folder: Path, tell: Tell, *, is_tried: bool
) -> Made:
    backup_files.made_folder(folder)
    with warehouse.connect() as connection:
        version = read_server_version(connection)
        size = int(
            connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        )
    tools = DumpPrograms.for_server(version, programs.folders)
    _see_that_there_is_room(folder, size, programs.data if is_tried else None)
    if is_tried:
        refuse_without_scratch(warehouse)
    start = time.monotonic()
    backup = _dumped(warehouse, tools, folder, version, tell)
    dump_seconds = time.monotonic() - start
    found: list[Checked] = []
    trial_seconds = None
    if is_tried:
        start = time.monotonic()
        found = _tried(warehouse, tools, folder, backup, tell)
        trial_seconds = time.monotonic() - start
        with warehouse.connect() as connection:
            now = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        backup = backup.model_copy(update={"tried_at": now})
    backup_files.finish(folder, backup)
    return Made(backup, folder / backup.name, dump_seconds, trial_seconds, tuple(found), ())


def _dumped(
    warehouse: Engine, tools: DumpPrograms, folder: Path, version: int, tell: Tell
) -> Backup:
    """Write the dump under an unfinished name, and count what the same snapshot holds."""
    with warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        made_at, snapshot = connection.execute(text("SELECT now(), pg_export_snapshot()")).one()
        name = name_of(made_at)
        part = backup_files.unfinished(folder, name)
        tell(f"writing {folder / name}")
        tools.dump(warehouse, part, snapshot)
        tell("counting what it must hold")
        tables = read_inventory(connection)
        newest = newest_applied(connection)
    tell("taking its checksum")
    size_bytes, digest = backup_files.fingerprint(part)
    return Backup(
        made_at=made_at,
        name=name,
        size_bytes=size_bytes,
        sha256=digest,
        software=ENGINE,
        newest_migration=newest,
        server_version=version,
        tables=tables,
    )


def _tried(
    warehouse: Engine, tools: DumpPrograms, folder: Path, backup: Backup, tell: Tell
) -> list[Checked]:
    """Restore the dump into a scratch database, and see that it is what it was made of.

    Raises:
        ConflictError: it is not, or a check that runs on any sound warehouse does not run there.
    """
    part = backup_files.unfinished_path(folder, backup.name)
    with scratch_database(warehouse) as scratch:
        tell("restoring it for a trial")
        tools.restore(scratch, part)
        tell("comparing")
        with scratch.connect() as connection:
            wrong = differences(backup, read_inventory(connection), backup.server_version)
            is_of_this_version = not pending(connection)
        found = []
        if is_of_this_version and not wrong:
            tell("running the checks there")
            found = looked_over(scratch)
    wrong += [f"check {one.check.name}: {one.trouble}" for one in found if one.trouble is not None]
    if wrong:
        kept = backup_files.refuse(folder, backup.name)
        raise ConflictError(
            f"{kept}: expected the restored copy to equal the warehouse, got {'; '.join(wrong[:5])}; "
            "this is no backup, and older ones were left: see that the disk is sound, then repeat"
        )
    return found


def _see_that_there_is_room(folder: Path, size_bytes: int, data: Path | None) -> None:
    """Refuse to begin what the disk cannot hold.

    `data` is where the trial's database will lie; None where there is none, or it is not ours.
    """
    backups = backup_files.read_backups(folder)
    dump = int(_ROOM * backups[-1].size_bytes) if backups else int(_PACKED * size_bytes)
    needs = {folder: dump}
    if data is not None:
        is_one_disk = data.stat().st_dev == folder.stat().st_dev
        needs = {folder: dump + size_bytes} if is_one_disk else {folder: dump, data: size_bytes}
    for place, needed in needs.items():
        free = shutil.disk_usage(place).free
        if free < needed:
            raise InputError(
                f"{place}: expected room for some {needed / _GIB:.1f} GiB, got {free / _GIB:.1f} GiB; "
                "make room, name another folder with --to or DROUGHT_BACKUPS, keep fewer backups "
                "(DROUGHT_BACKUPS_KEPT), or leave the trial out with --no-try"
            )
