"""What `drought status --json` says, held against the tables it speaks of.

The tables are read by statements of the harness, in one snapshot before the look and one after it. What
both agree on the status must say; what changed meanwhile only must not contradict itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.integration.monthly_world import MONTH

_TRUTH = """
SELECT jsonb_build_object(
    'newest', (SELECT max(month) FROM plan.stage_month),
    'is_held', EXISTS (SELECT FROM ops.grid_month WHERE month = %(month)s),
    'untaken', (SELECT count(*) FROM ops.grid_month
        WHERE month = %(month)s AND averaged_over IS NULL),
    'values', (SELECT count(*) FROM series.climate_month WHERE month = %(month)s),
    'indices', (SELECT count(*) FROM index.value_month WHERE month = %(month)s),
    'stages', (SELECT count(*) FROM plan.stage_month WHERE month = %(month)s),
    'open_requests', (SELECT coalesce(jsonb_agg(request_id ORDER BY request_id), '[]')
        FROM ops.request WHERE is_open),
    'pending', (SELECT coalesce(jsonb_agg(alert_id ORDER BY alert_id), '[]')
        FROM alert.approval WHERE state = 'pending'),
    'undelivered', (SELECT coalesce(jsonb_agg(jsonb_build_array(
            m.alert_id, d.channel, d.recipient_id, m.language, d.state, d.attempts)
            ORDER BY d.delivery_id), '[]')
        FROM alert.delivery AS d JOIN alert.message AS m USING (message_id)
        JOIN alert.approval AS a ON a.alert_id = m.alert_id
        WHERE a.state = 'approved' AND d.state IN ('queued', 'failed')),
    'outcomes', (SELECT coalesce(jsonb_object_agg(step, state), '{}') FROM (
        SELECT DISTINCT ON (step) step, state FROM ops.outcome
        ORDER BY step, ended_at DESC, outcome_id DESC) AS latest)
)
"""

Truth = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """The answer of one look."""

    code: int
    printed: str
    errors: str


def truth(url: str) -> Truth | None:
    """Return what the tables hold now, or None where no database answers."""
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    try:
        with psycopg.connect(plain, connect_timeout=5) as connection:
            row = connection.execute(_TRUTH, {"month": MONTH.first_day}).fetchone()
    except psycopg.OperationalError:
        return None
    assert row is not None
    found: Truth = row[0]
    return found


def untruths(before: Truth | None, said: Said, after: Truth | None, whole_stages: int) -> list[str]:
    """Return what the status said that is not so, or kept quiet about.

    Args:
        before: the tables before the look.
        said: the look.
        after: the tables after it.
        whole_stages: how many stages a month has that is wholly decided.
    """
    if "Traceback" in said.errors:
        return [f"it crashed: {said.errors[-400:]}"]
    try:
        found = json.loads(said.printed)
    except json.JSONDecodeError:
        return [f"no JSON, exit code {said.code}: {said.printed[:200]!r} {said.errors[-300:]!r}"]
    if found["newest_outcome_at"] is None:
        return _of_refusal(found, said.code, is_there=before is not None and after is not None)
    lies = _contradictions(found, whole_stages)
    if before is None or after is None:
        return lies
    for name, value in _claims(found).items():
        if before[name] == after[name] != value:
            lies.append(f"{name}: the tables hold {before[name]}, the status says {value}")
    if before == after:
        lies += _silences(found, before)
    return lies


def _of_refusal(found: dict[str, Any], code: int, *, is_there: bool) -> list[str]:
    """Judge an answer that knows nothing of the tables."""
    if is_there:
        return [f"it knows nothing though the database answers: {found['reasons']}"]
    is_told = any(one["what"] == "database" for one in found["reasons"])
    if code == 0 or found["verdict"] != "broken" or not is_told:
        return [f"no database, and it does not say so: {code} {found['verdict']}"]
    return []


def _claims(found: dict[str, Any]) -> dict[str, Any]:
    """Return what a status claims, in the words of `truth`."""
    newest = found["newest_month"]
    return {
        "newest": None if newest is None else f"{newest}-01",
        "open_requests": [row["request_id"] for row in found["requests"] if row["state"] == "open"],
        "pending": [row["alert_id"] for row in found["pending"]],
        "undelivered": [[row[name] for name in _OF_DELIVERY] for row in found["undelivered"]],
        "outcomes": {row["step"]: row["state"] for row in found["outcomes"]},
    }


_OF_DELIVERY = ("alert_id", "channel", "recipient_id", "language", "state", "attempts")


def _contradictions(found: dict[str, Any], whole_stages: int) -> list[str]:
    """Return what a status says of the month that cannot be whatever the tables hold."""
    said = []
    if found["newest_month"] == str(MONTH) and len(found["stages"]) != whole_stages:
        said.append(
            f"{MONTH} is shown as decided with {len(found['stages'])} of {whole_stages} stages"
        )
    for row in found["freshness"]:
        is_new = row["newest_month"] == str(MONTH.first_day)
        if is_new and row["landscapes_with_values"] != row["landscapes"]:
            said.append(f"{MONTH} is shown as fresh in a part of the landscapes: {row}")
        is_told = any("not computed" in line or "no stages" in line for line in found["late"])
        if is_new and found["newest_month"] != str(MONTH) and not is_told:
            said.append(f"{MONTH} has values and no stages, and nothing under late says so")
    return said


def _silences(found: dict[str, Any], held: Truth) -> list[str]:
    """Return what stands in the tables and the status does not tell."""
    said = []
    is_told = any("not computed" in line or "no stages" in line for line in found["late"])
    if held["is_held"] and not held["stages"] and not is_told:
        said.append(f"{MONTH} came and is not decided, and nothing under late says so")
    failing = {row["step"] for row in found["failing"]}
    quiet = {"fetch", "compute", "maps", "evaluate", "publish", "backup"} - failing
    said += [
        f"{step} failed last, and it is not among what is failing"
        for step in sorted(quiet)
        if held["outcomes"].get(step) == "failed"
    ]
    if held["undelivered"] and found["verdict"] == "ok":
        said.append("approved messages have not left, and all is said to be well")
    refused = [row for row in found["undelivered"] if row["state"] == "failed"]
    if any(not row["error"] for row in refused):
        said.append("a delivery failed, and the status does not say why")
    return said
