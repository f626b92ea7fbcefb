-- [error] A calendar year has less than an eighth or more than six times the landscape's usual rain of a year: metres a day were taken for
-- totals of a month (or the other way), or millimetres for metres. No year of the region's record departs so far where 50 mm are usual.
-- Do: ingest the files of that year again with the right --product, then `drought compute`.
WITH yearly AS (
    SELECT
        landscape_key,
        source,
        date_trunc('year', month)::date AS first_month,
        sum(precipitation_mm) AS precipitation_mm
    FROM series.climate_month
    GROUP BY landscape_key, source, date_trunc('year', month)
    HAVING count(precipitation_mm) = 12
),

usual AS (
    SELECT
        landscape_key,
        source,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY precipitation_mm) AS precipitation_mm
    FROM yearly
    GROUP BY landscape_key, source
    HAVING count(*) >= 5
)

SELECT
    l.landscape_id,
    y.first_month,
    y.source,
    y.precipitation_mm,
    u.precipitation_mm AS usual_mm
FROM yearly AS y
INNER JOIN usual AS u ON y.landscape_key = u.landscape_key AND y.source = u.source
INNER JOIN landscape.landscape AS l ON y.landscape_key = l.landscape_key
WHERE u.precipitation_mm >= 50 AND NOT y.precipitation_mm BETWEEN u.precipitation_mm / 8 AND 6 * u.precipitation_mm
ORDER BY l.landscape_id, y.first_month;
