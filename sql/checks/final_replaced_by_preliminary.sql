-- [error] A final value was replaced by a preliminary one, which never happens by itself. A row is preliminary as soon as one of its values
-- is: a final value that stands in it unchanged was not replaced.
-- Do: find out who wrote it, and ingest the final file again.
SELECT
    l.landscape_id,
    held.month,
    held.source,
    old.precipitation_mm AS final_mm,
    held.precipitation_mm AS preliminary_mm
FROM series.climate_month AS held
INNER JOIN series.climate_month_ever AS old
    ON held.landscape_key = old.landscape_key AND held.month = old.month AND held.source = old.source
INNER JOIN landscape.landscape AS l ON held.landscape_key = l.landscape_key
WHERE
    held.release = 'preliminary' AND old.release = 'final' AND old.known_until < 'infinity'
    AND held.landscape_version = old.landscape_version
    AND old.precipitation_mm IS NOT NULL AND held.precipitation_mm IS DISTINCT FROM old.precipitation_mm
ORDER BY l.landscape_id, held.month;
