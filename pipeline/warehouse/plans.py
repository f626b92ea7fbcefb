"""Plan documents: stored whole, never changed, one in force per country and month."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.core.errors import ConflictError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_stored
from pipeline.warehouse.known import seen


@dataclass(frozen=True, slots=True)
class Timetable:
    """Which plan rules a country from which month on."""

    plans: tuple[tuple[Month, Plan], ...]
    """First month and plan, oldest first; each rules until the next begins."""

    def in_force(self, month: Month) -> Plan | None:
        """Return the plan that rules in `month`; None before the first one takes effect."""
        ruling = [plan for first, plan in self.plans if first <= month]
        return ruling[-1] if ruling else None


def save_plan(connection: Connection, plan: Plan, *, is_shipped: bool) -> bool:
    """Store `plan`; return whether it was new.

    Raises:
        ConflictError: this version is stored already with another content.
    """
    held = connection.execute(
        text("SELECT fingerprint FROM plan.document WHERE plan_id = :id AND version = :version"),
        {"id": plan.plan_id, "version": plan.version},
    ).scalar()
    if held == plan.fingerprint:
        return False
    if held is not None:
        raise ConflictError(
            f"plan {plan.plan_id} version {plan.version}: this version is stored with another "
            "content; expected a loaded version never to change; give the changed document a new "
            "version, with 'supersedes'"
        )
    connection.execute(
        text(
            "INSERT INTO plan.document (plan_id, version, country_code, status, effective_from, body, "
            "fingerprint, is_shipped) VALUES (:plan_id, :version, :country, :status, "
            ":effective_from, CAST(:body AS jsonb), :fingerprint, :is_shipped)"
        ),
        {
            "plan_id": plan.plan_id,
            "version": plan.version,
            "country": plan.country,
            "status": plan.status,
            "effective_from": plan.effective_from.first_day,
            "body": json.dumps(plan.as_json(), ensure_ascii=False),
            "fingerprint": plan.fingerprint,
            "is_shipped": is_shipped,
        },
    )
    return True


def read_plan(connection: Connection, plan_id: str, version: str) -> Plan:
    """Return one stored plan."""
    body = connection.execute(
        text("SELECT body FROM plan.document WHERE plan_id = :id AND version = :version"),
        {"id": plan_id, "version": version},
    ).scalar_one()
    return from_stored(body, f"plan {plan_id} version {version}")


def read_plans(connection: Connection, at: datetime | None = None) -> dict[Country, Timetable]:
    """Return each country's plans by the month from which they rule.

    Of plans that take effect in the same month an agency's own goes before a shipped one, and
    the one loaded last before an earlier one.

    Args:
        connection: the caller's transaction.
        at: only of what was loaded at this moment; None: now.
    """
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (country_code, effective_from) country_code, plan_id, version, body "  # noqa: S608 - a moment
            f"FROM plan.document WHERE {seen('loaded_at', at)} "
            "ORDER BY country_code ASC, effective_from ASC, is_shipped ASC, load_order DESC"
        )
    )
    by_country: dict[Country, list[Plan]] = {}
    for row in rows:
        plan = from_stored(row.body, f"plan {row.plan_id} version {row.version}")
        by_country.setdefault(Country(row.country_code), []).append(plan)
    return {country: _timetable(plans) for country, plans in by_country.items()}


def _timetable(plans: list[Plan]) -> Timetable:
    """Return the timetable of `plans`, oldest first, without those superseded before they begin."""
    return Timetable(
        tuple(
            (plan.effective_from, plan)
            for plan in plans
            if not any(
                later.plan_id == plan.plan_id
                and later.supersedes == plan.version
                and later.effective_from <= plan.effective_from
                for later in plans
            )
        )
    )
