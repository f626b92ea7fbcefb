/*
 * Analysts: what Postgres opens to every login and a reader's login must not have, and what a
 * reader's condition may see of rows that are hidden.
 *
 * `drought db migrate` closes the doors of ops.open_door each time, as far as its login may.
 */

CREATE VIEW ops.analyst_login AS
SELECT
    r.oid AS role_id,
    r.rolname AS login,
    r.rolconnlimit AS connection_limit,
    (
        SELECT split_part(one.setting, '=', 2) FROM unnest(r.rolconfig) AS one (setting)
        WHERE one.setting LIKE 'statement_timeout=%'
    ) AS statement_timeout,
    (
        SELECT split_part(one.setting, '=', 2) FROM unnest(r.rolconfig) AS one (setting)
        WHERE one.setting LIKE 'temp_file_limit=%'
    ) AS temp_file_limit,
    r.rolcreatedb OR r.rolcreaterole OR r.rolreplication OR r.rolbypassrls AS has_powers,
    has_database_privilege(r.oid, current_database(), 'CONNECT') AS may_connect
FROM pg_catalog.pg_auth_members AS m
INNER JOIN pg_catalog.pg_roles AS r ON m.member = r.oid
WHERE pg_get_userbyid(m.roleid) = 'drought_analyst' AND r.rolcanlogin AND NOT r.rolsuper;
COMMENT ON VIEW ops.analyst_login IS 'Who may log in as an analyst on this server.';
COMMENT ON COLUMN ops.analyst_login.role_id IS 'Postgres'' own number of the login.';
COMMENT ON COLUMN ops.analyst_login.login IS 'Its name.';
COMMENT ON COLUMN ops.analyst_login.connection_limit IS 'Most sessions at a time; -1: no limit.';
COMMENT ON COLUMN ops.analyst_login.statement_timeout IS 'How long a question may take unless the login asks for longer.';
COMMENT ON COLUMN ops.analyst_login.temp_file_limit IS 'Most disk for sorting in a session; null: the server''s.';
COMMENT ON COLUMN ops.analyst_login.has_powers IS 'Whether it may make databases or roles, or replicate.';
COMMENT ON COLUMN ops.analyst_login.may_connect IS 'Whether this warehouse lets it in.';

CREATE VIEW ops.open_door AS
WITH called AS (
    SELECT
        p.oid::regprocedure::text AS name,
        p.pronamespace = 'pg_catalog'::regnamespace AS is_built_in,
        p.proname ~ '^pg_(try_)?advisory_|^pg_export_snapshot$' AS is_used
    FROM pg_catalog.pg_proc AS p
    WHERE
        p.prorettype <> 'trigger'::regtype
        AND has_function_privilege('drought_analyst', p.oid, 'EXECUTE')
        AND (
            p.pronamespace = 'pg_catalog'::regnamespace
            AND (
                p.proname ~ '^(pg_advisory_|pg_try_advisory_|lo_)'
                OR p.proname IN ('loread', 'lowrite', 'pg_notify', 'pg_logical_emit_message', 'pg_export_snapshot')
            )
            -- Those of PostGIS work on what they are given.
            OR p.pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace, 'mart'::regnamespace)
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend AS d
                INNER JOIN pg_catalog.pg_extension AS e ON d.refobjid = e.oid
                WHERE
                    d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid
                    AND d.refclassid = 'pg_catalog.pg_extension'::regclass AND d.deptype = 'e'
                    AND e.extname = 'postgis'
            )
        )
),

owner AS (
    SELECT
        nspowner,
        quote_ident(pg_get_userbyid(nspowner)) AS name
    FROM pg_catalog.pg_namespace
    WHERE nspname = 'mart'
)

SELECT
    'function ' || called.name AS door,
    format('REVOKE EXECUTE ON FUNCTION %1$s FROM public; GRANT EXECUTE ON FUNCTION %1$s TO ', called.name)
    || owner.name || CASE WHEN called.is_used THEN ', drought_pipeline' ELSE '' END AS closed_by,
    called.is_built_in AS is_ours
FROM called CROSS JOIN owner
UNION ALL
SELECT
    'this database: anybody may connect' AS door,
    format(
        'REVOKE CONNECT ON DATABASE %1$I FROM public; GRANT CONNECT ON DATABASE %1$I TO drought_pipeline, %2$s',
        current_database(), name
    ) AS closed_by,
    TRUE AS is_ours
