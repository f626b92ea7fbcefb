/*
 * Answers: what is asked most is answered by index, at full size too.
 *
 * The latest state of each landscape, and how far each source has come, were looked for among all
 * months of all landscapes. Both are kept now, by triggers, in small tables that follow the large
 * ones in the same transaction. What a revision brought is added up index beside index, and not
 * value by value.
 */

-- The newest stages -------------------------------------------------------------------------------

CREATE TABLE plan.latest_stage (
    LIKE plan.stage_month INCLUDING COMMENTS INCLUDING CONSTRAINTS,
    PRIMARY KEY (landscape_key, drought_type)
);
COMMENT ON TABLE plan.latest_stage IS
'The row of stage_month of the newest month, of each landscape and drought type; a trigger keeps it.';

CREATE FUNCTION plan.make_latest_stages() RETURNS void LANGUAGE sql AS $$
    LOCK TABLE plan.latest_stage IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM plan.latest_stage;
    INSERT INTO plan.latest_stage
    SELECT DISTINCT ON (landscape_key, drought_type) * FROM plan.stage_month
    ORDER BY landscape_key ASC, drought_type ASC, month DESC;
$$;
COMMENT ON FUNCTION plan.make_latest_stages() IS 'Makes latest_stage anew from stage_month.';
SELECT plan.make_latest_stages();

