"""How steps ended, and what the installation is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.errors import ConflictError
from pipeline.core.files import storable
from pipeline.core.ids import Origin
from pipeline.core.months import Month


@dataclass(frozen=True, slots=True)
class Identity:
    """What this warehouse is."""

    installation_id: str
    origin: Origin | None
    live_from: Month | None


def read_identity(connection: Connection) -> Identity:
    row = connection.execute(
        text("SELECT installation_id, origin, live_from FROM ops.identity")
    ).one()
    live = Month.of(row.live_from) if row.live_from else None
    return Identity(str(row.installation_id), Origin(row.origin) if row.origin else None, live)


def refuse_other_live_from(connection: Connection, month: Month) -> Month | None:
    """Return the month from which alerts are told, if it was set.

    Raises:
        ConflictError: it is another than `month`.
    """
    held = read_identity(connection).live_from
    if held is not None and held != month:
        raise ConflictError(
            f"golive: alerts are told from {held} on already, got {month}; what has been told cannot "
            "be told anew"
        )
    return held


def save_live_from(connection: Connection, month: Month) -> bool:
    """Set the month from which alerts are told; return whether it was set now.

    Raises:
        ConflictError: another month was set before.
    """
    held = refuse_other_live_from(connection, month)
    connection.execute(
        text(
            "UPDATE ops.identity SET live_from = :month, live_set_at = coalesce(live_set_at, now())"
        ),
        {"month": month.first_day},
    )
    return held is None


def save_outcome(
    connection: Connection,
    *,
    step: str,
    month: Month | None,
    state: str,
    rows: int | None,
    seconds: float,
    message: str | None,
    run: str | None = None,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Write down how a step ended, in which run, and with what numbers for programs.

    In tables of before migration 0031 the last two have no place: a backup is made before them.
    """
    values = {
        "step": step,
        "month": month.first_day if month else None,
        "state": state,
        "row_count": rows,
        "seconds": seconds,
        "message": storable(message) if message else None,
    }
    if connection.execute(text(_NAMES_RUNS)).scalar_one():
        values |= {
            "run": storable(run) if run else None,
            "facts": json.dumps(facts) if facts is not None else None,
        }
    names = ", ".join(values)
    places = ", ".join(
        "CAST(:facts AS jsonb)" if name == "facts" else f":{name}" for name in values
    )
    connection.execute(
        text(f"INSERT INTO ops.outcome ({names}) VALUES ({places})"),  # noqa: S608 - names above
        values,
    )


_NAMES_RUNS = """
SELECT EXISTS (
    SELECT FROM pg_attribute WHERE attrelid = 'ops.outcome'::regclass AND attname = 'facts'
)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the latest run of a step ended."""

    step: str
    month: Month | None
    state: str
    message: str | None
    ended_at: datetime
    run: str | None
    """As log lines name it."""
    seconds: float
    last_done_at: datetime | None
    """When it last ended well; None: never."""
    failing_since: datetime | None
    """When it first failed since it last ended otherwise; None: it did not fail last."""
    failures: int
    """How often it has failed since then."""


_LATEST = """
WITH latest AS (
    SELECT DISTINCT ON (step) step, month, state, message, ended_at, run, seconds
    FROM ops.outcome ORDER BY step ASC, ended_at DESC, outcome_id DESC
),
before AS (
    SELECT
        step,
        max(ended_at) FILTER (WHERE state = 'done') AS last_done_at,
        max(outcome_id) FILTER (WHERE state <> 'failed') AS last_other
    FROM ops.outcome GROUP BY step
),
failing AS (
    SELECT o.step, min(o.ended_at) AS failing_since, count(*) AS failures
    FROM ops.outcome AS o JOIN before AS b USING (step)
    WHERE o.state = 'failed' AND o.outcome_id > coalesce(b.last_other, 0)
    GROUP BY o.step
)
SELECT
    l.*, b.last_done_at,
    CASE WHEN l.state = 'failed' THEN f.failing_since END AS failing_since,
    CASE WHEN l.state = 'failed' THEN coalesce(f.failures, 0) ELSE 0 END AS failures
FROM latest AS l JOIN before AS b USING (step) LEFT JOIN failing AS f USING (step)
ORDER BY l.step
"""


def read_latest_outcomes(connection: Connection) -> list[Outcome]:
    """Return how each step ended last."""
    return [
        Outcome(
            r.step,
            Month.of(r.month) if r.month else None,
            r.state,
            r.message,
            r.ended_at,
            r.run,
            r.seconds,
            r.last_done_at,
            r.failing_since,
            r.failures,
        )
        for r in connection.execute(text(_LATEST))
    ]


def read_last_state(connection: Connection, step: str) -> str | None:
    """Return how a step ended last; None: it never left an outcome."""
    state: str | None = connection.execute(
        text("SELECT state FROM ops.outcome WHERE step = :step ORDER BY outcome_id DESC LIMIT 1"),
        {"step": step},
    ).scalar()
    return state


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """What the checks found when all of them were run last."""

    ended_at: datetime
    found: Mapping[str, Mapping[str, int]]
    """By severity: how many checks found something, and how many rows."""
    not_run: int


def check_facts(found: Mapping[str, Mapping[str, int]], not_run: int) -> dict[str, Any]:
    """Return what an outcome of all checks bears, for `read_check_facts`."""
    return {"found": found, "not_run": not_run}


def read_check_facts(connection: Connection) -> CheckFacts | None:
    """Return what the checks found last; None: all of them were never run and noted."""
    row = connection.execute(
        text(
            "SELECT ended_at, facts FROM ops.outcome WHERE step = 'check' AND facts ? 'found' "
            "ORDER BY outcome_id DESC LIMIT 1"
        )
    ).one_or_none()
    return (
        None if row is None else CheckFacts(row.ended_at, row.facts["found"], row.facts["not_run"])
    )
