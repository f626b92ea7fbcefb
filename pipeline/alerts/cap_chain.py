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

Turn = tuple[bool, int]


def turn(change: Change, alert_id: int) -> Turn:
    """Return where a decision stands among those of its chain.

    What stood when telling began comes first, though what followed may have been decided before;
    then all as they were decided.
    """
    return change is not Change.IN_FORCE, alert_id


@dataclass(frozen=True, slots=True)
class Told:
    """An alert of the chain that was let go."""

    turn: Turn
    month: Month
    """The first in which the stage told stood."""
    message: CapMessage | None
    """As it left; None: there was nothing to say to services."""


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

    It must not leave where a later decision was let go already, whatever became of its message: an
    older one would be taken for what stands; and where nothing stands and nothing was told that
    could end.

    Args:
        facts: the alert.
        told: what was let go of its chain, by turns.
        status: of the message, by which its readers are known.
    """
    if any(one.turn > turn(facts.change, facts.alert_id) for one in told):
        return None
    live: list[tuple[Month, CapMessage]] = []
    for one in told:
        if one.message is not None and one.message.status == status:
            is_cancel = one.message.kind is MessageKind.CANCEL
            live = [] if is_cancel else [*live, (one.month, one.message)]
    if not live:
        return None if facts.to_stage == NO_STAGE else Place(MessageKind.ALERT)
    takes_back = _takes_back(facts, [month for month, _ in live])
    kind = MessageKind.CANCEL if takes_back else MessageKind.UPDATE
    return Place(kind, tuple(message.reference for _, message in live))


def _takes_back(facts: AlertFacts, told: Sequence[Month]) -> bool:
    """Whether all that was told is of months from the one corrected on, and it was in no stage."""
    is_undone = facts.change is Change.CORRECTED and facts.to_stage == NO_STAGE
    return is_undone and all(month >= facts.month for month in told)
