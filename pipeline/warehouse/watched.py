"""What drop folders held, and what became of each file in them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text

from pipeline.core.files import storable


class Fate(StrEnum):
    """What became of a file in a drop folder."""

    WAITING = "waiting"
    """It may still be being written; nothing was read."""
    TAKEN = "taken"
    REFUSED = "refused"
    """Not tried again until its bytes change, or on request."""
    LAYOUT = "layout"
    """It says how tables of the folder are written."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """A file of a drop folder as it was seen last."""

    path: str
    size_bytes: int
    stamp: str | None
    sha256: str | None
    fate: Fate
    note: str | None = None

    @property
    def looks(self) -> tuple[int, str | None]:
        """What a listing tells of it."""
        return self.size_bytes, self.stamp


def read_remembered(connection: Connection, url: str) -> dict[str, Remembered]:
    """Return what is remembered of a drop folder, by path."""
    rows = connection.execute(
        text(
            "SELECT path, size_bytes, stamp, sha256, outcome, note FROM ops.watched "
            "WHERE url = :url"
        ),
        {"url": storable(url)},
    )
    return {
        row.path: Remembered(
            row.path, row.size_bytes, row.stamp, row.sha256, Fate(row.outcome), row.note
        )
        for row in rows
    }


def read_fate(connection: Connection, sha256: str) -> Remembered | None:
    """Return what became of these bytes, under whatever name and in whatever folder they came.

    Taken goes before refused: what was taken once is not refused by an older memory.
    """
    row = connection.execute(
        text(
            "SELECT path, size_bytes, stamp, sha256, outcome, note FROM ops.watched "
            "WHERE sha256 = :sha256 ORDER BY outcome = 'refused', changed_at LIMIT 1"
        ),
        {"sha256": sha256},
    ).one_or_none()
    if row is None:
        return None
    return Remembered(row.path, row.size_bytes, row.stamp, row.sha256, Fate(row.outcome), row.note)


def read_newest_refused(connection: Connection, most: int) -> list[str]:
    """Return the files of drop folders that were refused last, each with the reason."""
    rows = connection.execute(
        text(
            "SELECT path, note FROM ops.watched WHERE outcome = 'refused' "
            "ORDER BY changed_at DESC, path LIMIT :most"
        ),
        {"most": most},
    )
    return [f"{row.path}: {row.note}" for row in rows]


def save_remembered(connection: Connection, url: str, seen: Remembered) -> None:
    """Remember what became of a file of a drop folder; a row that says the same is not touched."""
    connection.execute(
        text(
            "INSERT INTO ops.watched AS held (url, path, size_bytes, stamp, sha256, outcome, note) "
            "VALUES (:url, :path, :size_bytes, :stamp, :sha256, :outcome, :note) "
            "ON CONFLICT (url, path) DO UPDATE SET size_bytes = excluded.size_bytes, "
            "stamp = excluded.stamp, sha256 = excluded.sha256, outcome = excluded.outcome, "
            "note = excluded.note, changed_at = now() "
            "WHERE (held.size_bytes, held.stamp, held.sha256, held.outcome, held.note) IS DISTINCT "
            "FROM (excluded.size_bytes, excluded.stamp, excluded.sha256, excluded.outcome, "
            "excluded.note)"
        ),
        {
            "url": storable(url),
            "path": storable(seen.path),
            "size_bytes": seen.size_bytes,
            "stamp": seen.stamp,
            "sha256": seen.sha256,
            "outcome": seen.fate,
            "note": storable(seen.note) if seen.note else None,
        },
    )
