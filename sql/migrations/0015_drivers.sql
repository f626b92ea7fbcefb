/*
 * More drivers and the indices on them, the region's own year, and which indices are up to date.
 *
 * Old rows of indices lack the new ones: the source had not published them then. The next
 * `drought compute` takes the means anew, fits the new indices and fills them in.
 */

-- Rows that are replaced in great numbers ---------------------------------------------------------

-- The trigger of 0001 works row by row, some 0.2 ms each: months of thousands of landscapes, and all
-- of history when it is computed anew, want one that works on all rows of a statement.
CREATE FUNCTION ops.stamp_replacing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.known_from := now();
    RETURN NEW;
END $$;
COMMENT ON FUNCTION ops.stamp_replacing() IS 'Gives a row that takes another''s place the time since which it is known.';

CREATE FUNCTION ops.keep_all_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ') INTO kept
    FROM pg_attribute
    WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped;
    EXECUTE format(
        'INSERT INTO %1$I.%2$I (%3$s, known_until) '
        'SELECT %3$s, greatest(known_from, now()) FROM gone WHERE known_from <> now()',
        TG_TABLE_SCHEMA, TG_TABLE_NAME || '_superseded', kept
    );
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ops.keep_all_superseded() IS
'Moves all rows that a statement replaced or deleted into the twin table …_superseded, as ops.keep_superseded does one by one.';
REVOKE EXECUTE ON FUNCTION ops.stamp_replacing(), ops.keep_all_superseded() FROM public;
DROP TRIGGER keep_superseded ON series.climate_month;
DROP TRIGGER keep_superseded ON index.value_month;

-- Series ------------------------------------------------------------------------------------------

ALTER TABLE series.climate_month
ADD COLUMN pet_hargreaves_mm double precision CHECK (pet_hargreaves_mm >= 0 AND pet_hargreaves_mm <> 'NaN'),
ADD COLUMN soil_moisture_m3_m3 double precision CHECK (soil_moisture_m3_m3 BETWEEN 0 AND 1),
ADD COLUMN snow_water_equivalent_mm double precision CHECK (snow_water_equivalent_mm >= 0 AND snow_water_equivalent_mm <> 'NaN'),
ADD COLUMN snow_melt_mm double precision CHECK (snow_melt_mm >= 0 AND snow_melt_mm <> 'NaN'),
ADD COLUMN snowfall_mm double precision CHECK (snowfall_mm >= 0 AND snowfall_mm <> 'NaN');
ALTER TABLE series.climate_month_superseded
ADD COLUMN pet_hargreaves_mm double precision,
ADD COLUMN soil_moisture_m3_m3 double precision,
ADD COLUMN snow_water_equivalent_mm double precision,
ADD COLUMN snow_melt_mm double precision,
ADD COLUMN snowfall_mm double precision;
COMMENT ON COLUMN series.climate_month.pet_hargreaves_mm IS
'Reference evapotranspiration by Hargreaves from the daily temperature range, mm per month; null where an input is missing; of blended: the grid''s.';
COMMENT ON COLUMN series.climate_month.soil_moisture_m3_m3 IS
'Mean volumetric soil water from 0 to 100 cm, m3 per m3; null where the source has none; of blended: the grid''s.';
COMMENT ON COLUMN series.climate_month.snow_water_equivalent_mm IS
'Mean water held in lying snow, mm; null where the source has none; of blended: the grid''s.';
COMMENT ON COLUMN series.climate_month.snow_melt_mm IS
'Snow melt total, mm of water per month; null where the source has none; of blended: the grid''s.';
COMMENT ON COLUMN series.climate_month.snowfall_mm IS
'Snowfall total, mm of water per month, a part of precipitation; null where the source has none; of blended: the grid''s.';
COMMENT ON COLUMN series.climate_month.pet_mm IS
'Reference evapotranspiration by FAO-56 Penman-Monteith, mm per month; null where an input is missing; of blended: the grid''s.';
COMMENT ON COLUMN series.climate_month.release IS
'preliminary while any value of the row is, else final; of blended: the grid''s, whose other values it takes.';
SELECT ops.copy_comments('series.climate_month', 'series.climate_month_superseded');

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
    c.known_from,
    c.pet_hargreaves_mm,
    c.soil_moisture_m3_m3,
    c.snow_water_equivalent_mm,
    c.snow_melt_mm,
    c.snowfall_mm
