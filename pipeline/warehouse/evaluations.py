"""Evaluations: when stages were decided, by which software, and what chose their inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.months import Month

_EVALUATIONS = "plan.evaluation AS e LEFT JOIN ops.moment AS m ON e.decided_at = m.known_from"
_COMMITTED_AT = "coalesce(m.committed_at, e.decided_at)"
"""What is older than the table of moments was committed as it began, for all that is known."""


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """What an evaluation is recorded with."""

    versions: Mapping[str, str]
    """Of this software and of what it computes with, by name."""
    period: CalibrationPeriod
    sources: tuple[str, ...]
    """By which stages are decided; the first that a landscape has counts."""
    min_coverage: float
    first: Month | None
    to: Month | None
    stage_rows: int
    transitions: int
    told: int
    stale_landscapes: int
    """Whose indices had not been computed anew since their series changed."""


@dataclass(frozen=True, slots=True)
class PastEvaluation:
    """An evaluation that was committed."""

    decided_at: datetime
    """When its transaction began: the time its rows bear."""
    committed_at: datetime
    versions: Mapping[str, str]
    """As recorded; of a rebuilt one at most this software's."""
    period: CalibrationPeriod | None
    """None: of a rebuilt one nothing tells it, nor the sources."""
    sources: tuple[str, ...]
    min_coverage: float | None
    first: Month | None
    to: Month | None
    stale_landscapes: int | None
    is_rebuilt: bool
    """Older than the record: what is known of it was found in what it wrote."""


def save_evaluation(connection: Connection, row: EvaluationRow) -> None:
    """Record the evaluation that the caller's transaction is."""
    connection.execute(
        text(
            "INSERT INTO plan.evaluation (versions, calibration, sources, min_coverage, "
            "first_month, to_month, stage_rows, transitions, told, stale_landscapes) VALUES "
            "(CAST(:versions AS jsonb), :calibration, :sources, :min_coverage, :first, :to, "
            ":stage_rows, :transitions, :told, :stale)"
        ),
        {
            "versions": json.dumps(dict(row.versions), sort_keys=True),
            "calibration": str(row.period),
            "sources": list(row.sources),
            "min_coverage": row.min_coverage,
            "first": row.first and row.first.first_day,
            "to": row.to and row.to.first_day,
            "stage_rows": row.stage_rows,
            "transitions": row.transitions,
            "told": row.told,
            "stale": row.stale_landscapes,
        },
    )


def read_evaluation(connection: Connection, at: datetime) -> PastEvaluation | None:
    """Return the last evaluation that was committed at or before a moment; None: there was none."""
    row = connection.execute(
        text(
            f"SELECT e.*, {_COMMITTED_AT} AS committed_at FROM {_EVALUATIONS} "  # noqa: S608 - ours
            f"WHERE {_COMMITTED_AT} <= :at ORDER BY e.decided_at DESC LIMIT 1"
        ),
        {"at": at},
    ).one_or_none()
    return None if row is None else _past(row)


def _past(row: Row[Any]) -> PastEvaluation:
    return PastEvaluation(
        decided_at=row.decided_at,
        committed_at=row.committed_at,
        versions=row.versions,
        period=row.calibration and CalibrationPeriod.parse(row.calibration),
        sources=tuple(row.sources or ()),
        min_coverage=row.min_coverage,
        first=row.first_month and Month.of(row.first_month),
        to=row.to_month and Month.of(row.to_month),
        stale_landscapes=row.stale_landscapes,
        is_rebuilt=row.is_rebuilt,
    )


def read_first_commit(connection: Connection) -> datetime | None:
    """Return when the first evaluation was committed; None: there was none."""
    found: datetime | None = connection.execute(
        text(
            f"SELECT min({_COMMITTED_AT}) FROM {_EVALUATIONS}"  # noqa: S608 - ours
        )
    ).scalar()
    return found


def read_time(connection: Connection) -> datetime:
    """Return the time by the clock of the warehouse, which all its moments are told by."""
    now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now
