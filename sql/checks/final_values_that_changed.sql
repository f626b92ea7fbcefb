-- [notice] Final rain was replaced by other final rain of the same landscape in the last 31 days, by more than a tenth and 5 mm: two files
-- of one month and release say different things.
-- Do: ask the source which holds; `drought revisions` shows what followed. To undo a wrong file, ingest the right one again.
SELECT
    l.landscape_id,
    held.month,
    held.source,
    old.precipitation_mm AS old_mm,
    held.precipitation_mm AS new_mm,
    old.known_until::date AS changed_on
FROM series.climate_month_ever AS old
INNER JOIN series.climate_month AS held
    ON
        old.landscape_key = held.landscape_key AND old.month = held.month AND old.source = held.source
        AND old.landscape_version = held.landscape_version
INNER JOIN landscape.landscape AS l ON held.landscape_key = l.landscape_key
WHERE
    old.known_until BETWEEN now() - interval '31 days' AND now()
    AND held.source <> 'blended'
    AND held.release = 'final' AND old.release = 'final'
    AND abs(held.precipitation_mm - old.precipitation_mm) > greatest(5, 0.1 * old.precipitation_mm)
ORDER BY old.known_until DESC, l.landscape_id ASC, held.month ASC;
