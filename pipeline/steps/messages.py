"""The messages of an alert: worded with the decision, given their last words by the approval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from pipeline.alerts.cap_identifiers import cap_identifier
from pipeline.alerts.facts import AlertFacts, Approval
from pipeline.alerts.letters import letter, signed, subject, unchecked_texts
from pipeline.alerts.local_time import zone_of
from pipeline.alerts.recipients import Form
from pipeline.alerts.short import brief, signed_brief, sms
from pipeline.core.ids import Country
from pipeline.settings import Settings
from pipeline.steps.cap_messages import cap_words
from pipeline.steps.installation import Installation
from pipeline.steps.recipients import addressees, readers_of
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.outbox import (
    NewMessage,
    PendingMessage,
    finish_message,
    queue_deliveries,
    read_messages,
    save_messages,
)
from pipeline.warehouse.outcomes import read_identity

CAP = "cap"
SEVERAL_LANGUAGES = "mul"
"""ISO 639-2 for a text in several languages: CAP holds one `info` for each."""


def queue_messages(
    installation: Installation, connection: Connection, alert_ids: Sequence[int]
) -> list[AlertFacts]:
    """Word the messages of these alerts, which wait for approval; return the alerts.

    Part of the decision's transaction: an alert without its messages never exists.
    """
    name = read_identity(connection).installation_id
    told = read_alerts(connection, alert_ids)
    for facts in told:
        messages = [
            *_letters(facts),
            *_short_messages(facts),
            _cap(facts, name, installation.settings),
        ]
        save_messages(connection, facts.alert_id, messages)
    return told


def _letters(facts: AlertFacts) -> Iterator[NewMessage]:
    for language in facts.plan.spoken:
        said = letter(facts, language)
        yield NewMessage(
            form=Form.LETTER,
            language=language,
            subject=said.subject,
            draft=said.body,
            has_unchecked_text=unchecked_texts(facts, language),
            goes_to_folder=True,
        )


def _short_messages(facts: AlertFacts) -> Iterator[NewMessage]:
    for language in facts.plan.spoken:
        for form, worded in ((Form.BRIEF, brief), (Form.SMS, sms)):
            yield NewMessage(
                form=form,
                language=language,
                subject=subject(facts, language),
                draft=worded(facts, language),
                has_unchecked_text=unchecked_texts(facts, language),
            )


def _cap(facts: AlertFacts, installation: str, settings: Settings) -> NewMessage:
    return NewMessage(
        form=CAP,
        language=SEVERAL_LANGUAGES,
        subject=subject(facts, "en"),
        draft=None,
        has_unchecked_text=any(unchecked_texts(facts, one) for one in facts.plan.spoken),
        goes_to_folder=True,
        cap_identifier=cap_identifier(facts, installation, settings.authority_oid),
    )


def finish_messages(
    connection: Connection,
    facts: AlertFacts,
    approval: Approval,
    settings: Settings,
    *,
    accepts_unchecked: bool,
) -> int:
    """Give the messages of an approved alert their last words, and queue them for its recipients.

    The register is asked now: who is in it when the alert is approved is told. A translation that no
    speaker has checked stays behind unless the approver accepts it; return how many letters do.
    """
    languages = leaving_languages(facts, accepts_unchecked=accepts_unchecked)
    messages = _all_messages(connection, facts)
    going = addressees(readers_of(connection, facts), messages, languages)
    signature = _by_local_clocks(approval, facts.country)
    for message in messages:
        if message.form == CAP:
            to = [one.recipient_id for one in going]
            _finish_cap(connection, facts, approval, settings, message, languages, to)
        else:
            leaves = message.language in languages
            body = _last_words(message, signature) if leaves else None
            finish_message(connection, message.message_id, body)
    queue_deliveries(connection, facts.alert_id, going)
    return len(facts.plan.spoken) - len(languages)


def leaving_languages(facts: AlertFacts, *, accepts_unchecked: bool) -> tuple[str, ...]:
    """Return the languages whose texts may leave, in the order of the plan."""
    return tuple(
        language
        for language in facts.plan.spoken
        if accepts_unchecked or not unchecked_texts(facts, language)
    )


def _all_messages(connection: Connection, facts: AlertFacts) -> list[PendingMessage]:
    """Return the messages of an alert; what was decided before 0028 gets its short ones now."""
    held = read_messages(connection, facts.alert_id)
    if any(message.form == Form.SMS for message in held):
        return held
    save_messages(connection, facts.alert_id, list(_short_messages(facts)))
    return read_messages(connection, facts.alert_id)


def _by_local_clocks(approval: Approval, country: Country) -> Approval:
    """Return an approval with its moment in the time of the country that reads of it."""
    return replace(approval, answered_at=approval.answered_at.astimezone(zone_of(country)))


def _last_words(message: PendingMessage, approval: Approval) -> str:
    """Return what leaves: a text message has no room for a signature."""
    draft = message.draft or ""
    if message.form == Form.SMS:
        return draft
    sign = signed if message.form == Form.LETTER else signed_brief
    return sign(draft, approval, message.language)


def _finish_cap(
    connection: Connection,
    facts: AlertFacts,
    approval: Approval,
    settings: Settings,
    message: PendingMessage,
    languages: tuple[str, ...],
    recipients: Sequence[str],
) -> None:
    said = cap_words(
        connection,
        facts,
        approval,
        settings,
        identifier=message.cap_identifier or "",
        languages=languages,
        addresses=recipients,
    )
    if said is None:
        finish_message(connection, message.message_id, None)
        return
    finish_message(
        connection, message.message_id, said.body, cap_sender=said.sender, cap_sent=said.sent
    )


def withdraw_messages(connection: Connection, alert_id: int) -> None:
    """Cancel the messages of a refused alert."""
    for message in read_messages(connection, alert_id):
        finish_message(connection, message.message_id, None)
