/*
 * Releases: what is expected of each source, what is late against that, and what a revision changed.
 *
 * Days are counted from the last day of a month, in UTC: the day of the source, the same for all
 * countries of an installation. Until a plan states limits of its own, late means late against
 * the source's schedule.
 */

CREATE TABLE ops.source_schedule (
    source text PRIMARY KEY CHECK (source ~ '^[a-z0-9][a-z0-9-]*$'),
    preliminary_after_days integer NOT NULL CHECK (preliminary_after_days >= 0),
    final_after_days integer CHECK (final_after_days >= preliminary_after_days),
    final_late_after_days integer CHECK (final_late_after_days >= final_after_days),
    reference text NOT NULL CHECK (reference <> ''),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CHECK ((final_after_days IS NULL) = (final_late_after_days IS NULL))
);
COMMENT ON TABLE ops.source_schedule IS
'When a month of each source is expected. A source without a row is never late, and its final values are not asked for.';
COMMENT ON COLUMN ops.source_schedule.source IS 'Name of the data source, such as era5-land.';
COMMENT ON COLUMN ops.source_schedule.preliminary_after_days IS
'Days from the last day of a month until its first values are expected to be here; missing on that day is late.';
COMMENT ON COLUMN ops.source_schedule.final_after_days IS
'Days from the last day of a month until its final values are asked for; null: the first values are final.';
COMMENT ON COLUMN ops.source_schedule.final_late_after_days IS
'Days from the last day of a month after which values that are still preliminary are overdue.';
COMMENT ON COLUMN ops.source_schedule.reference IS 'Where the days come from.';
COMMENT ON COLUMN ops.source_schedule.changed_at IS 'When the row was written last.';

INSERT INTO ops.source_schedule
(source, preliminary_after_days, final_after_days, final_late_after_days, reference)
VALUES (
    'era5-land', 7, 60, 100,
    'Copernicus Climate Data Store: monthly means appear about five days after the month ends and are overwritten '
    'about two to three months later; we fetch on the 7th and ask for final values after 60 days'
);

CREATE FUNCTION ops.due_day(month date, after_days integer) RETURNS date LANGUAGE sql IMMUTABLE
AS $$ SELECT (month + interval '1 month')::date - 1 + after_days $$;
COMMENT ON FUNCTION ops.due_day(date, integer) IS 'The day so many days after the last day of a month.';