CREATE FUNCTION plan.keep_latest_stage() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    keys integer[];
    types text[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM plan.latest_stage;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(t.landscape_key), array_agg(t.drought_type) INTO keys, types FROM (
            SELECT landscape_key, drought_type FROM changed
            UNION SELECT landscape_key, drought_type FROM gone
        ) AS t;
    ELSE
        SELECT array_agg(t.landscape_key), array_agg(t.drought_type) INTO keys, types
        FROM (SELECT DISTINCT landscape_key, drought_type FROM changed) AS t;
    END IF;
    IF keys IS NULL THEN
        RETURN NULL;
    END IF;
    -- Two that change stages at once take turns: the later one looks when the other has committed.
    LOCK TABLE plan.latest_stage IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM plan.latest_stage AS l USING unnest(keys, types) AS t (landscape_key, drought_type)
    WHERE l.landscape_key = t.landscape_key AND l.drought_type = t.drought_type AND NOT EXISTS (
        SELECT FROM plan.stage_month AS s
        WHERE s.landscape_key = t.landscape_key AND s.drought_type = t.drought_type
    );
    INSERT INTO plan.latest_stage AS held
    SELECT newest.*
    FROM unnest(keys, types) AS t (landscape_key, drought_type)
    CROSS JOIN LATERAL (
        SELECT s.* FROM plan.stage_month AS s
        WHERE s.landscape_key = t.landscape_key AND s.drought_type = t.drought_type
        ORDER BY s.month DESC
        LIMIT 1
    ) AS newest
    ON CONFLICT (landscape_key, drought_type) DO UPDATE SET
    month = excluded.month,
    plan_id = excluded.plan_id,
    plan_version = excluded.plan_version,
    stage = excluded.stage,
    stage_rank = excluded.stage_rank,
    since_month = excluded.since_month,
    is_confirmed = excluded.is_confirmed,
    silent_months = excluded.silent_months,
    known_from = excluded.known_from
    WHERE held IS DISTINCT FROM excluded;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION plan.keep_latest_stage() IS 'Has latest_stage follow the rows of stage_month that a statement changed.';
REVOKE EXECUTE ON FUNCTION plan.make_latest_stages(), plan.keep_latest_stage() FROM public;

CREATE TRIGGER keep_latest_new AFTER INSERT ON plan.stage_month
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION plan.keep_latest_stage();
CREATE TRIGGER keep_latest_replaced AFTER UPDATE ON plan.stage_month
REFERENCING OLD TABLE AS gone NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION plan.keep_latest_stage();
CREATE TRIGGER keep_latest_deleted AFTER DELETE ON plan.stage_month
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION plan.keep_latest_stage();
CREATE TRIGGER keep_latest_emptied AFTER TRUNCATE ON plan.stage_month
FOR EACH STATEMENT EXECUTE FUNCTION plan.keep_latest_stage();

-- The latest state ----------------------------------------------------------------------------------

CREATE OR REPLACE VIEW mart.latest_status WITH (security_barrier = TRUE) AS
WITH heard AS (
    SELECT
        r.plan_id,
        r.plan_version,
        r.drought_type,
        land_use,
        array_agg(DISTINCT r.index_code) AS index_codes
    FROM mart.plan_rule AS r
    CROSS JOIN LATERAL unnest(r.land_uses) AS land_use
    WHERE r.index_code IS NOT NULL
    GROUP BY r.plan_id, r.plan_version, r.drought_type, land_use
)

SELECT
    l.landscape_id,
    s.drought_type,
    s.month,
    s.stage,
    s.stage_rank,
    s.since_month,
    (date_part('year', age(s.month, s.since_month)) * 12 + date_part('month', age(s.month, s.since_month)))::integer + 1
        AS months_in_stage,
    s.is_confirmed,
    s.silent_months,
    s.plan_id,
    s.plan_version,
    decided.index_values,
    decided.index_gaps,
    d.source,
    d.calibration,
    v.release,
    v.origin,
    last_alert.alert_id,
    last_alert.change AS alert_change,
    last_alert.month AS alert_month,
    a.state AS alert_approval,
    s.known_from,
    mart.row_key(l.landscape_key, NULL, 0, kind.number, 0) AS row_key
FROM landscape.landscape AS l
CROSS JOIN (VALUES ('meteorological', 1), ('agricultural', 2), ('hydrological', 3)) AS kind (drought_type, number)
INNER JOIN plan.latest_stage AS s ON l.landscape_key = s.landscape_key AND kind.drought_type = s.drought_type
INNER JOIN LATERAL (
    SELECT known.land_use FROM landscape.version AS known
    WHERE l.landscape_key = known.landscape_key
    ORDER BY known.version DESC
    LIMIT 1
) AS present ON TRUE
LEFT JOIN plan.deciding_series AS d ON l.landscape_key = d.landscape_key
LEFT JOIN index.value_month AS v
    ON
        l.landscape_key = v.landscape_key
        AND s.month = v.month
        AND d.source = v.source
        AND d.calibration = v.calibration
LEFT JOIN heard AS h
    ON
        s.plan_id = h.plan_id
        AND s.plan_version = h.plan_version
        AND s.drought_type = h.drought_type
        AND present.land_use = h.land_use
LEFT JOIN LATERAL (
    SELECT
        jsonb_object_agg(one.code, one.value) AS index_values,
        coalesce(jsonb_object_agg(one.code, v.gaps -> one.code) FILTER (WHERE v.gaps ? one.code), '{}') AS index_gaps
    FROM (
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
    ) AS one (code, value)
    WHERE
        v.landscape_key IS NOT NULL
        AND one.code = any(h.index_codes)
        AND (d.source <> 'blended' OR l.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    HAVING count(*) > 0
) AS decided ON TRUE
LEFT JOIN LATERAL (
    SELECT
        t.alert_id,
        t.change,
        t.month
    FROM alert.transition AS t
    WHERE l.landscape_key = t.landscape_key AND kind.drought_type = t.drought_type
    ORDER BY t.decided_at DESC, t.alert_id DESC
    LIMIT 1
) AS last_alert ON TRUE
LEFT JOIN alert.approval AS a ON last_alert.alert_id = a.alert_id;
COMMENT ON COLUMN mart.latest_status.alert_approval IS
'pending, approved, refused, expired; not_needed: a change of stage that is not told. Null where there was no change, or, by an error, no record of one.';

CREATE OR REPLACE VIEW mart.latest_status_wide WITH (security_barrier = TRUE) AS
SELECT
    c.landscape_id,
    c.country_code,
    c.name_en,
    c.names,
    c.land_use,
    c.is_salt_affected,
    c.area_km2,
    greatest(met.month, agr.month, hyd.month) AS month,
    met.stage AS meteorological_stage,
    met.stage_rank AS meteorological_rank,
    met.since_month AS meteorological_since,
    met.is_confirmed AS meteorological_is_confirmed,
    agr.stage AS agricultural_stage,
    agr.stage_rank AS agricultural_rank,
    agr.since_month AS agricultural_since,
    agr.is_confirmed AS agricultural_is_confirmed,
    hyd.stage AS hydrological_stage,
    hyd.stage_rank AS hydrological_rank,
    hyd.since_month AS hydrological_since,
    hyd.is_confirmed AS hydrological_is_confirmed,
    greatest(met.stage_rank, agr.stage_rank, hyd.stage_rank) AS highest_rank,
    shown.spi_1,
    shown.spi_3,
    shown.spi_6,
    shown.spi_12,
    shown.spei_3,
    shown.spei_6,
    shown.spei_12,
    shown.pn_3,
    shown.smri_hy,
    shown.swei_1,
    shown.sma_1,
    d.source,
    d.calibration,
    shown.release,
    shown.origin,
    greatest(met.known_from, agr.known_from, hyd.known_from) AS known_from,
    c.geometry_geojson,
    c.landscape_key::bigint AS row_key
FROM landscape.current AS c
LEFT JOIN plan.deciding_series AS d ON c.landscape_key = d.landscape_key
LEFT JOIN plan.latest_stage AS met ON c.landscape_key = met.landscape_key AND met.drought_type = 'meteorological'
LEFT JOIN plan.latest_stage AS agr ON c.landscape_key = agr.landscape_key AND agr.drought_type = 'agricultural'
LEFT JOIN plan.latest_stage AS hyd ON c.landscape_key = hyd.landscape_key AND hyd.drought_type = 'hydrological'
LEFT JOIN LATERAL (
    SELECT v.*
    FROM index.value_month AS v
    WHERE
        c.landscape_key = v.landscape_key
        AND v.month = greatest(met.month, agr.month, hyd.month)
        AND d.source = v.source
        AND d.calibration = v.calibration
        AND (v.source <> 'blended' OR v.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    OFFSET 0
) AS shown ON TRUE;

-- How far each source has come ----------------------------------------------------------------------

CREATE TABLE series.month_held (
    country_code text NOT NULL,
    source text NOT NULL,
    month date NOT NULL CHECK (date_part('day', month) = 1),
    landscapes_with_values bigint NOT NULL,
    is_preliminary boolean,
    known_from timestamptz,
    PRIMARY KEY (country_code, source, month)
);
COMMENT ON TABLE series.month_held IS
'The months that each country has rows of climate_month for, counted; triggers keep it. Not of blended, which is made here.';
COMMENT ON COLUMN series.month_held.country_code IS 'ISO 3166-1 alpha-2, of the landscapes as they are now.';
COMMENT ON COLUMN series.month_held.source IS 'Name of the data source.';
COMMENT ON COLUMN series.month_held.month IS 'First day of the month.';
COMMENT ON COLUMN series.month_held.landscapes_with_values IS 'Landscapes that have precipitation; 0: all have gaps.';
COMMENT ON COLUMN series.month_held.is_preliminary IS 'Whether any of these values is preliminary; null where there is none.';
COMMENT ON COLUMN series.month_held.known_from IS 'When these values came, the last of them; null where there is none.';

CREATE VIEW series.month_counted AS
SELECT
    l.country_code,
    c.source,
    c.month,
    count(*) FILTER (WHERE c.gap IS NULL) AS landscapes_with_values,
    bool_or(c.release = 'preliminary') FILTER (WHERE c.gap IS NULL) AS is_preliminary,
    max(c.known_from) FILTER (WHERE c.gap IS NULL) AS known_from
FROM series.climate_month AS c
INNER JOIN landscape.current AS l USING (landscape_key)
WHERE c.source <> 'blended'
GROUP BY l.country_code, c.source, c.month;
COMMENT ON VIEW series.month_counted IS 'What month_held must hold.';
SELECT ops.copy_comments('series.month_held', 'series.month_counted');

CREATE FUNCTION series.make_months_held() RETURNS void LANGUAGE sql AS $$
    LOCK TABLE series.month_held IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM series.month_held;
    INSERT INTO series.month_held SELECT * FROM series.month_counted;
$$;
COMMENT ON FUNCTION series.make_months_held() IS 'Makes month_held anew from climate_month.';
SELECT series.make_months_held();

CREATE FUNCTION series.count_held() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    sources text[];
    months date[];
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM series.month_held;
    ELSIF TG_OP = 'UPDATE' THEN
        SELECT array_agg(DISTINCT t.source), array_agg(DISTINCT t.month) INTO sources, months
        FROM (SELECT source, month FROM changed UNION ALL SELECT source, month FROM gone) AS t
        WHERE t.source <> 'blended';
    ELSE
        SELECT array_agg(DISTINCT source), array_agg(DISTINCT month) INTO sources, months
        FROM changed WHERE source <> 'blended';
    END IF;
    IF sources IS NULL THEN
        RETURN NULL;
    END IF;
    -- Two that change values at once take turns: the later one counts when the other has committed.
    LOCK TABLE series.month_held IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM series.month_held WHERE source = any(sources) AND month = any(months);
    -- Lists, since those reach the index below the counting, and planned anew each time: the plan of
    -- a few rows would be kept for a history.
    EXECUTE 'INSERT INTO series.month_held SELECT * FROM series.month_counted WHERE source = ANY ($1) AND month = ANY ($2)'
    USING sources, months;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION series.count_held() IS 'Counts the months of sources anew in which a statement changed rows.';


CREATE FUNCTION series.recount_held() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.country_code = (
            SELECT before.country_code FROM landscape.version AS before
            WHERE before.landscape_key = NEW.landscape_key AND before.version < NEW.version
            ORDER BY before.version DESC
            LIMIT 1
        ) THEN
            RETURN NULL;
        END IF;
    END IF;
    PERFORM series.make_months_held();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION series.recount_held() IS 'Counts all anew when a landscape comes to lie in another country.';
REVOKE EXECUTE ON FUNCTION series.make_months_held(), series.count_held(), series.recount_held() FROM public;

CREATE TRIGGER count_new AFTER INSERT ON series.climate_month
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION series.count_held();
CREATE TRIGGER count_replaced AFTER UPDATE ON series.climate_month
REFERENCING OLD TABLE AS gone NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION series.count_held();
CREATE TRIGGER count_deleted AFTER DELETE ON series.climate_month
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION series.count_held();
CREATE TRIGGER count_emptied AFTER TRUNCATE ON series.climate_month
FOR EACH STATEMENT EXECUTE FUNCTION series.count_held();
CREATE TRIGGER recount_moved AFTER INSERT ON landscape.version
FOR EACH ROW WHEN (new.version > 1) EXECUTE FUNCTION series.recount_held();
CREATE TRIGGER recount_corrected AFTER UPDATE OF country_code OR DELETE ON landscape.version
FOR EACH STATEMENT EXECUTE FUNCTION series.recount_held();

CREATE OR REPLACE FUNCTION mart.freshness_at(at timestamptz) RETURNS TABLE (
    country_code text,
    source text,
    newest_month date,
    release text,
    known_from timestamptz,
    landscapes_with_values bigint,
    landscapes bigint,
    newest_final_month date,
    expected_month date,
    months_late bigint,
    oldest_late_month date,
    late_since date,
    preliminary_overdue bigint,
    oldest_preliminary_overdue date
) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
WITH country AS (
    SELECT country_code, count(*) AS landscapes FROM landscape.current GROUP BY country_code
),

held AS (
    SELECT
        country_code,
        source,
        min(month) FILTER (WHERE landscapes_with_values > 0) AS first_month,
        max(month) FILTER (WHERE landscapes_with_values > 0) AS newest_month,
        max(month) FILTER (WHERE landscapes_with_values > 0 AND NOT is_preliminary) AS newest_final_month
    FROM series.month_held
    GROUP BY country_code, source
),

expected AS (
    SELECT
        source,
        preliminary_after_days,
        final_late_after_days,
        ops.newest_due_month(preliminary_after_days, at) AS month
    FROM ops.source_schedule
),

late AS (
    SELECT h.country_code, h.source, count(*) AS months, min(due.month)::date AS oldest
    FROM held AS h
    INNER JOIN expected AS e USING (source)
    CROSS JOIN LATERAL generate_series(
        h.first_month::timestamp, e.month::timestamp, interval '1 month'
    ) AS due (month)
    LEFT JOIN series.month_held AS m
        ON h.country_code = m.country_code AND h.source = m.source AND due.month = m.month AND m.landscapes_with_values > 0
    WHERE m.month IS NULL
    GROUP BY h.country_code, h.source
),

overdue AS (
    SELECT m.country_code, m.source, count(*) AS months, min(m.month) AS oldest
    FROM series.month_held AS m
    INNER JOIN expected AS e USING (source)
    WHERE m.is_preliminary AND ops.due_day(m.month, e.final_late_after_days) < (at AT TIME ZONE 'UTC')::date
    GROUP BY m.country_code, m.source
)

SELECT
    h.country_code,
    h.source,
    h.newest_month,
    CASE newest.is_preliminary WHEN TRUE THEN 'preliminary' WHEN FALSE THEN 'final' END,
    newest.known_from,
    coalesce(newest.landscapes_with_values, 0),
    country.landscapes,
    h.newest_final_month,
    e.month,
    CASE WHEN e.month IS NOT NULL AND h.first_month IS NOT NULL THEN coalesce(late.months, 0) END,
    late.oldest,
    ops.due_day(late.oldest, e.preliminary_after_days),
    CASE WHEN e.final_late_after_days IS NOT NULL THEN coalesce(overdue.months, 0) END,
    overdue.oldest
FROM held AS h
INNER JOIN country USING (country_code)
LEFT JOIN series.month_held AS newest
    ON h.country_code = newest.country_code AND h.source = newest.source AND h.newest_month = newest.month
LEFT JOIN expected AS e ON h.source = e.source
LEFT JOIN late ON h.country_code = late.country_code AND h.source = late.source
LEFT JOIN overdue ON h.country_code = overdue.country_code AND h.source = overdue.source
$$;

-- What a revision brought ---------------------------------------------------------------------------

CREATE VIEW series.climate_month_revision AS
SELECT
    l.landscape_id,
    o.landscape_key,
    o.month,
    o.source,
    one.quantity,
    one.old_value,
    one.new_value,
    one.old_gap,
    one.new_gap,
    o.release AS old_release,
    n.release AS new_release,
    o.known_from AS old_known_from,
    o.known_until AS changed_at
FROM series.climate_month_superseded AS o
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN LATERAL (
    SELECT
        e.release,
        e.gap,
        e.precipitation_mm,
        e.temperature_mean_c,
        e.pet_mm,
        e.pet_hargreaves_mm,
        e.soil_moisture_m3_m3,
        e.snow_water_equivalent_mm,
        e.snow_melt_mm,
        e.snowfall_mm
    FROM series.climate_month AS e
    WHERE
        o.landscape_key = e.landscape_key AND o.month = e.month AND o.source = e.source AND o.known_until = e.known_from
    UNION ALL
    SELECT
        e.release,
        e.gap,
        e.precipitation_mm,
        e.temperature_mean_c,
        e.pet_mm,
        e.pet_hargreaves_mm,
        e.soil_moisture_m3_m3,
        e.snow_water_equivalent_mm,
        e.snow_melt_mm,
        e.snowfall_mm
    FROM series.climate_month_superseded AS e
    WHERE
        o.landscape_key = e.landscape_key AND o.month = e.month AND o.source = e.source AND o.known_until = e.known_from
        AND e.known_from <> e.known_until
) AS n ON TRUE
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
    (o.source <> 'blended' OR o.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    AND o.known_from <> o.known_until
    AND (one.old_value IS DISTINCT FROM one.new_value OR one.old_gap IS DISTINCT FROM one.new_gap);
COMMENT ON VIEW series.climate_month_revision IS 'Every value of climate_month that was replaced, beside the one that came after it.';
COMMENT ON COLUMN series.climate_month_revision.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('mart.revision_value', 'series.climate_month_revision');
SELECT ops.copy_comments('series.climate_month', 'series.climate_month_revision');

CREATE OR REPLACE VIEW mart.revision_value WITH (security_barrier = TRUE) AS
SELECT
    landscape_id,
    month,
    source,
    quantity,
    NULL::text AS calibration,
    old_value,
    new_value,
    old_gap,
    new_gap,
    old_release,
    new_release,
    old_known_from,
    changed_at
FROM series.climate_month_revision
UNION ALL
SELECT
    c.landscape_id,
    c.month,
    c.source,
    one.quantity,
    c.calibration,
    one.old_value,
    CASE WHEN c.is_replaced THEN one.new_value END AS new_value,
    c.gaps ->> one.quantity AS old_gap,
    CASE WHEN c.is_replaced THEN c.new_gaps ->> one.quantity END AS new_gap,
    c.release AS old_release,
    CASE WHEN c.is_replaced THEN c.new_release END AS new_release,
    c.known_from AS old_known_from,
    c.known_until AS changed_at
FROM index.value_month_change AS c
CROSS JOIN
    LATERAL (
        VALUES
        ('spi_1', c.spi_1, c.new_spi_1),
        ('spi_2', c.spi_2, c.new_spi_2),
        ('spi_3', c.spi_3, c.new_spi_3),
        ('spi_6', c.spi_6, c.new_spi_6),
        ('spi_9', c.spi_9, c.new_spi_9),
        ('spi_12', c.spi_12, c.new_spi_12),
        ('spi_24', c.spi_24, c.new_spi_24),
        ('spi_hy', c.spi_hy, c.new_spi_hy),
        ('spi_veg', c.spi_veg, c.new_spi_veg),
        ('spei_1', c.spei_1, c.new_spei_1),
        ('spei_2', c.spei_2, c.new_spei_2),
        ('spei_3', c.spei_3, c.new_spei_3),
        ('spei_6', c.spei_6, c.new_spei_6),
        ('spei_9', c.spei_9, c.new_spei_9),
        ('spei_12', c.spei_12, c.new_spei_12),
        ('spei_24', c.spei_24, c.new_spei_24),
        ('spei_hy', c.spei_hy, c.new_spei_hy),
        ('spei_veg', c.spei_veg, c.new_spei_veg),
        ('pn_1', c.pn_1, c.new_pn_1),
        ('pn_3', c.pn_3, c.new_pn_3),
        ('pn_6', c.pn_6, c.new_pn_6),
        ('pn_9', c.pn_9, c.new_pn_9),
        ('pn_12', c.pn_12, c.new_pn_12),
        ('smri_1', c.smri_1, c.new_smri_1),
        ('smri_3', c.smri_3, c.new_smri_3),
        ('smri_6', c.smri_6, c.new_smri_6),
        ('smri_12', c.smri_12, c.new_smri_12),
        ('smri_hy', c.smri_hy, c.new_smri_hy),
        ('swei_1', c.swei_1, c.new_swei_1),
        ('sma_1', c.sma_1, c.new_sma_1),
        ('sma_3', c.sma_3, c.new_sma_3)
    ) AS one (quantity, old_value, new_value)
WHERE
    (c.source <> 'blended' OR c.landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    AND c.known_from <> c.known_until
    AND (
        c.is_replaced IS NOT TRUE
        OR one.old_value IS DISTINCT FROM one.new_value
        OR c.gaps ->> one.quantity IS DISTINCT FROM c.new_gaps ->> one.quantity
    );

-- Of each index whether it changed, side by side. The barrier keeps its columns from being worked out
-- again for each sum over them, and lets a condition on the key or the time through.
CREATE VIEW index.value_month_revision WITH (security_barrier = TRUE) AS
SELECT
    landscape_key,
    month,
    source,
    calibration,
    known_until AS changed_at,
    spi_1 AS old_spi_1,
    CASE WHEN is_replaced THEN new_spi_1 END AS new_spi_1,
    (is_replaced IS NOT TRUE)
    OR (spi_1 IS DISTINCT FROM new_spi_1)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_1' IS DISTINCT FROM new_gaps ->> 'spi_1')) AS spi_1_changed,
    spi_2 AS old_spi_2,
    CASE WHEN is_replaced THEN new_spi_2 END AS new_spi_2,
    (is_replaced IS NOT TRUE)
    OR (spi_2 IS DISTINCT FROM new_spi_2)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_2' IS DISTINCT FROM new_gaps ->> 'spi_2')) AS spi_2_changed,
    spi_3 AS old_spi_3,
    CASE WHEN is_replaced THEN new_spi_3 END AS new_spi_3,
    (is_replaced IS NOT TRUE)
    OR (spi_3 IS DISTINCT FROM new_spi_3)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_3' IS DISTINCT FROM new_gaps ->> 'spi_3')) AS spi_3_changed,
    spi_6 AS old_spi_6,
    CASE WHEN is_replaced THEN new_spi_6 END AS new_spi_6,
    (is_replaced IS NOT TRUE)
    OR (spi_6 IS DISTINCT FROM new_spi_6)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_6' IS DISTINCT FROM new_gaps ->> 'spi_6')) AS spi_6_changed,
    spi_9 AS old_spi_9,
    CASE WHEN is_replaced THEN new_spi_9 END AS new_spi_9,
    (is_replaced IS NOT TRUE)
    OR (spi_9 IS DISTINCT FROM new_spi_9)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_9' IS DISTINCT FROM new_gaps ->> 'spi_9')) AS spi_9_changed,
    spi_12 AS old_spi_12,
    CASE WHEN is_replaced THEN new_spi_12 END AS new_spi_12,
    (is_replaced IS NOT TRUE)
    OR (spi_12 IS DISTINCT FROM new_spi_12)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_12' IS DISTINCT FROM new_gaps ->> 'spi_12')) AS spi_12_changed,
    spi_24 AS old_spi_24,
    CASE WHEN is_replaced THEN new_spi_24 END AS new_spi_24,
    (is_replaced IS NOT TRUE)
    OR (spi_24 IS DISTINCT FROM new_spi_24)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_24' IS DISTINCT FROM new_gaps ->> 'spi_24')) AS spi_24_changed,
    spi_hy AS old_spi_hy,
    CASE WHEN is_replaced THEN new_spi_hy END AS new_spi_hy,
    (is_replaced IS NOT TRUE)
    OR (spi_hy IS DISTINCT FROM new_spi_hy)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_hy' IS DISTINCT FROM new_gaps ->> 'spi_hy')) AS spi_hy_changed,
    spi_veg AS old_spi_veg,
    CASE WHEN is_replaced THEN new_spi_veg END AS new_spi_veg,
    (is_replaced IS NOT TRUE)
    OR (spi_veg IS DISTINCT FROM new_spi_veg)
    OR (gaps <> new_gaps AND (gaps ->> 'spi_veg' IS DISTINCT FROM new_gaps ->> 'spi_veg')) AS spi_veg_changed,
    spei_1 AS old_spei_1,
    CASE WHEN is_replaced THEN new_spei_1 END AS new_spei_1,
    (is_replaced IS NOT TRUE)
    OR (spei_1 IS DISTINCT FROM new_spei_1)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_1' IS DISTINCT FROM new_gaps ->> 'spei_1')) AS spei_1_changed,
    spei_2 AS old_spei_2,
    CASE WHEN is_replaced THEN new_spei_2 END AS new_spei_2,
    (is_replaced IS NOT TRUE)
    OR (spei_2 IS DISTINCT FROM new_spei_2)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_2' IS DISTINCT FROM new_gaps ->> 'spei_2')) AS spei_2_changed,
    spei_3 AS old_spei_3,
    CASE WHEN is_replaced THEN new_spei_3 END AS new_spei_3,
    (is_replaced IS NOT TRUE)
    OR (spei_3 IS DISTINCT FROM new_spei_3)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_3' IS DISTINCT FROM new_gaps ->> 'spei_3')) AS spei_3_changed,
    spei_6 AS old_spei_6,
    CASE WHEN is_replaced THEN new_spei_6 END AS new_spei_6,
    (is_replaced IS NOT TRUE)
    OR (spei_6 IS DISTINCT FROM new_spei_6)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_6' IS DISTINCT FROM new_gaps ->> 'spei_6')) AS spei_6_changed,
    spei_9 AS old_spei_9,
    CASE WHEN is_replaced THEN new_spei_9 END AS new_spei_9,
    (is_replaced IS NOT TRUE)
    OR (spei_9 IS DISTINCT FROM new_spei_9)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_9' IS DISTINCT FROM new_gaps ->> 'spei_9')) AS spei_9_changed,
    spei_12 AS old_spei_12,
    CASE WHEN is_replaced THEN new_spei_12 END AS new_spei_12,
    (is_replaced IS NOT TRUE)
    OR (spei_12 IS DISTINCT FROM new_spei_12)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_12' IS DISTINCT FROM new_gaps ->> 'spei_12')) AS spei_12_changed,
    spei_24 AS old_spei_24,
    CASE WHEN is_replaced THEN new_spei_24 END AS new_spei_24,
    (is_replaced IS NOT TRUE)
    OR (spei_24 IS DISTINCT FROM new_spei_24)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_24' IS DISTINCT FROM new_gaps ->> 'spei_24')) AS spei_24_changed,
    spei_hy AS old_spei_hy,
    CASE WHEN is_replaced THEN new_spei_hy END AS new_spei_hy,
    (is_replaced IS NOT TRUE)
    OR (spei_hy IS DISTINCT FROM new_spei_hy)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_hy' IS DISTINCT FROM new_gaps ->> 'spei_hy')) AS spei_hy_changed,
    spei_veg AS old_spei_veg,
    CASE WHEN is_replaced THEN new_spei_veg END AS new_spei_veg,
    (is_replaced IS NOT TRUE)
    OR (spei_veg IS DISTINCT FROM new_spei_veg)
    OR (gaps <> new_gaps AND (gaps ->> 'spei_veg' IS DISTINCT FROM new_gaps ->> 'spei_veg')) AS spei_veg_changed,
    pn_1 AS old_pn_1,
    CASE WHEN is_replaced THEN new_pn_1 END AS new_pn_1,
    (is_replaced IS NOT TRUE)
    OR (pn_1 IS DISTINCT FROM new_pn_1)
    OR (gaps <> new_gaps AND (gaps ->> 'pn_1' IS DISTINCT FROM new_gaps ->> 'pn_1')) AS pn_1_changed,
    pn_3 AS old_pn_3,
    CASE WHEN is_replaced THEN new_pn_3 END AS new_pn_3,
    (is_replaced IS NOT TRUE)
    OR (pn_3 IS DISTINCT FROM new_pn_3)
    OR (gaps <> new_gaps AND (gaps ->> 'pn_3' IS DISTINCT FROM new_gaps ->> 'pn_3')) AS pn_3_changed,
    pn_6 AS old_pn_6,
    CASE WHEN is_replaced THEN new_pn_6 END AS new_pn_6,
    (is_replaced IS NOT TRUE)
    OR (pn_6 IS DISTINCT FROM new_pn_6)
    OR (gaps <> new_gaps AND (gaps ->> 'pn_6' IS DISTINCT FROM new_gaps ->> 'pn_6')) AS pn_6_changed,
    pn_9 AS old_pn_9,
    CASE WHEN is_replaced THEN new_pn_9 END AS new_pn_9,
    (is_replaced IS NOT TRUE)
    OR (pn_9 IS DISTINCT FROM new_pn_9)
    OR (gaps <> new_gaps AND (gaps ->> 'pn_9' IS DISTINCT FROM new_gaps ->> 'pn_9')) AS pn_9_changed,
    pn_12 AS old_pn_12,
    CASE WHEN is_replaced THEN new_pn_12 END AS new_pn_12,
    (is_replaced IS NOT TRUE)
    OR (pn_12 IS DISTINCT FROM new_pn_12)
    OR (gaps <> new_gaps AND (gaps ->> 'pn_12' IS DISTINCT FROM new_gaps ->> 'pn_12')) AS pn_12_changed,
    smri_1 AS old_smri_1,
    CASE WHEN is_replaced THEN new_smri_1 END AS new_smri_1,
    (is_replaced IS NOT TRUE)
    OR (smri_1 IS DISTINCT FROM new_smri_1)
    OR (gaps <> new_gaps AND (gaps ->> 'smri_1' IS DISTINCT FROM new_gaps ->> 'smri_1')) AS smri_1_changed,
    smri_3 AS old_smri_3,
    CASE WHEN is_replaced THEN new_smri_3 END AS new_smri_3,
    (is_replaced IS NOT TRUE)
    OR (smri_3 IS DISTINCT FROM new_smri_3)
    OR (gaps <> new_gaps AND (gaps ->> 'smri_3' IS DISTINCT FROM new_gaps ->> 'smri_3')) AS smri_3_changed,
    smri_6 AS old_smri_6,
    CASE WHEN is_replaced THEN new_smri_6 END AS new_smri_6,
    (is_replaced IS NOT TRUE)
    OR (smri_6 IS DISTINCT FROM new_smri_6)
    OR (gaps <> new_gaps AND (gaps ->> 'smri_6' IS DISTINCT FROM new_gaps ->> 'smri_6')) AS smri_6_changed,
    smri_12 AS old_smri_12,
    CASE WHEN is_replaced THEN new_smri_12 END AS new_smri_12,
    (is_replaced IS NOT TRUE)
    OR (smri_12 IS DISTINCT FROM new_smri_12)
    OR (gaps <> new_gaps AND (gaps ->> 'smri_12' IS DISTINCT FROM new_gaps ->> 'smri_12')) AS smri_12_changed,
    smri_hy AS old_smri_hy,
    CASE WHEN is_replaced THEN new_smri_hy END AS new_smri_hy,
    (is_replaced IS NOT TRUE)
    OR (smri_hy IS DISTINCT FROM new_smri_hy)
    OR (gaps <> new_gaps AND (gaps ->> 'smri_hy' IS DISTINCT FROM new_gaps ->> 'smri_hy')) AS smri_hy_changed,
    swei_1 AS old_swei_1,
    CASE WHEN is_replaced THEN new_swei_1 END AS new_swei_1,
    (is_replaced IS NOT TRUE)
    OR (swei_1 IS DISTINCT FROM new_swei_1)
    OR (gaps <> new_gaps AND (gaps ->> 'swei_1' IS DISTINCT FROM new_gaps ->> 'swei_1')) AS swei_1_changed,
    sma_1 AS old_sma_1,
    CASE WHEN is_replaced THEN new_sma_1 END AS new_sma_1,
    (is_replaced IS NOT TRUE)
    OR (sma_1 IS DISTINCT FROM new_sma_1)
    OR (gaps <> new_gaps AND (gaps ->> 'sma_1' IS DISTINCT FROM new_gaps ->> 'sma_1')) AS sma_1_changed,
    sma_3 AS old_sma_3,
    CASE WHEN is_replaced THEN new_sma_3 END AS new_sma_3,
    (is_replaced IS NOT TRUE)
    OR (sma_3 IS DISTINCT FROM new_sma_3)
    OR (gaps <> new_gaps AND (gaps ->> 'sma_3' IS DISTINCT FROM new_gaps ->> 'sma_3')) AS sma_3_changed
FROM index.value_month_change
WHERE
    (source <> 'blended' OR landscape_key NOT IN (SELECT landscape_key FROM series.closed_landscape))
    AND known_from <> known_until;
COMMENT ON VIEW index.value_month_revision IS
'Every row of value_month that was replaced or deleted, each index before and after and whether it changed.';
COMMENT ON COLUMN index.value_month_revision.changed_at IS 'When the new values took their place.';
COMMENT ON COLUMN index.value_month_revision.old_spi_1 IS 'spi_1 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_1 IS 'spi_1 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_1_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spi_2 IS 'spi_2 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_2 IS 'spi_2 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_2_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spi_3 IS 'spi_3 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_3 IS 'spi_3 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_3_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spi_6 IS 'spi_6 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_6 IS 'spi_6 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_6_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spi_9 IS 'spi_9 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_9 IS 'spi_9 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_9_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spi_12 IS 'spi_12 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_12 IS 'spi_12 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_12_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spi_24 IS 'spi_24 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_24 IS 'spi_24 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_24_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spi_hy IS 'spi_hy as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_hy IS 'spi_hy as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_hy_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spi_veg IS 'spi_veg as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spi_veg IS 'spi_veg as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spi_veg_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_1 IS 'spei_1 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_1 IS 'spei_1 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_1_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_2 IS 'spei_2 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_2 IS 'spei_2 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_2_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_3 IS 'spei_3 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_3 IS 'spei_3 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_3_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_6 IS 'spei_6 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_6 IS 'spei_6 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_6_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_9 IS 'spei_9 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_9 IS 'spei_9 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_9_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_12 IS 'spei_12 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_12 IS 'spei_12 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_12_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_24 IS 'spei_24 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_24 IS 'spei_24 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_24_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_hy IS 'spei_hy as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_hy IS 'spei_hy as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_hy_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_spei_veg IS 'spei_veg as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_spei_veg IS 'spei_veg as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.spei_veg_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_pn_1 IS 'pn_1 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_pn_1 IS 'pn_1 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.pn_1_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_pn_3 IS 'pn_3 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_pn_3 IS 'pn_3 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.pn_3_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_pn_6 IS 'pn_6 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_pn_6 IS 'pn_6 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.pn_6_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_pn_9 IS 'pn_9 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_pn_9 IS 'pn_9 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.pn_9_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_pn_12 IS 'pn_12 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_pn_12 IS 'pn_12 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.pn_12_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_smri_1 IS 'smri_1 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_smri_1 IS 'smri_1 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.smri_1_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_smri_3 IS 'smri_3 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_smri_3 IS 'smri_3 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.smri_3_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_smri_6 IS 'smri_6 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_smri_6 IS 'smri_6 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.smri_6_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_smri_12 IS 'smri_12 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_smri_12 IS 'smri_12 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.smri_12_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_smri_hy IS 'smri_hy as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_smri_hy IS 'smri_hy as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.smri_hy_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_swei_1 IS 'swei_1 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_swei_1 IS 'swei_1 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.swei_1_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_sma_1 IS 'sma_1 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_sma_1 IS 'sma_1 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.sma_1_changed IS 'Whether its value or its gap changed.';
COMMENT ON COLUMN index.value_month_revision.old_sma_3 IS 'sma_3 as it was; null: a gap.';
COMMENT ON COLUMN index.value_month_revision.new_sma_3 IS 'sma_3 as it became; null: a gap, or the row was deleted.';
COMMENT ON COLUMN index.value_month_revision.sma_3_changed IS 'Whether its value or its gap changed.';
SELECT ops.copy_comments('index.value_month_change', 'index.value_month_revision');

CREATE OR REPLACE VIEW mart.revision_report WITH (security_barrier = TRUE) AS
WITH of_climate AS (
    SELECT
        r.changed_at,
        c.country_code,
        r.source,
        r.quantity,
        r.month,
        count(*) AS landscapes,
        count(*) FILTER (WHERE r.old_value IS NULL AND r.new_value IS NOT NULL) AS filled,
        count(*) FILTER (WHERE r.old_value IS NOT NULL AND r.new_value IS NULL) AS lost,
        avg(r.new_value - r.old_value) AS mean_change,
        max(r.new_value - r.old_value) AS greatest_rise,
        min(r.new_value - r.old_value) AS greatest_fall
    FROM series.climate_month_revision AS r
    INNER JOIN landscape.current AS c USING (landscape_key)
    GROUP BY r.changed_at, c.country_code, r.source, r.quantity, r.month
),

of_indices AS (
    SELECT
        r.changed_at,
        c.country_code,
        r.source,
        r.calibration,
        r.month,
        count(*) FILTER (WHERE r.spi_1_changed) AS spi_1_landscapes,
        count(*) FILTER (WHERE r.spi_1_changed AND r.old_spi_1 IS NULL AND r.new_spi_1 IS NOT NULL) AS spi_1_filled,
        count(*) FILTER (WHERE r.spi_1_changed AND r.old_spi_1 IS NOT NULL AND r.new_spi_1 IS NULL) AS spi_1_lost,
        avg(r.new_spi_1 - r.old_spi_1) FILTER (WHERE r.spi_1_changed) AS spi_1_mean,
        max(r.new_spi_1 - r.old_spi_1) FILTER (WHERE r.spi_1_changed) AS spi_1_rise,
        min(r.new_spi_1 - r.old_spi_1) FILTER (WHERE r.spi_1_changed) AS spi_1_fall,
        count(*) FILTER (WHERE r.spi_2_changed) AS spi_2_landscapes,
        count(*) FILTER (WHERE r.spi_2_changed AND r.old_spi_2 IS NULL AND r.new_spi_2 IS NOT NULL) AS spi_2_filled,
        count(*) FILTER (WHERE r.spi_2_changed AND r.old_spi_2 IS NOT NULL AND r.new_spi_2 IS NULL) AS spi_2_lost,
        avg(r.new_spi_2 - r.old_spi_2) FILTER (WHERE r.spi_2_changed) AS spi_2_mean,
        max(r.new_spi_2 - r.old_spi_2) FILTER (WHERE r.spi_2_changed) AS spi_2_rise,
        min(r.new_spi_2 - r.old_spi_2) FILTER (WHERE r.spi_2_changed) AS spi_2_fall,
        count(*) FILTER (WHERE r.spi_3_changed) AS spi_3_landscapes,
        count(*) FILTER (WHERE r.spi_3_changed AND r.old_spi_3 IS NULL AND r.new_spi_3 IS NOT NULL) AS spi_3_filled,
        count(*) FILTER (WHERE r.spi_3_changed AND r.old_spi_3 IS NOT NULL AND r.new_spi_3 IS NULL) AS spi_3_lost,
        avg(r.new_spi_3 - r.old_spi_3) FILTER (WHERE r.spi_3_changed) AS spi_3_mean,
        max(r.new_spi_3 - r.old_spi_3) FILTER (WHERE r.spi_3_changed) AS spi_3_rise,
        min(r.new_spi_3 - r.old_spi_3) FILTER (WHERE r.spi_3_changed) AS spi_3_fall,
        count(*) FILTER (WHERE r.spi_6_changed) AS spi_6_landscapes,
        count(*) FILTER (WHERE r.spi_6_changed AND r.old_spi_6 IS NULL AND r.new_spi_6 IS NOT NULL) AS spi_6_filled,
        count(*) FILTER (WHERE r.spi_6_changed AND r.old_spi_6 IS NOT NULL AND r.new_spi_6 IS NULL) AS spi_6_lost,
        avg(r.new_spi_6 - r.old_spi_6) FILTER (WHERE r.spi_6_changed) AS spi_6_mean,
        max(r.new_spi_6 - r.old_spi_6) FILTER (WHERE r.spi_6_changed) AS spi_6_rise,
        min(r.new_spi_6 - r.old_spi_6) FILTER (WHERE r.spi_6_changed) AS spi_6_fall,
        count(*) FILTER (WHERE r.spi_9_changed) AS spi_9_landscapes,
        count(*) FILTER (WHERE r.spi_9_changed AND r.old_spi_9 IS NULL AND r.new_spi_9 IS NOT NULL) AS spi_9_filled,
        count(*) FILTER (WHERE r.spi_9_changed AND r.old_spi_9 IS NOT NULL AND r.new_spi_9 IS NULL) AS spi_9_lost,
        avg(r.new_spi_9 - r.old_spi_9) FILTER (WHERE r.spi_9_changed) AS spi_9_mean,
        max(r.new_spi_9 - r.old_spi_9) FILTER (WHERE r.spi_9_changed) AS spi_9_rise,
        min(r.new_spi_9 - r.old_spi_9) FILTER (WHERE r.spi_9_changed) AS spi_9_fall,
        count(*) FILTER (WHERE r.spi_12_changed) AS spi_12_landscapes,
        count(*) FILTER (WHERE r.spi_12_changed AND r.old_spi_12 IS NULL AND r.new_spi_12 IS NOT NULL) AS spi_12_filled,
        count(*) FILTER (WHERE r.spi_12_changed AND r.old_spi_12 IS NOT NULL AND r.new_spi_12 IS NULL) AS spi_12_lost,
        avg(r.new_spi_12 - r.old_spi_12) FILTER (WHERE r.spi_12_changed) AS spi_12_mean,
        max(r.new_spi_12 - r.old_spi_12) FILTER (WHERE r.spi_12_changed) AS spi_12_rise,
        min(r.new_spi_12 - r.old_spi_12) FILTER (WHERE r.spi_12_changed) AS spi_12_fall,
        count(*) FILTER (WHERE r.spi_24_changed) AS spi_24_landscapes,
        count(*) FILTER (WHERE r.spi_24_changed AND r.old_spi_24 IS NULL AND r.new_spi_24 IS NOT NULL) AS spi_24_filled,
        count(*) FILTER (WHERE r.spi_24_changed AND r.old_spi_24 IS NOT NULL AND r.new_spi_24 IS NULL) AS spi_24_lost,
        avg(r.new_spi_24 - r.old_spi_24) FILTER (WHERE r.spi_24_changed) AS spi_24_mean,
        max(r.new_spi_24 - r.old_spi_24) FILTER (WHERE r.spi_24_changed) AS spi_24_rise,
        min(r.new_spi_24 - r.old_spi_24) FILTER (WHERE r.spi_24_changed) AS spi_24_fall,
        count(*) FILTER (WHERE r.spi_hy_changed) AS spi_hy_landscapes,
        count(*) FILTER (WHERE r.spi_hy_changed AND r.old_spi_hy IS NULL AND r.new_spi_hy IS NOT NULL) AS spi_hy_filled,
        count(*) FILTER (WHERE r.spi_hy_changed AND r.old_spi_hy IS NOT NULL AND r.new_spi_hy IS NULL) AS spi_hy_lost,
        avg(r.new_spi_hy - r.old_spi_hy) FILTER (WHERE r.spi_hy_changed) AS spi_hy_mean,
        max(r.new_spi_hy - r.old_spi_hy) FILTER (WHERE r.spi_hy_changed) AS spi_hy_rise,
        min(r.new_spi_hy - r.old_spi_hy) FILTER (WHERE r.spi_hy_changed) AS spi_hy_fall,
        count(*) FILTER (WHERE r.spi_veg_changed) AS spi_veg_landscapes,
        count(*) FILTER (WHERE r.spi_veg_changed AND r.old_spi_veg IS NULL AND r.new_spi_veg IS NOT NULL) AS spi_veg_filled,
        count(*) FILTER (WHERE r.spi_veg_changed AND r.old_spi_veg IS NOT NULL AND r.new_spi_veg IS NULL) AS spi_veg_lost,
        avg(r.new_spi_veg - r.old_spi_veg) FILTER (WHERE r.spi_veg_changed) AS spi_veg_mean,
        max(r.new_spi_veg - r.old_spi_veg) FILTER (WHERE r.spi_veg_changed) AS spi_veg_rise,
        min(r.new_spi_veg - r.old_spi_veg) FILTER (WHERE r.spi_veg_changed) AS spi_veg_fall,
        count(*) FILTER (WHERE r.spei_1_changed) AS spei_1_landscapes,
        count(*) FILTER (WHERE r.spei_1_changed AND r.old_spei_1 IS NULL AND r.new_spei_1 IS NOT NULL) AS spei_1_filled,
        count(*) FILTER (WHERE r.spei_1_changed AND r.old_spei_1 IS NOT NULL AND r.new_spei_1 IS NULL) AS spei_1_lost,
        avg(r.new_spei_1 - r.old_spei_1) FILTER (WHERE r.spei_1_changed) AS spei_1_mean,
        max(r.new_spei_1 - r.old_spei_1) FILTER (WHERE r.spei_1_changed) AS spei_1_rise,
        min(r.new_spei_1 - r.old_spei_1) FILTER (WHERE r.spei_1_changed) AS spei_1_fall,
        count(*) FILTER (WHERE r.spei_2_changed) AS spei_2_landscapes,
        count(*) FILTER (WHERE r.spei_2_changed AND r.old_spei_2 IS NULL AND r.new_spei_2 IS NOT NULL) AS spei_2_filled,
        count(*) FILTER (WHERE r.spei_2_changed AND r.old_spei_2 IS NOT NULL AND r.new_spei_2 IS NULL) AS spei_2_lost,
        avg(r.new_spei_2 - r.old_spei_2) FILTER (WHERE r.spei_2_changed) AS spei_2_mean,
        max(r.new_spei_2 - r.old_spei_2) FILTER (WHERE r.spei_2_changed) AS spei_2_rise,
        min(r.new_spei_2 - r.old_spei_2) FILTER (WHERE r.spei_2_changed) AS spei_2_fall,
        count(*) FILTER (WHERE r.spei_3_changed) AS spei_3_landscapes,
        count(*) FILTER (WHERE r.spei_3_changed AND r.old_spei_3 IS NULL AND r.new_spei_3 IS NOT NULL) AS spei_3_filled,
        count(*) FILTER (WHERE r.spei_3_changed AND r.old_spei_3 IS NOT NULL AND r.new_spei_3 IS NULL) AS spei_3_lost,
        avg(r.new_spei_3 - r.old_spei_3) FILTER (WHERE r.spei_3_changed) AS spei_3_mean,
        max(r.new_spei_3 - r.old_spei_3) FILTER (WHERE r.spei_3_changed) AS spei_3_rise,
        min(r.new_spei_3 - r.old_spei_3) FILTER (WHERE r.spei_3_changed) AS spei_3_fall,
        count(*) FILTER (WHERE r.spei_6_changed) AS spei_6_landscapes,
        count(*) FILTER (WHERE r.spei_6_changed AND r.old_spei_6 IS NULL AND r.new_spei_6 IS NOT NULL) AS spei_6_filled,
        count(*) FILTER (WHERE r.spei_6_changed AND r.old_spei_6 IS NOT NULL AND r.new_spei_6 IS NULL) AS spei_6_lost,
        avg(r.new_spei_6 - r.old_spei_6) FILTER (WHERE r.spei_6_changed) AS spei_6_mean,
        max(r.new_spei_6 - r.old_spei_6) FILTER (WHERE r.spei_6_changed) AS spei_6_rise,
        min(r.new_spei_6 - r.old_spei_6) FILTER (WHERE r.spei_6_changed) AS spei_6_fall,
        count(*) FILTER (WHERE r.spei_9_changed) AS spei_9_landscapes,
        count(*) FILTER (WHERE r.spei_9_changed AND r.old_spei_9 IS NULL AND r.new_spei_9 IS NOT NULL) AS spei_9_filled,
        count(*) FILTER (WHERE r.spei_9_changed AND r.old_spei_9 IS NOT NULL AND r.new_spei_9 IS NULL) AS spei_9_lost,
        avg(r.new_spei_9 - r.old_spei_9) FILTER (WHERE r.spei_9_changed) AS spei_9_mean,
        max(r.new_spei_9 - r.old_spei_9) FILTER (WHERE r.spei_9_changed) AS spei_9_rise,
        min(r.new_spei_9 - r.old_spei_9) FILTER (WHERE r.spei_9_changed) AS spei_9_fall,
        count(*) FILTER (WHERE r.spei_12_changed) AS spei_12_landscapes,
        count(*) FILTER (WHERE r.spei_12_changed AND r.old_spei_12 IS NULL AND r.new_spei_12 IS NOT NULL) AS spei_12_filled,
        count(*) FILTER (WHERE r.spei_12_changed AND r.old_spei_12 IS NOT NULL AND r.new_spei_12 IS NULL) AS spei_12_lost,
        avg(r.new_spei_12 - r.old_spei_12) FILTER (WHERE r.spei_12_changed) AS spei_12_mean,
        max(r.new_spei_12 - r.old_spei_12) FILTER (WHERE r.spei_12_changed) AS spei_12_rise,
        min(r.new_spei_12 - r.old_spei_12) FILTER (WHERE r.spei_12_changed) AS spei_12_fall,
        count(*) FILTER (WHERE r.spei_24_changed) AS spei_24_landscapes,
        count(*) FILTER (WHERE r.spei_24_changed AND r.old_spei_24 IS NULL AND r.new_spei_24 IS NOT NULL) AS spei_24_filled,
        count(*) FILTER (WHERE r.spei_24_changed AND r.old_spei_24 IS NOT NULL AND r.new_spei_24 IS NULL) AS spei_24_lost,
        avg(r.new_spei_24 - r.old_spei_24) FILTER (WHERE r.spei_24_changed) AS spei_24_mean,
        max(r.new_spei_24 - r.old_spei_24) FILTER (WHERE r.spei_24_changed) AS spei_24_rise,
        min(r.new_spei_24 - r.old_spei_24) FILTER (WHERE r.spei_24_changed) AS spei_24_fall,
        count(*) FILTER (WHERE r.spei_hy_changed) AS spei_hy_landscapes,
        count(*) FILTER (WHERE r.spei_hy_changed AND r.old_spei_hy IS NULL AND r.new_spei_hy IS NOT NULL) AS spei_hy_filled,
        count(*) FILTER (WHERE r.spei_hy_changed AND r.old_spei_hy IS NOT NULL AND r.new_spei_hy IS NULL) AS spei_hy_lost,
        avg(r.new_spei_hy - r.old_spei_hy) FILTER (WHERE r.spei_hy_changed) AS spei_hy_mean,
        max(r.new_spei_hy - r.old_spei_hy) FILTER (WHERE r.spei_hy_changed) AS spei_hy_rise,
        min(r.new_spei_hy - r.old_spei_hy) FILTER (WHERE r.spei_hy_changed) AS spei_hy_fall,
        count(*) FILTER (WHERE r.spei_veg_changed) AS spei_veg_landscapes,
        count(*) FILTER (WHERE r.spei_veg_changed AND r.old_spei_veg IS NULL AND r.new_spei_veg IS NOT NULL) AS spei_veg_filled,
        count(*) FILTER (WHERE r.spei_veg_changed AND r.old_spei_veg IS NOT NULL AND r.new_spei_veg IS NULL) AS spei_veg_lost,
        avg(r.new_spei_veg - r.old_spei_veg) FILTER (WHERE r.spei_veg_changed) AS spei_veg_mean,
        max(r.new_spei_veg - r.old_spei_veg) FILTER (WHERE r.spei_veg_changed) AS spei_veg_rise,
        min(r.new_spei_veg - r.old_spei_veg) FILTER (WHERE r.spei_veg_changed) AS spei_veg_fall,
        count(*) FILTER (WHERE r.pn_1_changed) AS pn_1_landscapes,
        count(*) FILTER (WHERE r.pn_1_changed AND r.old_pn_1 IS NULL AND r.new_pn_1 IS NOT NULL) AS pn_1_filled,
        count(*) FILTER (WHERE r.pn_1_changed AND r.old_pn_1 IS NOT NULL AND r.new_pn_1 IS NULL) AS pn_1_lost,
        avg(r.new_pn_1 - r.old_pn_1) FILTER (WHERE r.pn_1_changed) AS pn_1_mean,
        max(r.new_pn_1 - r.old_pn_1) FILTER (WHERE r.pn_1_changed) AS pn_1_rise,
        min(r.new_pn_1 - r.old_pn_1) FILTER (WHERE r.pn_1_changed) AS pn_1_fall,
        count(*) FILTER (WHERE r.pn_3_changed) AS pn_3_landscapes,
        count(*) FILTER (WHERE r.pn_3_changed AND r.old_pn_3 IS NULL AND r.new_pn_3 IS NOT NULL) AS pn_3_filled,
        count(*) FILTER (WHERE r.pn_3_changed AND r.old_pn_3 IS NOT NULL AND r.new_pn_3 IS NULL) AS pn_3_lost,
        avg(r.new_pn_3 - r.old_pn_3) FILTER (WHERE r.pn_3_changed) AS pn_3_mean,
        max(r.new_pn_3 - r.old_pn_3) FILTER (WHERE r.pn_3_changed) AS pn_3_rise,
        min(r.new_pn_3 - r.old_pn_3) FILTER (WHERE r.pn_3_changed) AS pn_3_fall,
        count(*) FILTER (WHERE r.pn_6_changed) AS pn_6_landscapes,
        count(*) FILTER (WHERE r.pn_6_changed AND r.old_pn_6 IS NULL AND r.new_pn_6 IS NOT NULL) AS pn_6_filled,
        count(*) FILTER (WHERE r.pn_6_changed AND r.old_pn_6 IS NOT NULL AND r.new_pn_6 IS NULL) AS pn_6_lost,
        avg(r.new_pn_6 - r.old_pn_6) FILTER (WHERE r.pn_6_changed) AS pn_6_mean,
        max(r.new_pn_6 - r.old_pn_6) FILTER (WHERE r.pn_6_changed) AS pn_6_rise,
        min(r.new_pn_6 - r.old_pn_6) FILTER (WHERE r.pn_6_changed) AS pn_6_fall,
        count(*) FILTER (WHERE r.pn_9_changed) AS pn_9_landscapes,
        count(*) FILTER (WHERE r.pn_9_changed AND r.old_pn_9 IS NULL AND r.new_pn_9 IS NOT NULL) AS pn_9_filled,
        count(*) FILTER (WHERE r.pn_9_changed AND r.old_pn_9 IS NOT NULL AND r.new_pn_9 IS NULL) AS pn_9_lost,
        avg(r.new_pn_9 - r.old_pn_9) FILTER (WHERE r.pn_9_changed) AS pn_9_mean,
        max(r.new_pn_9 - r.old_pn_9) FILTER (WHERE r.pn_9_changed) AS pn_9_rise,
        min(r.new_pn_9 - r.old_pn_9) FILTER (WHERE r.pn_9_changed) AS pn_9_fall,
        count(*) FILTER (WHERE r.pn_12_changed) AS pn_12_landscapes,
        count(*) FILTER (WHERE r.pn_12_changed AND r.old_pn_12 IS NULL AND r.new_pn_12 IS NOT NULL) AS pn_12_filled,
        count(*) FILTER (WHERE r.pn_12_changed AND r.old_pn_12 IS NOT NULL AND r.new_pn_12 IS NULL) AS pn_12_lost,
        avg(r.new_pn_12 - r.old_pn_12) FILTER (WHERE r.pn_12_changed) AS pn_12_mean,
        max(r.new_pn_12 - r.old_pn_12) FILTER (WHERE r.pn_12_changed) AS pn_12_rise,
        min(r.new_pn_12 - r.old_pn_12) FILTER (WHERE r.pn_12_changed) AS pn_12_fall,
        count(*) FILTER (WHERE r.smri_1_changed) AS smri_1_landscapes,
        count(*) FILTER (WHERE r.smri_1_changed AND r.old_smri_1 IS NULL AND r.new_smri_1 IS NOT NULL) AS smri_1_filled,
        count(*) FILTER (WHERE r.smri_1_changed AND r.old_smri_1 IS NOT NULL AND r.new_smri_1 IS NULL) AS smri_1_lost,
        avg(r.new_smri_1 - r.old_smri_1) FILTER (WHERE r.smri_1_changed) AS smri_1_mean,
        max(r.new_smri_1 - r.old_smri_1) FILTER (WHERE r.smri_1_changed) AS smri_1_rise,
        min(r.new_smri_1 - r.old_smri_1) FILTER (WHERE r.smri_1_changed) AS smri_1_fall,
        count(*) FILTER (WHERE r.smri_3_changed) AS smri_3_landscapes,
        count(*) FILTER (WHERE r.smri_3_changed AND r.old_smri_3 IS NULL AND r.new_smri_3 IS NOT NULL) AS smri_3_filled,
        count(*) FILTER (WHERE r.smri_3_changed AND r.old_smri_3 IS NOT NULL AND r.new_smri_3 IS NULL) AS smri_3_lost,
        avg(r.new_smri_3 - r.old_smri_3) FILTER (WHERE r.smri_3_changed) AS smri_3_mean,
        max(r.new_smri_3 - r.old_smri_3) FILTER (WHERE r.smri_3_changed) AS smri_3_rise,
        min(r.new_smri_3 - r.old_smri_3) FILTER (WHERE r.smri_3_changed) AS smri_3_fall,
        count(*) FILTER (WHERE r.smri_6_changed) AS smri_6_landscapes,
        count(*) FILTER (WHERE r.smri_6_changed AND r.old_smri_6 IS NULL AND r.new_smri_6 IS NOT NULL) AS smri_6_filled,
        count(*) FILTER (WHERE r.smri_6_changed AND r.old_smri_6 IS NOT NULL AND r.new_smri_6 IS NULL) AS smri_6_lost,
        avg(r.new_smri_6 - r.old_smri_6) FILTER (WHERE r.smri_6_changed) AS smri_6_mean,
        max(r.new_smri_6 - r.old_smri_6) FILTER (WHERE r.smri_6_changed) AS smri_6_rise,
        min(r.new_smri_6 - r.old_smri_6) FILTER (WHERE r.smri_6_changed) AS smri_6_fall,
        count(*) FILTER (WHERE r.smri_12_changed) AS smri_12_landscapes,
        count(*) FILTER (WHERE r.smri_12_changed AND r.old_smri_12 IS NULL AND r.new_smri_12 IS NOT NULL) AS smri_12_filled,
        count(*) FILTER (WHERE r.smri_12_changed AND r.old_smri_12 IS NOT NULL AND r.new_smri_12 IS NULL) AS smri_12_lost,
        avg(r.new_smri_12 - r.old_smri_12) FILTER (WHERE r.smri_12_changed) AS smri_12_mean,
        max(r.new_smri_12 - r.old_smri_12) FILTER (WHERE r.smri_12_changed) AS smri_12_rise,
        min(r.new_smri_12 - r.old_smri_12) FILTER (WHERE r.smri_12_changed) AS smri_12_fall,
        count(*) FILTER (WHERE r.smri_hy_changed) AS smri_hy_landscapes,
        count(*) FILTER (WHERE r.smri_hy_changed AND r.old_smri_hy IS NULL AND r.new_smri_hy IS NOT NULL) AS smri_hy_filled,
        count(*) FILTER (WHERE r.smri_hy_changed AND r.old_smri_hy IS NOT NULL AND r.new_smri_hy IS NULL) AS smri_hy_lost,
        avg(r.new_smri_hy - r.old_smri_hy) FILTER (WHERE r.smri_hy_changed) AS smri_hy_mean,
        max(r.new_smri_hy - r.old_smri_hy) FILTER (WHERE r.smri_hy_changed) AS smri_hy_rise,
        min(r.new_smri_hy - r.old_smri_hy) FILTER (WHERE r.smri_hy_changed) AS smri_hy_fall,
        count(*) FILTER (WHERE r.swei_1_changed) AS swei_1_landscapes,
        count(*) FILTER (WHERE r.swei_1_changed AND r.old_swei_1 IS NULL AND r.new_swei_1 IS NOT NULL) AS swei_1_filled,
        count(*) FILTER (WHERE r.swei_1_changed AND r.old_swei_1 IS NOT NULL AND r.new_swei_1 IS NULL) AS swei_1_lost,
        avg(r.new_swei_1 - r.old_swei_1) FILTER (WHERE r.swei_1_changed) AS swei_1_mean,
        max(r.new_swei_1 - r.old_swei_1) FILTER (WHERE r.swei_1_changed) AS swei_1_rise,
        min(r.new_swei_1 - r.old_swei_1) FILTER (WHERE r.swei_1_changed) AS swei_1_fall,
        count(*) FILTER (WHERE r.sma_1_changed) AS sma_1_landscapes,
        count(*) FILTER (WHERE r.sma_1_changed AND r.old_sma_1 IS NULL AND r.new_sma_1 IS NOT NULL) AS sma_1_filled,
        count(*) FILTER (WHERE r.sma_1_changed AND r.old_sma_1 IS NOT NULL AND r.new_sma_1 IS NULL) AS sma_1_lost,
        avg(r.new_sma_1 - r.old_sma_1) FILTER (WHERE r.sma_1_changed) AS sma_1_mean,
        max(r.new_sma_1 - r.old_sma_1) FILTER (WHERE r.sma_1_changed) AS sma_1_rise,
        min(r.new_sma_1 - r.old_sma_1) FILTER (WHERE r.sma_1_changed) AS sma_1_fall,
        count(*) FILTER (WHERE r.sma_3_changed) AS sma_3_landscapes,
        count(*) FILTER (WHERE r.sma_3_changed AND r.old_sma_3 IS NULL AND r.new_sma_3 IS NOT NULL) AS sma_3_filled,
        count(*) FILTER (WHERE r.sma_3_changed AND r.old_sma_3 IS NOT NULL AND r.new_sma_3 IS NULL) AS sma_3_lost,
        avg(r.new_sma_3 - r.old_sma_3) FILTER (WHERE r.sma_3_changed) AS sma_3_mean,
        max(r.new_sma_3 - r.old_sma_3) FILTER (WHERE r.sma_3_changed) AS sma_3_rise,
        min(r.new_sma_3 - r.old_sma_3) FILTER (WHERE r.sma_3_changed) AS sma_3_fall
    FROM index.value_month_revision AS r
    INNER JOIN landscape.current AS c USING (landscape_key)
    GROUP BY r.changed_at, c.country_code, r.source, r.calibration, r.month
),

of_stage AS (
    SELECT
        r.changed_at,
        c.country_code,
        r.drought_type || '_stage' AS quantity,
        r.month,
        count(*) AS landscapes,
        count(*) FILTER (WHERE r.new_stage IS NULL) AS lost,
        avg(r.new_stage_rank - r.old_stage_rank)::double precision AS mean_change,
        max(r.new_stage_rank - r.old_stage_rank) AS greatest_rise,
        min(r.new_stage_rank - r.old_stage_rank) AS greatest_fall,
        count(*) FILTER (WHERE r.approval <> 'not_needed') AS corrected,
        count(*) FILTER (WHERE r.approval = 'approved') AS corrections_told
    FROM mart.revision_stage AS r
    INNER JOIN landscape.current AS c USING (landscape_id)
    GROUP BY r.changed_at, c.country_code, r.drought_type, r.month
)

SELECT
    changed_at,
    country_code,
    source,
    quantity,
    NULL AS calibration,
    month,
    landscapes,
    filled,
    lost,
    mean_change,
    CASE WHEN greatest_rise >= -greatest_fall THEN greatest_rise ELSE greatest_fall END AS largest_change,
    NULL::bigint AS stages_changed,
    NULL::bigint AS corrections,
    NULL::bigint AS corrections_told
FROM of_climate
UNION ALL
SELECT
    i.changed_at,
    i.country_code,
    i.source,
    one.quantity,
    i.calibration,
    i.month,
    one.landscapes,
    one.filled,
    one.lost,
    one.mean_change,
    CASE WHEN one.rise >= -one.fall THEN one.rise ELSE one.fall END AS largest_change,
    NULL::bigint AS stages_changed,
    NULL::bigint AS corrections,
    NULL::bigint AS corrections_told
FROM of_indices AS i
CROSS JOIN
    LATERAL (
        VALUES
        ('spi_1', i.spi_1_landscapes, i.spi_1_filled, i.spi_1_lost, i.spi_1_mean, i.spi_1_rise, i.spi_1_fall),
        ('spi_2', i.spi_2_landscapes, i.spi_2_filled, i.spi_2_lost, i.spi_2_mean, i.spi_2_rise, i.spi_2_fall),
        ('spi_3', i.spi_3_landscapes, i.spi_3_filled, i.spi_3_lost, i.spi_3_mean, i.spi_3_rise, i.spi_3_fall),
        ('spi_6', i.spi_6_landscapes, i.spi_6_filled, i.spi_6_lost, i.spi_6_mean, i.spi_6_rise, i.spi_6_fall),
        ('spi_9', i.spi_9_landscapes, i.spi_9_filled, i.spi_9_lost, i.spi_9_mean, i.spi_9_rise, i.spi_9_fall),
        ('spi_12', i.spi_12_landscapes, i.spi_12_filled, i.spi_12_lost, i.spi_12_mean, i.spi_12_rise, i.spi_12_fall),
        ('spi_24', i.spi_24_landscapes, i.spi_24_filled, i.spi_24_lost, i.spi_24_mean, i.spi_24_rise, i.spi_24_fall),
        ('spi_hy', i.spi_hy_landscapes, i.spi_hy_filled, i.spi_hy_lost, i.spi_hy_mean, i.spi_hy_rise, i.spi_hy_fall),
        ('spi_veg', i.spi_veg_landscapes, i.spi_veg_filled, i.spi_veg_lost, i.spi_veg_mean, i.spi_veg_rise, i.spi_veg_fall),
        ('spei_1', i.spei_1_landscapes, i.spei_1_filled, i.spei_1_lost, i.spei_1_mean, i.spei_1_rise, i.spei_1_fall),
        ('spei_2', i.spei_2_landscapes, i.spei_2_filled, i.spei_2_lost, i.spei_2_mean, i.spei_2_rise, i.spei_2_fall),
        ('spei_3', i.spei_3_landscapes, i.spei_3_filled, i.spei_3_lost, i.spei_3_mean, i.spei_3_rise, i.spei_3_fall),
        ('spei_6', i.spei_6_landscapes, i.spei_6_filled, i.spei_6_lost, i.spei_6_mean, i.spei_6_rise, i.spei_6_fall),
        ('spei_9', i.spei_9_landscapes, i.spei_9_filled, i.spei_9_lost, i.spei_9_mean, i.spei_9_rise, i.spei_9_fall),
        ('spei_12', i.spei_12_landscapes, i.spei_12_filled, i.spei_12_lost, i.spei_12_mean, i.spei_12_rise, i.spei_12_fall),
        ('spei_24', i.spei_24_landscapes, i.spei_24_filled, i.spei_24_lost, i.spei_24_mean, i.spei_24_rise, i.spei_24_fall),
        ('spei_hy', i.spei_hy_landscapes, i.spei_hy_filled, i.spei_hy_lost, i.spei_hy_mean, i.spei_hy_rise, i.spei_hy_fall),
        ('spei_veg', i.spei_veg_landscapes, i.spei_veg_filled, i.spei_veg_lost, i.spei_veg_mean, i.spei_veg_rise, i.spei_veg_fall),
        ('pn_1', i.pn_1_landscapes, i.pn_1_filled, i.pn_1_lost, i.pn_1_mean, i.pn_1_rise, i.pn_1_fall),
        ('pn_3', i.pn_3_landscapes, i.pn_3_filled, i.pn_3_lost, i.pn_3_mean, i.pn_3_rise, i.pn_3_fall),
        ('pn_6', i.pn_6_landscapes, i.pn_6_filled, i.pn_6_lost, i.pn_6_mean, i.pn_6_rise, i.pn_6_fall),
        ('pn_9', i.pn_9_landscapes, i.pn_9_filled, i.pn_9_lost, i.pn_9_mean, i.pn_9_rise, i.pn_9_fall),
        ('pn_12', i.pn_12_landscapes, i.pn_12_filled, i.pn_12_lost, i.pn_12_mean, i.pn_12_rise, i.pn_12_fall),
        ('smri_1', i.smri_1_landscapes, i.smri_1_filled, i.smri_1_lost, i.smri_1_mean, i.smri_1_rise, i.smri_1_fall),
        ('smri_3', i.smri_3_landscapes, i.smri_3_filled, i.smri_3_lost, i.smri_3_mean, i.smri_3_rise, i.smri_3_fall),
        ('smri_6', i.smri_6_landscapes, i.smri_6_filled, i.smri_6_lost, i.smri_6_mean, i.smri_6_rise, i.smri_6_fall),
        ('smri_12', i.smri_12_landscapes, i.smri_12_filled, i.smri_12_lost, i.smri_12_mean, i.smri_12_rise, i.smri_12_fall),
        ('smri_hy', i.smri_hy_landscapes, i.smri_hy_filled, i.smri_hy_lost, i.smri_hy_mean, i.smri_hy_rise, i.smri_hy_fall),
        ('swei_1', i.swei_1_landscapes, i.swei_1_filled, i.swei_1_lost, i.swei_1_mean, i.swei_1_rise, i.swei_1_fall),
        ('sma_1', i.sma_1_landscapes, i.sma_1_filled, i.sma_1_lost, i.sma_1_mean, i.sma_1_rise, i.sma_1_fall),
        ('sma_3', i.sma_3_landscapes, i.sma_3_filled, i.sma_3_lost, i.sma_3_mean, i.sma_3_rise, i.sma_3_fall)
    ) AS one (quantity, landscapes, filled, lost, mean_change, rise, fall)
WHERE one.landscapes > 0
UNION ALL
SELECT
    changed_at,
    country_code,
    NULL AS source,
    quantity,
    NULL AS calibration,
    month,
    landscapes,
    0 AS filled,
    lost,
    mean_change,
    CASE WHEN greatest_rise >= -greatest_fall THEN greatest_rise ELSE greatest_fall END AS largest_change,
    landscapes AS stages_changed,
    corrected AS corrections,
    corrections_told
FROM of_stage;

-- One view of every stage there ever was -------------------------------------------------------------

CREATE OR REPLACE VIEW mart.stage_month_ever WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    v.month,
    v.plan_id,
    v.plan_version,
    v.drought_type,
    v.stage,
    v.stage_rank,
    v.since_month,
    v.is_confirmed,
    v.silent_months,
    v.known_from,
    v.known_until,
    mart.row_key(
        v.landscape_key, v.month, 0,
        array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], v.drought_type), 0
    ) AS row_key
FROM plan.stage_month_ever AS v
INNER JOIN landscape.landscape AS l USING (landscape_key);
DROP VIEW plan.stage_ever;

-- What is only added to may only be added to ----------------------------------------------------------

REVOKE UPDATE, DELETE ON plan.evaluation FROM drought_pipeline;

GRANT SELECT, INSERT, UPDATE, DELETE ON plan.latest_stage, series.month_held TO drought_pipeline;
GRANT EXECUTE ON FUNCTION plan.make_latest_stages(), series.make_months_held() TO drought_pipeline;
GRANT SELECT ON series.month_counted, series.climate_month_revision, index.value_month_revision TO drought_pipeline;
