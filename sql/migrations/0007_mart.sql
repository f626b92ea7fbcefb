/*
 * The public face. Long, plain views; names stay stable, changes go through the changelog.
 * Whoever reads a number here finds its unit in the column's comment and its source in the row.
 */

CREATE VIEW mart.landscape AS
SELECT
    landscape_id,
    landscape_key,
    version,
    valid_from,
    country_code,
    name_en,
    names,
    land_use,
    is_salt_affected,
    is_derived,
    area_km2,
    headwater_landscape_id,
    geometry_geojson
FROM landscape.current;
COMMENT ON VIEW mart.landscape IS 'Production landscapes, newest version of each.';
SELECT ops.copy_comments('landscape.current', 'mart.landscape');

CREATE VIEW mart.climate_month AS
SELECT
    l.landscape_id,
    c.month,
    c.precipitation_mm,
    c.temperature_mean_c,
    c.pet_mm,
    c.gap,
    c.source,
    c.release,
    c.origin,
    c.coverage_fraction,
    c.known_from
FROM series.climate_month AS c
INNER JOIN landscape.landscape AS l USING (landscape_key);
COMMENT ON VIEW mart.climate_month IS 'Monthly rain, temperature and PET of each landscape.';
COMMENT ON COLUMN mart.climate_month.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('series.climate_month', 'mart.climate_month');

CREATE VIEW mart.index_month AS
SELECT
    landscape_id,
    month,
    index_code,
    value,
    gap,
    source,
    release,
    origin,
    calibration,
    known_from
FROM index.value_ever
WHERE known_until = 'infinity';
COMMENT ON VIEW mart.index_month IS 'Index values, one row per landscape, month and index.';
SELECT ops.copy_comments('index.value_ever', 'mart.index_month');

CREATE VIEW mart.index_month_wide AS
SELECT
    l.landscape_id,
    v.month,
    v.spi_1,
    v.spi_2,
    v.spi_3,
    v.spi_6,
    v.spi_9,
    v.spi_12,
    v.spi_24,
    v.spei_1,
    v.spei_2,
    v.spei_3,
    v.spei_6,
    v.spei_9,
    v.spei_12,
    v.spei_24,
    v.pn_1,
    v.pn_3,
    v.pn_6,
    v.pn_9,
    v.pn_12,
    v.gaps,
    v.source,
    v.release,
    v.origin,
    v.calibration,
    v.known_from
FROM index.value_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key);
COMMENT ON VIEW mart.index_month_wide IS 'Index values, one row per landscape and month.';
COMMENT ON COLUMN mart.index_month_wide.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('index.value_month', 'mart.index_month_wide');

CREATE VIEW mart.calibration AS
SELECT
    l.landscape_id,
    c.index_code,
    c.calendar_month,
    c.calibration,
    c.distribution,
    c.parameters,
    c.probability_of_zero,
    c.n_years
FROM index.calibration AS c
INNER JOIN landscape.current AS l
    ON c.landscape_key = l.landscape_key AND c.landscape_version = l.version;
COMMENT ON VIEW mart.calibration IS 'What each index is measured against.';
COMMENT ON COLUMN mart.calibration.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('index.calibration', 'mart.calibration');

CREATE VIEW mart.stage_month AS
SELECT
    landscape_id,
    month,
    plan_id,
    plan_version,
    drought_type,
    stage,
    stage_rank,
    since_month,
    is_confirmed,
    silent_months,
    known_from
FROM plan.stage_ever
WHERE known_until = 'infinity';
COMMENT ON VIEW mart.stage_month IS 'The stage of each landscape, month by month, under the plan in force.';
SELECT ops.copy_comments('plan.stage_ever', 'mart.stage_month');

CREATE VIEW mart.alert AS
SELECT
    t.alert_id,
    t.chain_id,
    l.landscape_id,
    t.month,
    t.drought_type,
    t.change,
    t.from_stage,
    t.to_stage,
    t.plan_id,
    t.plan_version,
    t.evidence,
    t.decided_at,
    a.state AS approval,
    a.name AS approved_by,
    m.cap_identifier
FROM alert.transition AS t
INNER JOIN landscape.landscape AS l USING (landscape_key)
INNER JOIN alert.approval AS a USING (alert_id)
LEFT JOIN alert.message AS m ON t.alert_id = m.alert_id AND m.form = 'cap';
COMMENT ON VIEW mart.alert IS 'Every change of stage with its evidence, and whether it was let out.';
COMMENT ON COLUMN mart.alert.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.alert.approval IS 'pending, approved, refused, expired; not_needed: a change of stage that is not told.';
COMMENT ON COLUMN mart.alert.approved_by IS 'Who approved or refused it.';
COMMENT ON COLUMN mart.alert.cap_identifier IS 'CAP identifier; null where nothing is told.';
SELECT ops.copy_comments('alert.transition', 'mart.alert');

