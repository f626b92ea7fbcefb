/*
 * Gauges and grid together: how far they agree over a landscape, and the series blended of both.
 *
 * The blended series stands beside the grid's own, as source `blended`, so that indices, stages and
 * evidence treat it like any other. Values that a gauge contributed to reach readers only where
 * every gauge that ever contributed to the landscape is open; the views below see to it.
 */

ALTER TABLE series.climate_month ALTER COLUMN file_id DROP NOT NULL;
ALTER TABLE series.climate_month
ADD CONSTRAINT only_blended_rows_have_no_file CHECK ((file_id IS NULL) = (source = 'blended'));
ALTER TABLE series.climate_month_superseded ALTER COLUMN file_id DROP NOT NULL;
ALTER TABLE ops.file ADD CONSTRAINT no_file_is_blended CHECK (source <> 'blended');
COMMENT ON TABLE series.climate_month IS
'Monthly values of a landscape: means over grid cells, area-weighted; under source blended the gauges inside on the grid''s normals.';
COMMENT ON COLUMN series.climate_month.source IS 'Name of the data source; blended: gauges on the normals of a grid, see series.agreement.';
COMMENT ON COLUMN series.climate_month.temperature_mean_c IS
'Mean 2 m air temperature, degrees Celsius; null where the source has none; of blended: the grid''s.';
COMMENT ON COLUMN series.climate_month.pet_mm IS
'FAO-56 reference evapotranspiration, mm per month; null where an input is missing; of blended: the grid''s.';
COMMENT ON COLUMN series.climate_month.gap IS
'Why precipitation is missing: not_published, outside_grid, low_coverage, rejected; of blended: too_few_observations, calibration_short.';
COMMENT ON COLUMN series.climate_month.coverage_fraction IS
'Share of the landscape''s area under cells with precipitation values, 0 to 1; of blended: share of its gauges that reported.';
COMMENT ON COLUMN series.climate_month.release IS 'preliminary or final; of blended: the grid''s, whose temperature and PET it takes.';
COMMENT ON COLUMN series.climate_month.file_id IS 'The raw file it was read from; null for blended.';

CREATE TABLE series.agreement (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    source text NOT NULL,
    landscape_version integer NOT NULL,
    calibration text NOT NULL CHECK (calibration ~ '^[0-9]{4}-[0-9]{4}$'),
    gauges text[] NOT NULL CHECK (cardinality(gauges) > 0),
    n_months integer NOT NULL CHECK (n_months >= 0),
    gauge_mm double precision,
    grid_mm double precision,
    ratio double precision,
    difference_mm double precision,
    correlation double precision CHECK (correlation BETWEEN -1.000001 AND 1.000001),
    rank_correlation double precision CHECK (rank_correlation BETWEEN -1.000001 AND 1.000001),
    anomaly_correlation double precision CHECK (anomaly_correlation BETWEEN -1.000001 AND 1.000001),
    anomaly_rank_correlation double precision CHECK (anomaly_rank_correlation BETWEEN -1.000001 AND 1.000001),
    n_years integer,
    break_year integer,
    break_statistic double precision,
    break_critical double precision,
    has_break boolean,
    ratio_before double precision,
    ratio_after double precision,
    shortfall text CHECK (shortfall IN ('no_normal', 'few_months', 'low_correlation')),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, source),
    FOREIGN KEY (landscape_key, landscape_version) REFERENCES landscape.version (landscape_key, version)
);
COMMENT ON TABLE series.agreement IS
'The gauges inside each landscape against the grid, and whether they suffice for a blended series.';
COMMENT ON COLUMN series.agreement.landscape_key IS 'The landscape.';
COMMENT ON COLUMN series.agreement.source IS 'Name of the grid source.';
COMMENT ON COLUMN series.agreement.landscape_version IS 'Version of the landscape.';
COMMENT ON COLUMN series.agreement.calibration IS 'The years that normals and all figures but the break are of, first and last.';
COMMENT ON COLUMN series.agreement.gauges IS 'The gauges inside the landscape.';
COMMENT ON COLUMN series.agreement.n_months IS 'Months of the calibration period in which gauges and grid both have rain.';
COMMENT ON COLUMN series.agreement.gauge_mm IS 'Mean rain of the gauges in those months, mm per month.';
COMMENT ON COLUMN series.agreement.grid_mm IS 'Mean rain of the grid over the landscape in those months, mm per month.';
COMMENT ON COLUMN series.agreement.ratio IS 'Rain of the grid by rain of the gauges; below 1 the grid is drier.';
COMMENT ON COLUMN series.agreement.difference_mm IS 'Mean of grid less gauges, mm per month.';
COMMENT ON COLUMN series.agreement.correlation IS 'Pearson''s, of monthly totals; the seasons alone make it high.';
COMMENT ON COLUMN series.agreement.rank_correlation IS 'Spearman''s, of monthly totals.';
COMMENT ON COLUMN series.agreement.anomaly_correlation IS 'Pearson''s, of totals less the mean of their calendar month.';
COMMENT ON COLUMN series.agreement.anomaly_rank_correlation IS 'Spearman''s, of totals less the mean of their calendar month.';
COMMENT ON COLUMN series.agreement.n_years IS
'Water years (October to September, named after the year they end in) tested for a break; null: fewer than ten.';
COMMENT ON COLUMN series.agreement.break_year IS 'First water year after the strongest step of the yearly ratio, significant or not.';
COMMENT ON COLUMN series.agreement.break_statistic IS 'Its standard normal homogeneity statistic (Alexandersson 1986), unitless.';
COMMENT ON COLUMN series.agreement.break_critical IS 'What one series in twenty without a step exceeds (Khaliq and Ouarda 2007).';
COMMENT ON COLUMN series.agreement.has_break IS 'Whether the step is significant: break_statistic above break_critical.';
COMMENT ON COLUMN series.agreement.ratio_before IS 'Geometric mean of the yearly ratio of grid to gauges before the step.';
COMMENT ON COLUMN series.agreement.ratio_after IS 'The same from break_year on.';
COMMENT ON COLUMN series.agreement.shortfall IS
'Why the gauges do not suffice for a blended series: no_normal, few_months, low_correlation; null: they do.';
COMMENT ON COLUMN series.agreement.known_from IS 'Since when this installation holds these figures.';

