"""How far a month has come on its way: values, indices, stages, answers, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from pipeline.core.months import Month

_COUNTRIES = """
SELECT
    l.country_code,
    count(*) AS landscapes,
    count(*) FILTER (WHERE EXISTS (
        SELECT FROM series.climate_month AS c
        WHERE c.landscape_key = l.landscape_key AND c.month = :month AND c.source = :grid AND c.gap IS NULL
    )) AS with_values,
    count(*) FILTER (WHERE EXISTS (
        SELECT FROM index.value_month AS v
        WHERE v.landscape_key = l.landscape_key AND v.month = :month AND v.source = ANY(:sources)
        AND v.calibration = :calibration
    )) AS with_indices,
    count(*) FILTER (WHERE EXISTS (
        SELECT FROM plan.stage_month AS s
        WHERE s.landscape_key = l.landscape_key AND s.month = :month
    )) AS with_stages,
    (
        SELECT max(c.known_from) FROM series.climate_month AS c
        INNER JOIN landscape.current AS o USING (landscape_key)
        WHERE o.country_code = l.country_code AND c.month = :month AND c.source = :grid
    ) AS came_at,
    (
        SELECT CASE WHEN bool_or(c.release = 'preliminary') THEN 'preliminary' ELSE 'final' END
        FROM series.climate_month AS c INNER JOIN landscape.current AS o USING (landscape_key)
        WHERE o.country_code = l.country_code AND c.month = :month AND c.source = :grid AND c.gap IS NULL
    ) AS release
FROM landscape.current AS l
GROUP BY l.country_code ORDER BY l.country_code
"""
_ALERTS = """
SELECT
    count(*) FILTER (WHERE t.month = :month AND a.state <> 'not_needed') AS raised,
    count(*) FILTER (WHERE t.month = :month AND a.state = 'approved') AS approved,
    count(*) FILTER (WHERE t.month = :month AND a.state = 'refused') AS refused,
    count(*) FILTER (WHERE t.month = :month AND a.state = 'expired') AS expired,
    coalesce(array_agg(t.alert_id ORDER BY t.alert_id) FILTER (WHERE a.state = 'pending'), '{}') AS pending
FROM alert.transition AS t INNER JOIN alert.approval AS a USING (alert_id) WHERE t.month <= :month
"""
_MESSAGES = """
SELECT
    count(*) FILTER (WHERE t.month = :month AND d.state = 'sent') AS sent,
    count(*) FILTER (WHERE d.state IN ('queued', 'failed')) AS unsent
FROM alert.delivery AS d
INNER JOIN alert.message AS m USING (message_id)
INNER JOIN alert.transition AS t ON m.alert_id = t.alert_id
INNER JOIN alert.approval AS a ON t.alert_id = a.alert_id
WHERE t.month <= :month AND a.state = 'approved'
"""
_STAGES = """
SELECT country_code, drought_type, stage, count(*) AS landscapes
FROM mart.stage_month INNER JOIN mart.landscape USING (landscape_id)
WHERE month = :month GROUP BY country_code, drought_type, stage, stage_rank
ORDER BY country_code, drought_type, stage_rank
"""
_DECIDED = "SELECT max(known_from) FROM mart.stage_month WHERE month = :month"


@dataclass(frozen=True, slots=True)
class CountryMonth:
    """How far one country's landscapes have come in a month."""

    country: str
    landscapes: int
    with_values: int
    with_indices: int
    with_stages: int
    came_at: datetime | None
    """When the newest of its values was written."""
    release: str | None


@dataclass(frozen=True, slots=True)
class MonthState:
    """How far a month has come."""

    month: Month
    countries: Sequence[CountryMonth]
    decided_at: datetime | None
    stages: Sequence[tuple[str, str, str, int]]
    """Country, drought type, stage, landscapes."""
    raised: int
    approved: int
    refused: int
    expired: int
    pending: Sequence[int]
    """Alerts of this month or earlier that wait for an answer."""
    sent: int
    unsent: int
    """Approved messages of this month or earlier that have not left."""


def read_month(
    connection: Connection, month: Month, sources: Sequence[str], calibration: str
) -> MonthState:
    """Return how far `month` has come.

    Args:
        connection: the caller's transaction.
        month: which.
        sources: by which stages are decided; the last is the grid.
        calibration: of the indices that decide.
    """
    of: Mapping[str, object] = {"month": month.first_day}
    by = {**of, "sources": list(sources), "grid": sources[-1], "calibration": calibration}
    # In this order: an evaluation commits stages with their alerts, an approval its answer with its
    # deliveries. So what is committed between two questions is not missed by the later one.
    countries = [CountryMonth(*row) for row in connection.execute(text(_COUNTRIES), by)]
    alerts = connection.execute(text(_ALERTS), of).one()
    messages = connection.execute(text(_MESSAGES), of).one()
    return MonthState(
        month,
        countries,
        connection.execute(text(_DECIDED), of).scalar(),
        [(r[0], r[1], r[2], int(r[3])) for r in connection.execute(text(_STAGES), of)],
        alerts.raised,
        alerts.approved,
        alerts.refused,
        alerts.expired,
        alerts.pending,
        messages.sent,
        messages.unsent,
    )


def read_newest_due(connection: Connection, after_days: int, at: datetime) -> Month:
    """Return the newest month that is due `at` a moment, so many days after its last day."""
    row = connection.execute(
        text("SELECT ops.newest_due_month(:days, :at)"), {"days": after_days, "at": at}
    )
    return Month.of(row.scalar_one())


def due_day(month: Month, after_days: int) -> date:
    """Return the day so many days after the last day of a month, as `ops.due_day` does.

    >>> due_day(Month(2026, 10), 7)
    datetime.date(2026, 11, 7)
    """
    return date.fromordinal((month + 1).first_day.toordinal() - 1 + after_days)
