"""The CAP message of an alert that is let go: its place in its chain, and its last words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline.alerts.cap import cap_message, cap_status
from pipeline.alerts.cap_chain import place_in_chain, turn
from pipeline.alerts.facts import AlertFacts, Approval
from pipeline.alerts.sending import Sending
from pipeline.settings import Settings
from pipeline.warehouse.public_messages import read_told_chain, wait_for_chains


@dataclass(frozen=True, slots=True)
class CapWords:
    """A CAP message that may leave."""

    body: str
    sender: str
    sent: str
    """ISO 8601, with an offset."""


def in_turn(connection: Connection, alerts: Iterable[AlertFacts]) -> list[AlertFacts]:
    """Return alerts that are let go together as their CAP messages follow each other.

    Their chains are kept from others until the transaction's end.
    """
    found = sorted(alerts, key=lambda facts: turn(facts.change, facts.alert_id))
    wait_for_chains(connection, (facts.chain_id for facts in found))
    return found


def cap_words(
    connection: Connection,
    facts: AlertFacts,
    approval: Approval,
    settings: Settings,
    *,
    identifier: str,
    languages: Sequence[str],
    addresses: Sequence[str],
) -> CapWords | None:
    """Return the message on an alert, or None where there is nothing that may be said.

    That is: no language may leave, a later decision of the chain was let go before, or nothing
    stands and nothing was told that could end.

    Args:
        connection: the transaction of the approval; alerts are let go `in_turn` in it.
        facts: the alert.
        approval: who let it go.
        settings: the sender and the authority.
        identifier: as it was given with the decision.
        languages: those whose texts may leave.
        addresses: who may read it where it is private; none: the sender alone.
    """
    if not languages:
        return None
    told = read_told_chain(connection, facts.chain_id)
    place = place_in_chain(facts, told, cap_status(facts, settings.authority))
    if place is None:
        return None
    sent = approval.answered_at.replace(microsecond=0)
    sending = Sending(
        identifier=identifier,
        sender=settings.cap_sender,
        sent=sent,
        addresses=tuple(addresses) or (settings.cap_sender,),
        kind=place.kind,
        references=place.references,
        authority=settings.authority,
        languages=tuple(languages),
    )
    body = cap_message(facts, approval, sending).decode()
    return CapWords(body, sending.sender, sent.isoformat())
