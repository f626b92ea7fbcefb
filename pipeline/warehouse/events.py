"""Droughts and areas in drought: what follows from `plan.stage_month`, kept for readers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, text

from pipeline.core.ids import DroughtType, IndexCode
from pipeline.core.months import Month
from pipeline.plans.events import Deficit, DroughtEvent, StandingMonth
from pipeline.warehouse.upsert import save_rows

_DECIDING = text("""
INSERT INTO plan.deciding_series AS held (landscape_key, source, calibration, landscape_version)
SELECT one.landscape_key, one.source, :calibration, newest.landscape_version
FROM unnest(CAST(:keys AS integer[]), CAST(:sources AS text[])) AS one (landscape_key, source)
CROSS JOIN LATERAL (
    SELECT v.landscape_version FROM index.value_month AS v
    WHERE v.landscape_key = one.landscape_key AND v.source = one.source
    AND v.calibration = :calibration ORDER BY v.month DESC LIMIT 1
) AS newest
ON CONFLICT (landscape_key) DO UPDATE SET
    source = excluded.source, calibration = excluded.calibration,
    landscape_version = excluded.landscape_version, known_from = now()
WHERE (held.source, held.calibration, held.landscape_version)
    <> (excluded.source, excluded.calibration, excluded.landscape_version)
""")
_COUNTS = text("""
SELECT landscape_key, drought_type, count(*) AS months FROM plan.stage_month
GROUP BY landscape_key, drought_type
""")
_STANDING = """
SELECT
    s.landscape_key, s.drought_type, newest.month AS newest, s.month, s.stage, s.stage_rank,
    s.is_confirmed, s.plan_id, s.plan_version, d.source, d.calibration{columns}
FROM plan.stage_month AS s
JOIN (
    SELECT landscape_key, max(month) AS month FROM plan.stage_month
    WHERE landscape_key = ANY(:keys) GROUP BY landscape_key
) AS newest USING (landscape_key)
LEFT JOIN plan.deciding_series AS d USING (landscape_key)
LEFT JOIN index.value_month AS v ON v.landscape_key = s.landscape_key AND v.month = s.month
    AND v.source = d.source AND v.calibration = d.calibration
WHERE s.landscape_key = ANY(:keys) AND s.stage_rank > 0
ORDER BY s.landscape_key, s.drought_type, s.month
"""
_GONE = text("""
DELETE FROM plan.drought_event
WHERE (landscape_key, drought_type, onset) NOT IN (
    SELECT * FROM unnest(
        CAST(:keys AS integer[]), CAST(:types AS text[]), CAST(:onsets AS date[])
    )
)
""")
_KEYS = ("landscape_key", "drought_type", "onset")
_COLUMNS = (
    *_KEYS, "plan_id", "plan_version", "ended", "duration_months", "highest_stage",
    "highest_stage_rank", "is_confirmed", "source", "calibration", "index_code", "severity",
    "intensity", "peak_value", "peak_month", "months_with_gap", "severity_gap",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class StageSeries:
    """The stages of a landscape by one ladder, and the indices they follow from."""

    landscape_key: int
    drought_type: DroughtType
    source: str | None
    """None: not known, as no evaluation said it."""
    calibration: str | None


@dataclass(slots=True)
class Standing:
    """The months of a series in a stage."""

    series: StageSeries
    newest: Month
    """The newest month in which the landscape has a stage of any drought type, `none` included."""
    months: list[StandingMonth] = field(default_factory=list)


def save_deciding_series(
    connection: Connection, calibration: str, sources: Mapping[int, str]
) -> None:
    """Note by which source's indices, of this calibration, each landscape key is decided."""
    connection.execute(
        _DECIDING,
        {"calibration": calibration, "keys": list(sources), "sources": list(sources.values())},
    )


