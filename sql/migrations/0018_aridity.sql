/*
 * Aridity: mean annual precipitation by mean annual PET, the index of UNEP's World Atlas of
 * Desertification (1997).
 *
 * A landscape's file may state it; where it does not, the climate of the calibration years says
 * it. mart.aridity is the one place that tells which.
 */

ALTER TABLE landscape.version
ADD COLUMN aridity_index double precision CHECK (aridity_index >= 0 AND aridity_index < 'Infinity');
COMMENT ON COLUMN landscape.version.aridity_index IS
'Mean annual precipitation by mean annual PET, as the landscape''s file states it, unitless; null where it does not, then see mart.aridity.';

CREATE OR REPLACE VIEW landscape.current AS
SELECT DISTINCT ON (l.landscape_key)
    l.landscape_id,
    v.*
FROM landscape.landscape AS l
INNER JOIN landscape.version AS v USING (landscape_key)
ORDER BY l.landscape_key ASC, v.version DESC;
SELECT ops.copy_comments('landscape.version', 'landscape.current');

CREATE OR REPLACE VIEW mart.landscape AS
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
    geometry_geojson,
    aridity_index
FROM landscape.current;
SELECT ops.copy_comments('landscape.current', 'mart.landscape');

CREATE VIEW mart.aridity AS
WITH fitted AS (
    -- One index stands for all that rest on PET. The blended series would tell the mean of gauges
    -- that may not be shown.
    SELECT
        l.landscape_key,
        l.landscape_id,
        l.version,
        c.source,
        c.calibration,
        c.pet_method,
        make_date(split_part(c.calibration, '-', 1)::integer, 1, 1) AS first_month,
        make_date(split_part(c.calibration, '-', 2)::integer, 12, 1) AS last_month
    FROM landscape.current AS l
    INNER JOIN index.calibration AS c
        ON l.landscape_key = c.landscape_key AND l.version = c.landscape_version
    WHERE
        l.aridity_index IS NULL AND c.source <> 'blended'
        AND c.index_code = 'spei_1' AND c.calendar_month = 1
),

demand AS (
    SELECT
        f.landscape_id,
        f.source,
        f.calibration,
        f.pet_method,
        extract(MONTH FROM m.month) AS calendar_month,
        m.precipitation_mm,
        CASE f.pet_method WHEN 'hargreaves' THEN m.pet_hargreaves_mm ELSE m.pet_mm END AS pet_mm
    FROM fitted AS f
    INNER JOIN series.climate_month AS m
        ON
            f.landscape_key = m.landscape_key AND f.source = m.source AND f.version = m.landscape_version
            AND m.month BETWEEN f.first_month AND f.last_month
),

normal AS (
    SELECT
        landscape_id,
        source,
        calibration,
        pet_method,
        avg(precipitation_mm) AS precipitation_mm,
        avg(pet_mm) AS pet_mm
    FROM demand
    WHERE precipitation_mm IS NOT NULL AND pet_mm IS NOT NULL
    GROUP BY landscape_id, source, calibration, pet_method, calendar_month
    HAVING count(*) >= 24
),

year AS (
    SELECT
        landscape_id,
        source,
        calibration,
        pet_method,
        sum(precipitation_mm) AS precipitation_mm,
        sum(pet_mm) AS pet_mm
    FROM normal
    GROUP BY landscape_id, source, calibration, pet_method
    HAVING count(*) = 12 AND sum(pet_mm) > 0
),

known AS (
    SELECT
        landscape_id,
        'stated' AS basis,
        NULL::text AS calibration,
        aridity_index,
        NULL::text AS pet_method,
        NULL::double precision AS precipitation_mm,
        NULL::double precision AS pet_mm
    FROM landscape.current
    WHERE aridity_index IS NOT NULL
    UNION ALL
    SELECT
        landscape_id,
        source AS basis,
        calibration,
        precipitation_mm / pet_mm AS aridity_index,
        pet_method,
        precipitation_mm,
        pet_mm
    FROM year
)

SELECT
    landscape_id,
    basis,
    calibration,
    aridity_index,
    CASE
        WHEN aridity_index < 0.05 THEN 'hyper-arid'
        WHEN aridity_index < 0.2 THEN 'arid'
        WHEN aridity_index < 0.5 THEN 'semi-arid'
        WHEN aridity_index < 0.65 THEN 'dry sub-humid'
        ELSE 'humid'
    END AS aridity_class,
    pet_method,
    precipitation_mm,
    pet_mm
FROM known;
COMMENT ON VIEW mart.aridity IS
'How dry each landscape is: as its file states it, else by each grid source and calibration; no row where neither says it.';
COMMENT ON COLUMN mart.aridity.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.aridity.basis IS 'stated: by the landscape''s file; else the grid source whose climate says it.';
COMMENT ON COLUMN mart.aridity.calibration IS 'The years that the means are of, first and last; null where stated.';
COMMENT ON COLUMN mart.aridity.aridity_index IS 'Mean annual precipitation by mean annual PET, unitless.';
COMMENT ON COLUMN mart.aridity.aridity_class IS
'UNEP 1997: hyper-arid below 0.05, arid below 0.2, semi-arid below 0.5, dry sub-humid below 0.65, else humid.';
COMMENT ON COLUMN mart.aridity.pet_method IS
'penman_monteith or hargreaves: that of the landscape''s SPEI; null where stated.';
COMMENT ON COLUMN mart.aridity.precipitation_mm IS
'Mean annual precipitation: the sum of twelve means of at least 24 months each, mm; null where stated.';
COMMENT ON COLUMN mart.aridity.pet_mm IS 'Mean annual PET of the same months, mm; null where stated.';
GRANT SELECT ON mart.aridity TO drought_analyst, drought_pipeline;
