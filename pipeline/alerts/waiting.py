"""How long an alert has waited for its answer, and what leaves without one."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from pipeline.alerts.facts import AlertFacts, Approval, Door
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.issuing import Issuing


class Wait(Enum):
    """How a question stands."""

    IN_TIME = auto()
    OVERDUE = auto()
    """Somebody else is to be told that nobody answers."""
    EXPIRED = auto()
    """Too late to answer."""


def wait_of(issuing: Issuing, asked_at: datetime, now: datetime) -> Wait:
    """Return how a question asked at `asked_at` stands; a plan that names no days lets it wait."""
    waited = now - asked_at
    if _is_longer(waited, issuing.expires_after_days):
        return Wait.EXPIRED
    return Wait.OVERDUE if _is_longer(waited, issuing.answer_within_days) else Wait.IN_TIME


def _is_longer(waited: timedelta, days: int | None) -> bool:
    return days is not None and waited > timedelta(days=days)


def approval_by_order(facts: AlertFacts, at: datetime) -> Approval | None:
    """Return the approval of an alert that nobody is asked about; None: a person is.

    Only an adopted plan lets alerts leave by themselves, of the stages it lists, and by the order it
    cites; one that speaks of another stage too, as the one left, waits. It accepts no unchecked
    translation.
    """
    automatic = facts.plan.issuing.automatic
    if automatic is None or facts.plan.status != "adopted":
        return None
    spoken_of = {facts.from_stage, facts.to_stage} - {NO_STAGE}
    if facts.to_stage == NO_STAGE or not spoken_of <= set(automatic.stages):
        return None
    office = facts.plan.issuing.office.in_language("en")
    return Approval(office, office, at, legal_basis=automatic.order, door=Door.PLAN)
