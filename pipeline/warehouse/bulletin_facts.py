"""What a bulletin shows beside stages: rain of the year so far, answered alerts, stages changed since."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.months import Month

Rows = list[dict[str, Any]]

_LANDSCAPES = """
SELECT
    landscape_id, country_code, name_en, names, land_use, is_salt_affected, is_derived, area_km2
FROM landscape.current ORDER BY country_code, name_en, landscape_id
"""
_YEAR_INDICES = """
SELECT DISTINCT ON (landscape_id) landscape_id, source, spi_hy, smri_hy
FROM index.value_month JOIN landscape.landscape USING (landscape_key)
WHERE month = :month AND source = ANY(:sources) AND calibration = :calibration
ORDER BY landscape_id, array_position(CAST(:sources AS text[]), source)
"""
_RAIN = """
SELECT
    l.landscape_id, c.source,
    CAST(extract(MONTH FROM c.month) AS int) AS calendar_month,
    max(c.precipitation_mm) FILTER (WHERE c.month BETWEEN :first AND :last) AS precipitation_mm,
    avg(c.precipitation_mm) FILTER (WHERE c.month BETWEEN :usual_first AND :usual_last) AS normal_mm,
    count(c.precipitation_mm) FILTER (WHERE c.month BETWEEN :usual_first AND :usual_last) AS years
FROM series.climate_month AS c JOIN landscape.landscape AS l USING (landscape_key)
WHERE
    c.source = ANY(:sources)
    AND (c.month BETWEEN :first AND :last OR c.month BETWEEN :usual_first AND :usual_last)
GROUP BY l.landscape_id, c.source, calendar_month
"""
_ALERTS = """
SELECT
    a.alert_id, l.country_code, a.landscape_id, a.month, a.drought_type, a.change, a.from_stage,
    a.to_stage, a.plan_id, a.plan_version, a.approval, a.approved_by, a.door, a.answered_at
FROM mart.alert AS a JOIN landscape.current AS l USING (landscape_id)
WHERE
    a.approval = 'pending'
    OR (a.month = :month AND a.approval IN ('approved', 'refused', 'expired'))
ORDER BY l.country_code, l.name_en, a.drought_type, a.alert_id
"""
_REVISED_SINCE = """
SELECT
    l.country_code, count(DISTINCT r.landscape_id) AS landscapes, min(r.month) AS first_month,
    max(r.month) AS last_month,
    count(DISTINCT r.alert_id) FILTER (WHERE r.approval <> 'not_needed') AS alerts
FROM mart.revision_stage AS r JOIN landscape.current AS l USING (landscape_id)
WHERE
    (r.old_plan_id, r.old_plan_version) = (r.new_plan_id, r.new_plan_version) AND r.month <= :month
    AND r.changed_at >= (SELECT min(known_from) FROM plan.stage_month_ever WHERE month = :month)
GROUP BY l.country_code
"""


def _rows(connection: Connection, query: str, **values: object) -> Rows:
    return [dict(row) for row in connection.execute(text(query), values).mappings()]


def read_bulletin_landscapes(connection: Connection) -> Rows:
    """Return country, names, land use and area of every landscape, with or without values."""
    return _rows(connection, _LANDSCAPES)


def read_year_indices(
    connection: Connection, month: Month, sources: Sequence[str], period: CalibrationPeriod
) -> Rows:
    """Return the indices since 1 October of each landscape, by the first of `sources` it has.

    A gap is null.
    """
    return _rows(
        connection,
        _YEAR_INDICES,
        month=month.first_day,
        sources=list(sources),
        calibration=str(period),
    )


def read_rain(
    connection: Connection,
    month: Month,
    months: int,
    sources: Sequence[str],
    period: CalibrationPeriod,
) -> Rows:
    """Return the rain of the last `months` months, at most twelve, beside that of other years.

    One row for each landscape, source and calendar month, in mm: `precipitation_mm`, null where it is
    a gap; `normal_mm`, the mean over the calibration period; `years`, how many of them have a value.
    """
    return _rows(
        connection,
        _RAIN,
        first=(month - (months - 1)).first_day,
        last=month.first_day,
        usual_first=Month(period.first_year, 1).first_day,
        usual_last=Month(period.last_year, 12).first_day,
        sources=list(sources),
    )


def read_answered_alerts(connection: Connection, month: Month) -> Rows:
    """Return the alerts on `month` that were answered or expired, and all that wait, of any month."""
    return _rows(connection, _ALERTS, month=month.first_day)


def read_revised_since(connection: Connection, month: Month) -> Rows:
    """Return by country how many landscapes had a stage changed after `month` had its first stages.

    By values or a boundary, not by another plan; of months up to `month`. The evaluation that
    brought `month` counts too. `alerts` are the corrections to be told, answered or not.
    """
    return _rows(connection, _REVISED_SINCE, month=month.first_day)
