-- A final value is never replaced by a preliminary one. Find out who wrote it, and ingest the final file again.
-- A row is preliminary as soon as one of its values is: a final value that stands in it unchanged was not replaced.
SELECT
    l.landscape_id,
    held.month,
    held.source
FROM series.climate_month AS held
INNER JOIN series.climate_month_superseded AS old
    ON held.landscape_key = old.landscape_key AND held.month = old.month AND held.source = old.source
INNER JOIN landscape.landscape AS l ON held.landscape_key = l.landscape_key
WHERE
    held.release = 'preliminary' AND old.release = 'final'
    AND held.landscape_version = old.landscape_version
    AND old.precipitation_mm IS NOT NULL AND held.precipitation_mm IS DISTINCT FROM old.precipitation_mm;
