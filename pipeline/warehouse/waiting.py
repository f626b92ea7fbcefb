"""Alerts that wait for an answer: who asks, for how long, and what becomes of them without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from pipeline.core.ids import Country, DroughtType
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.warehouse.plans import read_plan


@dataclass(frozen=True, slots=True)
class Waiting:
    """One alert without an answer."""

    alert_id: int
    country: Country
    landscape: str
    """English name."""
    month: Month
    drought_type: DroughtType
    from_stage: str
    to_stage: str
    requested_at: datetime
    is_escalated: bool
    plan: Plan

    def __str__(self) -> str:
        """Return the alert as lists show it, such as ``Jizzakh 2026-10 agricultural: warning``."""
        return f"{self.landscape} {self.month} {self.drought_type}: {self.to_stage}"


_WAITING = """
SELECT
    t.alert_id, v.country_code, v.name_en, t.month, t.drought_type, t.from_stage, t.to_stage,
    t.plan_id, t.plan_version, a.requested_at, a.escalated_at
FROM alert.approval AS a
JOIN alert.transition AS t USING (alert_id)
JOIN landscape.version AS v
    ON t.landscape_key = v.landscape_key AND t.landscape_version = v.version
WHERE a.state = 'pending'
AND (CAST(:ids AS bigint[]) IS NULL OR t.alert_id = ANY (CAST(:ids AS bigint[])))
ORDER BY t.alert_id
"""
_TAKE_UP = """
UPDATE alert.approval SET asked_in = :run, asked_at = :now
WHERE alert_id IN (
    SELECT a.alert_id
    FROM alert.approval AS a
    JOIN alert.transition AS t USING (alert_id)
    JOIN landscape.version AS v
        ON t.landscape_key = v.landscape_key AND t.landscape_version = v.version
    WHERE a.state = 'pending' AND v.country_code = :country
    AND (a.asked_in IS NULL OR a.asked_in = :run OR a.asked_at < :left_off)
    AND (CAST(:only AS bigint) IS NULL OR a.alert_id = :only)
    ORDER BY a.asked_in IS DISTINCT FROM :run, t.month, t.alert_id
    LIMIT :most FOR UPDATE OF a SKIP LOCKED
)
RETURNING alert_id
"""


def read_waiting(connection: Connection, alert_ids: Sequence[int] | None = None) -> list[Waiting]:
    """Return those of these alerts, or of all, that wait for an answer, in the order of decision."""
    rows = connection.execute(
        text(_WAITING), {"ids": None if alert_ids is None else list(alert_ids)}
    ).all()
    plans = {
        pair: read_plan(connection, *pair) for pair in {(r.plan_id, r.plan_version) for r in rows}
    }
    return [
        Waiting(
            row.alert_id,
            Country(row.country_code),
            row.name_en,
            Month.of(row.month),
            DroughtType(row.drought_type),
            row.from_stage,
            row.to_stage,
            row.requested_at,
            row.escalated_at is not None,
            plans[row.plan_id, row.plan_version],
        )
        for row in rows
    ]


def take_up(
    connection: Connection,
    run: str,
    country: Country,
    now: datetime,
    *,
    held_for: timedelta,
    most: int,
    only: int | None = None,
) -> list[int]:
    """Note that a run asks about alerts of a country, and return which it may ask about.

    Those it asks about already come first. What another run asks about stays its own for `held_for`
    after it last asked.

    Args:
        connection: the caller's transaction.
        run: the run that asks.
        country: whose alerts.
        now: when.
        held_for: how long another run keeps what it asks about.
        most: at most so many.
        only: this alert alone.
    """
    rows = connection.execute(
        text(_TAKE_UP),
        {
            "run": run,
            "country": str(country),
            "now": now,
            "left_off": now - held_for,
            "most": most,
            "only": only,
        },
    )
    return sorted(row.alert_id for row in rows)


def save_escalated(connection: Connection, alert_ids: Sequence[int], at: datetime) -> set[int]:
    """Note that it was told that nobody answers; return of which alerts for the first time."""
    rows = connection.execute(
        text(
            "UPDATE alert.approval SET escalated_at = :at WHERE alert_id = ANY (:ids) "
            "AND state = 'pending' AND escalated_at IS NULL RETURNING alert_id"
        ),
        {"ids": list(alert_ids), "at": at},
    )
    return {row.alert_id for row in rows}


def save_expired(connection: Connection, alert_ids: Sequence[int], at: datetime) -> set[int]:
    """Let alerts expire that nobody answered; return which did."""
    rows = connection.execute(
        text(
            "UPDATE alert.approval SET state = 'expired', expired_at = :at "
            "WHERE alert_id = ANY (:ids) AND state = 'pending' RETURNING alert_id"
        ),
        {"ids": list(alert_ids), "at": at},
    )
    return {row.alert_id for row in rows}
