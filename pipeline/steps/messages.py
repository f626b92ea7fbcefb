"""The messages of an alert: worded with the decision, given their last words by the approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Connection

from pipeline.alerts.cap import cap_identifier, cap_message
from pipeline.alerts.facts import AlertFacts, Approval
from pipeline.alerts.letters import letter, signed, subject, unchecked_texts
from pipeline.alerts.sending import Reference, Sending
from pipeline.settings import Settings
from pipeline.steps.installation import Installation
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.outbox import (
    NewMessage,
    PendingMessage,
    finish_message,
    read_cap_references,
    read_messages,
    save_messages,
)
from pipeline.warehouse.outcomes import read_identity

OUTGOING = "outgoing"
SEVERAL_LANGUAGES = "mul"
"""ISO 639-2 for a text in several languages: CAP holds one `info` for each."""


def queue_messages(
    installation: Installation, connection: Connection, alert_ids: Sequence[int]
) -> list[AlertFacts]:
    """Word the messages of these alerts and queue them, waiting for approval; return the alerts.

    Part of the decision's transaction: an alert without its messages never exists.
    """
    name = read_identity(connection).installation_id
    told = read_alerts(connection, alert_ids)
    for facts in told:
        messages = list(_messages(facts, name, installation.settings))
        save_messages(connection, facts.alert_id, messages)
    return told


def _messages(facts: AlertFacts, installation: str, settings: Settings) -> Iterator[NewMessage]:
    to_file = ("file", OUTGOING)
    for language in facts.plan.spoken:
        said = letter(facts, language)
        yield NewMessage(
            form="letter",
            language=language,
            subject=said.subject,
            draft=said.body,
            has_unchecked_text=unchecked_texts(facts, language),
            recipients=[to_file, *_mail_recipients(settings)],
        )
    yield NewMessage(
        form="cap",
        language=SEVERAL_LANGUAGES,
        subject=subject(facts, "en"),
        draft=None,
        has_unchecked_text=any(unchecked_texts(facts, one) for one in facts.plan.spoken),
        recipients=[to_file],
        cap_identifier=cap_identifier(facts, installation),
    )


def _mail_recipients(settings: Settings) -> list[tuple[str, str]]:
    return [] if settings.smtp_host is None else [("mail", address) for address in settings.mail_to]


def finish_messages(
    connection: Connection,
    facts: AlertFacts,
    approval: Approval,
    settings: Settings,
    *,
    accepts_unchecked: bool,
) -> int:
    """Give the messages of an approved alert their last words, and let them go.

    A translation that no speaker has checked stays behind unless the approver accepts it; return
    how many letters do.
    """
    languages = tuple(
        language
        for language in facts.plan.spoken
        if accepts_unchecked or not unchecked_texts(facts, language)
    )
    for message in read_messages(connection, facts.alert_id):
        if message.form == "cap":
            _finish_cap(connection, facts, approval, settings, message, languages)
        elif message.language in languages:
            body = signed(message.draft or "", approval, message.language)
            finish_message(connection, message.message_id, body)
        else:
            finish_message(connection, message.message_id, None)
    return len(facts.plan.spoken) - len(languages)


def _finish_cap(
    connection: Connection,
    facts: AlertFacts,
    approval: Approval,
    settings: Settings,
    message: PendingMessage,
    languages: tuple[str, ...],
) -> None:
    if not languages:
        finish_message(connection, message.message_id, None)
        return
    earlier = read_cap_references(connection, facts.chain_id, facts.alert_id)
    sent = approval.answered_at.replace(microsecond=0)
    sending = Sending(
        identifier=message.cap_identifier or "",
        sender=settings.cap_sender,
        sent=sent,
        addresses=tuple(settings.mail_to) or (settings.cap_sender,),
        references=tuple(
            Reference(row.cap_sender, row.cap_identifier, datetime.fromisoformat(row.cap_sent))
            for row in earlier
        ),
        authority=settings.authority,
        languages=languages,
    )
    body = cap_message(facts, approval, sending).decode()
    finish_message(
        connection,
        message.message_id,
        body,
        cap_sender=sending.sender,
        cap_sent=sent.isoformat(),
    )


def withdraw_messages(connection: Connection, alert_id: int) -> None:
    """Cancel the messages of a refused alert."""
    for message in read_messages(connection, alert_id):
        finish_message(connection, message.message_id, None)
