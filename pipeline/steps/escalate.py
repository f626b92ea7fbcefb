"""Alerts that nobody answers: the operator is told once, and in the end they expire.

Only where the plan gives days for it. What is told is written down with the mail that tells it, in one
transaction, and the next delivery sends it: never to the recipients of letters, for nothing leaves
the agency unapproved.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipeline.alerts.notices import Unanswered, notice
from pipeline.alerts.waiting import Wait, wait_of
from pipeline.core.components import Component
from pipeline.core.ids import Origin
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.messages import withdraw_messages
from pipeline.steps.outcome import recorded
from pipeline.warehouse.notices import save_notice
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.waiting import Waiting, read_waiting, save_escalated, save_expired

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Escalated:
    """Which alerts were found unanswered."""

    overdue: tuple[int, ...]
    """Told of now, for the first and only time."""
    expired: tuple[int, ...]
    """Too late to answer from now on."""

    def __str__(self) -> str:
        parts = [
            f"{what}: {', '.join(map(str, alerts))}"
            for what, alerts in (("unanswered", self.overdue), ("expired", self.expired))
            if alerts
        ]
        return "; ".join(parts) or "no alert waits longer than its plan allows"


@acts_as(Component.DECIDE)
def escalate(installation: Installation) -> Escalated:
    """Tell of alerts that wait longer than their plan allows, and let those expire that it gives up.

    Safe to repeat: an alert is told of once. An outcome is written down where one was found, and where
    it failed.
    """
    now = installation.clock()
    with recorded(installation.warehouse, "escalate", only_if_any=True) as report:
        with installation.warehouse.begin() as connection:
            waiting = read_waiting(connection)
            expired = _expire(connection, _that(Wait.EXPIRED, waiting, now), now)
            overdue = _escalate(connection, _that(Wait.OVERDUE, waiting, now), now)
            _tell(installation, connection, overdue, expired)
        found = Escalated(_ids(overdue), _ids(expired))
        report.rows = len(overdue) + len(expired)
        if report.rows:
            report.message = str(found)
            _log.warning("alerts %s", found)
    return found


def _that(wait: Wait, waiting: Sequence[Waiting], now: datetime) -> list[Waiting]:
    return [one for one in waiting if wait_of(one.plan.issuing, one.requested_at, now) is wait]


def _expire(connection: Connection, late: Sequence[Waiting], now: datetime) -> list[Waiting]:
    expired = save_expired(connection, _ids(late), now)
    for alert_id in sorted(expired):
        withdraw_messages(connection, alert_id)
    return [one for one in late if one.alert_id in expired]


def _escalate(connection: Connection, late: Sequence[Waiting], now: datetime) -> list[Waiting]:
    new = save_escalated(connection, [w.alert_id for w in late if not w.is_escalated], now)
    return [one for one in late if one.alert_id in new]


def _tell(
    installation: Installation,
    connection: Connection,
    overdue: Sequence[Waiting],
    expired: Sequence[Waiting],
) -> None:
    settings = installation.settings
    if not (overdue or expired) or settings.smtp_host is None:
        return
    written = notice(
        [_unanswered(one, one.plan.issuing.answer_within_days) for one in overdue],
        [_unanswered(one, one.plan.issuing.expires_after_days) for one in expired],
        is_exercise=read_identity(connection).origin == Origin.SIMULATED,
    )
    save_notice(connection, settings.mail_operator, written.subject, written.body)


def _unanswered(one: Waiting, days: int | None) -> Unanswered:
    office = one.plan.issuing.escalate_to
    return Unanswered(
        one.alert_id,
        str(one),
        one.requested_at.date(),
        f"{one.plan.plan_id} {one.plan.version}",
        days or 0,
        None if office is None else office.in_language("en"),
    )


def _ids(alerts: Iterable[Waiting]) -> tuple[int, ...]:
    return tuple(one.alert_id for one in alerts)
