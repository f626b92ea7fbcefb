"""The queries in `sql/checks`: each returns offending rows, and none is success.

The comment a file begins with is its title for people: in brackets how grave a row is, then what it
means, then after `Do:` what to do.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import Connection, text

from pipeline.core.errors import InputError
from pipeline.warehouse.migrations import sql_folder

MOST_ROWS = 20
"""Of each check: enough to see what is wrong."""
_TOTAL = "rows_in_all"
_LONGEST = "600s"
"""A check that takes longer is broken."""
_MEMORY = "64MB"
"""For each sort and hash: millions of rows are counted by landscape."""
_TITLE = re.compile(r"\[(error|notice)\] (.+?) Do: (.+)")


class Severity(StrEnum):
    """How grave an offending row is."""

    ERROR = "error"
    """What the warehouse shows cannot be trusted until it is mended."""
    NOTICE = "notice"
    """Somebody should look; it may be right."""


@dataclass(frozen=True, slots=True)
class Check:
    """One query."""

    name: str
    severity: Severity
    means: str
    remedy: str
    query: str

    @classmethod
    def parse(cls, name: str, content: str) -> Check:
        """Return the check that a file holds.

        Raises:
            InputError: it does not begin with a title.
        """
        lines = content.splitlines()
        comment = [line.removeprefix("--").strip() for line in _opening(lines)]
        found = _TITLE.fullmatch(" ".join(comment))
        if found is None:
            raise InputError(
                f"sql/checks/{name}.sql: expected a comment '[error] what it means. Do: what to do' "
                f"(or [notice]), got {comment[:1]}; write one at its beginning"
            )
        query = "\n".join(lines[len(comment) :]).strip().removesuffix(";")
        return cls(name, Severity(found[1]), found[2], found[3], query)


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check found."""

    check: Check
    count: int
    rows: tuple[dict[str, Any], ...]
    """The first of them."""
    seconds: float
    trouble: psycopg.Error | None = None
    """Why it could not be run; then it has found nothing out."""

    @property
    def is_wrong(self) -> bool:
        """Whether it found what stops trust."""
        return self.count > 0 and self.check.severity is Severity.ERROR


def read_checks(only: Collection[str] = ()) -> list[Check]:
    """Return the checks, or those named.

    Raises:
        InputError: there is no check of a name.
    """
    paths = {path.stem: path for path in sorted((sql_folder() / "checks").glob("*.sql"))}
    unknown = sorted(set(only) - paths.keys())
    if unknown:
        raise InputError(
            f"check: expected one of {', '.join(paths)}, got {', '.join(unknown)}; correct the name"
        )
    wanted = only or paths
    return [
        Check.parse(name, path.read_text(encoding="utf-8"))
        for name, path in paths.items()
        if name in wanted
    ]


def run_checks(connection: Connection, checks: Collection[Check]) -> Iterator[Checked]:
    """Run checks one after the other, in the caller's transaction, which they do not write in.

    One that fails does not keep the others from being run.
    """
    connection.execute(text(f"SET LOCAL statement_timeout = '{_LONGEST}'"))
    connection.execute(text(f"SET LOCAL work_mem = '{_MEMORY}'"))
    for check in checks:
        yield _run(connection, check)


def in_words(row: dict[str, Any]) -> str:
    """Return an offending row as one line, months as months; what is null is left out."""
    return ", ".join(f"{name} {_said(name, one)}" for name, one in row.items() if one is not None)


def _said(name: str, value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, date) and "month" in name:
        return f"{value:%Y-%m}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _run(connection: Connection, check: Check) -> Checked:
    query = (
        f"SELECT *, count(*) OVER () AS {_TOTAL} FROM (\n{check.query}\n) AS offending "  # noqa: S608
        f"LIMIT {MOST_ROWS}"
    )
    start = time.monotonic()
    rows: list[dict[str, Any]] = []
    trouble: psycopg.Error | None = None
    held: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        with held.transaction(), held.cursor(row_factory=dict_row) as cursor:
            # The driver's own cursor: SQLAlchemy would read `:` in the SQL as a placeholder.
            rows = cursor.execute(query).fetchall()
    except psycopg.Error as error:
        if held.closed:
            raise
        trouble = error
    count = int(rows[0][_TOTAL]) if rows else 0
    first = tuple({name: row[name] for name in row if name != _TOTAL} for row in rows)
    return Checked(check, count, first, time.monotonic() - start, trouble)


def _opening(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("--"):
            return
        yield line
