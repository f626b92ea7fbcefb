-- [error] A month lacks between two that are there: means, indices, shares of area, or stages under one plan. A window over it is wrong,
-- and a stage may have been missed.
-- Do: `drought compute` for climate, indices and shares, `drought evaluate` for stages; if it stays, ingest the month again.
WITH held AS (
    SELECT
        'climate' AS series,
        landscape_key,
        source AS of_source,
        min(month) AS first_month,
        max(month) AS last_month,
        count(*) AS months
    FROM series.climate_month
    GROUP BY landscape_key, source
    UNION ALL
    SELECT
        'indices' AS series,
        landscape_key,
        source || ' ' || calibration AS of_source,
        min(month) AS first_month,
        max(month) AS last_month,
        count(*) AS months
    FROM index.value_month
    GROUP BY landscape_key, source, calibration
    UNION ALL
    SELECT
        'shares of area' AS series,
        landscape_key,
        source || ' ' || calibration AS of_source,
        min(month) AS first_month,
        max(month) AS last_month,
        count(*) AS months
    FROM index.area_share
    GROUP BY landscape_key, source, calibration
    UNION ALL
    SELECT
        drought_type || ' stages' AS series,
        landscape_key,
        plan_id || ' ' || plan_version AS of_source,
        min(month) AS first_month,
        max(month) AS last_month,
        count(*) AS months
    FROM plan.stage_month
    GROUP BY landscape_key, drought_type, plan_id, plan_version
),

broken AS (
    SELECT * FROM held
    WHERE
        months <> 12 * (extract(YEAR FROM last_month) - extract(YEAR FROM first_month))
        + extract(MONTH FROM last_month) - extract(MONTH FROM first_month) + 1
)

SELECT
    l.landscape_id,
    due.month::date AS month,
    b.series,
    b.of_source,
    b.first_month,
    b.last_month
FROM broken AS b
INNER JOIN landscape.landscape AS l ON b.landscape_key = l.landscape_key
CROSS JOIN
    LATERAL generate_series(
        b.first_month::timestamp, b.last_month::timestamp, interval '1 month'
    ) AS due (month)
WHERE
    CASE
        WHEN b.series = 'climate'
            THEN
                NOT EXISTS (
                    SELECT FROM series.climate_month AS c
                    WHERE c.landscape_key = b.landscape_key AND c.month = due.month::date AND c.source = b.of_source
                )
        WHEN b.series = 'indices'
            THEN
                NOT EXISTS (
                    SELECT FROM index.value_month AS v
                    WHERE
                        v.landscape_key = b.landscape_key AND v.month = due.month::date
                        AND v.source || ' ' || v.calibration = b.of_source
                )
        WHEN b.series = 'shares of area'
            THEN
                NOT EXISTS (
                    SELECT FROM index.area_share AS a
                    WHERE
                        a.landscape_key = b.landscape_key AND a.month = due.month::date
                        AND a.source || ' ' || a.calibration = b.of_source
                )
        -- Another plan may have ruled in between: only a month without any stage lacks.
        ELSE NOT EXISTS (
            SELECT FROM plan.stage_month AS s
            WHERE
                s.landscape_key = b.landscape_key AND s.month = due.month::date
                AND s.drought_type || ' stages' = b.series
        )
    END
ORDER BY l.landscape_id, b.series, due.month;
