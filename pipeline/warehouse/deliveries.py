"""Approved messages on their way: what waits, what is taken, what became of it.

Who takes a delivery or a digest holds its row until the end of the transaction; another process
passes it over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from pipeline.alerts.due import REFUSALS_THAT_HOLD, Manner, Waiting
from pipeline.alerts.recipients import Hours
from pipeline.core.ids import Country
from pipeline.core.months import Month

_APPROVED = """
    alert.delivery AS d
    JOIN alert.message AS m ON d.message_id = m.message_id
    JOIN alert.transition AS t ON m.alert_id = t.alert_id
    JOIN alert.approval AS a ON t.alert_id = a.alert_id
    JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
    LEFT JOIN alert.recipient AS r ON d.recipient_key = r.recipient_key
"""
_ON_ITS_WAY = """
    a.state = 'approved' AND m.body IS NOT NULL AND d.state IN ('queued', 'failed')
    AND r.ended_at IS NULL
"""
_WAITING = f"""
SELECT
    d.channel, d.delivery_id, m.alert_id, t.chain_id, d.recipient_id, m.form, m.language, d.attempts,
    d.next_attempt_at, d.digest_id, r.hour_from, r.hour_until, r.weekdays, r.clock_country,
    r.digest_from,
    coalesce((
        SELECT p.body #> '{{issuing,at_once,stages}}' ? t.to_stage FROM plan.document AS p
        WHERE p.plan_id = t.plan_id AND p.version = t.plan_version
    ), FALSE) AS is_at_once
FROM {_APPROVED} WHERE {_ON_ITS_WAY}
ORDER BY m.alert_id, d.delivery_id
"""  # noqa: S608 - constants
# Nothing overtakes what came before it in its chain: what failed a moment ago still has its row. Only
# what is refused for good holds back nothing: it was tried before.
_TAKE = f"""
SELECT
    d.delivery_id, m.message_id, m.alert_id, t.month, m.form, m.language, d.channel, d.recipient_id,
    d.recipient_key, d.attempts, m.subject, m.body, l.landscape_id, t.drought_type, r.address, r.name,
    r.unsubscribe_token
