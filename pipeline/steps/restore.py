"""A backup brought into an empty database, and what the archive beside it lacks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, text

from pipeline.core.backups import differences
from pipeline.core.errors import ConflictError, InputError
from pipeline.sources.archive import Archive
from pipeline.steps.outcome import recorded
from pipeline.steps.readers import let_readers_in
from pipeline.warehouse import backup_files
from pipeline.warehouse.databases import Place, make_roles
from pipeline.warehouse.dumps import DumpError, DumpPrograms
from pipeline.warehouse.health import read_kept_files
from pipeline.warehouse.inventory import is_empty, read_inventory, read_server_version
from pipeline.warehouse.migrations import pending, refuse_other_version

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored warehouse holds, and what it lacks."""

    rows: int
    is_compared: bool
    """Whether it was compared with what is noted beside the dump."""
    pending: tuple[str, ...]
    """Migrations of this software that its tables lack."""
    is_of_this_version: bool
    """Whether its tables are of this software's version. Else its doors are as the server had them:
    the migration closes them."""
    files: int
    """Raw files that it knows."""
    lacking: tuple[str, ...]
    """Those that the archive does not hold in their size."""
    undelivered: int
    """Messages that the next `drought deliver` would send, and the first installation too."""


def restore(
    place: Place,
    programs: Sequence[Path | None],
    dump: Path,
    archive: Archive,
    *,
    tell: Tell = lambda line: None,
) -> Restored:
    """Bring the dump into an empty database, all or nothing, and close it to logins of analysts.

    The file is looked at before a database is made for it, and one that was made goes again where
    the dump does not come back whole.

    Args:
        place: where to.
        programs: folders to look for pg_restore in; None: on the PATH.
        dump: a file of `drought db backup`; what is noted beside it is compared, if it is there.
        archive: where the raw files of the warehouse should be.
        tell: told what is being done.

    Raises:
        InputError: the file is no dump or is damaged, the database holds something, or the roles
            cannot be made.
        ConflictError: the dump is not what it was, or what came back is not what was in it.
        DumpError: pg_restore failed though the file is whole; the database is as empty as before.
    """
    backup = backup_files.read_backup(dump)
    if backup is not None:
        tell("comparing the file with its checksum")
        backup_files.verify(dump, backup)
    with place.server.connect() as connection:
        version = read_server_version(connection)
    tools = DumpPrograms.for_server(version, programs)
    tools.refuse_no_dump(dump)
    with place.made(tell) as target:
        _fill(target, tools, dump, tell)
        with target.connect() as connection:
            tell("comparing the tables")
            tables = read_inventory(connection)
            lacks = tuple(pending(connection))
            is_of_this_version = _is_of_this_version(connection)
            kept, undelivered = read_kept_files(connection), _undelivered(connection)
        wrong = [] if backup is None else differences(backup, tables, version)
        if wrong:
            raise ConflictError(
                f"database {target.url.database}: expected what the backup held, got "
                f"{'; '.join(wrong[:5])}; do not work with this copy, take another backup"
            )
    _analyse(target)
    rows = sum(table.rows for table in tables.values())
    if is_of_this_version:
        let_readers_in(target, is_server_ours=place.is_server_ours, tell=tell)
        with recorded(target, "restore") as report:
            report.rows, report.message = rows, dump.name
    tell("looking for its raw files")
    lacking = tuple(key for key, size in kept if archive.size_of(key) != size)
    return Restored(
        rows, backup is not None, lacks, is_of_this_version, len(kept), lacking, undelivered
    )


def _fill(target: Engine, tools: DumpPrograms, dump: Path, tell: Tell) -> None:
    with target.connect() as connection:
        if not is_empty(connection):
            raise InputError(
                f"database {target.url.database}: expected an empty one, got one with tables; nothing "
                "is ever restored over a warehouse: name another with --into"
            )
    make_roles(target)
    tell("restoring")
    try:
        tools.restore(target, dump)
    except DumpError:
        tools.refuse_damaged(dump)  # where the file is whole, it was the server
        raise


def _is_of_this_version(connection: Connection) -> bool:
    try:
        refuse_other_version(connection)
    except InputError:
        return False
    return True


def _undelivered(connection: Connection) -> int:
    query = text("SELECT count(*) FROM alert.delivery WHERE state IN ('queued', 'failed')")
    return int(connection.execute(query).scalar_one())


def _analyse(target: Engine) -> None:
    """Tell the planner what the tables hold: a dump does not, and the first questions would crawl."""
    with target.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
