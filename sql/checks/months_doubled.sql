-- [error] One month's rain stands a second time, equal in every landscape to the last digit: a file was dated wrong, or one set of files came
-- under two names of source.
-- Do: ingest the right file of that month; where the second is a source of its own, set DROUGHT_SOURCE to one of the two.
WITH month_held AS (
    SELECT
        source,
        month,
        count(*) AS landscapes,
        count(*) FILTER (WHERE precipitation_mm > 0) AS with_rain,
        sum(hashfloat8extended(precipitation_mm, landscape_key)) AS content
    FROM series.climate_month
    WHERE source <> 'blended'
    GROUP BY source, month
)

SELECT
    a.source,
    a.month,
    b.source AS same_as_source,
    b.month AS same_as_month,
    a.landscapes
FROM month_held AS a
INNER JOIN month_held AS b
    ON a.content = b.content AND a.landscapes = b.landscapes AND (a.source, a.month) > (b.source, b.month)
WHERE a.with_rain >= 2
ORDER BY a.month, a.source;
