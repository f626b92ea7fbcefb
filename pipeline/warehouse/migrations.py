"""Forward-only SQL migrations, run by Alembic, each remembered with its checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from sqlalchemy import Connection, Engine, text

from pipeline.core.errors import ConflictError, InputError

_LOCK = 5_319_008
"""Any number: two migrations at once wait for each other on it."""


def sql_folder() -> Path:
    """Return the folder `sql`: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).parents[1]
    for folder in (package.parent / "sql", package / "sql"):
        if (folder / "migrations").is_dir():
            return folder
    raise InputError(
        f"sql: expected migrations beside or inside {package}; install the project anew"
    )


def migrate(engine: Engine) -> list[str]:
    """Bring the warehouse to the newest version; return the migrations applied now.

    Raises:
        ConflictError: a migration that was applied has been edited since.
    """
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        connection.execute(
            text(
                "CREATE TABLE IF NOT EXISTS public.applied_migration ("
                "name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz DEFAULT now())"
            )
        )
        before = _applied(connection)
        _refuse_edits(before)
        command.upgrade(_config(connection), "head")
        return sorted(_applied(connection).keys() - before.keys())


def refuse_other_version(connection: Connection) -> None:
    """Check that exactly the migrations of this code have been applied.

    Raises:
        InputError: the tables are older, or newer, than this code.
        ConflictError: a migration that was applied has been edited since.
    """
    exists = connection.execute(text("SELECT to_regclass('public.applied_migration')")).scalar()
    applied = {} if exists is None else _applied(connection)
    known = {path.name for path in _files()}
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