FROM owner
WHERE has_database_privilege('drought_analyst', current_database(), 'CONNECT')
UNION ALL
SELECT
    'this database: temporary tables' AS door,
    format(
        'REVOKE TEMPORARY ON DATABASE %1$I FROM public; GRANT TEMPORARY ON DATABASE %1$I TO drought_pipeline, %2$s',
        current_database(), name
    ) AS closed_by,
    TRUE AS is_ours
FROM owner
WHERE has_database_privilege('drought_analyst', current_database(), 'TEMPORARY')
UNION ALL
SELECT
    'schema ' || nspname || ': anybody may create' AS door,
    format('REVOKE CREATE ON SCHEMA %I FROM public', nspname) AS closed_by,
    TRUE AS is_ours
FROM pg_catalog.pg_namespace
WHERE nspname !~ '^pg_' AND has_schema_privilege('drought_analyst', oid, 'CREATE')
UNION ALL
SELECT
    'database ' || datname || ': anybody may connect' AS door,
    format('REVOKE CONNECT ON DATABASE %I FROM public', datname) AS closed_by,
    FALSE AS is_ours
FROM pg_catalog.pg_database
WHERE
    datallowconn AND datname <> current_database()
    AND has_database_privilege('drought_analyst', oid, 'CONNECT')
UNION ALL
SELECT
    'prepared transactions, which keep their locks when a session has ended' AS door,
    'ALTER SYSTEM SET max_prepared_transactions = 0' AS closed_by,
    FALSE AS is_ours
WHERE current_setting('max_prepared_transactions')::integer > 0
UNION ALL
SELECT
    'login ' || login || ': no limit to temporary files' AS door,
    format('ALTER ROLE %I SET temp_file_limit = ''2GB''', login) AS closed_by,
    TRUE AS is_ours
FROM ops.analyst_login
WHERE may_connect AND coalesce(temp_file_limit, current_setting('temp_file_limit')) = '-1'
UNION ALL
SELECT
    'login ' || login || ': no limit to its sessions' AS door,
    format('ALTER ROLE %I CONNECTION LIMIT 4', login) AS closed_by,
    TRUE AS is_ours
FROM ops.analyst_login
WHERE may_connect AND connection_limit = -1
UNION ALL
SELECT
    'login ' || login || ': may make databases or roles, or replicate' AS door,
    format('ALTER ROLE %I NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', login) AS closed_by,
    FALSE AS is_ours
FROM ops.analyst_login
WHERE may_connect AND has_powers
UNION ALL
SELECT
    'login ' || a.login || ': is in ' || pg_get_userbyid(m.roleid) || ' too' AS door,
    format('REVOKE %I FROM %I', pg_get_userbyid(m.roleid), a.login) AS closed_by,
    FALSE AS is_ours
FROM ops.analyst_login AS a
INNER JOIN pg_catalog.pg_auth_members AS m ON a.role_id = m.member
WHERE a.may_connect AND pg_get_userbyid(m.roleid) <> 'drought_analyst'
UNION ALL
SELECT
    'login ' || a.login || ': its long questions cannot be ended' AS door,
    format('GRANT %I TO %s', a.login, owner.name) AS closed_by,
    TRUE AS is_ours
FROM ops.analyst_login AS a CROSS JOIN owner
WHERE a.may_connect AND NOT pg_has_role(owner.nspowner, a.role_id, 'USAGE');
COMMENT ON VIEW ops.open_door IS
'What an analyst''s login could do on this server beyond reading mart; none where all is closed.';
COMMENT ON COLUMN ops.open_door.door IS 'What is open.';
COMMENT ON COLUMN ops.open_door.closed_by IS 'The statement that closes it.';
COMMENT ON COLUMN ops.open_door.is_ours IS
'Whether `drought db migrate` runs that statement itself, if its login may; false: it touches what is not ours.';

-- It ends sessions with the owner's power, and only those of analysts in this warehouse.
CREATE FUNCTION ops.end_long_questions(longest interval)
RETURNS TABLE (login name, began_at timestamptz) LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
WITH long AS MATERIALIZED ( -- else Postgres may end a session first and look at its age then
    SELECT a.pid, a.usename, a.xact_start
    FROM pg_stat_activity AS a
    INNER JOIN ops.analyst_login AS l ON a.usesysid = l.role_id
    WHERE a.datname = current_database() AND clock_timestamp() - a.xact_start > longest
)
SELECT usename, xact_start FROM long WHERE pg_terminate_backend(pid)
$$;
COMMENT ON FUNCTION ops.end_long_questions(interval) IS
'Ends the sessions of analysts whose transaction is older than that, be it at work or idle; returns whose they were.';

