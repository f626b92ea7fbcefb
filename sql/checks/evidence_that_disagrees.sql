-- [error] The evidence of an alert gives another value of an index than the warehouse held when it was decided: one of the two was changed.
-- Do: do not approve it; `drought evaluate --as-of` replays the decision. Find out who wrote to the warehouse beside the pipeline.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    t.alert_id,
    c.comparison ->> 'index' AS index_code,
    c.comparison ->> 'value' AS value_in_evidence,
    to_jsonb(v) ->> (c.comparison ->> 'index') AS value_known_then,
    t.decided_at
FROM alert.transition AS t
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
CROSS JOIN LATERAL jsonb_array_elements(t.evidence -> 'comparisons') AS c (comparison)
LEFT JOIN landscape.landscape AS heard ON c.comparison ->> 'landscape_id' = heard.landscape_id
LEFT JOIN index.value_month_ever AS v
    ON
        -- A rule may have heard the headwater, by a source of its own.
        coalesce(heard.landscape_key, t.landscape_key) = v.landscape_key
        AND t.month = v.month
        AND coalesce(c.comparison ->> 'data_source', t.evidence -> 'inputs' ->> 'source') = v.source
        AND t.evidence -> 'inputs' ->> 'calibration' = v.calibration
        AND t.decided_at >= v.known_from AND t.decided_at < v.known_until
WHERE
    c.comparison ->> 'index' IS NOT NULL
    AND coalesce(c.comparison ->> 'area_share', '') = ''
    AND c.comparison ->> 'withheld' IS NULL
    AND (c.comparison ->> 'value')::double precision
    IS DISTINCT FROM (to_jsonb(v) ->> (c.comparison ->> 'index'))::double precision
ORDER BY l.landscape_id, t.month, t.alert_id;