FROM series.climate_month AS c
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.climate_month IS 'Rain, temperature, PET, soil moisture and snow of each landscape, month by month.';
COMMENT ON COLUMN mart.climate_month.pet_mm IS
'Reference evapotranspiration by FAO-56 Penman-Monteith, mm per month; null where an input is missing; of blended: the grid''s.';
COMMENT ON COLUMN mart.climate_month.release IS
'preliminary while any value of the row is, else final; of blended: the grid''s, whose other values it takes.';
SELECT ops.copy_comments('series.climate_month', 'mart.climate_month');

-- Calibrations ------------------------------------------------------------------------------------

ALTER TABLE index.calibration
ADD COLUMN pet_method text CHECK (pet_method IN ('penman_monteith', 'hargreaves'));
UPDATE index.calibration SET pet_method = 'penman_monteith'
WHERE index_code LIKE 'spei%';
ALTER TABLE index.calibration
ADD CONSTRAINT only_spei_rests_on_pet CHECK ((pet_method IS NOT NULL) = (index_code LIKE 'spei%'));
CREATE INDEX ON index.calibration (source, calibration, calendar_month);
COMMENT ON COLUMN index.calibration.pet_method IS
'Of SPEI, the PET it was fitted to, the same for the whole record: penman_monteith (pet_mm) or hargreaves (pet_hargreaves_mm); else null.';
COMMENT ON COLUMN index.calibration.index_code IS 'Index, such as spi_3 or spi_hy.';
COMMENT ON COLUMN index.calibration.distribution IS
'gamma, loglogistic, normal (mean and standard deviation), or normal_total (the mean of the window, for percent of normal).';
COMMENT ON COLUMN index.calibration.probability_of_zero IS
'Share of calibration years in which the window was rainless or snowless; null where it plays no part.';

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
    c.source,
    c.pet_method
FROM index.calibration AS c
INNER JOIN landscape.current AS l
    ON c.landscape_key = l.landscape_key AND c.landscape_version = l.version
WHERE c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);

SELECT ops.copy_comments('index.calibration', 'mart.calibration');

-- Values ------------------------------------------------------------------------------------------

-- A full history is millions of rows, and rules that are judged once for all of them, or once for
-- all columns of a row, load it three times as fast as one judgement a value.
ALTER TABLE index.value_month
DROP CONSTRAINT value_month_landscape_key_fkey,
DROP CONSTRAINT value_month_landscape_key_landscape_version_fkey,
DROP CONSTRAINT value_month_spi_1_check,
DROP CONSTRAINT value_month_spi_2_check,
DROP CONSTRAINT value_month_spi_3_check,
DROP CONSTRAINT value_month_spi_6_check,
DROP CONSTRAINT value_month_spi_9_check,
DROP CONSTRAINT value_month_spi_12_check,
DROP CONSTRAINT value_month_spi_24_check,
DROP CONSTRAINT value_month_spei_1_check,
DROP CONSTRAINT value_month_spei_2_check,
DROP CONSTRAINT value_month_spei_3_check,
DROP CONSTRAINT value_month_spei_6_check,
DROP CONSTRAINT value_month_spei_9_check,
DROP CONSTRAINT value_month_spei_12_check,
DROP CONSTRAINT value_month_spei_24_check,
DROP CONSTRAINT value_month_pn_1_check,
DROP CONSTRAINT value_month_pn_3_check,
DROP CONSTRAINT value_month_pn_6_check,
DROP CONSTRAINT value_month_pn_9_check,
DROP CONSTRAINT value_month_pn_12_check;
ALTER TABLE index.value_month
ADD COLUMN spi_hy double precision,
ADD COLUMN spi_veg double precision,
ADD COLUMN spei_hy double precision,
ADD COLUMN spei_veg double precision,
ADD COLUMN smri_1 double precision,
ADD COLUMN smri_3 double precision,
ADD COLUMN smri_6 double precision,
ADD COLUMN smri_12 double precision,
ADD COLUMN smri_hy double precision,
ADD COLUMN swei_1 double precision,
ADD COLUMN sma_1 double precision,
ADD COLUMN sma_3 double precision;
ALTER TABLE index.value_month_superseded
ADD COLUMN spi_hy double precision,
ADD COLUMN spi_veg double precision,
ADD COLUMN spei_hy double precision,
ADD COLUMN spei_veg double precision,
ADD COLUMN smri_1 double precision,
ADD COLUMN smri_3 double precision,
ADD COLUMN smri_6 double precision,
ADD COLUMN smri_12 double precision,
ADD COLUMN smri_hy double precision,
ADD COLUMN swei_1 double precision,
ADD COLUMN sma_1 double precision,
ADD COLUMN sma_3 double precision;
ALTER TABLE index.value_month
ADD CONSTRAINT standardised_values_are_cut CHECK (
    least(
        spi_1, spi_2, spi_3, spi_6, spi_9, spi_12, spi_24, spi_hy, spi_veg,
        spei_1, spei_2, spei_3, spei_6, spei_9, spei_12, spei_24, spei_hy, spei_veg,
        smri_1, smri_3, smri_6, smri_12, smri_hy, swei_1, sma_1, sma_3
    ) >= -3.09
    AND greatest(
        spi_1, spi_2, spi_3, spi_6, spi_9, spi_12, spi_24, spi_hy, spi_veg,
        spei_1, spei_2, spei_3, spei_6, spei_9, spei_12, spei_24, spei_hy, spei_veg,
        smri_1, smri_3, smri_6, smri_12, smri_hy, swei_1, sma_1, sma_3
    ) <= 3.09
),
ADD CONSTRAINT percents_are_not_negative CHECK (
    least(pn_1, pn_3, pn_6, pn_9, pn_12) >= 0 AND greatest(pn_1, pn_3, pn_6, pn_9, pn_12) < 'infinity'
);

