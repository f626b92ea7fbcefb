"""How far a month has come on its way: values, indices, stages, answers, messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from pipeline.core.months import Month

_COUNTRIES = """
WITH ours AS (
    SELECT
        landscape_key, landscape_id, version, country_code, name_en AS name,
        -- Whose gauges suffice stands wholly on the blended series.
        CASE WHEN 'blended' = ANY(:sources) AND EXISTS (
            SELECT FROM series.agreement AS a
            WHERE a.landscape_key = l.landscape_key AND a.source = :grid AND a.shortfall IS NULL
        ) THEN 'blended' ELSE :grid END AS source
    FROM landscape.current AS l
),
-- Once for each landscape, though it is asked for several times below.
way AS MATERIALIZED (
    SELECT
        o.*, grid.known_from, grid.release, own.gap,
        -- A gap is data, but for the one that says that nothing came.
        grid.month IS NOT NULL AND grid.gap IS DISTINCT FROM 'not_published' AS has_come,
        grid.month IS NOT NULL AND grid.gap IS NULL AS has_grid_value,
        grid.gap IS NOT DISTINCT FROM 'outside_grid' AS is_outside,
        own.month IS NOT NULL AND own.gap IS NULL AS has_value,
        EXISTS (
            SELECT FROM series.climate_month AS c
            WHERE c.landscape_key = o.landscape_key AND c.month = :before AND c.source = o.source
            AND c.gap IS NULL
        ) AS had_value,
        own.month IS NOT NULL AND EXISTS (
            SELECT FROM index.value_month AS v
            WHERE v.landscape_key = o.landscape_key AND v.month = :month AND v.source = o.source
            AND v.calibration = :calibration
        ) AS has_indices,
        EXISTS (
            SELECT FROM index.area_share AS s
            WHERE s.landscape_key = o.landscape_key AND s.month = :month AND s.source = :grid
            AND s.calibration = :calibration AND s.landscape_version = o.version
        ) AS has_shares,
        EXISTS (
            SELECT FROM plan.stage_month AS s
            WHERE s.landscape_key = o.landscape_key AND s.month = :month
        ) AS has_stages
    FROM ours AS o
    LEFT JOIN series.climate_month AS grid
        ON o.landscape_key = grid.landscape_key AND grid.month = :month AND grid.source = :grid
    LEFT JOIN series.climate_month AS own
        ON o.landscape_key = own.landscape_key AND own.month = :month AND own.source = o.source
)
SELECT
    country_code,
    count(*) AS landscapes,
    count(*) FILTER (WHERE has_value) AS with_values,
    bool_or(has_grid_value) OR bool_and(has_come AND NOT is_outside) AS is_reached,
    array_remove(array_agg(CASE WHEN NOT has_come THEN name END ORDER BY name, landscape_id), NULL)
        AS without_values,
    array_remove(array_agg(
        CASE WHEN has_come AND NOT has_indices THEN name END ORDER BY name, landscape_id
    ), NULL) AS without_indices,
    array_remove(array_agg(
        CASE WHEN has_come AND NOT has_shares THEN name END ORDER BY name, landscape_id
    ), NULL) AS without_shares,
    array_remove(array_agg(
        CASE WHEN has_come AND has_indices AND NOT has_stages THEN name END ORDER BY name, landscape_id
    ), NULL) AS without_stages,
    array_remove(array_agg(
        CASE WHEN has_come AND gap IS NOT NULL THEN name || ': ' || gap END ORDER BY name, landscape_id
    ), NULL) AS blind,
    array_remove(array_agg(
        CASE WHEN source = 'blended' AND has_grid_value AND gap = 'too_few_observations' THEN name END
        ORDER BY name, landscape_id
    ), NULL) AS without_gauges,
    count(*) FILTER (WHERE has_come AND gap IS NOT NULL AND had_value) AS newly_blind,
    max(known_from) AS came_at,
    CASE
        WHEN coalesce(
            bool_or(release = 'preliminary') FILTER (WHERE has_grid_value),
            bool_or(release = 'preliminary')
        ) THEN 'preliminary'
        ELSE 'final'
    END AS release
