-- [notice] Values are still preliminary after the day on which their final ones are overdue by the source's schedule.
-- Do: `drought ingest era5-land` for those months, or `drought sources expect` if the source has become slower.
SELECT
    l.country_code,
    c.source,
    min(c.month) AS first_month,
    max(c.month) AS last_month,
    count(DISTINCT c.month) AS months
FROM series.climate_month AS c
INNER JOIN landscape.current AS l ON c.landscape_key = l.landscape_key
INNER JOIN ops.source_schedule AS s ON c.source = s.source
WHERE
    c.release = 'preliminary' AND c.gap IS NULL
    AND ops.due_day(c.month, s.final_late_after_days) < (now() AT TIME ZONE 'UTC')::date
GROUP BY l.country_code, c.source
ORDER BY l.country_code, c.source;
