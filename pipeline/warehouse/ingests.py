"""What became of each file that came: its records counted, or the file refused as a whole."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.core.counts import Counts
from pipeline.core.files import RawFile, storable
from pipeline.warehouse.status import Rows

_LATEST = """
SELECT f.name AS file_name, f.kind, f.source, i.n_read, i.n_stored, i.n_quarantined,
    i.n_unchanged, i.note, i.ingested_at
FROM ops.ingest AS i JOIN ops.file AS f USING (file_id)
ORDER BY i.ingest_id DESC LIMIT :most
"""
_REFUSED = """
SELECT name, size_bytes, archive_key, reason, first_at, last_at, times
FROM ops.refused_file WHERE accepted_at IS NULL ORDER BY last_at DESC, name
"""


def save_ingest(
    connection: Connection, file_id: int, counts: Counts, note: str | None, *, step: str = "ingest"
) -> None:
    """Write down what became of the records of a file, in the transaction that stores them.

    If the same bytes were refused before, their row says from now on that they were taken.
    """
    connection.execute(
        text(
            "INSERT INTO ops.ingest "
            "(file_id, step, n_read, n_stored, n_quarantined, n_unchanged, note) VALUES "
            "(:file_id, :step, :read, :stored, :quarantined, :unchanged, :note)"
        ),
        {
            "file_id": file_id,
            "step": step,
            "read": counts.read,
            "stored": counts.stored,
            "quarantined": counts.quarantined,
            "unchanged": counts.unchanged,
            "note": storable(note) if note else None,
        },
    )
    connection.execute(
        text(
            "UPDATE ops.refused_file AS r SET accepted_at = now(), file_id = f.file_id "
            "FROM ops.file AS f WHERE f.file_id = :file_id AND f.sha256 = r.sha256 "
            "AND r.accepted_at IS NULL"
        ),
        {"file_id": file_id},
    )


def save_refused(connection: Connection, raw: RawFile, reason: str) -> None:
    """Write down that a file was refused as a whole, and why this time."""
    connection.execute(
        text(
            "INSERT INTO ops.refused_file AS held (sha256, name, size_bytes, archive_key, reason) "
            "VALUES (:sha256, :name, :size_bytes, :archive_key, :reason) "
            "ON CONFLICT (sha256) DO UPDATE SET name = excluded.name, reason = excluded.reason, "
            "last_at = now(), times = held.times + 1"
        ),
        {
            "sha256": raw.sha256,
            "name": raw.name,
            "size_bytes": raw.size_bytes,
            "archive_key": raw.archive_key,
            "reason": storable(reason),
        },
    )


def is_registered(connection: Connection, sha256: str) -> bool:
    """Return whether these bytes were taken before."""
    return bool(
        connection.execute(
            text("SELECT EXISTS (SELECT FROM ops.file WHERE sha256 = :sha256)"), {"sha256": sha256}
        ).scalar_one()
    )


def was_ingested(connection: Connection, sha256: str) -> bool:
    """Return whether these bytes were taken, and every record of them was accounted for.

    Of gauge files taken by the first version of this software only months were stored.
    """
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM ops.file JOIN ops.ingest USING (file_id) "
                "WHERE sha256 = :sha256)"
            ),
            {"sha256": sha256},
        ).scalar_one()
    )


def read_latest_ingests(connection: Connection, most: int = 10) -> Rows:
    """Return the latest ingests, newest first, with what became of their records."""
    return [dict(row) for row in connection.execute(text(_LATEST), {"most": most}).mappings()]


def read_refused(connection: Connection) -> Rows:
    """Return the files that were refused and not taken since, the latest first."""
    return [dict(row) for row in connection.execute(text(_REFUSED)).mappings()]


def read_newest_commit(connection: Connection) -> datetime | None:
    """Return the newest time at which anything was written down, or None in a new warehouse."""
    newest: datetime | None = connection.execute(
        text(
            "SELECT greatest((SELECT max(ended_at) FROM ops.outcome), "
            "(SELECT max(last_received_at) FROM ops.file), "
            "(SELECT max(ingested_at) FROM ops.ingest))"
        )
    ).scalar_one()
    return newest
