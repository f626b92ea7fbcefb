"""Backups of the warehouse: what one is, how it is called, and which need not be kept any longer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict


class TableFacts(BaseModel):
    """What a table holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    content: str
    """Sum of the hashes of its rows, whatever their order; equal only on servers of one major
    version."""


class Backup(BaseModel):
    """A file that holds the warehouse as it was at one moment, and what is known of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    made_at: datetime
    """The moment of the snapshot."""
    name: str
    """The file name of the dump."""
    size_bytes: int
    sha256: str
    """Of the dump, hexadecimal."""
    software: str
    newest_migration: str
    """What the tables were like."""
    server_version: int
    """Of Postgres, such as 180003."""
    tables: dict[str, TableFacts]
    """By schema and name."""
    tried_at: datetime | None = None
    """When it was restored for a trial and found equal; None: never."""

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())


def name_of(made_at: datetime) -> str:
    """Return the file name of a backup: names sort like moments.

    >>> name_of(datetime(2026, 11, 8, 4, 0, 12, tzinfo=UTC))
    'drought-20261108T040012.000000Z.dump'
    """
    return f"drought-{made_at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}.dump"


def superfluous(backups: Sequence[Backup], keep: int) -> list[Backup]:
    """Return the backups that may go, oldest first.

    The `keep` newest stay, and with them the newest that was tried, and the newest that was made by
    the version before the present tables: the way back from an upgrade whose fault shows late.
    """
    newest_first = sorted(backups, key=lambda one: one.made_at, reverse=True)
    kept = newest_first[:keep]
    tried = [one for one in newest_first if one.tried_at is not None]
    before = [
        one for one in newest_first if one.newest_migration != newest_first[0].newest_migration
    ]
    kept += tried[:1] + before[:1]
    return [one for one in reversed(newest_first) if one not in kept]


def differences(expected: Backup, got: dict[str, TableFacts], server_version: int) -> list[str]:
    """Return, for people, how the tables `got` differ from those of the backup.

    Rows are compared by content only on a server of the same major version: another one may hash
    otherwise.
    """
    is_alike = expected.server_version // 10_000 == server_version // 10_000
    found = []
    for name in sorted(expected.tables.keys() | got.keys()):
        before, after = expected.tables.get(name), got.get(name)
        if before is None or after is None:
            found.append(f"{name} is {'not in the backup' if before is None else 'not there'}")
        elif before.rows != after.rows:
            found.append(f"{name}: expected {before.rows} rows, got {after.rows}")
        elif is_alike and before.content != after.content:
            found.append(f"{name}: {after.rows} rows with other values")
    return found
