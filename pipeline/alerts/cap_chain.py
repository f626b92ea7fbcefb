"""What a CAP message does to those of its chain that left before: Alert, Update or Cancel.

A chain is what one circle of readers was told: who may read drafts or exercises is not who reads
what is public, and a message never refers to one that its readers cannot have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.alerts.cap_reading import CapMessage
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.sending import MessageKind, Reference
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE


@dataclass(frozen=True, slots=True)
class Told:
    """A CAP message of the chain that left."""

    alert_id: int
    month: Month
    """What it is about."""
    message: CapMessage


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands in its chain."""

    kind: MessageKind
    references: tuple[Reference, ...] = ()
    """All messages since the last Cancel, expired ones too, in the order of their decisions."""


def place_in_chain(facts: AlertFacts, told: Sequence[Told], status: str) -> Place | None:
    """Return what the message on `facts` is to those before it; None: it must not leave.

    A correction by which nothing of what was told ever stood is a Cancel. What ended is none: the
    drought was real, and an Update gives the all clear. After a Cancel a chain begins anew.

    It must not leave where a later decision has left already, because an older one would take its
    place; and where nothing stands and nothing was told that could end.

    Args:
        facts: the alert.
        told: CAP messages of its chain that left, in the order of their decisions.
        status: of the message, by which its readers are known.
    """
    alike = [one for one in told if one.message.status == status]
    if any(one.alert_id > facts.alert_id for one in alike):
        return None
    live: list[Told] = []
    for one in alike:
        live = [] if one.message.kind is MessageKind.CANCEL else [*live, one]
    if not live:
        return None if facts.to_stage == NO_STAGE else Place(MessageKind.ALERT)
    kind = MessageKind.CANCEL if _takes_back(facts, live) else MessageKind.UPDATE
    return Place(kind, tuple(one.message.reference for one in live))


def _takes_back(facts: AlertFacts, live: Sequence[Told]) -> bool:
    """Whether all that was told is of months from the one corrected on, and it was in no stage."""
    is_undone = facts.change is Change.CORRECTED and facts.to_stage == NO_STAGE
    return is_undone and all(one.month >= facts.month for one in live)
