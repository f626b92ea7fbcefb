"""What the site shows, read in a few queries: histories as arrays, not a query for each landscape.

Index values and shares come from `mart`, which holds only what is open to all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from pipeline.alerts.facts import Approval, Door
from pipeline.core.ids import INDEX_CODES, DroughtType
from pipeline.core.months import Month

_STAGES = """
SELECT
    l.landscape_id, s.drought_type, array_agg(s.month ORDER BY s.month) AS months,
    array_agg(s.stage ORDER BY s.month) AS stages, array_agg(s.stage_rank ORDER BY s.month) AS ranks,
    array_agg(s.is_confirmed ORDER BY s.month) AS confirmed
FROM plan.stage_month AS s INNER JOIN landscape.landscape AS l USING (landscape_key)
GROUP BY l.landscape_id, s.drought_type
"""
_CHANGES = """
SELECT DISTINCT ON (landscape_key, drought_type) alert_id FROM alert.transition
ORDER BY landscape_key ASC, drought_type ASC, month DESC, alert_id DESC
"""
_ANSWERS = """
SELECT
    a.alert_id, a.state, a.name, a.office, a.answered_at, a.legal_basis, a.protocol,
    a.protocol_date, a.door
FROM alert.approval AS a INNER JOIN alert.transition AS t USING (alert_id)
WHERE a.state <> 'not_needed' AND t.month >= :since
ORDER BY t.month DESC, a.alert_id DESC
"""
_INDICES = """
WITH chosen AS (
    SELECT DISTINCT ON (v.landscape_key) l.landscape_id, v.source
    FROM index.value_month AS v INNER JOIN landscape.landscape AS l USING (landscape_key)
    WHERE v.month = :month AND v.source = ANY(:sources) AND v.calibration = :calibration
    ORDER BY v.landscape_key, array_position(CAST(:sources AS text[]), v.source)
)
SELECT w.landscape_id, w.month, w.source, w.release, w.gaps, {columns}
FROM mart.index_month_wide AS w INNER JOIN chosen USING (landscape_id, source)
WHERE w.calibration = :calibration ORDER BY w.landscape_id, w.month
"""
_SHARES = """
SELECT landscape_id, index_code, class AS at_or_below, share FROM mart.area_share
WHERE month = :month AND source = :source AND calibration = :calibration
AND index_code = ANY(:indices) AND share IS NOT NULL
"""
_INDICATORS = """
SELECT DISTINCT ON (landscape_id, indicator, unit) landscape_id, indicator, unit, value, period_from
FROM mart.indicator WHERE period_from <= :month AND period_to >= :month AND value IS NOT NULL
ORDER BY landscape_id ASC, indicator ASC, unit ASC, issued_on DESC, known_from DESC
"""
_ARIDITY = """
SELECT landscape_id, aridity_index FROM mart.aridity
WHERE aridity_index IS NOT NULL
AND (basis = 'stated' OR (basis = :source AND calibration = :calibration))
"""


@dataclass(frozen=True, slots=True)
class StageArrays:
    """The stages of one landscape and drought type, by month, oldest first."""

    landscape_id: str
    drought_type: DroughtType
    months: Sequence[date]
    stages: Sequence[str]
    ranks: Sequence[int]
    confirmed: Sequence[bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of an alert that was to be told."""

    alert_id: int
    state: str
    approval: Approval | None
    """Who answered; None where nobody did."""


@dataclass(frozen=True, slots=True)
class IndexColumns:
    """The open indices of one landscape, oldest month first."""

    months: Sequence[date]
    sources: Sequence[str]
    releases: Sequence[str]
    gaps: Sequence[Mapping[str, str]]
    values: Mapping[str, Sequence[float | None]]
    """By index code."""


def read_stage_arrays(connection: Connection) -> list[StageArrays]:
    """Return all stages of all landscapes."""
    rows = connection.execute(text(_STAGES))
    return [
        StageArrays(
            row.landscape_id, DroughtType(row.drought_type), row.months, row.stages, row.ranks,
            row.confirmed,
        )
        for row in rows
    ]  # fmt: skip


def read_last_changes(connection: Connection) -> list[int]:
    """Return the alert of the last change of stage of each landscape and drought type."""
    return list(connection.execute(text(_CHANGES)).scalars())


def read_answers(connection: Connection, since: Month) -> list[Answer]:
    """Return the alerts from this month on that were to be told, newest first."""
    rows = connection.execute(text(_ANSWERS), {"since": since.first_day}).mappings()
    return [Answer(row["alert_id"], row["state"], _approval(row)) for row in rows]


def _approval(row: Mapping[Any, Any]) -> Approval | None:
    if row["answered_at"] is None:
        return None
    return Approval(
        row["name"], row["office"], row["answered_at"], row["legal_basis"], row["protocol"],
        row["protocol_date"], door=Door(row["door"]) if row["door"] else Door.COMMAND_LINE,
    )  # fmt: skip


def read_index_columns(
    connection: Connection, month: Month, sources: Sequence[str], calibration: str
) -> dict[str, IndexColumns]:
    """Return by landscape id the whole history of its indices from the source that decides it.

    That is the first of `sources` that it has in `month`. Where its values are not open, the landscape
    is absent.
    """
    codes = [str(one) for one in INDEX_CODES]
    query = _INDICES.format(columns=", ".join(f"w.{code}" for code in codes))
    rows = connection.execute(
        text(query),
        {"month": month.first_day, "sources": list(sources), "calibration": calibration},
    ).all()
    found: dict[str, list[tuple[Any, ...]]] = {}
    for landscape_id, *rest in rows:
        found.setdefault(landscape_id, []).append(tuple(rest))
    return {name: _columns(of_one, codes) for name, of_one in found.items()}


def _columns(rows: Sequence[tuple[Any, ...]], codes: Sequence[str]) -> IndexColumns:
    months, sources, releases, gaps, *values = zip(*rows, strict=True)
    by_code = dict(zip(codes, values, strict=True))
    return IndexColumns(months, sources, releases, [one or {} for one in gaps], by_code)


def read_shares(
    connection: Connection, month: Month, source: str, calibration: str, indices: Sequence[str]
) -> dict[tuple[str, str, float], float]:
    """Return shares of area by landscape id, index code and class."""
    if not indices:
        return {}
    rows = connection.execute(
        text(_SHARES),
        {
            "month": month.first_day,
            "source": source,
            "calibration": calibration,
            "indices": list(indices),
        },
    )
    return {(row.landscape_id, row.index_code, row.at_or_below): row.share for row in rows}


def read_indicators(
    connection: Connection, month: Month
) -> dict[tuple[str, str, str], tuple[float, date]]:
    """Return the open indicators of a month by landscape id, indicator and unit."""
    rows = connection.execute(text(_INDICATORS), {"month": month.first_day})
    return {
        (row.landscape_id, row.indicator, row.unit): (row.value, row.period_from) for row in rows
    }


def read_aridity(connection: Connection, source: str, calibration: str) -> dict[str, float]:
    """Return the aridity index of landscapes, as stated or as the climate of `source` says."""
    rows = connection.execute(text(_ARIDITY), {"source": source, "calibration": calibration})
    return {row.landscape_id: row.aridity_index for row in rows}