FROM way GROUP BY country_code ORDER BY country_code
"""
_ALERTS = """
SELECT
    count(*) FILTER (WHERE t.month = :month AND a.state <> 'not_needed') AS raised,
    count(*) FILTER (WHERE t.month = :month AND a.state = 'not_needed') AS untold,
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
_DECIDED = """
SELECT max(coalesce(m.committed_at, s.known_from))
FROM mart.stage_month AS s LEFT JOIN ops.moment AS m USING (known_from) WHERE s.month = :month
"""
_RAISED_SINCE = """
WITH closed AS (
    SELECT month, max(written_at) AS at FROM alert.notice WHERE kind = 'month_closed' GROUP BY month
)
SELECT t.month, count(*) AS alerts, max(t.alert_id) AS newest
FROM closed AS c INNER JOIN alert.transition AS t USING (month)
INNER JOIN alert.approval AS a USING (alert_id)
LEFT JOIN ops.moment AS m ON a.requested_at = m.known_from
WHERE a.state <> 'not_needed' AND coalesce(m.committed_at, a.requested_at) > c.at
GROUP BY t.month ORDER BY t.month
"""


@dataclass(frozen=True, slots=True)
class CountryMonth:
    """How far one country's landscapes have come in a month; those that lack something, by name.

    Each landscape by the source that decides it: gauges blended with the grid, or the grid alone.
    """

    country: str
    landscapes: int
    with_values: int
    is_reached: bool
    """Whether the grid has a value of any of them, or says of each why not, though it covers it."""
    without_values: Sequence[str]
    """Of which nothing came. A gap that the source gave is no reason to wait for more."""
    without_indices: Sequence[str]
    """Of those of which something came; the next two likewise."""
    without_shares: Sequence[str]
    """Of area. A plan may hear none."""
    without_stages: Sequence[str]
    """Though they have indices."""
    blind: Sequence[str]
    """Those with a gap, and which."""
    without_gauges: Sequence[str]
    """Those that gauges decide, of which none has reported, though the grid has a value."""
    newly_blind: int
    """How many of them had a value in the month before."""
    came_at: datetime | None
    """When the newest of its values was written."""
    release: str


@dataclass(frozen=True, slots=True)
class MonthState:
    """How far a month has come."""

    month: Month
    countries: Sequence[CountryMonth]
    decided_at: datetime | None
    """When others could see its newest stage; None: it has none."""
    stages: Sequence[tuple[str, str, str, int]]
    """Country, drought type, stage, landscapes."""
    raised: int
    untold: int
    """Changes of stage that are told to nobody."""
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
    by = {
        **of,
        "before": (month - 1).first_day,
        "sources": list(sources),
        "grid": sources[-1],
        "calibration": calibration,
    }
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
        alerts.untold,
        alerts.approved,
        alerts.refused,
        alerts.expired,
        alerts.pending,
        messages.sent,
        messages.unsent,
    )


def read_told_late(connection: Connection) -> dict[Month, list[str]]:
    """Return by month what the operator was told of as later than a plan allows."""
    rows = connection.execute(
        text("SELECT DISTINCT month, about FROM alert.notice WHERE kind = 'late_by_plan'")
    )
    told: dict[Month, list[str]] = {}
    for row in rows:
        told.setdefault(Month.of(row.month), []).append(row.about)
    return told


def read_raised_since(connection: Connection) -> list[tuple[Month, int, int]]:
    """Return the closed months of which alerts were raised since; how many, and the newest one's id."""
    rows = connection.execute(text(_RAISED_SINCE))
    return [(Month.of(row.month), row.alerts, row.newest) for row in rows]


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
