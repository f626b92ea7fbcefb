-- [error] The series of a landscape changed more than two days ago, and its indices were not computed since: they are older than their inputs.
-- Do: `drought compute`, or see why the DAG compute_indices fails.
SELECT
    l.landscape_id,
    c.source,
    c.calibration,
    c.stale_from AS first_month,
    c.stale_to AS last_month,
    c.computed_at::date AS computed_on
FROM index.computed AS c
INNER JOIN landscape.landscape AS l ON c.landscape_key = l.landscape_key
WHERE
    c.stale_from IS NOT NULL
    AND EXISTS (
        SELECT FROM series.climate_month AS m
        WHERE
            m.landscape_key = c.landscape_key AND m.source = c.source
            AND m.month BETWEEN c.stale_from AND c.stale_to
            AND m.known_from > c.computed_at AND m.known_from < now() - interval '2 days'
    )
ORDER BY l.landscape_id, c.source;
