"""Plan documents: stored whole, never changed, one in force per country and month.

The month that a document is put in force from stands in its row: its own, or a later one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_stored
from pipeline.plans.timetable import Loaded, Timetable, timetable
from pipeline.warehouse.known import seen


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """A document as it is stored."""

    plan: Plan
    first: Month
    """The month it was put in force from."""
    is_shipped: bool


def save_plan(
    connection: Connection, plan: Plan, *, is_shipped: bool, effective_from: Month | None = None
) -> bool:
    """Store `plan`; return whether it was new.

    Args:
        connection: the caller's transaction.
        plan: the document.
        is_shipped: whether it came with the software.
        effective_from: put it in force from this month on; None: from the one it says itself.

    Raises:
        ConflictError: this version is stored already with another content, or for another month.
        InputError: the plan itself does not rule in `effective_from`.
    """
    first = effective_from or plan.effective_from
    _refuse_month(plan, first)
    held = connection.execute(
        text(
            "SELECT fingerprint, effective_from FROM plan.document "
            "WHERE plan_id = :id AND version = :version"
        ),
        {"id": plan.plan_id, "version": plan.version},
    ).one_or_none()
    if held is not None:
        _refuse_change(plan, effective_from, held.fingerprint, Month.of(held.effective_from))
        return False
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
            "effective_from": first.first_day,
            "body": json.dumps(plan.as_json(), ensure_ascii=False),
            "fingerprint": plan.fingerprint,
            "is_shipped": is_shipped,
        },
    )
    return True


def _refuse_month(plan: Plan, first: Month) -> None:
    if first < plan.effective_from or first > (plan.effective_to or first):
        until = "or later" if plan.effective_to is None else f"to {plan.effective_to}"
        raise InputError(
            f"plan {plan.plan_id} version {plan.version}: expected a month from "
            f"{plan.effective_from} {until}, as the document says, got {first}; choose one of "
            "those, or change the document"
        )


def _refuse_change(plan: Plan, wanted: Month | None, fingerprint: str, held: Month) -> None:
    named = f"plan {plan.plan_id} version {plan.version}"
    if fingerprint != plan.fingerprint:
        raise ConflictError(
            f"{named}: this version is stored with another content; expected a loaded version "
            "never to change; give the changed document a new version, with 'supersedes'"
        )
    if wanted not in {None, held}:
        raise ConflictError(
            f"{named}: it was put in force from {held} on, and a loaded version never changes; "
            f"expected {held}, got {wanted}; give the document a new version, with 'supersedes'"
        )


def is_held(connection: Connection, plan: Plan) -> bool:
    """Return whether this version of the plan is stored, with whatever content."""
    query = text("SELECT FROM plan.document WHERE plan_id = :id AND version = :version")
    found = connection.execute(query, {"id": plan.plan_id, "version": plan.version})
    return found.one_or_none() is not None


def has_decisions(connection: Connection, country: Country) -> bool:
    """Return whether a stage of any landscape was decided under a plan of the country."""
    query = text(
        "SELECT EXISTS (SELECT FROM plan.latest_stage AS s JOIN plan.document AS d "
        "ON s.plan_id = d.plan_id AND s.plan_version = d.version WHERE d.country_code = :country)"
    )
    return bool(connection.execute(query, {"country": country}).scalar_one())


def read_plan(connection: Connection, plan_id: str, version: str) -> Plan:
    """Return one stored plan."""
    body = connection.execute(
        text("SELECT body FROM plan.document WHERE plan_id = :id AND version = :version"),
        {"id": plan_id, "version": version},
    ).scalar_one()
    return from_stored(body, f"plan {plan_id} version {version}")


def read_documents(connection: Connection) -> list[StoredPlan]:
    """Return every stored document, in the order in which they were loaded."""
    rows = connection.execute(
        text(
            "SELECT plan_id, version, effective_from, is_shipped, body FROM plan.document "
            "ORDER BY load_order"
        )
    )
    return [
        StoredPlan(
            from_stored(row.body, f"plan {row.plan_id} version {row.version}"),
            Month.of(row.effective_from),
            row.is_shipped,
        )
        for row in rows
    ]


def read_plans(connection: Connection, at: datetime | None = None) -> dict[Country, Timetable]:
    """Return each country's plans by the months in which they rule.

    Of plans that take effect in the same month an agency's own goes before a shipped one, and
    the one loaded last before an earlier one.

    Args:
        connection: the caller's transaction.
        at: only of what was loaded at this moment; None: now.
    """
    rows = connection.execute(
        text(
            "SELECT country_code, plan_id, version, effective_from, body "  # noqa: S608 - a moment
            f"FROM plan.document WHERE {seen('loaded_at', at)} "
            "ORDER BY country_code, effective_from, is_shipped DESC, load_order"
        )
    )
    by_country: dict[Country, list[Loaded]] = {}
    for row in rows:
        plan = from_stored(row.body, f"plan {row.plan_id} version {row.version}")
        first = Month.of(row.effective_from)
        by_country.setdefault(Country(row.country_code), []).append((first, plan))
    return {country: timetable(loaded) for country, loaded in by_country.items()}