CREATE FUNCTION index.refuse_unknown_landscapes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT landscape_key, landscape_version FROM incoming
        EXCEPT
        SELECT landscape_key, version FROM landscape.version
    ) THEN
        RAISE foreign_key_violation USING MESSAGE = 'index.value_month: a landscape or version that there is not';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION index.refuse_unknown_landscapes() IS 'A foreign key, judged once for all rows of a statement.';
REVOKE EXECUTE ON FUNCTION index.refuse_unknown_landscapes() FROM public;
CREATE TRIGGER refuse_new AFTER INSERT ON index.value_month
REFERENCING NEW TABLE AS incoming FOR EACH STATEMENT EXECUTE FUNCTION index.refuse_unknown_landscapes();
CREATE TRIGGER refuse_replaced AFTER UPDATE ON index.value_month
REFERENCING NEW TABLE AS incoming FOR EACH STATEMENT EXECUTE FUNCTION index.refuse_unknown_landscapes();

COMMENT ON COLUMN index.value_month.spi_hy IS 'Standardised precipitation index since 1 October, unitless.';
COMMENT ON COLUMN index.value_month.spi_veg IS 'Standardised precipitation index since 1 April, to September, unitless; a gap in other months.';
COMMENT ON COLUMN index.value_month.spei_hy IS 'Standardised precipitation evapotranspiration index since 1 October, unitless.';
COMMENT ON COLUMN index.value_month.spei_veg IS 'Standardised precipitation evapotranspiration index since 1 April, to September, unitless; a gap in other months.';
COMMENT ON COLUMN index.value_month.smri_1 IS 'Standardised snow melt and rain index, 1 month, unitless.';
COMMENT ON COLUMN index.value_month.smri_3 IS 'Standardised snow melt and rain index, 3 months, unitless.';
COMMENT ON COLUMN index.value_month.smri_6 IS 'Standardised snow melt and rain index, 6 months, unitless.';
COMMENT ON COLUMN index.value_month.smri_12 IS 'Standardised snow melt and rain index, 12 months, unitless.';
COMMENT ON COLUMN index.value_month.smri_hy IS 'Standardised snow melt and rain index since 1 October, unitless.';
COMMENT ON COLUMN index.value_month.swei_1 IS 'Standardised snow water equivalent index of the month, unitless.';
COMMENT ON COLUMN index.value_month.sma_1 IS 'Soil moisture anomaly of the month, 0 to 100 cm, in standard deviations.';
COMMENT ON COLUMN index.value_month.sma_3 IS 'Soil moisture anomaly of 3 months, 0 to 100 cm, in standard deviations.';
SELECT ops.copy_comments('index.value_month', 'index.value_month_superseded');

