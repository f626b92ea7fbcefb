"""Digests: several messages to one recipient that leave as one, under an id of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.warehouse.deliveries import QueuedDelivery, save_failed, save_sent

_TAKE = """
SELECT g.*, r.address, r.name, r.unsubscribe_token FROM alert.digest AS g
JOIN alert.recipient AS r ON r.recipient_key = (
    SELECT d.recipient_key FROM alert.delivery AS d
    WHERE d.digest_id = g.digest_id AND d.state <> 'cancelled' LIMIT 1
)
WHERE g.digest_id = CAST(:id AS uuid) AND g.state IN ('queued', 'failed') AND r.ended_at IS NULL
FOR UPDATE OF g SKIP LOCKED
"""
_CONTENTS = """
SELECT d.delivery_id, m.alert_id, m.subject, m.body FROM alert.delivery AS d
JOIN alert.message AS m ON d.message_id = m.message_id
WHERE d.digest_id = CAST(:id AS uuid) AND d.state <> 'cancelled' ORDER BY m.alert_id
"""


@dataclass(frozen=True, slots=True)
class Content:
    """One message of a digest."""

    delivery_id: int
    alert_id: int
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class QueuedDigest:
    """One digest on its way to one recipient."""

    digest_id: str
    recipient_id: str
    channel: str
    form: str
    language: str
    subject: str
    body: str
    attempts: int
    address: str
    name: str
    unsubscribe_token: str
    contents: tuple[Content, ...]


def save_digest(
    connection: Connection, deliveries: Collection[QueuedDelivery], subject: str, body: str
) -> str:
    """Make one digest of these deliveries, which are of one recipient; return its id."""
    first = next(iter(deliveries))
    digest_id = connection.execute(
        text(
            "INSERT INTO alert.digest (recipient_id, channel, form, language, subject, body) "
            "VALUES (:recipient_id, :channel, :form, :language, :subject, :body) "
            "RETURNING digest_id"
        ),
        {
            "recipient_id": first.recipient_id,
            "channel": first.channel,
            "form": first.form,
            "language": first.language,
            "subject": subject,
            "body": body,
        },
    ).scalar_one()
    # What was refused of single messages says nothing of the digest.
    connection.execute(
        text(
            "UPDATE alert.delivery SET digest_id = :digest_id, next_attempt_at = NULL "
            "WHERE delivery_id = ANY(:ids)"
        ),
        {"digest_id": digest_id, "ids": [one.delivery_id for one in deliveries]},
    )
    return str(digest_id)


def take_digest(connection: Connection, digest_id: str) -> QueuedDigest | None:
    """Lock and return a digest; None where it has left, or another process holds it."""
    row = connection.execute(text(_TAKE), {"id": digest_id}).one_or_none()
    if row is None:
        return None
    contents = connection.execute(text(_CONTENTS), {"id": digest_id})
    return QueuedDigest(
        digest_id=digest_id,
        recipient_id=row.recipient_id,
        channel=row.channel,
        form=row.form,
        language=row.language,
        subject=row.subject,
        body=row.body,
        attempts=row.attempts,
        address=row.address,
        name=row.name,
        unsubscribe_token=str(row.unsubscribe_token),
        contents=tuple(
            Content(one.delivery_id, one.alert_id, one.subject, one.body) for one in contents
        ),
    )


def save_digest_sent(connection: Connection, digest: QueuedDigest, sent_at: datetime) -> None:
    """Write down that a channel took a digest, and so each message in it."""
    connection.execute(
        text(
            "UPDATE alert.digest SET state = 'sent', attempts = attempts + 1, sent_at = :sent_at, "
            "error = NULL, next_attempt_at = NULL WHERE digest_id = CAST(:id AS uuid)"
        ),
        {"id": digest.digest_id, "sent_at": sent_at},
    )
    save_sent(connection, [one.delivery_id for one in digest.contents], sent_at)


def save_digest_failed(
    connection: Connection,
    digest: QueuedDigest,
    error: str,
    next_attempt_at: datetime,
    *,
    counts_to: int | None = None,
) -> None:
    """Write down what a channel said instead of taking a digest, and when it is tried again.

    It counts against each message in it, as `save_failed` says.
    """
    connection.execute(
        text(
            "UPDATE alert.digest SET state = 'failed', attempts = attempts + 1, error = :error, "
            "next_attempt_at = :next WHERE digest_id = CAST(:id AS uuid)"
        ),
        {"id": digest.digest_id, "error": error, "next": next_attempt_at},
    )
    within = [one.delivery_id for one in digest.contents]
    save_failed(connection, within, error, next_attempt_at, counts_to=counts_to)
