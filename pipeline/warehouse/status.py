"""What is fresh, pending, failed, and the stage of each landscape."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.months import Month

Rows = list[dict[str, Any]]

_FRESHNESS = """
SELECT country_code, source, newest_month, release, landscapes_with_values, landscapes
FROM mart.freshness ORDER BY source, country_code
"""
_PENDING = """
SELECT alert_id, landscape_id, month, drought_type, change, from_stage, to_stage
FROM mart.alert WHERE approval = 'pending' ORDER BY alert_id
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
SELECT landscape_id, country_code, name_en, land_use, is_derived
FROM mart.landscape ORDER BY country_code, name_en, landscape_id
"""
_INDEX_GAPS = """
SELECT landscape_id, release, gaps FROM mart.index_month_wide
WHERE month = :month AND source = :source AND calibration = :calibration
"""
_QUEUED = "SELECT count(*) FROM mart.delivery WHERE state = 'sent'"


def _rows(connection: Connection, query: str, **values: object) -> Rows:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]


def read_freshness(connection: Connection) -> Rows:
    return _rows(connection, _FRESHNESS)


def read_pending(connection: Connection) -> Rows:
    """Return the alerts that wait for an answer."""
    return _rows(connection, _PENDING)


def read_undelivered(connection: Connection) -> Rows:
    """Return the deliveries that are approved and not made."""
    return _rows(connection, _UNDELIVERED)


def read_stages(connection: Connection, month: Month) -> Rows:
    """Return the stage of each landscape and drought type in `month`."""
    return _rows(connection, _STAGES, month=month.first_day)


def read_landscape_names(connection: Connection) -> Rows:
    """Return country, name and land use of every landscape, with or without values."""
    return _rows(connection, _LANDSCAPES)


def read_index_gaps(connection: Connection, month: Month, source: str, calibration: str) -> Rows:
    """Return the release of each landscape's indices in `month`, and index code to gap."""
    return _rows(
        connection, _INDEX_GAPS, month=month.first_day, source=source, calibration=calibration
    )


def read_newest_stage_month(connection: Connection) -> Month | None:
    newest = connection.execute(text("SELECT max(month) FROM plan.stage_month")).scalar()
    return Month.of(newest) if newest else None


def count_sent(connection: Connection) -> int:
    """Return how many deliveries were made, ever."""
    return int(connection.execute(text(_QUEUED)).scalar_one())