-- Filling a column that was not there is no revision: no trigger keeps the old rows yet.
UPDATE index.value_month SET gaps = gaps || jsonb_build_object(
    'spi_hy', 'not_published',
    'spi_veg', 'not_published',
    'spei_hy', 'not_published',
    'spei_veg', 'not_published',
    'smri_1', 'not_published',
    'smri_3', 'not_published',
    'smri_6', 'not_published',
    'smri_12', 'not_published',
    'smri_hy', 'not_published',
    'swei_1', 'not_published',
    'sma_1', 'not_published',
    'sma_3', 'not_published'
);
UPDATE index.value_month_superseded SET gaps = gaps || jsonb_build_object(
    'spi_hy', 'not_published',
    'spi_veg', 'not_published',
    'spei_hy', 'not_published',
    'spei_veg', 'not_published',
    'smri_1', 'not_published',
    'smri_3', 'not_published',
    'smri_6', 'not_published',
    'smri_12', 'not_published',
    'smri_hy', 'not_published',
    'swei_1', 'not_published',
    'sma_1', 'not_published',
    'sma_3', 'not_published'
);
CREATE TRIGGER stamp BEFORE UPDATE ON series.climate_month FOR EACH ROW EXECUTE FUNCTION ops.stamp_replacing();
CREATE TRIGGER keep_replaced AFTER UPDATE ON series.climate_month
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_all_superseded();
CREATE TRIGGER keep_deleted AFTER DELETE ON series.climate_month
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_all_superseded();
CREATE TRIGGER stamp BEFORE UPDATE ON index.value_month FOR EACH ROW EXECUTE FUNCTION ops.stamp_replacing();
CREATE TRIGGER keep_replaced AFTER UPDATE ON index.value_month
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_all_superseded();
CREATE TRIGGER keep_deleted AFTER DELETE ON index.value_month
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION ops.keep_all_superseded();

CREATE VIEW index.value_month_ever AS
SELECT
    landscape_key,
    month,
    source,
    calibration,
    landscape_version,
    spi_1,
    spi_2,
    spi_3,
    spi_6,
    spi_9,
    spi_12,
    spi_24,
    spi_hy,
    spi_veg,
    spei_1,
    spei_2,
    spei_3,
    spei_6,
    spei_9,
    spei_12,
    spei_24,
    spei_hy,
    spei_veg,
    pn_1,
    pn_3,
    pn_6,
    pn_9,
    pn_12,
    smri_1,
    smri_3,
    smri_6,
    smri_12,
    smri_hy,
    swei_1,
    sma_1,
    sma_3,
    gaps,
    release,
    origin,
    known_from,
    'infinity'::timestamptz AS known_until
FROM index.value_month
UNION ALL
SELECT
    landscape_key,
    month,
    source,
    calibration,
    landscape_version,
    spi_1,
    spi_2,
    spi_3,
    spi_6,
    spi_9,
    spi_12,
    spi_24,
    spi_hy,
    spi_veg,
    spei_1,
    spei_2,
    spei_3,
    spei_6,
    spei_9,
    spei_12,
    spei_24,
    spei_hy,
    spei_veg,
    pn_1,
    pn_3,
    pn_6,
    pn_9,
    pn_12,
    smri_1,
    smri_3,
    smri_6,
    smri_12,
    smri_hy,
    swei_1,
    sma_1,
    sma_3,
    gaps,
    release,
    origin,
    known_from,
    known_until
FROM index.value_month_superseded;
COMMENT ON VIEW index.value_month_ever IS 'Every row of indices that was ever shown, with the time it was the truth.';
COMMENT ON COLUMN index.value_month_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('index.value_month', 'index.value_month_ever');

CREATE OR REPLACE VIEW index.value_ever AS
SELECT
    l.landscape_id,
    ever.month,
    one.index_code,
    one.value,
    ever.gaps ->> one.index_code AS gap,
    ever.source,
    ever.release,
    ever.origin,
    ever.calibration,
    ever.known_from,
    ever.known_until
