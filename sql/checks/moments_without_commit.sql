-- [error] Something was written without noting when it could be seen: what was known at that time cannot be told with certainty.
-- Do: find out who writes to the warehouse with its triggers turned off.
WITH written AS (
    SELECT
        'series.climate_month' AS held_in,
        known_from
    FROM series.climate_month
    UNION
    SELECT
        'index.value_month' AS held_in,
        known_from
    FROM index.value_month
    UNION
    SELECT
        'index.area_share' AS held_in,
        known_from
    FROM index.area_share
    UNION
    SELECT
        'plan.stage_month' AS held_in,
        known_from
    FROM plan.stage_month
    UNION
    SELECT
        'alert.transition' AS held_in,
        decided_at AS known_from
    FROM alert.transition
    UNION
    SELECT
        'landscape.version' AS held_in,
        valid_from AS known_from
    FROM landscape.version
)

SELECT
    w.held_in,
    w.known_from AS written_at,
    m.committed_at
FROM written AS w
LEFT JOIN ops.moment AS m ON w.known_from = m.known_from
WHERE
    w.known_from >= (SELECT min(known_from) FROM ops.moment)
    AND (m.known_from IS NULL OR m.committed_at = 'infinity' OR m.committed_at < m.known_from)
ORDER BY w.known_from, w.held_in;