def read_decided_landscapes(connection: Connection) -> set[str]:
    """Return the landscape ids of which stages were decided in the last evaluation."""
    query = text(
        "SELECT landscape_id FROM plan.deciding_series "
        "JOIN landscape.landscape USING (landscape_key)"
    )
    return set(connection.execute(query).scalars())


def count_stage_months(connection: Connection) -> dict[tuple[int, DroughtType], int]:
    """Return how many months have a stage, by landscape key and drought type."""
    rows = connection.execute(_COUNTS)
    return {(row.landscape_key, DroughtType(row.drought_type)): row.months for row in rows}


def read_heard_indices(connection: Connection) -> list[IndexCode]:
    """Return the indices that a rule of any plan document hears."""
    rows = connection.execute(
        text("SELECT DISTINCT index_code FROM mart.plan_rule WHERE index_code IS NOT NULL")
    )
    return sorted(IndexCode.parse(row.index_code) for row in rows)


def read_standing(
    connection: Connection, landscape_keys: Sequence[int], codes: Sequence[IndexCode]
) -> list[Standing]:
    """Return the months in a stage with the values of `codes`, as the warehouse holds them now.

    Landscapes and drought types that were never in a stage are left out.
    """
    columns = "".join(f", v.{code}" for code in codes)
    rows = connection.execute(
        text(_STANDING.format(columns=columns)), {"keys": list(landscape_keys)}
    )
    found: dict[tuple[int, str], Standing] = {}
    month_of = cache(Month.of)
    for row in rows:
        key = (row.landscape_key, row.drought_type)
        if key not in found:
            found[key] = Standing(_series(row), month_of(row.newest))
        found[key].months.append(_month(row, month_of(row.month), codes))
    return list(found.values())


def _series(row: Row[Any]) -> StageSeries:
    return StageSeries(
        row.landscape_key, DroughtType(row.drought_type), row.source, row.calibration
    )


def _month(row: Row[Any], month: Month, codes: Sequence[IndexCode]) -> StandingMonth:
    values: tuple[float | None, ...] = tuple(row)[len(row) - len(codes) :]
    return StandingMonth(
        month,
        row.stage,
        row.stage_rank,
        row.is_confirmed,
        (row.plan_id, row.plan_version),
        dict(zip(codes, values, strict=True)),
    )


def save_drought_events(
    connection: Connection, events: Sequence[tuple[StageSeries, DroughtEvent]]
) -> int:
    """Let `events` be all the droughts there are; return how many were new or different.

    One that is not among them any more leaves for the table of superseded rows.
    """
    connection.execute(
        _GONE,
        {
            "keys": [of.landscape_key for of, _ in events],
            "types": [str(of.drought_type) for of, _ in events],
            "onsets": [event.onset.first_day for _, event in events],
        },
    )
    rows = (_row(of, event) for of, event in events)
    return save_rows(connection, ("plan", "drought_event"), _KEYS, _COLUMNS, rows)


def _row(of: StageSeries, event: DroughtEvent) -> tuple[object, ...]:
    return (
        of.landscape_key,
        of.drought_type,
        event.onset.first_day,
        *event.plan,
        _first_day(event.ended),
        event.duration_months,
        event.highest_stage,
        event.highest_rank,
        event.is_confirmed,
        of.source,
        of.calibration,
        None if event.index is None else str(event.index),
        *_deficit(event),
    )


def _deficit(event: DroughtEvent) -> tuple[object, ...]:
    told = event.deficit
    if not isinstance(told, Deficit):
        return (None, None, None, None, None, str(told))
    return (
        told.severity,
        told.intensity,
        told.peak_value,
        told.peak_month.first_day,
        told.months_with_gap,
        None,
    )


def _first_day(month: Month | None) -> date | None:
    return None if month is None else month.first_day


def sum_areas(connection: Connection) -> int:
    """Add up the areas in drought of the months whose stages this transaction changed.

    Of all months where landscapes or their boundaries changed. Returns how many rows differ.
    """
    return int(connection.execute(text("SELECT plan.sum_areas()")).scalar_one())