FROM index.value_month_ever AS ever
INNER JOIN landscape.landscape AS l USING (landscape_key)
CROSS JOIN LATERAL (
    VALUES
    ('spi_1', ever.spi_1),
    ('spi_2', ever.spi_2),
    ('spi_3', ever.spi_3),
    ('spi_6', ever.spi_6),
    ('spi_9', ever.spi_9),
    ('spi_12', ever.spi_12),
    ('spi_24', ever.spi_24),
    ('spi_hy', ever.spi_hy),
    ('spi_veg', ever.spi_veg),
    ('spei_1', ever.spei_1),
    ('spei_2', ever.spei_2),
    ('spei_3', ever.spei_3),
    ('spei_6', ever.spei_6),
    ('spei_9', ever.spei_9),
    ('spei_12', ever.spei_12),
    ('spei_24', ever.spei_24),
    ('spei_hy', ever.spei_hy),
    ('spei_veg', ever.spei_veg),
    ('pn_1', ever.pn_1),
    ('pn_3', ever.pn_3),
    ('pn_6', ever.pn_6),
    ('pn_9', ever.pn_9),
    ('pn_12', ever.pn_12),
    ('smri_1', ever.smri_1),
    ('smri_3', ever.smri_3),
    ('smri_6', ever.smri_6),
    ('smri_12', ever.smri_12),
    ('smri_hy', ever.smri_hy),
    ('swei_1', ever.swei_1),
    ('sma_1', ever.sma_1),
    ('sma_3', ever.sma_3)
) AS one (index_code, value);

COMMENT ON COLUMN index.value_ever.index_code IS
'Index and window: spi, spei, pn, smri, swei or sma, then months, hy (since 1 October) or veg (since 1 April).';
COMMENT ON COLUMN index.value_ever.value IS 'Percent for pn, standard deviations for sma, else unitless; null is a gap.';
COMMENT ON COLUMN mart.index_month.index_code IS
'Index and window: spi, spei, pn, smri, swei or sma, then months, hy (since 1 October) or veg (since 1 April).';
COMMENT ON COLUMN mart.index_month.value IS 'Percent for pn, standard deviations for sma, else unitless; null is a gap.';

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
    v.known_from,
    v.spi_hy,
    v.spi_veg,
    v.spei_hy,
    v.spei_veg,
    v.smri_1,
    v.smri_3,
    v.smri_6,
    v.smri_12,
    v.smri_hy,
    v.swei_1,
    v.sma_1,
    v.sma_3
FROM index.value_month AS v
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
SELECT ops.copy_comments('index.value_month', 'mart.index_month_wide');

CREATE VIEW mart.headwater_index_month WITH (security_barrier = TRUE) AS
SELECT
    c.landscape_id,
    c.headwater_landscape_id,
    v.month,
    one.index_code,
    one.value,
    v.gaps ->> one.index_code AS gap,
    v.source,
    v.release,
    v.origin,
    v.calibration,
    v.known_from
FROM landscape.current AS c
INNER JOIN landscape.landscape AS h ON c.headwater_landscape_id = h.landscape_id
INNER JOIN index.value_month AS v ON h.landscape_key = v.landscape_key
CROSS JOIN
    LATERAL (
        VALUES
        ('spi_1', v.spi_1),
        ('spi_2', v.spi_2),
        ('spi_3', v.spi_3),
        ('spi_6', v.spi_6),
        ('spi_9', v.spi_9),
        ('spi_12', v.spi_12),
        ('spi_24', v.spi_24),
        ('spi_hy', v.spi_hy),
        ('spi_veg', v.spi_veg),
        ('spei_1', v.spei_1),
        ('spei_2', v.spei_2),
        ('spei_3', v.spei_3),
        ('spei_6', v.spei_6),
        ('spei_9', v.spei_9),
        ('spei_12', v.spei_12),
        ('spei_24', v.spei_24),
        ('spei_hy', v.spei_hy),
        ('spei_veg', v.spei_veg),
        ('pn_1', v.pn_1),
        ('pn_3', v.pn_3),
        ('pn_6', v.pn_6),
        ('pn_9', v.pn_9),
        ('pn_12', v.pn_12),
        ('smri_1', v.smri_1),
        ('smri_3', v.smri_3),
        ('smri_6', v.smri_6),
        ('smri_12', v.smri_12),
        ('smri_hy', v.smri_hy),
        ('swei_1', v.swei_1),
        ('sma_1', v.sma_1),
        ('sma_3', v.sma_3)
    ) AS one (index_code, value)
