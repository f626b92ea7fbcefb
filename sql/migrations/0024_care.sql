/*
 * Care: what the checks of history and the backups need.
 *
 * A backup is a copy of one snapshot of all tables, so whoever makes it, be it the owner or a login
 * of the pipeline, reads all of them, the counters of keys too.
 */

-- Each table whose rows are replaced, with its key: of every key that was ever replaced all versions,
-- each with the time in which it was shown, from commit to commit.
DO $$
DECLARE
    parts text;
BEGIN
    SELECT string_agg(
        format(
            'SELECT %1$L AS held_in, %4$s AS place, %5$s AS month, concat_ws('' '', %6$s) AS which, o.%7$I AS known_from, o.known_until '
            'FROM %1$s_superseded AS o %8$s UNION ALL '
            'SELECT %1$L, %4$s, %5$s, concat_ws('' '', %6$s), o.%7$I, ''infinity''::timestamptz '
            'FROM %1$s AS o %8$s '
            'WHERE EXISTS (SELECT FROM %1$s_superseded AS t WHERE (%2$s) = (%3$s))',
            t.name,
            't.' || array_to_string(t.keys, ', t.'),
            'o.' || array_to_string(t.keys, ', o.'),
            CASE WHEN t.keys[1] = 'landscape_key' THEN 'l.landscape_id' ELSE 'o.station_id' END,
            coalesce('o.' || t.month, 'NULL::date'),
            'NULL' || coalesce(', o.' || array_to_string(array_remove(t.keys[2:], t.month), ', o.'), ''),
            t.since,
            CASE WHEN t.keys[1] = 'landscape_key' THEN 'INNER JOIN landscape.landscape AS l USING (landscape_key)' ELSE '' END
        ),
        ' UNION ALL ' ORDER BY t.name
    )
    INTO parts
    FROM (
        VALUES
        ('series.climate_month', ARRAY['landscape_key', 'month', 'source'], 'month', 'known_from'),
        ('series.agreement', ARRAY['landscape_key', 'source'], NULL, 'known_from'),
        ('series.agreement_month', ARRAY['landscape_key', 'month', 'source'], 'month', 'known_from'),
        (
            'series.indicator', ARRAY['landscape_key', 'indicator', 'unit', 'period_from', 'period_to', 'issued_on'],
            'period_from', 'known_from'
        ),
        ('series.station_month', ARRAY['station_id', 'month', 'source'], 'month', 'known_from'),
        ('series.station_position', ARRAY['station_id', 'valid_from'], NULL, 'known_from'),
        ('series.observation', ARRAY['station_id', 'source', 'quantity', 'resolution', 'last_day'], 'last_day', 'known_from'),
        ('index.value_month', ARRAY['landscape_key', 'month', 'source', 'calibration'], 'month', 'known_from'),
        ('index.area_share', ARRAY['landscape_key', 'month', 'source', 'calibration'], 'month', 'known_from'),
        (
            'index.calibration',
            ARRAY['landscape_key', 'landscape_version', 'source', 'calibration', 'index_code', 'calendar_month'],
            NULL, 'fitted_at'
        ),
        ('plan.stage_month', ARRAY['landscape_key', 'month', 'drought_type'], 'month', 'known_from'),
        ('plan.drought_event', ARRAY['landscape_key', 'drought_type', 'onset'], 'onset', 'known_from')
    ) AS t (name, keys, month, since);
    EXECUTE 'CREATE VIEW ops.known_span AS SELECT s.held_in, s.place, s.month, s.which, '
        'coalesce(b.committed_at, s.known_from) AS shown_from, coalesce(e.committed_at, s.known_until) AS shown_until '
        'FROM (' || parts || ') AS s '
        'LEFT JOIN ops.moment AS b ON s.known_from = b.known_from '
        'LEFT JOIN ops.moment AS e ON s.known_until = e.known_from';
END $$;
COMMENT ON VIEW ops.known_span IS
'Every version of every row that was ever replaced, with the time in which it was shown, from commit to commit.';
COMMENT ON COLUMN ops.known_span.held_in IS 'The table.';
COMMENT ON COLUMN ops.known_span.place IS 'The landscape or the gauge.';
COMMENT ON COLUMN ops.known_span.month IS 'First day of the month, last day of an observation, or first month of a period; null where the key has none.';
COMMENT ON COLUMN ops.known_span.which IS 'The rest of the key, in its order.';
COMMENT ON COLUMN ops.known_span.shown_from IS 'When the transaction that wrote it committed.';
COMMENT ON COLUMN ops.known_span.shown_until IS 'When the transaction that replaced it committed; infinity: it still is shown.';
GRANT SELECT ON ops.known_span TO drought_pipeline;

COMMENT ON COLUMN ops.outcome.step IS
'ingest, compute, evaluate, deliver, publish, check, backup, restore; policy and disclose: what a person chose for a gauge.';

-- For pg_dump by a login of the pipeline.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA ops, landscape, series, index, plan, alert TO drought_pipeline;
GRANT SELECT ON public.alembic_version TO drought_pipeline;
GRANT EXECUTE ON FUNCTION pg_export_snapshot() TO drought_pipeline;