-- What is hidden -----------------------------------------------------------------------------------
-- Behind a security barrier Postgres still tests conditions that cannot fail, such as value > 40, before the
-- disclosure class, and EXPLAIN (ANALYZE) counts the rows: enough to find a hidden value by halving. OFFSET 0
-- keeps a subquery from being merged: no condition of a reader is tested inside it.

CREATE VIEW series.open_station AS
SELECT * FROM series.station
WHERE disclosure = 'open'
OFFSET 0;
COMMENT ON VIEW series.open_station IS 'Gauges whose values anyone may see; no condition of a reader is tested on the others.';
SELECT ops.copy_comments('series.station', 'series.open_station');

CREATE OR REPLACE VIEW mart.station_month WITH (security_barrier = TRUE) AS
SELECT
    s.station_id,
    s.name,
    s.latitude,
    s.longitude,
    s.elevation_m,
    m.month,
    m.precipitation_mm,
    m.temperature_mean_c,
    m.gap,
    m.resolution,
    m.policy,
    m.n_observations,
    m.n_assumed_dry,
    m.n_suspect,
    m.suspicion,
    m.source,
    m.origin,
    m.known_from,
    mart.row_key(s.station_number, m.month, series_number.number, 0, 0) AS row_key
FROM series.open_station AS s
CROSS JOIN
    LATERAL (
        SELECT held.* FROM series.station_month AS held
        WHERE s.station_id = held.station_id
        OFFSET 0
    ) AS m
LEFT JOIN ops.series_number ON m.source = series_number.source AND series_number.calibration = '';

CREATE OR REPLACE VIEW mart.station WITH (security_barrier = TRUE) AS
SELECT
    m.station_id,
    x.name,
    x.latitude,
    x.longitude,
    x.elevation_m,
    x.policy,
    x.positions,
    x.first_month,
    x.last_month,
    x.months,
    x.months_with_precipitation,
    x.suspect_share,
    s.station_number::bigint AS row_key
FROM series.station_summary AS m
INNER JOIN series.open_station AS s ON m.station_id = s.station_id
CROSS JOIN
    LATERAL (
        SELECT
            m.name,
            m.latitude,
            m.longitude,
            m.elevation_m,
            m.policy,
            m.positions,
            m.first_month,
            m.last_month,
            m.months,
            m.months_with_precipitation,
            m.suspect_share
        FROM (VALUES (1)) AS once
        OFFSET 0
    ) AS x
WHERE m.disclosure = 'open';

CREATE OR REPLACE VIEW mart.station_position WITH (security_barrier = TRUE) AS
SELECT
    s.station_id,
    p.latitude,
    p.longitude,
    p.elevation_m,
    p.note,
    p.known_from,
    nullif(p.valid_from, '-infinity') AS valid_from,
    s.station_number::bigint * 131072
    + CASE WHEN p.valid_from > '-infinity' THEN p.valid_from - '1800-01-01'::date + 1 ELSE 0 END AS row_key
FROM series.open_station AS s
CROSS JOIN
    LATERAL (
        SELECT held.* FROM series.station_position AS held
        WHERE s.station_id = held.station_id
        OFFSET 0
    ) AS p;

CREATE OR REPLACE VIEW mart.observation WITH (security_barrier = TRUE) AS
SELECT
    s.station_id,
    o.quantity,
    o.resolution,
    o.last_day,
    o.n_days,
    o.value,
    o.verdict,
    o.reason,
    o.source,
    f.name AS file_name,
    o.line,
    o.known_from,
    (
        ((s.station_number::bigint * 131072 + (o.last_day - '1800-01-01'::date)) * 256 + coalesce(series_number.number, 0)) * 4
        + array_position(
            ARRAY['precipitation_mm', 'temperature_mean_c', 'temperature_max_c', 'temperature_min_c'], o.quantity
        ) - 1
    ) * 4 + array_position(ARRAY['daily', 'dekadal', 'monthly'], o.resolution) AS row_key