WHERE v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape);
COMMENT ON VIEW mart.headwater_index_month IS
'Index values of the landscape that an irrigated landscape''s water comes from, one row per landscape, month and index.';
COMMENT ON COLUMN mart.headwater_index_month.landscape_id IS 'The landscape that uses the water.';
COMMENT ON COLUMN mart.headwater_index_month.headwater_landscape_id IS 'The landscape its water comes from, whose values these are.';
SELECT ops.copy_comments('index.value_ever', 'mart.headwater_index_month');
SELECT ops.copy_comments('index.value_month', 'mart.headwater_index_month');

-- Revisions ---------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW series.revision_ever AS
WITH climate AS (
    SELECT
        landscape_key,
        month,
        source,
        precipitation_mm,
        temperature_mean_c,
        pet_mm,
        pet_hargreaves_mm,
        soil_moisture_m3_m3,
        snow_water_equivalent_mm,
        snow_melt_mm,
        snowfall_mm,
        gap,
        release,
        known_from
    FROM series.climate_month
    UNION ALL
    SELECT
        landscape_key,
        month,
        source,
        precipitation_mm,
        temperature_mean_c,
        pet_mm,
        pet_hargreaves_mm,
        soil_moisture_m3_m3,
        snow_water_equivalent_mm,
        snow_melt_mm,
        snowfall_mm,
        gap,
        release,
        known_from
    FROM series.climate_month_superseded
    WHERE known_from < known_until
),

climate_change AS (
    SELECT
        o.landscape_key,
        o.month,
        o.source,
        one.quantity,
        NULL::text AS calibration,
        one.old_value,
        one.new_value,
        one.old_gap,
        one.new_gap,
        o.release AS old_release,
        n.release AS new_release,
        o.known_from AS old_known_from,
        o.known_until AS changed_at
    FROM series.climate_month_superseded AS o
    LEFT JOIN climate AS n
        ON
            o.landscape_key = n.landscape_key
            AND o.month = n.month
            AND o.source = n.source
            AND o.known_until = n.known_from
    CROSS JOIN
        LATERAL (
            VALUES
            ('precipitation_mm', o.precipitation_mm, n.precipitation_mm, o.gap, n.gap),
            ('temperature_mean_c', o.temperature_mean_c, n.temperature_mean_c, NULL, NULL),
            ('pet_mm', o.pet_mm, n.pet_mm, NULL, NULL),
            ('pet_hargreaves_mm', o.pet_hargreaves_mm, n.pet_hargreaves_mm, NULL, NULL),
            ('soil_moisture_m3_m3', o.soil_moisture_m3_m3, n.soil_moisture_m3_m3, NULL, NULL),
            ('snow_water_equivalent_mm', o.snow_water_equivalent_mm, n.snow_water_equivalent_mm, NULL, NULL),
            ('snow_melt_mm', o.snow_melt_mm, n.snow_melt_mm, NULL, NULL),
            ('snowfall_mm', o.snowfall_mm, n.snowfall_mm, NULL, NULL)
        ) AS one (quantity, old_value, new_value, old_gap, new_gap)
    WHERE
        o.known_from < o.known_until
        AND (one.old_value IS DISTINCT FROM one.new_value OR one.old_gap IS DISTINCT FROM one.new_gap)
),

