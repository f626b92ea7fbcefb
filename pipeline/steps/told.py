"""Who is told of an alert, and why, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.recipients import Recipient
from pipeline.alerts.wishes import language_for
from pipeline.core.errors import InputError
from pipeline.steps.messages import leaving_languages
from pipeline.steps.recipients import Reader, readers_of
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.recipients import read_queued

_LATER = "nothing was queued: not in the register when it was approved, or no language left"
_NEVER = {
    "refused": "the alert was refused",
    "expired": "the alert expired unanswered",
    "not_needed": "this change of stage is not told to anybody",
}


@dataclass(frozen=True, slots=True)
class Told:
    """Whether one recipient is told of an alert."""

    recipient: Recipient
    language: str
    """In which language; empty: in none."""
    state: str
    """Of the delivery; of an alert that waits for an answer ``would be told`` or ``not``."""
    why: str


def who_is_told(connection: Connection, alert_id: int) -> list[Told]:
    """Return each recipient with whether an alert goes there, by name.

    Of an alert that was approved: to whom it went and what became of it, and to whom it did not. Of
    one that was refused, expired or never told: nobody. Else what an approval now would do.

    Raises:
        InputError: there is no such alert.
    """
    found = read_alerts(connection, [alert_id])
    if not found:
        raise InputError(
            f"alert {alert_id}: there is no such alert; `drought status` lists the pending ones"
        )
    (facts,) = found
    approval, queued = read_queued(connection, alert_id)
    told = [Told(one.recipient, one.language, one.state, one.error or "") for one in queued]
    names = {one.recipient.recipient_id for one in told}
    others = [
        one
        for one in readers_of(connection, facts)
        if one.registered.recipient.recipient_id not in names
    ]
    told += [_prospect(one, facts, approval) for one in others]
    return sorted(told, key=lambda one: one.recipient.recipient_id)


def _prospect(reader: Reader, facts: AlertFacts, approval: str) -> Told:
    recipient = reader.registered.recipient
    if approval == "approved":
        return Told(recipient, "", "not", "; ".join(reader.objections) or _LATER)
    if approval != "pending":
        return Told(recipient, "", "not", _NEVER[approval])
    if not reader.is_told:
        return Told(recipient, "", "not", _why(reader))
    return Told(recipient, _languages(recipient, facts), "would be told", _why(reader))


def _languages(recipient: Recipient, facts: AlertFacts) -> str:
    """Say in which language, and in which unless the approver accepts unchecked texts."""
    accepted, checked = (
        language_for(recipient.language, leaving_languages(facts, accepts_unchecked=accepts))
        for accepts in (True, False)
    )
    if accepted == checked:
        return accepted or ""
    return f"{accepted} if unchecked texts are accepted, else {checked or 'not at all'}"


def _why(reader: Reader) -> str:
    against = "; ".join(reader.objections)
    if reader.is_written_to:
        return "this address gets it anyhow: it was decided before there was a register"
    if reader.is_told and against:
        return f"was told of this drought, so of its end too ({against})"
    return against or "fits the wishes"
