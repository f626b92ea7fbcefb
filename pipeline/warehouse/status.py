"""What is fresh, pending, failed, and the stage of each landscape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.months import Month

Rows = list[dict[str, Any]]

_FRESHNESS = """
SELECT
    country_code, source, newest_month, release, known_from, landscapes_with_values, landscapes,
    newest_final_month, expected_month, months_late, oldest_late_month, late_since,
    preliminary_overdue, oldest_preliminary_overdue
FROM mart.freshness_at(:at) ORDER BY source, country_code
"""
_UNTAKEN = """
SELECT source, count(DISTINCT month) AS months FROM ops.grid_month
WHERE averaged_over IS NULL GROUP BY source
"""
_REQUESTS = """
SELECT
    r.request_id, r.dataset, r.product_type, r.state, r.asked_at, r.ended_at, r.trouble,
    (SELECT min(m.month) FROM ops.request_month AS m WHERE m.request_id = r.request_id) AS first_month,
    (SELECT max(m.month) FROM ops.request_month AS m WHERE m.request_id = r.request_id) AS last_month,
    (
        SELECT array_agg(j.job_id ORDER BY j.job_key) FROM ops.job AS j
        WHERE j.request_id = r.request_id AND j.state IN ('submitted', 'ready', 'failed')
    ) AS job_ids
FROM ops.request AS r
WHERE r.is_open OR (
    r.state IN ('failed', 'not_published') AND NOT EXISTS (
        SELECT FROM ops.request_month AS ours
        JOIN ops.request_month AS later USING (dataset, product_type, month)
        WHERE ours.request_id = r.request_id AND later.request_id > r.request_id
    )
)
ORDER BY r.request_id
"""
_PENDING = """
SELECT
    a.alert_id, a.landscape_id, a.month, a.drought_type, a.change, a.from_stage, a.to_stage,
    a.requested_at, a.escalated_at IS NOT NULL AS is_escalated, l.country_code
FROM mart.alert AS a LEFT JOIN mart.landscape AS l USING (landscape_id)
WHERE a.approval = 'pending' ORDER BY a.alert_id
"""
_EXPIRED = """
SELECT alert_id, landscape_id, month, drought_type, change, from_stage, to_stage, expired_at
FROM mart.alert WHERE approval = 'expired' AND expired_at > :since ORDER BY alert_id
"""
_WITHOUT_ISSUER = """
SELECT DISTINCT l.country_code FROM mart.landscape AS l WHERE NOT EXISTS (
    SELECT FROM alert.issuer AS i
    WHERE i.country_code = l.country_code AND i.since <= :at
    AND (i.ended_at IS NULL OR i.ended_at > :at)
)
ORDER BY l.country_code
"""
_UNDELIVERED = """
SELECT alert_id, channel, recipient_id, language, state, attempts, error
FROM mart.delivery WHERE state IN ('queued', 'failed') ORDER BY delivery_id
"""
_STAGES = """
SELECT
    l.country_code, s.landscape_id, l.name_en, l.land_use, l.is_derived, s.drought_type, s.stage,
    s.stage_rank, s.since_month, s.is_confirmed, s.silent_months, s.plan_id, s.plan_version
FROM mart.stage_month AS s JOIN mart.landscape AS l USING (landscape_id)
WHERE s.month = :month ORDER BY l.country_code, l.name_en, s.drought_type
"""
_LANDSCAPES = """
SELECT
    landscape_id, country_code, name_en, land_use, is_salt_affected, is_derived,
    headwater_landscape_id
FROM mart.landscape ORDER BY country_code, name_en, landscape_id
"""
_INDEX_GAPS = """
SELECT DISTINCT ON (landscape_id) landscape_id, release, gaps
FROM index.value_month JOIN landscape.landscape USING (landscape_key)
WHERE month = :month AND source = ANY(:sources) AND calibration = :calibration
ORDER BY landscape_id, array_position(CAST(:sources AS text[]), source)
"""
_QUEUED = "SELECT count(*) FROM mart.delivery WHERE state = 'sent'"


def _rows(connection: Connection, query: str, **values: object) -> Rows:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]


def read_freshness(connection: Connection, at: datetime) -> Rows:
    """Return how far each source has come in each country, and what is late at `at`."""
    return _rows(connection, _FRESHNESS, at=at)


def read_untaken_months(connection: Connection) -> dict[str, int]:
    """Return how many months of each source came in files of which no means are taken yet."""
    return {row["source"]: row["months"] for row in _rows(connection, _UNTAKEN)}


def read_requests_to_watch(connection: Connection) -> Rows:
    """Return what was asked of a data store and is open, or came to nothing and was not asked anew."""
    return _rows(connection, _REQUESTS)


def read_pending(connection: Connection) -> Rows:
    """Return the alerts that wait for an answer."""
    return _rows(connection, _PENDING)


def read_expired(connection: Connection, since: datetime) -> Rows:
    """Return the alerts that expired unanswered after `since`."""
    return _rows(connection, _EXPIRED, since=since)


def read_countries_without_issuer(connection: Connection, at: datetime) -> list[str]:
    """Return the countries with landscapes for which nobody holds the issuing role `at` a moment."""
    return [row["country_code"] for row in _rows(connection, _WITHOUT_ISSUER, at=at)]


def read_undelivered(connection: Connection) -> Rows:
    """Return the deliveries that are approved and not made."""
    return _rows(connection, _UNDELIVERED)


def read_stages(connection: Connection, month: Month) -> Rows:
    """Return the stage of each landscape and drought type in `month`."""
    return _rows(connection, _STAGES, month=month.first_day)


def read_landscape_names(connection: Connection) -> Rows:
    """Return country, name, land use and headwater of every landscape, with or without values."""
    return _rows(connection, _LANDSCAPES)


def read_index_gaps(
    connection: Connection, month: Month, sources: Sequence[str], calibration: str
) -> Rows:
    """Return the release of each landscape's indices in `month`, and index code to gap.

    Of each landscape by the first of `sources` that it has.
    """
    return _rows(
        connection,
        _INDEX_GAPS,
        month=month.first_day,
        sources=list(sources),
        calibration=calibration,
    )


def read_newest_stage_month(connection: Connection) -> Month | None:
    newest = connection.execute(text("SELECT max(month) FROM plan.stage_month")).scalar()
    return Month.of(newest) if newest else None


def count_sent(connection: Connection) -> int:
    """Return how many deliveries were made, ever."""
    return int(connection.execute(text(_QUEUED)).scalar_one())
