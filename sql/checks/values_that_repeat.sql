-- [error] The same rain or the same temperature to the last digit in three months in a row, the streak test of Durre et al. (2010): a file
-- was filled with its last value. Rainless months repeat by nature and are left out.
-- Do: look at the raw files of these months, ingest the right ones, then `drought compute`.
SELECT
    l.landscape_id,
    c.month AS last_month,
    c.source,
    CASE WHEN c.precipitation_mm = b.precipitation_mm AND c.precipitation_mm = a.precipitation_mm THEN c.precipitation_mm END
        AS same_rain_mm,
    CASE WHEN c.temperature_mean_c = b.temperature_mean_c AND c.temperature_mean_c = a.temperature_mean_c THEN c.temperature_mean_c END
        AS same_temperature_c
FROM series.climate_month AS c
INNER JOIN series.climate_month AS b
    ON
        c.landscape_key = b.landscape_key AND c.source = b.source AND b.month = (c.month - interval '1 month')::date
        AND (c.precipitation_mm = b.precipitation_mm AND c.precipitation_mm > 0 OR c.temperature_mean_c = b.temperature_mean_c)
INNER JOIN series.climate_month AS a
    ON
        c.landscape_key = a.landscape_key AND c.source = a.source AND a.month = (c.month - interval '2 months')::date
        AND (
            c.precipitation_mm = b.precipitation_mm AND c.precipitation_mm = a.precipitation_mm AND c.precipitation_mm > 0
            OR c.temperature_mean_c = b.temperature_mean_c AND c.temperature_mean_c = a.temperature_mean_c
        )
INNER JOIN landscape.landscape AS l ON c.landscape_key = l.landscape_key
ORDER BY l.landscape_id, c.month;
