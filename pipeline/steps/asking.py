"""Alerts asked about on a page instead of the command line: each by one run, each by itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from pipeline.alerts.argument import argument
from pipeline.alerts.facts import Door
from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.steps.approve import approve, reject
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.issuers import Given, approval_of
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.issuers import read_issuers
from pipeline.warehouse.outbox import PendingMessage, read_messages
from pipeline.warehouse.waiting import read_waiting, take_up

_log = logging.getLogger(__name__)

MOST_ASKED = 100
"""Questions to a country in one run; who has more to answer does it by the command line."""
_HELD_FOR = timedelta(days=2)
"""What a run has not asked about for so long, another may. Questions are put anew each day."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is shown who is to answer."""

    label: str
    """Such as ``Jizzakh 2026-10 agricultural: warning``."""
    subject: str
    body: str
    """Markdown."""


@acts_as(Component.APPROVE)
def take_up_alerts(installation: Installation, run: str, country: Country) -> list[int]:
    """Return the alerts of a country that a run asks about: those it asked about, and free ones."""
    with installation.warehouse.begin() as connection:
        taken = take_up(
            connection, run, country, installation.clock(), held_for=_HELD_FOR, most=MOST_ASKED
        )
        waiting = [one for one in read_waiting(connection) if one.country is country]
    if len(waiting) > len(taken):
        _log.warning(
            "%s: %s alerts wait, %s are asked about here; the others elsewhere, or by `drought approve`",
            country,
            len(waiting),
            len(taken),
        )
    return taken


@acts_as(Component.APPROVE)
def question(
    installation: Installation, run: str, country: Country, alert_id: int
) -> Question | None:
    """Return what to ask about an alert; None where it waits no more, or another run asks."""
    with installation.warehouse.begin() as connection:
        taken = take_up(
            connection,
            run,
            country,
            installation.clock(),
            held_for=_HELD_FOR,
            most=1,
            only=alert_id,
        )
        if not taken:
            return None
        (one,) = read_waiting(connection, [alert_id])
        (facts,) = read_alerts(connection, [alert_id])
        letters = [m for m in read_messages(connection, alert_id) if m.form == "letter"]
        may_answer = [
            f"{i.appointment.name} ({i.appointment.login})"
            for i in read_issuers(connection, installation.clock())
            if i.appointment.country is country
        ]
    who = ", ".join(may_answer) or "nobody yet: `drought issuers add`"
    body = "\n\n".join(
        [
            f"Alert {alert_id}. May be answered by: {who}.",
            "### Why",
            argument(facts),
            *map(_draft, sorted(letters, key=lambda one: (one.language != "en", one.language))),
        ]
    )
    return Question(str(one), f"{one.country} {one}", body)


def _draft(message: PendingMessage) -> str:
    held_back = ", which leaves only if you accept that no speaker has checked it"
    unchecked = held_back if message.has_unchecked_text else ""
    heading = f"### The letter in `{message.language}`{unchecked}"
    return f"{heading}\n\n```text\n{message.draft}\n```"


@acts_as(Component.APPROVE)
def answer(
    installation: Installation,
    alert_id: int,
    login: str,
    said: Mapping[str, Any],
    *,
    is_approved: bool,
    answered_at: datetime,
) -> None:
    """Write down what the person logged in as `login` answered on the page.

    Raises:
        InputError: what was filled in cannot be, or the person does not hold the issuing role for the
            country: nothing is written down, and the alert goes on waiting.
        ConflictError: it was answered before, or it is too late.
    """
    approval = approval_of(
        installation,
        [alert_id],
        login,
        _given(said),
        answered_at=answered_at,
        door=Door.AIRFLOW,
    )
    if is_approved:
        accepts = bool(said.get("accept_unchecked"))
        approve(installation, [alert_id], approval, accepts_unchecked=accepts)
    else:
        reject(installation, [alert_id], approval)


def _given(said: Mapping[str, Any]) -> Given:
    """Return what was filled in; an empty field was not.

    Raises:
        InputError: no date, no checksum, or a date without the number of its protocol.
    """
    text = {name: str(value).strip() or None for name, value in said.items() if value is not None}
    day, checksum = text.get("protocol_date"), text.get("page_checksum")
    if day and not text.get("protocol"):
        raise InputError("protocol_date: expected the number of the protocol too, got none")
    if checksum and re.fullmatch("[0-9a-f]{64}", checksum.lower()) is None:
        raise InputError(f"page_checksum: expected 64 hexadecimal digits, got {checksum!r}")
    return Given(
        text.get("legal_basis"),
        text.get("protocol"),
        _day(day) if day else None,
        text.get("note"),
        checksum and checksum.lower(),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"protocol_date: expected a day such as 2026-11-08, got {text!r}"
        ) from error
