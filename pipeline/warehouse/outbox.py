"""The outbox: messages queued with the decision, emptied by delivery once they are approved."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, text

from pipeline.core.months import Month


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message about to be queued, and who is to get it."""

    form: str
    language: str
    subject: str
    draft: str | None
    has_unchecked_text: bool
    recipients: Sequence[tuple[str, str]]
    """Channel and recipient."""
    cap_identifier: str | None = None


def save_messages(connection: Connection, alert_id: int, messages: Sequence[NewMessage]) -> None:
    """Queue the messages of an alert; they wait for its approval."""
    for message in messages:
        message_id = connection.execute(
            text(
                "INSERT INTO alert.message (alert_id, form, language, subject, draft, "
                "has_unchecked_text, cap_identifier) VALUES (:alert_id, :form, :language, :subject, "
                ":draft, :has_unchecked_text, :cap_identifier) RETURNING message_id"
            ),
            {
                "alert_id": alert_id,
                "form": message.form,
                "language": message.language,
                "subject": message.subject,
                "draft": message.draft,
                "has_unchecked_text": message.has_unchecked_text,
                "cap_identifier": message.cap_identifier,
            },
        ).scalar_one()
        for channel, recipient in message.recipients:
            connection.execute(
                text(
                    "INSERT INTO alert.delivery (message_id, channel, recipient_id) "
                    "VALUES (:message_id, :channel, :recipient)"
                ),
                {"message_id": message_id, "channel": channel, "recipient": recipient},
            )


@dataclass(frozen=True, slots=True)
class PendingMessage:
    """A message that waits for its final words."""

    message_id: str
    form: str
    language: str
    draft: str | None
    cap_identifier: str | None
    has_unchecked_text: bool


def read_messages(connection: Connection, alert_id: int) -> list[PendingMessage]:
    """Return the messages of an alert, letters before CAP."""
    rows = connection.execute(
        text("SELECT * FROM alert.message WHERE alert_id = :id ORDER BY form DESC, language"),
        {"id": alert_id},
    )
    return [
        PendingMessage(
            str(r.message_id), r.form, r.language, r.draft, r.cap_identifier, r.has_unchecked_text
        )
        for r in rows
    ]


def finish_message(
    connection: Connection,
    message_id: str,
    body: str | None,
    *,
    cap_sender: str | None = None,
    cap_sent: str | None = None,
) -> None:
    """Fix the final words of a message and queue its deliveries; no body cancels them."""
    connection.execute(
        text(
            "UPDATE alert.message SET body = :body, cap_sender = :sender, cap_sent = :sent "
            "WHERE message_id = CAST(:id AS uuid)"
        ),
        {"id": message_id, "body": body, "sender": cap_sender, "sent": cap_sent},
    )
    connection.execute(
        text(
            "UPDATE alert.delivery SET state = :state "
            "WHERE message_id = CAST(:id AS uuid) AND state = 'waiting'"
        ),
        {"id": message_id, "state": "cancelled" if body is None else "queued"},
    )


def read_cap_references(
    connection: Connection, chain_id: str, before: int
) -> list[Row[tuple[str, str, str]]]:
    """Return sender, identifier and time of the CAP messages that left earlier in a chain."""
    return list(
        connection.execute(
            text(
                "SELECT m.cap_sender, m.cap_identifier, m.cap_sent FROM alert.message AS m "
                "JOIN alert.transition AS t USING (alert_id) "
                "WHERE t.chain_id = :chain_id AND t.alert_id < :before AND m.body IS NOT NULL "
                "AND m.form = 'cap' ORDER BY t.alert_id"
            ),
            {"chain_id": chain_id, "before": before},
        )
    )


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
    subject: str
    body: str
    landscape_id: str
    drought_type: str

    @property
    def file_name(self) -> str:
        """A name that sorts by alert and says where and what."""
        place = re.sub(r"[^A-Za-z0-9-]+", "_", self.landscape_id)
        ending = "cap.xml" if self.form == "cap" else f"{self.language}.txt"
        return f"alert-{self.alert_id:06d}-{place}-{self.drought_type}.{ending}"


def take_queued_delivery(connection: Connection, channel: str, after: int) -> QueuedDelivery | None:
    """Lock and return the next delivery of a channel; None when the outbox holds no more for it.

    A delivery that another process holds is passed over, and so is one that was queued although its
    alert is not approved or it has no last words. Alerts leave in the order of their decision, so that a CAP message never
    refers to one that is still to come.
    """
    row = connection.execute(
        text(
            "SELECT d.delivery_id, m.message_id, m.alert_id, t.month, m.form, m.language, d.channel, "
            "d.recipient_id, m.subject, m.body, l.landscape_id, t.drought_type "
            "FROM alert.delivery AS d "
            "JOIN alert.message AS m USING (message_id) JOIN alert.transition AS t USING (alert_id) "
            "JOIN landscape.landscape AS l USING (landscape_key) "
            "JOIN alert.approval AS a USING (alert_id) "
            "WHERE a.state = 'approved' AND m.body IS NOT NULL "
            "AND d.state IN ('queued', 'failed') AND d.channel = :channel "
            "AND d.delivery_id > :after "
            "ORDER BY d.delivery_id LIMIT 1 FOR UPDATE OF d SKIP LOCKED"
        ),
        {"channel": channel, "after": after},
    ).one_or_none()
    if row is None:
        return None
    return QueuedDelivery(
        row.delivery_id,
        str(row.message_id),
        row.alert_id,
        Month.of(row.month),
        row.form,
        row.language,
        row.channel,
        row.recipient_id,
        row.subject,
        row.body,
        row.landscape_id,
        row.drought_type,
    )


def save_delivery(
    connection: Connection, delivery_id: int, sent_at: datetime | None, error: str | None
) -> None:
    """Write down that a channel took a message (`sent_at`), or what it said instead."""
    connection.execute(
        text(
            "UPDATE alert.delivery SET state = :state, attempts = attempts + 1, sent_at = :sent_at, "
            "error = :error WHERE delivery_id = :id"
        ),
        {
            "id": delivery_id,
            "state": "failed" if sent_at is None else "sent",
            "sent_at": sent_at,
            "error": error,
        },
    )
