"""What the database says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.warehouse.ingests import read_newest_commit
from pipeline.warehouse.migrations import refuse_other_version

_KEPT = """
SELECT archive_key, size_bytes FROM ops.file
UNION ALL
SELECT archive_key, size_bytes FROM ops.refused_file
ORDER BY archive_key
"""
_OPEN_REQUESTS = """
SELECT count(*) AS open, min(asked_at) AS since FROM ops.request WHERE is_open
"""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """Which server answers, and how much it holds."""

    version: str
    size_bytes: int


def read_database_facts(connection: Connection) -> DatabaseFacts:
    """Return which server answers, after making sure that its tables can be written.

    Raises:
        InputError: migrations are missing, or are those of another version.
        ConflictError: a migration was edited after it was applied.
        sqlalchemy.exc.SQLAlchemyError: the tables cannot be written.
    """
    refuse_other_version(connection)
    facts = read_server(connection)
    with connection.begin_nested() as attempt:
        connection.execute(text("UPDATE ops.identity SET origin = origin"))
        attempt.rollback()
    return facts


def read_server(connection: Connection) -> DatabaseFacts:
    """Return which server answers, and how much the database holds."""
    row = connection.execute(
        text(
            "SELECT current_setting('server_version') AS version, "
            "pg_database_size(current_database()) AS size"
        )
    ).one()
    return DatabaseFacts(row.version.split()[0], int(row.size))


def read_times(connection: Connection) -> tuple[datetime | None, datetime]:
    """Return when something was last written down, and the time by the database's clock.

    The former is None in a new warehouse, and in one without our tables.
    """
    now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    has_tables = connection.execute(text("SELECT to_regclass('ops.ingest')")).scalar_one()
    return (None if has_tables is None else read_newest_commit(connection)), now


def read_kept_files(connection: Connection) -> list[tuple[str, int]]:
    """Return the archive key and the size in bytes of every file that came."""
    return [(row.archive_key, row.size_bytes) for row in connection.execute(text(_KEPT))]


def read_open_request_age(connection: Connection) -> tuple[int, datetime | None]:
    """Return how many requests to the data store are open, and since when the oldest."""
    row = connection.execute(text(_OPEN_REQUESTS)).one()
    return int(row.open), row.since
