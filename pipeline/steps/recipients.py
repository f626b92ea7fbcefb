"""Who an alert goes to: the register of recipients, asked when the alert is approved."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.recipients import MAIL
from pipeline.alerts.wishes import language_for, objections
from pipeline.plans.conditions import NO_STAGE
from pipeline.warehouse.outbox import Addressee, PendingMessage
from pipeline.warehouse.recipients import (
    Registered,
    read_recipients,
    read_told_before,
    read_written_to,
)


@dataclass(frozen=True, slots=True)
class Reader:
    """One recipient before one alert."""

    registered: Registered
    objections: tuple[str, ...]
    """The wishes that the alert does not meet."""
    knows: bool
    """Whether an earlier alert of the chain went there."""
    is_end: bool
    """Whether the drought of the alert ends."""
    is_written_to: bool
    """Whether the alert goes to this address anyhow: it was decided before there was a register."""

    @property
    def is_told(self) -> bool:
        """Whether the alert goes there: it is wanted, or it ends a drought that was told there."""
        is_wanted = not self.objections or (self.knows and self.is_end)
        return is_wanted and not self.is_written_to


def readers_of(connection: Connection, facts: AlertFacts) -> list[Reader]:
    """Return each recipient of the register with what speaks for and against telling it an alert.

    Whoever was told of a drought is told of its end, whatever became of their wishes and of the
    landscape meanwhile.
    """
    told = read_told_before(connection, facts.chain_id, facts.alert_id)
    written_to = read_written_to(connection, facts.alert_id)
    return [_reader(one, facts, told, written_to) for one in read_recipients(connection)]


def _reader(
    registered: Registered, facts: AlertFacts, told: Collection[str], written_to: Collection[str]
) -> Reader:
    recipient = registered.recipient
    address = recipient.address if recipient.channel == MAIL else None
    return Reader(
        registered,
        tuple(objections(recipient.wishes, facts)),
        knows=recipient.recipient_id in told or address in told,
        is_end=facts.to_stage == NO_STAGE,
        is_written_to=address in written_to,
    )


def addressees(
    readers: Sequence[Reader], messages: Sequence[PendingMessage], languages: Sequence[str]
) -> list[Addressee]:
    """Return which message goes to whom, of those in the languages that leave."""
    by_form = {(message.form, message.language): message.message_id for message in messages}
    found = []
    for reader in readers:
        recipient = reader.registered.recipient
        language = language_for(recipient.language, languages)
        if reader.is_told and language is not None:
            found.append(
                Addressee(
                    reader.registered.recipient_key,
                    recipient.recipient_id,
                    recipient.channel,
                    by_form[recipient.form, language],
                )
            )
    return found
