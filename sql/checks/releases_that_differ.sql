-- [notice] Final rain that came in the last 31 days is more than three times its preliminary value or less than a third, and 50 mm off: more
-- than the revisions of a reanalysis.
-- Do: `drought revisions` shows what followed; ask the source, and fetch the month again if its file is at fault.
SELECT
    l.landscape_id,
    held.month,
    held.source,
    old.precipitation_mm AS preliminary_mm,
    held.precipitation_mm AS final_mm,
    old.known_until::date AS changed_on
FROM series.climate_month_ever AS old
INNER JOIN series.climate_month AS held
    ON
        old.landscape_key = held.landscape_key AND old.month = held.month AND old.source = held.source
        AND old.landscape_version = held.landscape_version
INNER JOIN landscape.landscape AS l ON held.landscape_key = l.landscape_key
WHERE
    old.known_until BETWEEN now() - interval '31 days' AND now()
    AND held.release = 'final' AND old.release = 'preliminary'
    AND abs(held.precipitation_mm - old.precipitation_mm) > 50
    AND NOT held.precipitation_mm BETWEEN old.precipitation_mm / 3 AND 3 * old.precipitation_mm
ORDER BY l.landscape_id, held.month;
