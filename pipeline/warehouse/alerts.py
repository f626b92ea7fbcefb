"""Transitions and their approvals. A transition is written once and never edited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Row, text

from pipeline.alerts.evidence import Evidence
from pipeline.alerts.facts import AlertFacts, Approval, Change
from pipeline.alerts.transitions import Link
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.warehouse.known import seen
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.plans import read_plan


@dataclass(frozen=True, slots=True)
class NewTransition:
    """A transition about to be written."""

    chain_id: str
    landscape: StoredLandscape
    month: Month
    drought_type: DroughtType
    change: Change
    from_stage: str
    to_stage: str
    evidence: Evidence


_SAVE_TRANSITION = """
WITH written AS (
    INSERT INTO alert.transition (
        chain_id, landscape_key, landscape_version, month, drought_type, change, from_stage, to_stage,
        plan_id, plan_version, evidence
    ) VALUES (
        %(chain_id)s, %(landscape_key)s, %(landscape_version)s, %(month)s, %(drought_type)s,
        %(change)s, %(from_stage)s, %(to_stage)s, %(plan_id)s, %(plan_version)s, %(evidence)s::jsonb
    ) RETURNING alert_id
)
INSERT INTO alert.approval (alert_id, state) SELECT alert_id, %(state)s FROM written
RETURNING alert_id
"""


def save_transitions(
    connection: Connection, new: Sequence[NewTransition], *, is_told: Sequence[bool]
) -> list[int]:
    """Write transitions with their approval requests; return the alerts' ids, in the same order."""
    rows = [_transition_row(one, told) for one, told in zip(new, is_told, strict=True)]
    if not rows:
        return []
    cursor = cast("psycopg.Cursor[tuple[int]]", connection.connection.cursor())
    # The driver sends them in one go: a first evaluation of decades writes tens of thousands.
    cursor.executemany(_SAVE_TRANSITION, rows, returning=True)
    return [int(alert_id) for result in cursor.results() for (alert_id,) in result]


def _transition_row(new: NewTransition, is_told: bool) -> dict[str, object]:
    return {
        "chain_id": new.chain_id,
        "landscape_key": new.landscape.landscape_key,
        "landscape_version": new.landscape.version,
        "month": new.month.first_day,
        "drought_type": str(new.drought_type),
        "change": str(new.change),
        "from_stage": new.from_stage,
        "to_stage": new.to_stage,
        "plan_id": new.evidence.plan_id,
        "plan_version": new.evidence.plan_version,
        "evidence": new.evidence.model_dump_json(),
        "state": "pending" if is_told else "not_needed",
    }


def request_approval(connection: Connection, alert_id: int) -> None:
    """Ask for the approval of a transition that was not to be told until now."""
    connection.execute(
        text(
            "UPDATE alert.approval SET state = 'pending', requested_at = now() "
            "WHERE alert_id = :alert_id AND state = 'not_needed'"
        ),
        {"alert_id": alert_id},
    )


def read_links(
    connection: Connection, at: datetime | None = None
) -> dict[tuple[int, DroughtType], list[Link]]:
    """Return all transitions as links of chains, by landscape key and drought type, as decided.

    Those that were decided `at` a moment; None: now.
    """
    links: dict[tuple[int, DroughtType], list[Link]] = defaultdict(list)
    rows = connection.execute(
        text(
            "SELECT landscape_key, drought_type, month, chain_id FROM alert.transition "  # noqa: S608 - a moment
            f"WHERE {seen('decided_at', at)} ORDER BY alert_id"
        )
    )
    for row in rows:
        key = (row.landscape_key, DroughtType(row.drought_type))
        links[key].append(Link(Month.of(row.month), row.chain_id))
    return links


def read_decided(connection: Connection, decided_at: datetime) -> list[NewTransition]:
    """Return the transitions of one evaluation, as they were written."""
    rows = connection.execute(
        text("SELECT * FROM alert.transition WHERE decided_at = :at ORDER BY alert_id"),
        {"at": decided_at},
    ).all()
    landscapes = _landscapes(connection, rows)
    return [_transition(row, landscapes) for row in rows]