CREATE FUNCTION ops.newest_due_month(after_days integer, at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE
AS $$ SELECT (date_trunc('month', (at AT TIME ZONE 'UTC')::date - after_days + 1) - interval '1 month')::date $$;
COMMENT ON FUNCTION ops.newest_due_month(integer, timestamptz) IS
'The newest month whose due day has begun at a moment; days begin at midnight UTC.';

DROP VIEW mart.freshness;

CREATE FUNCTION mart.freshness_at(at timestamptz) RETURNS TABLE (
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

month_held AS (
    SELECT
        l.country_code,
        c.source,
        c.month,
        count(*) FILTER (WHERE c.gap IS NULL) AS with_values,
        bool_or(c.release = 'preliminary') FILTER (WHERE c.gap IS NULL) AS is_preliminary,
        max(c.known_from) FILTER (WHERE c.gap IS NULL) AS known_from
    FROM series.climate_month AS c
    INNER JOIN landscape.current AS l USING (landscape_key)
    -- Made here of a grid and gauges: it comes when they do.
    WHERE c.source <> 'blended'
    GROUP BY l.country_code, c.source, c.month
),

held AS (
    SELECT
        country_code,
        source,
        min(month) FILTER (WHERE with_values > 0) AS first_month,
        max(month) FILTER (WHERE with_values > 0) AS newest_month,
        max(month) FILTER (WHERE with_values > 0 AND NOT is_preliminary) AS newest_final_month
    FROM month_held
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
    LEFT JOIN month_held AS m
        ON h.country_code = m.country_code AND h.source = m.source AND due.month = m.month AND m.with_values > 0
    WHERE m.month IS NULL
    GROUP BY h.country_code, h.source
),

overdue AS (
    SELECT m.country_code, m.source, count(*) AS months, min(m.month) AS oldest
    FROM month_held AS m
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
    coalesce(newest.with_values, 0),
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
LEFT JOIN month_held AS newest
    ON h.country_code = newest.country_code AND h.source = newest.source AND h.newest_month = newest.month
LEFT JOIN expected AS e ON h.source = e.source
LEFT JOIN late ON h.country_code = late.country_code AND h.source = late.source
LEFT JOIN overdue ON h.country_code = overdue.country_code AND h.source = overdue.source
$$;
COMMENT ON FUNCTION mart.freshness_at(timestamptz) IS
'mart.freshness judged at any moment: what is held now, against what should be there then. Days begin at midnight UTC.';

CREATE VIEW mart.freshness AS
SELECT
    country_code,
    source,
    newest_month,
    release,
    known_from,
    landscapes_with_values,
    landscapes,
    newest_final_month,
    expected_month,
    months_late,
    oldest_late_month,
    late_since,
    preliminary_overdue,
    oldest_preliminary_overdue
FROM mart.freshness_at(now());
COMMENT ON VIEW mart.freshness IS 'How far each source has come in each country, and what is late against the source''s schedule.';
COMMENT ON COLUMN mart.freshness.country_code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN mart.freshness.source IS 'Name of the data source.';
COMMENT ON COLUMN mart.freshness.newest_month IS
'First day of the newest month with precipitation in any landscape of the country; null: none ever had.';
COMMENT ON COLUMN mart.freshness.release IS 'Of that month: preliminary while any landscape''s value is, else final.';
COMMENT ON COLUMN mart.freshness.known_from IS 'When its values came, the last of them.';
COMMENT ON COLUMN mart.freshness.landscapes_with_values IS 'Landscapes that have precipitation in it.';
COMMENT ON COLUMN mart.freshness.landscapes IS 'Landscapes in the country.';
COMMENT ON COLUMN mart.freshness.newest_final_month IS 'First day of the newest month whose values are all final.';
COMMENT ON COLUMN mart.freshness.expected_month IS
'First day of the newest month that should be there today (UTC); null where the source has no schedule.';
COMMENT ON COLUMN mart.freshness.months_late IS
'Months without any value from the first one held to expected_month, holes included; null: no schedule, or never a value.';
COMMENT ON COLUMN mart.freshness.oldest_late_month IS 'First day of the oldest month that is late; null where none is.';
COMMENT ON COLUMN mart.freshness.late_since IS 'The day on which that month was due.';
COMMENT ON COLUMN mart.freshness.preliminary_overdue IS
'Months still preliminary after the day their final values should have come; null: no such day is set.';
COMMENT ON COLUMN mart.freshness.oldest_preliminary_overdue IS 'First day of the oldest of them; null where none is.';

-- What changed lately is looked for by the time of the change.
CREATE INDEX ON series.climate_month_superseded (known_until);
CREATE INDEX ON index.value_month_superseded (known_until);
CREATE INDEX ON plan.stage_month_superseded (known_until);
CREATE INDEX ON alert.transition (landscape_key, drought_type, decided_at);

-- A row and its successor share the instant of the change. A row that was replaced in the
-- transaction that wrote it was never shown: it is no revision.
CREATE VIEW mart.revision_value AS
WITH climate AS (
    SELECT
        landscape_key,
        month,
        source,
        precipitation_mm,
        temperature_mean_c,
        pet_mm,
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
            ('pet_mm', o.pet_mm, n.pet_mm, NULL, NULL)
        ) AS one (quantity, old_value, new_value, old_gap, new_gap)
    WHERE
        o.known_from < o.known_until
        AND (one.old_value IS DISTINCT FROM one.new_value OR one.old_gap IS DISTINCT FROM one.new_gap)
),

indices AS (
    SELECT
        landscape_key,
        month,
        source,
        calibration,
        spi_1,
        spi_2,
        spi_3,
        spi_6,
        spi_9,
        spi_12,
        spi_24,
        spei_1,
        spei_2,
        spei_3,
        spei_6,
        spei_9,
        spei_12,
        spei_24,
        pn_1,
        pn_3,
        pn_6,
        pn_9,
        pn_12,
        gaps,
        release,
        known_from
    FROM index.value_month
    UNION ALL
    SELECT
        landscape_key,
        month,
        source,
        calibration,
        spi_1,
        spi_2,
        spi_3,
        spi_6,
        spi_9,
        spi_12,
        spi_24,
        spei_1,
        spei_2,
        spei_3,
        spei_6,
        spei_9,
        spei_12,
        spei_24,
        pn_1,
        pn_3,
        pn_6,
        pn_9,
        pn_12,
        gaps,
        release,
        known_from
    FROM index.value_month_superseded
    WHERE known_from < known_until
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
    LEFT JOIN indices AS n
        ON
            o.landscape_key = n.landscape_key
            AND o.month = n.month
            AND o.source = n.source
            AND o.calibration = n.calibration
            AND o.known_until = n.known_from
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
            ('spei_1', o.spei_1, n.spei_1),
            ('spei_2', o.spei_2, n.spei_2),
            ('spei_3', o.spei_3, n.spei_3),
            ('spei_6', o.spei_6, n.spei_6),
            ('spei_9', o.spei_9, n.spei_9),
            ('spei_12', o.spei_12, n.spei_12),
            ('spei_24', o.spei_24, n.spei_24),
            ('pn_1', o.pn_1, n.pn_1),
            ('pn_3', o.pn_3, n.pn_3),
            ('pn_6', o.pn_6, n.pn_6),
            ('pn_9', o.pn_9, n.pn_9),
            ('pn_12', o.pn_12, n.pn_12)
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
COMMENT ON VIEW mart.revision_value IS
'Every value that was replaced by another: rain, temperature, PET and indices. Equal values are not in it.';
COMMENT ON COLUMN mart.revision_value.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.revision_value.month IS 'First day of the month.';
COMMENT ON COLUMN mart.revision_value.source IS 'Name of the data source.';
COMMENT ON COLUMN mart.revision_value.quantity IS
'precipitation_mm, temperature_mean_c, pet_mm, or the index: spi_N, spei_N, pn_N.';
COMMENT ON COLUMN mart.revision_value.calibration IS 'Of an index: calibration period, first and last year; else null.';
COMMENT ON COLUMN mart.revision_value.old_value IS
'What was shown: mm per month, degrees Celsius, unitless (SPI, SPEI) or percent (pn); null is a gap.';
COMMENT ON COLUMN mart.revision_value.new_value IS 'What took its place, in the same unit; null is a gap, or the row was removed.';
COMMENT ON COLUMN mart.revision_value.old_gap IS 'Why the old value was missing; null where it was not, and for temperature and PET.';
COMMENT ON COLUMN mart.revision_value.new_gap IS 'Why the new value is missing; null where it is not, and for temperature and PET.';
COMMENT ON COLUMN mart.revision_value.old_release IS 'Release of the old value: preliminary or final.';
COMMENT ON COLUMN mart.revision_value.new_release IS 'Release of the new value: preliminary or final.';
COMMENT ON COLUMN mart.revision_value.old_known_from IS 'Since when the old value had been shown.';
COMMENT ON COLUMN mart.revision_value.changed_at IS 'When the new value took its place.';

CREATE VIEW mart.revision_stage AS
WITH ever AS (
    SELECT
        landscape_key,
        month,
        drought_type,
        plan_id,
        plan_version,
        stage,
        stage_rank,
        known_from
    FROM plan.stage_month
    UNION ALL
    SELECT
        landscape_key,
        month,
        drought_type,
        plan_id,
        plan_version,
        stage,
        stage_rank,
        known_from
    FROM plan.stage_month_superseded
    WHERE known_from < known_until
)

SELECT
    l.landscape_id,
    o.month,
    o.drought_type,
    o.stage AS old_stage,
    o.stage_rank AS old_stage_rank,
    o.plan_id AS old_plan_id,
    o.plan_version AS old_plan_version,
    n.stage AS new_stage,
    n.stage_rank AS new_stage_rank,
    n.plan_id AS new_plan_id,
    n.plan_version AS new_plan_version,
    o.known_from AS old_known_from,
    o.known_until AS changed_at,
    correction.alert_id,
    correction.approval
FROM plan.stage_month_superseded AS o
INNER JOIN landscape.landscape AS l USING (landscape_key)
LEFT JOIN ever AS n
    ON
        o.landscape_key = n.landscape_key
        AND o.month = n.month
        AND o.drought_type = n.drought_type
        AND o.known_until = n.known_from
-- A run of months corrected in the same way is one correction, at its first month.
LEFT JOIN LATERAL (
    SELECT
        t.alert_id,
        a.state AS approval
    FROM alert.transition AS t
    INNER JOIN alert.approval AS a USING (alert_id)
    WHERE
        o.landscape_key = t.landscape_key
        AND o.drought_type = t.drought_type
        AND o.known_until = t.decided_at
        AND o.month >= t.month
        AND t.change = 'corrected'
        AND o.stage = t.from_stage
        AND n.stage = t.to_stage
    ORDER BY t.month DESC, t.alert_id DESC
    LIMIT 1
) AS correction ON TRUE
WHERE o.known_from < o.known_until AND o.stage IS DISTINCT FROM n.stage;
COMMENT ON VIEW mart.revision_stage IS 'Every stage that was replaced by another, because values or the plan changed.';
COMMENT ON COLUMN mart.revision_stage.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.revision_stage.month IS 'First day of the month.';
COMMENT ON COLUMN mart.revision_stage.drought_type IS 'meteorological, agricultural or hydrological.';
COMMENT ON COLUMN mart.revision_stage.old_stage IS 'The stage that was shown.';
COMMENT ON COLUMN mart.revision_stage.old_stage_rank IS '0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN mart.revision_stage.old_plan_id IS 'The plan it followed from.';
COMMENT ON COLUMN mart.revision_stage.old_plan_version IS 'Its version.';
COMMENT ON COLUMN mart.revision_stage.new_stage IS 'The stage that took its place.';
COMMENT ON COLUMN mart.revision_stage.new_stage_rank IS '0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN mart.revision_stage.new_plan_id IS 'The plan it follows from; another one, or version: the plan changed.';
COMMENT ON COLUMN mart.revision_stage.new_plan_version IS 'Its version.';
COMMENT ON COLUMN mart.revision_stage.old_known_from IS 'Since when the old stage had been shown.';
COMMENT ON COLUMN mart.revision_stage.changed_at IS 'When the new stage took its place.';
COMMENT ON COLUMN mart.revision_stage.alert_id IS
'The correction that says so: one for a run of months corrected alike, at its first month; null where there is none.';
COMMENT ON COLUMN mart.revision_stage.approval IS
'Of that correction: pending, approved, refused, expired; not_needed: nothing had been told.';

GRANT SELECT, INSERT, UPDATE, DELETE ON ops.source_schedule TO drought_pipeline;
GRANT SELECT ON mart.freshness, mart.revision_value, mart.revision_stage TO drought_analyst, drought_pipeline;
REVOKE EXECUTE ON FUNCTION
ops.due_day(date, integer), ops.newest_due_month(integer, timestamptz), mart.freshness_at(timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION ops.due_day(date, integer), ops.newest_due_month(integer, timestamptz) TO drought_pipeline;
GRANT EXECUTE ON FUNCTION mart.freshness_at(timestamptz) TO drought_analyst, drought_pipeline;