CREATE VIEW mart.delivery AS
SELECT
    d.delivery_id,
    m.alert_id,
    d.channel,
    d.recipient_id,
    m.language,
    d.state,
    d.attempts,
    d.sent_at,
    d.error
FROM alert.delivery AS d
INNER JOIN alert.message AS m USING (message_id);
COMMENT ON VIEW mart.delivery IS 'What was sent to whom, and what was not.';
SELECT ops.copy_comments('alert.delivery', 'mart.delivery');
SELECT ops.copy_comments('alert.message', 'mart.delivery');

-- A plain view lets a reader's own condition see rows before the view's hides them: a failing cast
-- could tell the values of restricted gauges. Behind a barrier the disclosure class comes first.
CREATE VIEW mart.station_month WITH (security_barrier = TRUE) AS
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
    m.source,
    m.origin,
    m.known_from
FROM series.station_month AS m
INNER JOIN series.station AS s USING (station_id)
WHERE s.disclosure = 'open';
COMMENT ON VIEW mart.station_month IS 'Monthly values of gauges whose values anyone may see.';
SELECT ops.copy_comments('series.station', 'mart.station_month');
SELECT ops.copy_comments('series.station_month', 'mart.station_month');

CREATE VIEW mart.quarantine WITH (security_barrier = TRUE) AS
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
INNER JOIN ops.file AS f USING (file_id)
LEFT JOIN series.station AS s USING (station_id)
WHERE s.disclosure = 'open' OR q.station_id IS NULL;
COMMENT ON VIEW mart.quarantine IS 'Records that were refused, with file, line and reason; of open stations only.';
COMMENT ON COLUMN mart.quarantine.file_name IS 'Name of the file it came in.';
COMMENT ON COLUMN mart.quarantine.source IS 'Format it came in.';
SELECT ops.copy_comments('series.quarantine', 'mart.quarantine');

CREATE VIEW mart.freshness AS
SELECT
    l.country_code,
    c.source,
    c.month AS newest_month,
    c.release,
    max(c.known_from) AS known_from,
    count(*) FILTER (WHERE c.gap IS NULL) AS landscapes_with_values,
    count(*) AS landscapes
FROM series.climate_month AS c
INNER JOIN landscape.current AS l USING (landscape_key)
WHERE
    c.month = (
        SELECT max(newest.month) FROM series.climate_month AS newest
        WHERE newest.source = c.source
    )
GROUP BY l.country_code, c.source, c.month, c.release;
COMMENT ON VIEW mart.freshness IS 'The newest month of each source in each country.';
COMMENT ON COLUMN mart.freshness.country_code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN mart.freshness.source IS 'Name of the data source.';
COMMENT ON COLUMN mart.freshness.newest_month IS 'First day of the newest month.';
COMMENT ON COLUMN mart.freshness.release IS 'preliminary or final.';
COMMENT ON COLUMN mart.freshness.known_from IS 'When it came.';
COMMENT ON COLUMN mart.freshness.landscapes_with_values IS 'Landscapes that have precipitation in it.';
COMMENT ON COLUMN mart.freshness.landscapes IS 'Landscapes in the country.';

-- The functions read tables that analysts may not; they hand out only what the views do.
CREATE FUNCTION mart.index_month_as_of(known_at timestamptz)
RETURNS SETOF mart.index_month LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
SELECT landscape_id, month, index_code, value, gap, source, release, origin, calibration, known_from
FROM index.value_ever
WHERE known_from <= known_at AND known_at < known_until
$$;
COMMENT ON FUNCTION mart.index_month_as_of(timestamptz) IS 'mart.index_month as it was at that moment.';

CREATE FUNCTION mart.stage_month_as_of(known_at timestamptz)
RETURNS SETOF mart.stage_month LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
SELECT
    landscape_id, month, plan_id, plan_version, drought_type, stage, stage_rank, since_month,
    is_confirmed, silent_months, known_from
FROM plan.stage_ever
WHERE known_from <= known_at AND known_at < known_until
$$;
COMMENT ON FUNCTION mart.stage_month_as_of(timestamptz) IS 'mart.stage_month as it was at that moment.';