FROM series.open_station AS s
CROSS JOIN
    LATERAL (
        SELECT held.* FROM series.observation AS held
        WHERE s.station_id = held.station_id
        OFFSET 0
    ) AS o
INNER JOIN ops.file AS f ON o.file_id = f.file_id
LEFT JOIN ops.series_number ON o.source = series_number.source AND series_number.calibration = '';

CREATE OR REPLACE VIEW mart.quarantine WITH (security_barrier = TRUE) AS
SELECT * FROM (
    SELECT
        q.quarantine_id,
        f.name AS file_name,
        f.source,
        q.line,
        q.station_id,
        q.reason,
        q.record,
        q.rejected_at
    FROM series.quarantine AS q
    INNER JOIN ops.file AS f ON q.file_id = f.file_id
    LEFT JOIN series.station AS s ON q.station_id = s.station_id
    WHERE
        s.disclosure = 'open'
        OR (
            q.station_id IS NULL
            AND f.source <> 'agency'
            AND (
                SELECT bool_and(told.disclosure = 'open')
                FROM series.station_file AS t
                INNER JOIN series.station AS told ON t.station_id = told.station_id
                WHERE t.file_id = q.file_id
            )
        )
    OFFSET 0
) AS open_record;

CREATE OR REPLACE VIEW mart.agreement WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    a.source,
    x.calibration,
    x.gauges,
    x.n_months,
    x.gauge_mm,
    x.grid_mm,
    x.ratio,
    x.difference_mm,
    x.correlation,
    x.rank_correlation,
    x.anomaly_correlation,
    x.anomaly_rank_correlation,
    x.n_years,
    x.break_year,
    x.break_statistic,
    x.break_critical,
    x.has_break,
    x.ratio_before,
    x.ratio_after,
    x.shortfall,
    a.known_from,
    mart.row_key(a.landscape_key, NULL, series_number.number, 0, 0) AS row_key
FROM series.agreement AS a
INNER JOIN landscape.landscape AS l ON a.landscape_key = l.landscape_key
LEFT JOIN ops.series_number ON a.source = series_number.source AND series_number.calibration = ''
CROSS JOIN
    LATERAL (
        SELECT
            a.calibration,
            a.gauges,
            a.n_months,
            a.gauge_mm,
            a.grid_mm,
            a.ratio,
            a.difference_mm,
            a.correlation,
            a.rank_correlation,
            a.anomaly_correlation,
            a.anomaly_rank_correlation,
            a.n_years,
            a.break_year,
            a.break_statistic,
            a.break_critical,
            a.has_break,
            a.ratio_before,
            a.ratio_after,
            a.shortfall
        FROM (VALUES (1)) AS once
        OFFSET 0
    ) AS x
-- IS TRUE: a bare NOT IN might become a join, behind which the values are looked at first.
WHERE (a.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape)) IS TRUE;

CREATE OR REPLACE VIEW mart.agreement_month WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    a.month,
    a.source,
    x.gauge_mm,
    x.grid_mm,
    x.n_gauges,
    x.n_suspect,
    x.n_assumed_dry,
    x.policies,
    a.known_from,
    mart.row_key(a.landscape_key, a.month, series_number.number, 0, 0) AS row_key
FROM series.agreement_month AS a
INNER JOIN landscape.landscape AS l ON a.landscape_key = l.landscape_key
LEFT JOIN ops.series_number ON a.source = series_number.source AND series_number.calibration = ''
CROSS JOIN
    LATERAL (
        SELECT
            a.gauge_mm,
            a.grid_mm,
            a.n_gauges,
            a.n_suspect,
            a.n_assumed_dry,
            a.policies
        FROM (VALUES (1)) AS once
        OFFSET 0
    ) AS x
WHERE (a.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape)) IS TRUE;

-- Roles ------------------------------------------------------------------------------------------

-- A login that was let in by the door closed now keeps its way in; a new warehouse has none.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT l.login FROM ops.analyst_login AS l
        WHERE l.may_connect AND EXISTS (SELECT FROM landscape.landscape)
    LOOP
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), one.login);
    END LOOP;
END $$;

GRANT SELECT ON ops.analyst_login, ops.open_door, series.open_station TO drought_pipeline;
REVOKE EXECUTE ON FUNCTION ops.end_long_questions(interval) FROM public;
GRANT EXECUTE ON FUNCTION ops.end_long_questions(interval) TO drought_pipeline;