def _landscapes(
    connection: Connection, rows: Sequence[Row[Any]]
) -> dict[tuple[int, int], StoredLandscape]:
    """The landscapes of transitions by key and version."""
    pairs = sorted({(row.landscape_key, row.landscape_version) for row in rows})
    return {(s.landscape_key, s.version): s for s in read_landscapes(connection, pairs)}


def _transition(
    row: Row[Any], landscapes: Mapping[tuple[int, int], StoredLandscape]
) -> NewTransition:
    return NewTransition(
        row.chain_id,
        landscapes[row.landscape_key, row.landscape_version],
        Month.of(row.month),
        DroughtType(row.drought_type),
        Change(row.change),
        row.from_stage,
        row.to_stage,
        Evidence.model_validate(row.evidence),
    )


def read_told_chains(connection: Connection) -> set[str]:
    """Return the chains of which an alert was told, or waits to be."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT chain_id FROM alert.transition JOIN alert.approval USING (alert_id) "
            "WHERE state IN ('pending', 'approved')"
        )
    )
    return {row.chain_id for row in rows}


_LAST_SAID = """
SELECT earlier.to_stage
FROM alert.transition AS earlier
JOIN alert.approval AS answer USING (alert_id)
WHERE earlier.landscape_key = t.landscape_key AND earlier.drought_type = t.drought_type
    AND earlier.month <= t.month AND earlier.alert_id < t.alert_id AND answer.state = 'approved'
    AND EXISTS (
        SELECT FROM alert.message AS m
        WHERE m.alert_id = earlier.alert_id AND m.body IS NOT NULL
    )
ORDER BY earlier.month DESC, earlier.alert_id DESC
LIMIT 1
"""
"""The stage in the last message that left about the month of `t` or before."""


def read_alerts(
    connection: Connection,
    alert_ids: Sequence[int] | None = None,
    *,
    state: str | None = None,
    month: Month | None = None,
    from_month: Month | None = None,
) -> list[AlertFacts]:
    """Return alerts with all that is known of them, oldest first.

    Args:
        connection: the caller's transaction.
        alert_ids: these, or all.
        state: of the approval, such as ``pending``.
        month: only of this month.
        from_month: only of this month or later.
    """
    rows = connection.execute(
        text(
            "SELECT t.*, l.landscape_id, coalesce(said.to_stage = t.from_stage, false) AS was_told "  # noqa: S608 - ours
            "FROM alert.transition AS t "
            "JOIN alert.approval AS a USING (alert_id) "
            "JOIN landscape.landscape AS l USING (landscape_key) "
            f"LEFT JOIN LATERAL ({_LAST_SAID}) AS said ON t.change = 'corrected' "
            "WHERE (CAST(:ids AS bigint[]) IS NULL OR t.alert_id = ANY(CAST(:ids AS bigint[]))) "
            "AND (CAST(:state AS text) IS NULL OR a.state = :state) "
            "AND (CAST(:month AS date) IS NULL OR t.month = :month) "
            "AND (CAST(:from_month AS date) IS NULL OR t.month >= :from_month) "
            "ORDER BY t.month, t.alert_id"
        ),
        {
            "ids": None if alert_ids is None else list(alert_ids),
            "state": state,
            "month": month.first_day if month else None,
            "from_month": from_month.first_day if from_month else None,
        },
    ).all()
    landscapes = _landscapes(connection, rows)
    plans = {
        pair: read_plan(connection, *pair) for pair in {(r.plan_id, r.plan_version) for r in rows}
    }
    found = [(row.alert_id, _transition(row, landscapes)) for row in rows]
    names = _headwater_names(connection, [one for _, one in found])
    told = {row.alert_id for row in rows if row.was_told}
    return [facts(a, one, plans, names, was_told=a in told) for a, one in found]


def _headwater_names(
    connection: Connection, transitions: Sequence[NewTransition]
) -> dict[str, Mapping[str, str]]:
    """The names by language of the headwaters that evidence speaks of, by landscape id."""
    wanted = {one.evidence.headwater_landscape_id for one in transitions} - {None}
    if not wanted:
        return {}
    rows = connection.execute(
        text(
            "SELECT landscape_id, name_en, names FROM landscape.current "
            "WHERE landscape_id = ANY(:ids)"
        ),
        {"ids": sorted(filter(None, wanted))},
    )
    return {row.landscape_id: {**row.names, "en": row.name_en} for row in rows}


def facts(
    alert_id: int,
    transition: NewTransition,
    plans: Mapping[tuple[str, str], Plan],
    headwater_names: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    *,
    was_told: bool = False,
) -> AlertFacts:
    """Return what letters and CAP say of a transition; headwaters' names are told by landscape id."""
    landscape = transition.landscape.landscape
    evidence = transition.evidence
    return AlertFacts(
        alert_id=alert_id,
        chain_id=transition.chain_id,
        change=transition.change,
        month=transition.month,
        drought_type=transition.drought_type,
        from_stage=transition.from_stage,
        to_stage=transition.to_stage,
        landscape_id=landscape.landscape_id,
        landscape_names={**landscape.names, "en": landscape.name_en},
        country=landscape.country,
        land_use=landscape.land_use,
        is_salt_affected=landscape.is_salt_affected,
        geometry=landscape.geometry,
        plan=plans[evidence.plan_id, evidence.plan_version],
        evidence=evidence,
        headwater_names=headwater_names.get(evidence.headwater_landscape_id or "", {}),
        was_told=was_told,
    )


