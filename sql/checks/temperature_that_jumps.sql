-- [notice] A month's mean temperature lies five standard deviations, and 4 degrees, from the mean of that calendar month in all other years:
-- the outlier test of GHCN-Monthly (Lawrimore et al. 2011).
-- Do: compare with the months before and after and with other landscapes; ingest the month again if the file is at fault.
WITH usual AS (
    SELECT
        landscape_key,
        source,
        extract(MONTH FROM month) AS calendar_month,
        count(temperature_mean_c) AS n,
        sum(temperature_mean_c) AS total,
        sum(temperature_mean_c ^ 2) AS squares
    FROM series.climate_month
    GROUP BY landscape_key, source, calendar_month
    HAVING count(temperature_mean_c) >= 10
),

compared AS (
    SELECT
        c.landscape_key,
        c.month,
        c.source,
        c.temperature_mean_c,
        (u.total - c.temperature_mean_c) / (u.n - 1) AS others_c,
        (u.squares - c.temperature_mean_c ^ 2 - (u.total - c.temperature_mean_c) ^ 2 / (u.n - 1)) / (u.n - 2) AS others_variance
    FROM series.climate_month AS c
    INNER JOIN usual AS u
        ON c.landscape_key = u.landscape_key AND c.source = u.source AND u.calendar_month = extract(MONTH FROM c.month)
)

SELECT
    l.landscape_id,
    c.month,
    c.source,
    c.temperature_mean_c,
    c.others_c AS mean_of_other_years_c
FROM compared AS c
INNER JOIN landscape.landscape AS l ON c.landscape_key = l.landscape_key
WHERE abs(c.temperature_mean_c - c.others_c) > greatest(4, 5 * sqrt(greatest(c.others_variance, 0)))
ORDER BY l.landscape_id, c.month;