CREATE TABLE series.agreement_superseded (
    LIKE series.agreement INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
COMMENT ON TABLE series.agreement_superseded IS 'Rows of agreement that were replaced.';
COMMENT ON COLUMN series.agreement_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON series.agreement
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

CREATE TABLE series.agreement_month (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    source text NOT NULL,
    gauge_mm double precision CHECK (gauge_mm >= 0),
    grid_mm double precision CHECK (grid_mm >= 0),
    n_gauges integer NOT NULL CHECK (n_gauges >= 0),
    n_suspect integer NOT NULL CHECK (n_suspect >= 0),
    n_assumed_dry integer NOT NULL CHECK (n_assumed_dry >= 0),
    policies text[] NOT NULL,
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, month, source),
    CHECK ((gauge_mm IS NULL) = (n_gauges = 0))
);
COMMENT ON TABLE series.agreement_month IS 'What the gauges inside a landscape say of a month beside the grid, and what was assumed.';
COMMENT ON COLUMN series.agreement_month.landscape_key IS 'The landscape.';
COMMENT ON COLUMN series.agreement_month.month IS 'First day of the month.';
COMMENT ON COLUMN series.agreement_month.source IS 'Name of the grid source.';
COMMENT ON COLUMN series.agreement_month.gauge_mm IS
'Rain at the gauges: their mean departure on their mean normal, mm per month; null where none reported.';
COMMENT ON COLUMN series.agreement_month.grid_mm IS 'Rain of the grid over the landscape, mm per month; null is a gap.';
COMMENT ON COLUMN series.agreement_month.n_gauges IS 'Gauges that reported and have a normal of the calendar month.';
COMMENT ON COLUMN series.agreement_month.n_suspect IS 'Values behind their totals that a check marks; they count all the same.';
COMMENT ON COLUMN series.agreement_month.n_assumed_dry IS 'Days without a report that the policy sparse_reporting took as dry.';
COMMENT ON COLUMN series.agreement_month.policies IS 'Completeness policies of the gauges that reported.';
COMMENT ON COLUMN series.agreement_month.known_from IS 'Since when this installation holds this row.';

CREATE TABLE series.agreement_month_superseded (
    LIKE series.agreement_month INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
CREATE INDEX ON series.agreement_month_superseded (landscape_key, month);
COMMENT ON TABLE series.agreement_month_superseded IS 'Rows of agreement_month that were replaced.';
COMMENT ON COLUMN series.agreement_month_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON series.agreement_month
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

-- Disclosure -------------------------------------------------------------------------------------

CREATE TABLE series.landscape_gauge (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    station_id text NOT NULL REFERENCES series.station (station_id),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, station_id)
);
COMMENT ON TABLE series.landscape_gauge IS
'Every gauge that ever spoke for a landscape. No row leaves: values it contributed to can be asked for as of then.';
COMMENT ON COLUMN series.landscape_gauge.landscape_key IS 'The landscape.';
COMMENT ON COLUMN series.landscape_gauge.station_id IS 'The gauge.';
COMMENT ON COLUMN series.landscape_gauge.known_from IS 'Since when.';

CREATE VIEW series.closed_landscape AS
SELECT DISTINCT
    g.landscape_key,
    l.landscape_id