index_change AS (
    SELECT
        o.landscape_key,
        o.month,
        o.source,
        one.quantity,
        o.calibration,
        one.old_value,
        one.new_value,
        o.gaps ->> one.quantity AS old_gap,
        n.gaps ->> one.quantity AS new_gap,
        o.release AS old_release,
        n.release AS new_release,
        o.known_from AS old_known_from,
        o.known_until AS changed_at
    FROM index.value_month_superseded AS o
    LEFT JOIN index.value_month_ever AS n
        ON
            o.landscape_key = n.landscape_key
            AND o.month = n.month
            AND o.source = n.source
            AND o.calibration = n.calibration
            AND o.known_until = n.known_from
            AND n.known_from < n.known_until
    CROSS JOIN
        LATERAL (
            VALUES
            ('spi_1', o.spi_1, n.spi_1),
            ('spi_2', o.spi_2, n.spi_2),
            ('spi_3', o.spi_3, n.spi_3),
            ('spi_6', o.spi_6, n.spi_6),
            ('spi_9', o.spi_9, n.spi_9),
            ('spi_12', o.spi_12, n.spi_12),
            ('spi_24', o.spi_24, n.spi_24),
            ('spi_hy', o.spi_hy, n.spi_hy),
            ('spi_veg', o.spi_veg, n.spi_veg),
            ('spei_1', o.spei_1, n.spei_1),
            ('spei_2', o.spei_2, n.spei_2),
            ('spei_3', o.spei_3, n.spei_3),
            ('spei_6', o.spei_6, n.spei_6),
            ('spei_9', o.spei_9, n.spei_9),
            ('spei_12', o.spei_12, n.spei_12),
            ('spei_24', o.spei_24, n.spei_24),
            ('spei_hy', o.spei_hy, n.spei_hy),
            ('spei_veg', o.spei_veg, n.spei_veg),
            ('pn_1', o.pn_1, n.pn_1),
            ('pn_3', o.pn_3, n.pn_3),
            ('pn_6', o.pn_6, n.pn_6),
            ('pn_9', o.pn_9, n.pn_9),
            ('pn_12', o.pn_12, n.pn_12),
            ('smri_1', o.smri_1, n.smri_1),
            ('smri_3', o.smri_3, n.smri_3),
            ('smri_6', o.smri_6, n.smri_6),
            ('smri_12', o.smri_12, n.smri_12),
            ('smri_hy', o.smri_hy, n.smri_hy),
            ('swei_1', o.swei_1, n.swei_1),
            ('sma_1', o.sma_1, n.sma_1),
            ('sma_3', o.sma_3, n.sma_3)
        ) AS one (quantity, old_value, new_value)
    WHERE
        o.known_from < o.known_until
        AND (
            one.old_value IS DISTINCT FROM one.new_value
            OR o.gaps ->> one.quantity IS DISTINCT FROM n.gaps ->> one.quantity
        )
),

change AS (
    SELECT * FROM climate_change
    UNION ALL
    SELECT * FROM index_change
)

SELECT
    l.landscape_id,
    change.month,
    change.source,
    change.quantity,
    change.calibration,
    change.old_value,
    change.new_value,
    change.old_gap,
    change.new_gap,
    change.old_release,
    change.new_release,
    change.old_known_from,
    change.changed_at
FROM change
INNER JOIN landscape.landscape AS l USING (landscape_key);
COMMENT ON VIEW series.revision_ever IS
'Every value that was replaced by another: the series of a landscape and its indices. Equal values are not in it.';
COMMENT ON COLUMN series.revision_ever.quantity IS 'A column of climate_month, such as precipitation_mm, or an index, such as spi_3.';
COMMENT ON COLUMN series.revision_ever.old_value IS 'What was shown, in the unit of that column or index; null is a gap.';
COMMENT ON COLUMN series.revision_ever.old_gap IS
'Why the old value is missing; null where it is not, and for all of climate_month but precipitation.';
COMMENT ON COLUMN series.revision_ever.new_gap IS
'Why the new value is missing; null where it is not, and for all of climate_month but precipitation.';
COMMENT ON VIEW mart.revision_value IS
'Every value that was replaced by another: the series of a landscape and its indices. Equal values are not in it.';
COMMENT ON COLUMN mart.revision_value.quantity IS 'A column of climate_month, such as precipitation_mm, or an index, such as spi_3.';
COMMENT ON COLUMN mart.revision_value.old_value IS 'What was shown, in the unit of that column or index; null is a gap.';
COMMENT ON COLUMN mart.revision_value.old_gap IS
'Why the old value is missing; null where it is not, and for all of climate_month but precipitation.';
COMMENT ON COLUMN mart.revision_value.new_gap IS
'Why the new value is missing; null where it is not, and for all of climate_month but precipitation.';

-- What is up to date ------------------------------------------------------------------------------

