-- [error] Rows of another origin than the warehouse's: simulated values among real ones, or the other way. Nothing may be told from them.
-- Do: stop deliveries; restore the newest backup from before, and find out who wrote them.
WITH held AS (
    SELECT
        'climate' AS series,
        origin,
        source,
        min(month) AS first_month,
        count(*) AS rows_held
    FROM series.climate_month
    GROUP BY origin, source
    UNION ALL
    SELECT
        'indices' AS series,
        origin,
        source,
        min(month) AS first_month,
        count(*) AS rows_held
    FROM index.value_month
    GROUP BY origin, source
    UNION ALL
    SELECT
        'gauges' AS series,
        origin,
        source,
        min(month) AS first_month,
        count(*) AS rows_held
    FROM series.station_month
    GROUP BY origin, source
    UNION ALL
    SELECT
        'files' AS series,
        origin,
        source,
        NULL::date AS first_month,
        count(*) AS rows_held
    FROM ops.file
    GROUP BY origin, source
)

SELECT
    held.series,
    held.source,
    held.origin,
    i.origin AS expected_origin,
    held.first_month,
    held.rows_held
FROM held
CROSS JOIN ops.identity AS i
WHERE held.origin <> i.origin
ORDER BY held.series, held.source;
