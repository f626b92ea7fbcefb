"""The queries in `sql/checks`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from pipeline.warehouse.migrations import sql_folder

MOST_ROWS = 20
"""Of each check: enough to see what is wrong."""


def run_checks(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Run every check; return the first offending rows of each by its name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted((sql_folder() / "checks").glob("*.sql")):
        cursor = connection.connection.cursor()
        cursor.execute(path.read_text(encoding="utf-8"))
        names = [column[0] for column in cursor.description or ()]
        found[path.stem] = [
            dict(zip(names, row, strict=True)) for row in cursor.fetchmany(MOST_ROWS)
        ]
    return found