CREATE TABLE index.computed (
    landscape_key integer NOT NULL,
    source text NOT NULL,
    calibration text NOT NULL CHECK (calibration ~ '^[0-9]{4}-[0-9]{4}$'),
    landscape_version integer NOT NULL,
    method text NOT NULL,
    first_month date NOT NULL CHECK (extract(DAY FROM first_month) = 1),
    last_month date NOT NULL CHECK (extract(DAY FROM last_month) = 1),
    was_ready boolean NOT NULL,
    is_hargreaves boolean NOT NULL,
    stale_from date,
    stale_to date,
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, source, calibration),
    FOREIGN KEY (landscape_key, landscape_version) REFERENCES landscape.version (landscape_key, version),
    CHECK ((stale_from IS NULL) = (stale_to IS NULL))
);
COMMENT ON TABLE index.computed IS
'How far the indices of a landscape follow from its series; without a row they are computed from the beginning. Triggers keep it.';
COMMENT ON COLUMN index.computed.landscape_key IS 'The landscape.';
COMMENT ON COLUMN index.computed.source IS 'Name of the data source.';
COMMENT ON COLUMN index.computed.calibration IS 'Calibration period, first and last year.';
COMMENT ON COLUMN index.computed.landscape_version IS 'Version of the landscape they were computed for.';
COMMENT ON COLUMN index.computed.method IS 'Version of the method they were computed by.';
COMMENT ON COLUMN index.computed.first_month IS 'First month of the source''s series when they were computed, first day.';
COMMENT ON COLUMN index.computed.last_month IS 'Last month of the source''s series when they were computed, first day.';
COMMENT ON COLUMN index.computed.was_ready IS 'Whether the calibration period was whole, so that fits were tried.';
COMMENT ON COLUMN index.computed.is_hargreaves IS 'Whether SPEI rests on PET by Hargreaves; else by Penman-Monteith.';
COMMENT ON COLUMN index.computed.stale_from IS 'First month of the series that changed since, or was left for another time, first day; null: none.';
COMMENT ON COLUMN index.computed.stale_to IS 'Last such month, first day; null: none.';
COMMENT ON COLUMN index.computed.computed_at IS 'When they were computed last.';
GRANT SELECT, INSERT, UPDATE, DELETE ON index.computed TO drought_pipeline;
GRANT SELECT ON index.value_month_ever TO drought_pipeline;
GRANT SELECT ON mart.headwater_index_month TO drought_analyst, drought_pipeline;

-- Noted by the statement that changes a series, whoever gives it: the clock, which may be set back,
-- cannot hide a change.
CREATE FUNCTION index.note_changed_series() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE index.computed AS c
    SET stale_from = least(c.stale_from, n.first_month), stale_to = greatest(c.stale_to, n.last_month)
    FROM (
        SELECT landscape_key, source, min(month) AS first_month, max(month) AS last_month
        FROM changed
        GROUP BY landscape_key, source
    ) AS n
    WHERE c.landscape_key = n.landscape_key AND c.source = n.source;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION index.note_changed_series() IS 'Notes in index.computed which months of which series changed.';

CREATE FUNCTION index.forget_source() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM index.computed WHERE source IN (SELECT source FROM gone);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION index.forget_source() IS
'After rows of a series were deleted: all indices of the source are computed from the beginning, since it may begin or end elsewhere now.';

CREATE FUNCTION index.forget_computed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM index.computed
    WHERE (landscape_key, source, calibration) IN (SELECT landscape_key, source, calibration FROM gone);
    RETURN NULL;
END $$;
COMMENT ON FUNCTION index.forget_computed() IS
'After fits or indices were deleted: those of the landscape are computed from the beginning.';
REVOKE EXECUTE ON FUNCTION
index.note_changed_series(), index.forget_source(), index.forget_computed() FROM public;

CREATE TRIGGER note_new AFTER INSERT ON series.climate_month
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION index.note_changed_series();
CREATE TRIGGER note_replaced AFTER UPDATE ON series.climate_month
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION index.note_changed_series();
CREATE TRIGGER note_deleted AFTER DELETE ON series.climate_month
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION index.forget_source();
CREATE TRIGGER note_deleted AFTER DELETE ON index.calibration
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION index.forget_computed();
CREATE TRIGGER note_deleted AFTER DELETE ON index.value_month
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION index.forget_computed();