FROM series.landscape_gauge AS g
INNER JOIN series.station AS s USING (station_id)
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE s.disclosure <> 'open';
COMMENT ON VIEW series.closed_landscape IS
'Landscapes with a gauge that is not open, now or ever: what its gauges contributed to is not shown.';
COMMENT ON COLUMN series.closed_landscape.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('series.landscape_gauge', 'series.closed_landscape');

CREATE OR REPLACE VIEW mart.climate_month WITH (security_barrier = TRUE) AS
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
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);

CREATE OR REPLACE VIEW mart.index_month WITH (security_barrier = TRUE) AS
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
WHERE
    known_until = 'infinity'
    AND (source <> 'blended' OR landscape_id NOT IN (SELECT landscape_id FROM series.closed_landscape));

CREATE OR REPLACE VIEW mart.index_month_wide WITH (security_barrier = TRUE) AS
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
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);

CREATE OR REPLACE VIEW mart.calibration WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    c.index_code,
    c.calendar_month,
    c.calibration,
    c.distribution,
    c.parameters,
    c.probability_of_zero,
    c.n_years,
    c.source
FROM index.calibration AS c
INNER JOIN landscape.current AS l
    ON c.landscape_key = l.landscape_key AND c.landscape_version = l.version
WHERE c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);

CREATE OR REPLACE FUNCTION mart.index_month_as_of(known_at timestamptz)
RETURNS SETOF mart.index_month LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
SELECT landscape_id, month, index_code, value, gap, source, release, origin, calibration, known_from
FROM index.value_ever
WHERE known_from <= known_at AND known_at < known_until
    AND (source <> 'blended' OR landscape_id NOT IN (SELECT landscape_id FROM series.closed_landscape))
$$;

-- The view of revisions is moved aside and shown through one that hides what is closed.
ALTER VIEW mart.revision_value RENAME TO revision_ever;
ALTER VIEW mart.revision_ever SET SCHEMA series;
REVOKE ALL ON series.revision_ever FROM drought_analyst, drought_pipeline;
CREATE VIEW mart.revision_value WITH (security_barrier = TRUE) AS
SELECT
    landscape_id,
    month,
    source,
    quantity,
    calibration,
    old_value,
    new_value,
    old_gap,
    new_gap,
    old_release,
    new_release,
    old_known_from,
    changed_at
FROM series.revision_ever
WHERE source <> 'blended' OR landscape_id NOT IN (SELECT landscape_id FROM series.closed_landscape);
COMMENT ON VIEW mart.revision_value IS
'Every value that was replaced by another: rain, temperature, PET and indices. Equal values are not in it.';
SELECT ops.copy_comments('series.revision_ever', 'mart.revision_value');

CREATE VIEW mart.agreement WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    a.source,
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
    a.shortfall,
    a.known_from
FROM series.agreement AS a
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE a.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.agreement IS 'How far grid and gauges agree over each landscape whose gauges are all open.';
COMMENT ON COLUMN mart.agreement.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('series.agreement', 'mart.agreement');

CREATE VIEW mart.agreement_month WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    a.month,
    a.source,
    a.gauge_mm,
    a.grid_mm,
    a.n_gauges,
    a.n_suspect,
    a.n_assumed_dry,
    a.policies,
    a.known_from
FROM series.agreement_month AS a
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE a.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.agreement_month IS 'Rain of grid and gauges month by month, of each landscape whose gauges are all open.';
COMMENT ON COLUMN mart.agreement_month.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('series.agreement_month', 'mart.agreement_month');

-- Comments that the views took from columns whose meaning has grown.
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT
            t.relation::regclass AS relation,
            a.attname,
            col_description('series.climate_month'::regclass, c.attnum) AS said
        FROM (VALUES ('series.climate_month_superseded'), ('mart.climate_month')) AS t (relation)
        INNER JOIN pg_attribute AS a ON a.attrelid = t.relation::regclass AND a.attnum > 0
        INNER JOIN pg_attribute AS c ON c.attrelid = 'series.climate_month'::regclass AND a.attname = c.attname AND c.attnum > 0
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', one.relation, one.attname, one.said);
    END LOOP;
END $$;
COMMENT ON COLUMN mart.calibration.source IS 'Name of the data source.';

GRANT SELECT, INSERT, UPDATE, DELETE
ON series.agreement, series.agreement_superseded, series.agreement_month, series.agreement_month_superseded
TO drought_pipeline;
GRANT SELECT, INSERT ON series.landscape_gauge TO drought_pipeline;
GRANT SELECT ON series.closed_landscape TO drought_pipeline;
GRANT SELECT ON mart.revision_value, mart.agreement, mart.agreement_month TO drought_analyst, drought_pipeline;