FROM {_APPROVED}
WHERE {_ON_ITS_WAY} AND d.delivery_id = ANY(:ids) AND d.digest_id IS NULL AND NOT EXISTS (
    SELECT FROM alert.delivery AS earlier
    JOIN alert.message AS em ON earlier.message_id = em.message_id
    JOIN alert.transition AS et ON em.alert_id = et.alert_id
    JOIN alert.approval AS ea ON et.alert_id = ea.alert_id
    WHERE et.chain_id = t.chain_id AND et.alert_id < t.alert_id AND em.body IS NOT NULL
    AND earlier.recipient_id = d.recipient_id AND earlier.channel = d.channel
    AND earlier.state IN ('queued', 'failed') AND ea.state = 'approved'
    AND earlier.attempts < :refusals_that_hold AND earlier.delivery_id <> ALL(:ids)
)
ORDER BY m.alert_id, d.delivery_id
FOR UPDATE OF d SKIP LOCKED
"""  # noqa: S608 - constants
_CANCEL_ENDED = """
UPDATE alert.delivery AS d SET state = 'cancelled'
FROM alert.recipient AS r
WHERE d.recipient_key = r.recipient_key AND r.ended_at IS NOT NULL AND d.state IN ('queued', 'failed')
"""
_CANCEL_EMPTY = """
UPDATE alert.digest AS g SET state = 'cancelled'
WHERE g.state IN ('queued', 'failed') AND NOT EXISTS (
    SELECT FROM alert.delivery AS d WHERE d.digest_id = g.digest_id AND d.state <> 'cancelled'
)
"""


@dataclass(frozen=True, slots=True)
class QueuedDelivery:
    """One message on its way to one recipient."""

    delivery_id: int
    message_id: str
    alert_id: int
    month: Month
    form: str
    language: str
    channel: str
    recipient_id: str
    recipient_key: int | None
    attempts: int
    subject: str
    body: str
    landscape_id: str
    drought_type: str
    address: str
    name: str | None
    unsubscribe_token: str | None

    @property
    def file_name(self) -> str:
        """A name that sorts by alert and says where and what."""
        place = re.sub(r"[^A-Za-z0-9-]+", "_", self.landscape_id)
        ending = "cap.xml" if self.form == "cap" else f"{self.language}.txt"
        return f"alert-{self.alert_id:06d}-{place}-{self.drought_type}.{ending}"


def cancel_of_ended_recipients(connection: Connection) -> None:
    """Cancel what is on its way to recipients who were ended meanwhile."""
    connection.execute(text(_CANCEL_ENDED))
    connection.execute(text(_CANCEL_EMPTY))


def read_waiting(connection: Connection) -> dict[str, list[Waiting]]:
    """Return by channel what is approved and has not left, in the order of decision."""
    found: dict[str, list[Waiting]] = {}
    for row in connection.execute(text(_WAITING)):
        found.setdefault(row.channel, []).append(_waiting(row))
    return found


def _waiting(row: Row[Any]) -> Waiting:
    manner = None
    if row.digest_from is not None:
        hours = Hours(row.hour_from, row.hour_until, frozenset(row.weekdays))
        manner = Manner(hours, Country(row.clock_country), row.digest_from)
    return Waiting(
        delivery_id=row.delivery_id,
        alert_id=row.alert_id,
        chain_id=row.chain_id,
        recipient=row.recipient_id,
        form=row.form,
        language=row.language,
        attempts=row.attempts,
        next_attempt_at=row.next_attempt_at,
        digest_id=None if row.digest_id is None else str(row.digest_id),
        is_at_once=row.is_at_once,
        manner=manner,
    )


def take_deliveries(connection: Connection, delivery_ids: Sequence[int]) -> list[QueuedDelivery]:
    """Lock and return those of these deliveries that may leave now, in the order of decision.

    Left out are those that another process holds, that are in a digest, that have left, or that
    would overtake an earlier one of their chain to the same recipient that is not refused for good.
    """
    asked = {"ids": list(delivery_ids), "refusals_that_hold": REFUSALS_THAT_HOLD}
    rows = connection.execute(text(_TAKE), asked)
    return [
        QueuedDelivery(
            delivery_id=row.delivery_id,
            message_id=str(row.message_id),
            alert_id=row.alert_id,
            month=Month.of(row.month),
            form=row.form,
            language=row.language,
            channel=row.channel,
            recipient_id=row.recipient_id,
            recipient_key=row.recipient_key,
            attempts=row.attempts,
            subject=row.subject,
            body=row.body,
            landscape_id=row.landscape_id,
            drought_type=row.drought_type,
            # Before there was a register, the mail address stood for the recipient.
            address=row.address or row.recipient_id,
            name=row.name,
            unsubscribe_token=None if row.unsubscribe_token is None else str(row.unsubscribe_token),
        )
        for row in rows
    ]


def save_sent(connection: Connection, delivery_ids: Collection[int], sent_at: datetime) -> None:
    """Write down that a channel took these messages."""
    connection.execute(
        text(
            "UPDATE alert.delivery SET state = 'sent', attempts = attempts + 1, sent_at = :sent_at, "
            "error = NULL, next_attempt_at = NULL WHERE delivery_id = ANY(:ids)"
        ),
        {"ids": list(delivery_ids), "sent_at": sent_at},
    )


def save_failed(
    connection: Connection,
    delivery_ids: Collection[int],
    error: str,
    next_attempt_at: datetime,
    *,
    counts_to: int | None = None,
) -> None:
    """Write down what a channel said instead of taking these messages, and when it is tried again.

    Args:
        connection: within a transaction that holds them.
        delivery_ids: which.
        error: what it said.
        next_attempt_at: when it is tried again.
        counts_to: what was tried so often is not counted again; None: it is.
    """
    connection.execute(
        text(
            "UPDATE alert.delivery SET state = 'failed', error = :error, next_attempt_at = :next, "
            "attempts = attempts + CASE WHEN attempts >= CAST(:most AS integer) THEN 0 ELSE 1 END "
            "WHERE delivery_id = ANY(:ids)"
        ),
        {"ids": list(delivery_ids), "error": error, "next": next_attempt_at, "most": counts_to},
    )
