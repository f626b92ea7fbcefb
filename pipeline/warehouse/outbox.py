"""The outbox: messages queued with the decision, emptied by delivery once they are approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message about to be written, with the alert it tells of."""

    form: str
    language: str
    subject: str
    draft: str | None
    has_unchecked_text: bool
    goes_to_folder: bool = False
    """Whether it is laid into the folder `outgoing`; recipients are asked for when it is approved."""
    cap_identifier: str | None = None


def save_messages(connection: Connection, alert_id: int, messages: Sequence[NewMessage]) -> None:
    """Write the messages of an alert; those for the folder are queued, and wait for its approval."""
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
        if message.goes_to_folder:
            connection.execute(
                text(
                    "INSERT INTO alert.delivery (message_id, channel, recipient_id) "
                    "VALUES (:message_id, 'file', 'outgoing')"
                ),
                {"message_id": message_id},
            )


@dataclass(frozen=True, slots=True)
class Addressee:
    """A recipient, and the message that goes there."""

    recipient_key: int
    recipient_id: str
    channel: str
    message_id: str


def queue_deliveries(
    connection: Connection, alert_id: int, addressees: Sequence[Addressee]
) -> None:
    """Queue an approved alert for its recipients; the tables take each of them once."""
    for one in addressees:
        connection.execute(
            text(
                "INSERT INTO alert.delivery "
                "(message_id, alert_id, channel, recipient_id, recipient_key, state) "
                "VALUES (:message_id, :alert_id, :channel, :recipient_id, :recipient_key, 'queued')"
            ),
            {
                "message_id": one.message_id,
                "alert_id": alert_id,
                "channel": one.channel,
                "recipient_id": one.recipient_id,
                "recipient_key": one.recipient_key,
            },
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