def save_answer(
    connection: Connection,
    alert_id: int,
    state: str,
    approval: Approval,
    *,
    accepts_unchecked: bool,
) -> None:
    """Write down the answer to an approval request. The first answer wins.

    The tables take it only from who holds the issuing role for the alert's country, or by an order
    that the plan cites.

    Raises:
        InputError: there is no such alert.
        ConflictError: it was answered before, or needs no answer.
    """
    answered = connection.execute(
        text(
            "UPDATE alert.approval SET state = :state, name = :name, office = :office, "
            "legal_basis = :legal_basis, protocol = :protocol, protocol_date = :protocol_date, "
            "note = :note, accepts_unchecked = :accepts_unchecked, answered_at = :answered_at, "
            "door = :door, login = :login, page_checksum = :page_checksum "
            "WHERE alert_id = :alert_id AND state = 'pending'"
        ),
        {
            "alert_id": alert_id,
            "state": state,
            "accepts_unchecked": accepts_unchecked,
            "name": approval.name,
            "office": approval.office,
            "legal_basis": approval.legal_basis,
            "protocol": approval.protocol,
            "protocol_date": approval.protocol_date,
            "note": approval.note,
            "answered_at": approval.answered_at,
            "door": str(approval.door),
            "login": approval.login,
            "page_checksum": approval.page_checksum,
        },
    ).rowcount
    if not answered:
        raise _why_not(connection, alert_id)


def refuse_unanswerable(connection: Connection, alert_ids: Collection[int]) -> None:
    """Check that alerts wait for an answer, before one is written down.

    Raises:
        InputError: there is no such alert.
        ConflictError: it was answered before, or needs no answer.
    """
    query = text("SELECT alert_id FROM alert.approval WHERE alert_id = ANY (:ids) "
                 "AND state = 'pending'")  # fmt: skip
    pending = set(connection.execute(query, {"ids": sorted(alert_ids)}).scalars())
    for alert_id in sorted(set(alert_ids) - pending):
        raise _why_not(connection, alert_id)


def _why_not(connection: Connection, alert_id: int) -> InputError | ConflictError:
    held = connection.execute(
        text("SELECT state, name, office FROM alert.approval WHERE alert_id = :id"),
        {"id": alert_id},
    ).one_or_none()
    if held is None:
        return InputError(
            f"alert {alert_id}: there is no such alert; `drought status` lists the pending ones"
        )
    by = f" by {held.name}, {held.office}" if held.name else ""
    return ConflictError(f"alert {alert_id}: expected it to be pending, got {held.state}{by}")
