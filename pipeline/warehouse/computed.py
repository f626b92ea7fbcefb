"""How far the indices follow from the series. Triggers note what changes under them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.months import Month
from pipeline.landscapes.staleness import Computed, Span

_RECORDS = text("""
SELECT
    l.landscape_key, l.version,
    c.landscape_version, c.method, c.first_month, c.last_month, c.was_ready, c.is_hargreaves,
    c.stale_from, c.stale_to,
    CASE WHEN c.landscape_key IS NOT NULL THEN least(c.first_month, c.stale_from) ELSE (
        SELECT min(m.month) FROM series.climate_month AS m
        WHERE m.landscape_key = l.landscape_key AND m.source = :source
    ) END AS series_from,
    CASE WHEN c.landscape_key IS NOT NULL THEN greatest(c.last_month, c.stale_to) ELSE (
        SELECT max(m.month) FROM series.climate_month AS m
        WHERE m.landscape_key = l.landscape_key AND m.source = :source
    ) END AS series_to
FROM (
    SELECT landscape_key, max(version) AS version FROM landscape.version GROUP BY landscape_key
) AS l
LEFT JOIN index.computed AS c
    ON l.landscape_key = c.landscape_key AND c.source = :source AND c.calibration = :calibration
ORDER BY l.landscape_key
""")
_SAVE = text("""
INSERT INTO index.computed AS held (
    landscape_key, source, calibration, landscape_version, method, first_month, last_month,
    was_ready, is_hargreaves, stale_from, stale_to
)
SELECT
    key, :source, :calibration, version, :method, first_month, last_month, was_ready, is_hargreaves,
    stale_from, stale_to
FROM unnest(
    CAST(:keys AS integer[]), CAST(:versions AS integer[]), CAST(:firsts AS date[]),
    CAST(:lasts AS date[]), CAST(:readies AS boolean[]), CAST(:hargreaves AS boolean[]),
    CAST(:stale_froms AS date[]), CAST(:stale_tos AS date[])
) AS new (
    key, version, first_month, last_month, was_ready, is_hargreaves, stale_from, stale_to
)
ON CONFLICT (landscape_key, source, calibration) DO UPDATE SET
    landscape_version = excluded.landscape_version, method = excluded.method,
    first_month = excluded.first_month, last_month = excluded.last_month,
    was_ready = excluded.was_ready, is_hargreaves = excluded.is_hargreaves,
    stale_from = excluded.stale_from, stale_to = excluded.stale_to, computed_at = now()
""")


@dataclass(frozen=True, slots=True)
class Record:
    """A landscape that has a series."""

    landscape_key: int
    version: int
    """The newest of the landscape."""
    series: Span
    """The months its series is known to span."""
    computed: Computed | None


def read_records(connection: Connection, source: str, period: CalibrationPeriod) -> list[Record]:
    """Return the landscapes that have a series of `source`, in the order of their keys."""
    rows = connection.execute(_RECORDS, {"source": source, "calibration": str(period)})
    return [
        Record(
            row.landscape_key,
            row.version,
            _span(row.series_from, row.series_to),
            None
            if row.method is None
            else Computed(
                row.landscape_version,
                row.method,
                _span(row.first_month, row.last_month),
                row.was_ready,
                row.is_hargreaves,
                None if row.stale_from is None else _span(row.stale_from, row.stale_to),
            ),
        )
        for row in rows
        if row.series_from is not None
    ]


def _span(first: date, last: date) -> Span:
    return Span(Month.of(first), Month.of(last))


def save_computed(
    connection: Connection, source: str, period: CalibrationPeriod, computed: Mapping[int, Computed]
) -> None:
    """Note what the indices of these landscapes, by key, were computed from."""
    if not computed:
        return
    notes = computed.values()
    stales = [note.stale for note in notes]
    connection.execute(
        _SAVE,
        {
            "source": source,
            "calibration": str(period),
            "method": next(iter(notes)).method,
            "keys": list(computed),
            "versions": [note.version for note in notes],
            "firsts": [note.series.first.first_day for note in notes],
            "lasts": [note.series.last.first_day for note in notes],
            "readies": [note.was_ready for note in notes],
            "hargreaves": [note.is_hargreaves for note in notes],
            "stale_froms": [stale and stale.first.first_day for stale in stales],
            "stale_tos": [stale and stale.last.first_day for stale in stales],
        },
    )


def read_stale_count(
    connection: Connection, sources: Sequence[str], period: CalibrationPeriod
) -> int:
    """Return of how many landscapes the indices were not computed anew since their series changed."""
    return int(
        connection.execute(
            text(
                "SELECT count(DISTINCT landscape_key) FROM index.computed AS c "
                "JOIN (SELECT landscape_key, max(version) AS newest FROM landscape.version "
                "GROUP BY landscape_key) AS l USING (landscape_key) "
                "WHERE source = ANY(:sources) AND calibration = :calibration "
                "AND (stale_from IS NOT NULL OR landscape_version <> newest)"
            ),
            {"sources": list(sources), "calibration": str(period)},
        ).scalar_one()
    )
