"""What the operator is told of alerts that nobody answered: plain English, inside the agency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Unanswered:
    """One alert that nobody answered in the plan's time."""

    alert_id: int
    alert: str
    """Where, when and what, such as ``Jizzakh 2026-10 agricultural: warning``."""
    asked_on: date
    plan: str
    days: int
    """How long the plan lets it wait."""
    tell: str | None
    """Office that the plan wants told; None: it names none, or it is too late."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A mail to the operator."""

    subject: str
    body: str


def notice(
    overdue: Sequence[Unanswered], expired: Sequence[Unanswered], *, is_exercise: bool
) -> Notice:
    """Return the mail about alerts that are overdue now, and those that expired."""
    counted = [(len(overdue), "unanswered"), (len(expired), "expired")]
    what = ", ".join(f"{number} {state}" for number, state in counted if number)
    subject = f"Drought alerts: {what}"
    sections = [*_overdue(overdue), *_expired(expired), _REMEDY]
    return labelled(subject, sections, is_exercise=is_exercise)


def labelled(subject: str, sections: Sequence[str], *, is_exercise: bool) -> Notice:
    """Return a mail of these sections; of an exercise it says so first and last."""
    if is_exercise:
        banner = "EXERCISE - SIMULATED DATA - no real drought"
        return Notice(f"[EXERCISE] {subject}", "\n\n".join([banner, *sections, banner]) + "\n")
    return Notice(subject, "\n\n".join(sections) + "\n")


_REMEDY = (
    "drought explain ALERT shows the evidence; who holds the issuing role answers with\n"
    "drought approve ALERT or drought reject ALERT, or in Airflow (approve_alerts).\n"
    "Nothing has left. This mail is for the agency only: do not pass it on."
)


def _overdue(alerts: Sequence[Unanswered]) -> Iterator[str]:
    for (plan, days, tell), group in groupby(
        sorted(alerts, key=lambda one: (one.plan, one.tell or "", one.alert_id)),
        key=lambda one: (one.plan, one.days, one.tell),
    ):
        whom = f" and then has told: {tell}" if tell else ""
        yield "\n".join(
            [f"Plan {plan} asks for an answer within {days} days{whom}.", *map(_line, group)]
        )


def _expired(alerts: Sequence[Unanswered]) -> Iterator[str]:
    for (plan, days), group in groupby(
        sorted(alerts, key=lambda one: (one.plan, one.alert_id)),
        key=lambda one: (one.plan, one.days),
    ):
        yield "\n".join(
            [
                f"Expired: plan {plan} lets an alert wait for {days} days. Their messages never leave.",
                *map(_line, group),
            ]
        )


def _line(one: Unanswered) -> str:
    return f"- alert {one.alert_id}: {one.alert}; unanswered since {one.asked_on:%Y-%m-%d}"
