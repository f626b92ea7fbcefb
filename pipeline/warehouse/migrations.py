"""Forward-only SQL migrations, run by Alembic, each remembered with its checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command, op
from alembic.config import Config
from psycopg.errors import DeadlockDetected, LockNotAvailable, QueryCanceled
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from pipeline.core.errors import ConflictError, InputError
from pipeline.warehouse.databases import make_roles
from pipeline.warehouse.holders import SCHEMAS, Patience, read_table_holders
from pipeline.warehouse.locks import only_migrator, only_writer_within

PATIENCE_SECONDS = 300.0
"""How long others are waited for, in all."""
_QUEUE = "2s"
"""How long readers may have to queue behind us at a time. Twice Postgres's deadlock_timeout and no
longer: in a deadlock with a reader we are the ones who let go."""
_LOCKED = """
SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY n.nspname, c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind = 'r' AND n.nspname = ANY (:schemas)
"""
_IN_USE = "the tables are in use"
_END_THEM = "ask them to end, or end them with SELECT pg_terminate_backend(pid), and repeat"


def sql_folder() -> Path:
    """Return the folder `sql`: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parents[1]
    for folder in (package.parent / "sql", package / "sql"):
        if (folder / "migrations").is_dir():
            return folder
    raise InputError(
        f"sql: expected migrations beside or inside {package}; install the project anew"
    )


def migrate(
    engine: Engine,
    *,
    tell: Callable[[str], None] = lambda line: None,
    patience_seconds: float = PATIENCE_SECONDS,
) -> list[str]:
    """Bring the warehouse to the newest version; return the migrations applied now.

    All that lack are applied in one transaction, alone: other migrations and whoever computes or
    decides are waited for. Readers see the old tables until it is done; the locks it needs are
    taken all at once or let go of after two seconds, so nobody queues behind it for longer while
    a reader holds it up.

    Args:
        engine: the warehouse.
        tell: told who is waited for.
        patience_seconds: how long others are waited for.

    Raises:
        ConflictError: a migration that was applied has been edited since.
        InputError: the server lacks roles that the login may not make; it holds all that an
            administrator has to run. Nothing was changed.
        BusyWarehouseError: others were at work for longer. Nothing was changed.
    """
    if not _is_due(engine):
        return []
    make_roles(engine)
    patience = Patience(patience_seconds, tell)
    with only_migrator(engine, patience), only_writer_within(engine, patience):
        applied: list[str] | None = None
        while applied is None:
            applied = _attempt(engine)
            if applied is None:
                with engine.connect() as connection:
                    holders = read_table_holders(connection)
                patience.wait(_IN_USE, holders, _END_THEM)
        return applied


def pending(connection: Connection) -> list[str]:
    """Return the migrations that are not applied yet, oldest first.

    Raises:
        ConflictError: a migration that was applied has been edited since.
    """
    exists = connection.execute(text("SELECT to_regclass('public.applied_migration')")).scalar()
    applied = {} if exists is None else _applied(connection)
    _refuse_edits(applied)
    return [path.name for path in _files() if path.name not in applied]


def holds_data(connection: Connection) -> bool:
    """Return whether the warehouse, of whatever version, holds files or landscapes."""
    for table in ("ops.file", "landscape.landscape"):
        query = text("SELECT to_regclass(:table)")
        if connection.execute(query, {"table": table}).scalar() is None:
            continue
        query = text(f"SELECT EXISTS (SELECT FROM {table})")  # noqa: S608 - named above
        if connection.execute(query).scalar_one():
            return True
    return False


def newest_applied(connection: Connection) -> str:
    """Return the name of the newest migration applied."""
    query = text("SELECT max(name) FROM public.applied_migration")
    return str(connection.execute(query).scalar_one())


def newest_known() -> str:
    """Return the name of the newest migration of this software."""
    return _files()[-1].name


def refuse_other_version(connection: Connection) -> None:
    """Check that exactly the migrations of this code have been applied.

    Raises:
        InputError: there are no tables, or they are older, or newer, than this code.
        ConflictError: a migration that was applied has been edited since.
    """
    exists = connection.execute(text("SELECT to_regclass('public.applied_migration')")).scalar()
    applied = {} if exists is None else _applied(connection)
    known = {path.name for path in _files()}
    if not applied:
        raise InputError(
            "warehouse: expected its tables in the database, got none of them; run "
            "`drought db migrate`, which makes them"
        )
    if known - applied.keys():
        raise InputError(
            "warehouse: its tables are older than this software, expected all migrations; run "
            "`drought db migrate`"
        )
    if applied.keys() - known:
        raise InputError(
            f"warehouse: its tables are newer than this software, got "
            f"{', '.join(sorted(applied.keys() - known))}; install the version that made them"
        )
    _refuse_edits(applied)


def apply_beside(script: str) -> None:
    """Run the SQL file beside `script` and remember its checksum."""
    path = Path(script).with_suffix(".sql")
    connection = op.get_bind()
    # The driver's own cursor: SQLAlchemy would read `%` in the SQL as a placeholder.
    connection.connection.cursor().execute(path.read_text(encoding="utf-8"))
    connection.execute(
        text("INSERT INTO public.applied_migration (name, sha256) VALUES (:name, :sha256)"),
        {"name": path.name, "sha256": _sha256(path)},
    )


def _is_due(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(pending(connection))


def _attempt(engine: Engine) -> list[str] | None:
    """Apply what lacks, in one transaction; None where others hold what it needs."""
    try:
        with engine.begin() as connection:
            _take_tables(connection)
            return _apply(connection)
    except (OperationalError, psycopg.OperationalError) as error:
        cause = error.orig if isinstance(error, OperationalError) else error
        if isinstance(cause, (LockNotAvailable, QueryCanceled, DeadlockDetected)):
            return None
        raise


def _take_tables(connection: Connection) -> None:
    """Lock all tables before any work is done, so that none of it is done in vain."""
    names = connection.execute(text(_LOCKED), {"schemas": list(SCHEMAS)}).scalar()
    connection.execute(text(f"SET LOCAL lock_timeout = '{_QUEUE}'"))
    if names is not None:
        connection.execute(text(f"SET LOCAL statement_timeout = '{_QUEUE}'"))
        connection.execute(text(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))


def _apply(connection: Connection) -> list[str]:
    connection.execute(
        text(
            "CREATE TABLE IF NOT EXISTS public.applied_migration ("
            "name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz DEFAULT now())"
        )
    )
    # Here, for it is told there where this module's folder lies.
    from pipeline.warehouse.geometry import drop_geometry_views

    before = _applied(connection)
    drop_geometry_views(connection)
    command.upgrade(_config(connection), "head")
    return sorted(_applied(connection).keys() - before.keys())


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(sql_folder()).replace("%", "%%"))
    config.set_main_option("version_locations", str(sql_folder() / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    return config


def _files() -> list[Path]:
    return sorted((sql_folder() / "migrations").glob("*.sql"))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _applied(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text("SELECT name, sha256 FROM public.applied_migration"))
    return {row.name: row.sha256 for row in rows}


def _refuse_edits(applied: dict[str, str]) -> None:
    for path in _files():
        if applied.get(path.name, _sha256(path)) != _sha256(path):
            raise ConflictError(
                f"sql/migrations/{path.name}: was edited after it was applied, expected the checksum "
                f"{applied[path.name][:12]}, got {_sha256(path)[:12]}; restore it and write the "
                "change as a new migration"
            )
