-- [notice] A month's rain is more than three times the most of that calendar month in all other years of the landscape, 50 mm above it, and
-- none of the country's other landscapes has even half of it: the tolerance test of WMO-No. 100 for a slipped decimal, with room for storms.
-- Do: compare with `mart.agreement_month` and with the gauges; ingest the month again if the file is at fault.
WITH most AS (
    SELECT
        landscape_key,
        source,
        extract(MONTH FROM month) AS calendar_month,
        max(precipitation_mm) AS precipitation_mm
    FROM series.climate_month
    GROUP BY landscape_key, source, calendar_month
    HAVING count(precipitation_mm) >= 10
),

second AS (
    SELECT
        m.landscape_key,
        m.source,
        m.calendar_month,
        m.precipitation_mm,
        max(c.precipitation_mm) AS others_mm
    FROM most AS m
    INNER JOIN series.climate_month AS c
        ON
            m.landscape_key = c.landscape_key AND m.source = c.source
            AND m.calendar_month = extract(MONTH FROM c.month) AND m.precipitation_mm > c.precipitation_mm
    GROUP BY m.landscape_key, m.source, m.calendar_month, m.precipitation_mm
    HAVING m.precipitation_mm > 3 * max(c.precipitation_mm) AND m.precipitation_mm > max(c.precipitation_mm) + 50
)

SELECT
    l.landscape_id,
    c.month,
    c.source,
    c.precipitation_mm,
    s.others_mm AS most_of_other_years_mm
FROM second AS s
INNER JOIN series.climate_month AS c
    ON
        s.landscape_key = c.landscape_key AND s.source = c.source
        AND s.calendar_month = extract(MONTH FROM c.month) AND s.precipitation_mm = c.precipitation_mm
INNER JOIN landscape.current AS l ON c.landscape_key = l.landscape_key
WHERE
    NOT EXISTS (
        SELECT FROM series.climate_month AS n
        INNER JOIN landscape.current AS near ON n.landscape_key = near.landscape_key
        WHERE
            n.month = c.month AND n.source = c.source AND n.landscape_key <> c.landscape_key
            AND near.country_code = l.country_code AND n.precipitation_mm > c.precipitation_mm / 2
    )
ORDER BY l.landscape_id, c.month;
