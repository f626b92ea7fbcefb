/*
 * Plans, second version of their language: rules in groups, rules on the headwater, actions with who and
 * when, a month of one's own from which a document is in force, and droughts that end because the plan
 * has no stages for them any more.
 */

COMMENT ON COLUMN plan.document.effective_from IS
'First month it rules, first day: the document''s own, or a later one that it was put in force from.';

-- Evidence ------------------------------------------------------------------------------------------

ALTER TABLE alert.transition
DROP CONSTRAINT transition_evidence_check,
ADD CONSTRAINT transition_evidence_check CHECK (
    jsonb_array_length(evidence -> 'comparisons') > 0
    -- What ends since no rule asks any more rests on no value.
    OR (evidence ->> 'unruled' IS NOT NULL AND to_stage = 'none')
);

-- Agencies' indicators ------------------------------------------------------------------------------

ALTER TABLE series.indicator
DROP CONSTRAINT an_indicator_in_its_own_unit,
ADD CONSTRAINT an_indicator_in_its_own_unit CHECK (
    (indicator = 'water_availability_forecast' AND unit = 'percent_of_norm')
    OR (indicator = 'snow_survey' AND unit IN ('percent_of_norm', 'mm'))
    OR (indicator = 'reservoir_storage' AND unit IN ('percent_of_full', 'percent_of_norm', 'million_m3'))
    OR (indicator = 'soil_moisture' AND unit IN ('percent_of_field_capacity', 'percent_of_available_water', 'mm'))
    OR (indicator = 'vegetation_anomaly' AND unit = 'standard_deviations')
),
DROP CONSTRAINT indicator_value_check,
ADD CONSTRAINT indicator_value_check CHECK (
    value > '-infinity' AND value < 'infinity' AND (value >= 0 OR unit = 'standard_deviations')
);
COMMENT ON COLUMN series.indicator.indicator IS
'water_availability_forecast, snow_survey (water in the snow), reservoir_storage, soil_moisture or vegetation_anomaly; less is drier.';
COMMENT ON COLUMN series.indicator.unit IS
'Unit of value: percent_of_norm, percent_of_full, percent_of_field_capacity, percent_of_available_water, mm, million_m3, standard_deviations.';
COMMENT ON COLUMN series.indicator_superseded.indicator IS NULL;
COMMENT ON COLUMN series.indicator_superseded.unit IS NULL;
SELECT ops.copy_comments('series.indicator', 'series.indicator_superseded');
COMMENT ON COLUMN series.indicator_ever.indicator IS NULL;
COMMENT ON COLUMN series.indicator_ever.unit IS NULL;
SELECT ops.copy_comments('series.indicator', 'series.indicator_ever');
COMMENT ON COLUMN mart.indicator.indicator IS NULL;
COMMENT ON COLUMN mart.indicator.unit IS NULL;
SELECT ops.copy_comments('series.indicator', 'mart.indicator');

-- Which plan is in force ----------------------------------------------------------------------------

-- Said here as in pipeline/plans/timetable.py, and tested against it.
CREATE VIEW plan.reign AS
WITH claim AS (
    SELECT
        country_code,
        plan_id,
        version,
        effective_from,
        ((body ->> 'effective_to') || '-01')::date AS effective_to,
        body ->> 'supersedes' AS supersedes,
        is_shipped,
        load_order
    FROM plan.document
),

turn AS (
    SELECT
        country_code,
        effective_from AS month
    FROM claim
    UNION
    SELECT
        country_code,
        (effective_to + interval '1 month')::date AS month
    FROM claim
    WHERE effective_to IS NOT NULL
),

ruling AS (
    SELECT
        t.country_code,
        t.month,
        best.plan_id,
        best.version,
        best.load_order
    FROM turn AS t
    LEFT JOIN LATERAL (
        SELECT c.* FROM claim AS c
        WHERE
            t.country_code = c.country_code
            AND t.month >= c.effective_from
            AND (c.effective_to IS NULL OR t.month <= c.effective_to)
            AND NOT EXISTS (
                SELECT FROM claim AS other
                WHERE
                    c.country_code = other.country_code
                    AND c.plan_id = other.plan_id
                    AND c.version = other.supersedes
                    AND t.month >= other.effective_from
            )
        ORDER BY c.effective_from DESC, c.is_shipped ASC, c.load_order DESC
        LIMIT 1
    ) AS best ON TRUE
),

changing AS (
    SELECT
        *,
        lag(load_order) OVER in_order AS load_order_before
    FROM ruling
    WINDOW in_order AS (PARTITION BY country_code ORDER BY month)
),

reign AS (
    SELECT
        country_code,
        plan_id,
        version AS plan_version,
        load_order,
        month AS rules_from,
        (lead(month) OVER in_order - interval '1 month')::date AS rules_until,
        lead(plan_id) OVER in_order AS next_plan_id,
        lead(version) OVER in_order AS next_version
    FROM changing
    WHERE load_order IS DISTINCT FROM load_order_before
    WINDOW in_order AS (PARTITION BY country_code ORDER BY month)
)

SELECT * FROM reign
WHERE plan_id IS NOT NULL;
COMMENT ON VIEW plan.reign IS
'The runs of months in which each plan rules its country. Between two there may be months without a plan; a plan may rule again when the one after it has ended.';
COMMENT ON COLUMN plan.reign.plan_version IS 'Its version.';
COMMENT ON COLUMN plan.reign.rules_from IS 'First month, first day.';
COMMENT ON COLUMN plan.reign.rules_until IS 'Last month, first day; null: until something changes.';
COMMENT ON COLUMN plan.reign.next_plan_id IS 'The plan that rules after it; null: none.';
COMMENT ON COLUMN plan.reign.next_version IS 'Version of that plan.';
SELECT ops.copy_comments('plan.document', 'plan.reign');

CREATE OR REPLACE VIEW mart.plan_timeline AS
WITH ruling AS (
    SELECT DISTINCT ON (load_order)
        load_order,
        min(rules_from) OVER of_plan AS rules_from,
        rules_until,
        next_plan_id,
        next_version,
        jsonb_agg(jsonb_build_array(to_char(rules_from, 'YYYY-MM'), to_char(rules_until, 'YYYY-MM'))) OVER of_plan AS reigns
    FROM plan.reign
    WINDOW
        of_plan AS (
            PARTITION BY load_order ORDER BY rules_from ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        )
    ORDER BY load_order ASC, rules_until DESC
)

SELECT
    d.country_code,
    d.plan_id,
    d.version AS plan_version,
    d.status,
    d.body -> 'title' ->> 'en' AS title_en,
    d.body ->> 'authority' AS authority,
    d.is_shipped,
    d.effective_from,
    r.rules_from,
    r.rules_until,
    coalesce(r.next_plan_id, instead.plan_id) AS superseded_by_plan_id,
    coalesce(r.next_version, instead.plan_version) AS superseded_by_version,
    d.loaded_at,
    d.load_order AS row_key,
    ((d.body ->> 'effective_to') || '-01')::date AS effective_to,
    coalesce(r.reigns, '[]') AS reigns
FROM plan.document AS d
LEFT JOIN ruling AS r ON d.load_order = r.load_order
LEFT JOIN plan.reign AS instead
    ON
        r.rules_from IS NULL
        AND d.country_code = instead.country_code
        AND d.effective_from >= instead.rules_from
        AND (d.effective_from <= instead.rules_until OR instead.rules_until IS NULL);
COMMENT ON COLUMN mart.plan_timeline.effective_from IS 'First month it claims, first day: its own, or a later one that it was put in force from.';
COMMENT ON COLUMN mart.plan_timeline.rules_until IS
'Last month it rules, first day; null: nothing follows it yet, or it never rules. Between the two another may rule: see reigns.';
COMMENT ON COLUMN mart.plan_timeline.effective_to IS 'Last month it claims, first day; null: until another plan rules.';
COMMENT ON COLUMN mart.plan_timeline.reigns IS
'Each run of months it rules, as [first, last], YYYY-MM, oldest first; last is null while nothing follows.';

-- Rules ---------------------------------------------------------------------------------------------

CREATE OR REPLACE VIEW plan.rule AS
WITH RECURSIVE condition AS (
    SELECT
        d.country_code,
        d.plan_id,
        d.version AS plan_version,
        d.load_order,
        ladder.drought_type,
        stage.body ->> 'stage' AS stage,
        stage.rank::integer AS stage_rank,
        one.body,
        ARRAY[one.number] AS place,
        'any_of ' || one.number AS path,
        '{}'::text[] AS coming_from
    FROM plan.document AS d
    CROSS JOIN LATERAL jsonb_each(d.body -> 'ladders') AS ladder (drought_type, stages)
    CROSS JOIN LATERAL jsonb_array_elements(ladder.stages) WITH ORDINALITY AS stage (body, rank)
    CROSS JOIN LATERAL jsonb_array_elements(stage.body -> 'rules') WITH ORDINALITY AS one (body, number)
    UNION ALL
    SELECT
        g.country_code,
        g.plan_id,
        g.plan_version,
        g.load_order,
        g.drought_type,
        g.stage,
        g.stage_rank,
        one.body,
        g.place || one.number AS place,
        format('%s / %s %s', g.path, form.name, one.number) AS path,
        g.coming_from || coalesce(
            (
                SELECT array_agg(s.stage ORDER BY s.n)
                FROM jsonb_array_elements_text(g.body -> 'coming_from') WITH ORDINALITY AS s (stage, n)
            ),
            '{}'
        ) AS coming_from
    FROM condition AS g
    CROSS JOIN
        LATERAL (
            VALUES
            ('any_of', g.body -> 'any_of'),
            ('all_of', g.body -> 'all_of'),
            ('none_of', g.body -> 'none_of'),
            (format('at_least(%s)', g.body ->> 'at_least'), g.body -> 'of')
        ) AS form (name, members)
    CROSS JOIN LATERAL jsonb_array_elements(form.members) WITH ORDINALITY AS one (body, number)
)

SELECT
    country_code,
    plan_id,
    plan_version,
    load_order,
    drought_type,
    stage,
    stage_rank,
    (row_number() OVER (PARTITION BY load_order, drought_type, stage_rank ORDER BY place))::integer AS rule_number,
    body,
    path,
    coming_from
FROM condition
WHERE body ? 'source';
COMMENT ON VIEW plan.rule IS 'Each rule of each plan document, those inside groups too, as it is written.';
COMMENT ON COLUMN plan.rule.rule_number IS 'Place of the rule in its stage, from 1, in the order of the document.';
COMMENT ON COLUMN plan.rule.path IS
'The way to the rule: its place in each group, outermost first, as "any_of 1 / all_of 2". A stage is on while any of its conditions is.';
COMMENT ON COLUMN plan.rule.coming_from IS
'Stages that its groups ask the ladder to have stood in the month before; empty: any.';

CREATE OR REPLACE VIEW mart.plan_rule AS
SELECT
    r.country_code,
    r.plan_id,
    r.plan_version,
    r.drought_type,
    r.stage,
    r.stage_rank,
    r.rule_number,
    CASE
        WHEN r.body ? 'index' THEN r.body ->> 'index'
        WHEN r.body ? 'indicator' THEN (r.body ->> 'indicator') || '_' || (r.body ->> 'unit')
        ELSE format(
            'area_share_%s_at_or_below_%s', r.body -> 'area_share' ->> 'index', r.body -> 'area_share' ->> 'at_or_below'
        )
    END AS measure,
    r.body ->> 'index' AS index_code,
    r.body ->> 'indicator' AS indicator,
    r.body ->> 'unit' AS unit,
    r.body -> 'area_share' ->> 'index' AS area_index_code,
    (r.body -> 'area_share' ->> 'at_or_below')::double precision AS area_class,
    (r.body ->> 'enter_at')::double precision AS enter_at,
    (r.body ->> 'enter_after')::integer AS enter_after,
    (r.body ->> 'exit_at')::double precision AS exit_at,
    (r.body ->> 'exit_after')::integer AS exit_after,
    coalesce(
        (
            SELECT array_agg(m.month::integer ORDER BY m.place)
            FROM jsonb_array_elements_text(r.body -> 'calendar_months') WITH ORDINALITY AS m (month, place)
        ),
        ARRAY[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    ) AS calendar_months,
    coalesce(
        (
            SELECT array_agg(u.land_use ORDER BY u.place)
            FROM jsonb_array_elements_text(r.body -> 'land_uses') WITH ORDINALITY AS u (land_use, place)
        ),
        ARRAY['agro_sylvo_pastoral', 'home_garden', 'irrigated', 'pastoral', 'rainfed', 'tree_based']
    ) AS land_uses,
    r.body #>> '{source,threshold,kind}' AS threshold_kind,
    r.body #>> '{source,threshold,reference}' AS threshold_reference,
    r.body #>> '{source,exit,kind}' AS exit_kind,
    r.body #>> '{source,exit,reference}' AS exit_reference,
    r.body #>> '{source,persistence,kind}' AS persistence_kind,
    r.body #>> '{source,persistence,reference}' AS persistence_reference,
    CASE
        WHEN r.rule_number < 64 AND r.stage_rank < 16
            THEN
                r.load_order * 4096
                + array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], r.drought_type) * 1024
                + r.stage_rank * 64 + r.rule_number
        -- More than anybody thought of when the keys were given, which stay what they are.
        ELSE 4503599627370496 + ((
            r.load_order * 4 + array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], r.drought_type)
        ) * 256 + r.stage_rank) * 4096 + r.rule_number
    END AS row_key,
    r.path,
    coalesce(r.body ->> 'where', 'landscape') AS where_heard,
    (r.body ->> 'salt_affected')::boolean AS salt_affected,
    coalesce((r.body ->> 'gap_breaks_run_after')::integer, 2) AS gap_breaks_run_after,
    (r.body ->> 'ends_after_silence')::integer AS ends_after_silence,
    r.coming_from,
    coalesce(r.body ->> 'hold_limit', d.body ->> 'hold_limit')::integer AS hold_limit,
    coalesce(r.body ->> 'late_after_days', d.body ->> 'late_after_days')::integer AS late_after_days
FROM plan.rule AS r
INNER JOIN plan.document AS d ON r.load_order = d.load_order;
COMMENT ON VIEW mart.plan_rule IS 'Each rule of each plan document; path says how it counts among the others of its stage.';
COMMENT ON COLUMN mart.plan_rule.rule_number IS 'Place of the rule in its stage, from 1, in the order of the document.';
COMMENT ON COLUMN mart.plan_rule.where_heard IS
'landscape: of the landscape itself; headwater: of the landscape its irrigation water comes from.';
COMMENT ON COLUMN mart.plan_rule.salt_affected IS 'True: for salt-affected land only; false: for other land only; null: for both.';
COMMENT ON COLUMN mart.plan_rule.gap_breaks_run_after IS 'An entering run is forgotten after more than so many silent months.';
COMMENT ON COLUMN mart.plan_rule.ends_after_silence IS
'The rule lets go after more than so many silent months; null: a gap never ends it.';
COMMENT ON COLUMN mart.plan_rule.hold_limit IS 'Months of silence after which what rests on the rule is unconfirmed: its own, or the plan''s.';
COMMENT ON COLUMN mart.plan_rule.late_after_days IS
'Days after the end of a month by which its value is to be there: its own, or the plan''s; null: the plan says nothing.';
SELECT ops.copy_comments('plan.rule', 'mart.plan_rule');

-- Actions -------------------------------------------------------------------------------------------

CREATE VIEW mart.plan_action AS
WITH action AS (
    SELECT
        d.country_code,
        d.plan_id,
        d.version AS plan_version,
        d.load_order,
        ladder.drought_type,
        stage.body ->> 'stage' AS stage,
        stage.rank::integer AS stage_rank,
        one.number::integer AS action_number,
        -- Until plans named who and when, an action was a bare text.
        CASE WHEN one.body ? 'do' THEN one.body ELSE jsonb_build_object('do', one.body) END AS body
    FROM plan.document AS d
    CROSS JOIN LATERAL jsonb_each(d.body -> 'ladders') AS ladder (drought_type, stages)
    CROSS JOIN LATERAL jsonb_array_elements(ladder.stages) WITH ORDINALITY AS stage (body, rank)
    CROSS JOIN LATERAL jsonb_array_elements(stage.body -> 'actions') WITH ORDINALITY AS one (body, number)
)

SELECT
    a.country_code,
    a.plan_id,
    a.plan_version,
    a.drought_type,
    a.stage,
    a.stage_rank,
    a.action_number,
    a.body ->> 'family' AS family,
    a.body -> 'do' ->> 'en' AS action_en,
    (a.body -> 'do') - 'unchecked' AS action_by_language,
    array(SELECT jsonb_array_elements_text(a.body #> '{do,unchecked}')) AS action_unchecked,
    (a.body -> 'who') - 'unchecked' AS who_by_language,
    array(SELECT jsonb_array_elements_text(a.body #> '{who,unchecked}')) AS who_unchecked,
    (a.body ->> 'within_days')::integer AS within_days,
    coalesce(
        (
            SELECT array_agg(u.land_use ORDER BY u.place)
            FROM jsonb_array_elements_text(a.body -> 'land_uses') WITH ORDINALITY AS u (land_use, place)
        ),
        ARRAY['agro_sylvo_pastoral', 'home_garden', 'irrigated', 'pastoral', 'rainfed', 'tree_based']
    ) AS land_uses,
    (a.body ->> 'salt_affected')::boolean AS salt_affected,
    ((
        a.load_order * 4 + array_position(ARRAY['meteorological', 'agricultural', 'hydrological'], a.drought_type)
    ) * 256 + a.stage_rank) * 4096 + a.action_number AS row_key
FROM action AS a;
COMMENT ON VIEW mart.plan_action IS
'What each plan document proposes in each stage, for consideration; one row per action, in the order of the document.';
COMMENT ON COLUMN mart.plan_action.country_code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN mart.plan_action.plan_id IS 'The plan.';
COMMENT ON COLUMN mart.plan_action.plan_version IS 'Its version.';
COMMENT ON COLUMN mart.plan_action.drought_type IS 'The ladder: meteorological, agricultural or hydrological.';
COMMENT ON COLUMN mart.plan_action.stage IS 'The stage, as the plan names it.';
COMMENT ON COLUMN mart.plan_action.stage_rank IS '1 for the mildest stage of the ladder, and up.';
COMMENT ON COLUMN mart.plan_action.action_number IS 'Place of the action in its stage, from 1.';
COMMENT ON COLUMN mart.plan_action.family IS
'Kind of action, such as water_management or salinity_management; null in documents of before version 2 of the language.';
COMMENT ON COLUMN mart.plan_action.action_en IS 'What is proposed, in English.';
COMMENT ON COLUMN mart.plan_action.action_by_language IS 'What is proposed, by language code.';
COMMENT ON COLUMN mart.plan_action.action_unchecked IS 'Languages of it that no speaker has checked.';
COMMENT ON COLUMN mart.plan_action.who_by_language IS 'Who is proposed to do it, by language code; null where the document does not say.';
COMMENT ON COLUMN mart.plan_action.who_unchecked IS 'Languages of it that no speaker has checked.';
COMMENT ON COLUMN mart.plan_action.within_days IS
'By when, days from the day the alert is issued; null where the document does not say.';
COMMENT ON COLUMN mart.plan_action.land_uses IS 'Land uses it is proposed for.';
COMMENT ON COLUMN mart.plan_action.salt_affected IS 'True: on salt-affected land only; false: on other land only; null: on both.';
COMMENT ON COLUMN mart.plan_action.row_key IS 'Stable integer key: the number of the document, then ladder, stage and action.';

-- Comparisons ---------------------------------------------------------------------------------------

CREATE VIEW mart.alert_comparison WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    t.alert_id,
    one.number::integer AS comparison_number,
    t.change,
    one.body ->> 'stage' AS stage,
    coalesce(one.body ->> 'where', 'landscape') AS where_heard,
    coalesce(one.body ->> 'landscape_id', l.landscape_id) AS heard_landscape_id,
    CASE
        WHEN one.body ->> 'index' IS NOT NULL THEN one.body ->> 'index'
        WHEN one.body ->> 'indicator' IS NOT NULL THEN (one.body ->> 'indicator') || '_' || (one.body ->> 'unit')
        ELSE format(
            'area_share_%s_at_or_below_%s', one.body -> 'area_share' ->> 'index', one.body -> 'area_share' ->> 'at_or_below'
        )
    END AS measure,
    one.body ->> 'index' AS index_code,
    one.body ->> 'indicator' AS indicator,
    one.body ->> 'unit' AS unit,
    one.body -> 'area_share' ->> 'index' AS area_index_code,
    (one.body -> 'area_share' ->> 'at_or_below')::double precision AS area_class,
    (one.body ->> 'value')::double precision AS value,
    one.body ->> 'withheld' AS withheld,
    one.body ->> 'gap' AS gap,
    (one.body ->> 'enter_at')::double precision AS enter_at,
    (one.body ->> 'enter_after')::integer AS enter_after,
    (one.body ->> 'exit_at')::double precision AS exit_at,
    (one.body ->> 'exit_after')::integer AS exit_after,
    (one.body ->> 'run_before')::integer AS run_before,
    (one.body ->> 'run_after')::integer AS run_after,
    (one.body ->> 'was_active')::boolean AS was_active,
    (one.body ->> 'is_active')::boolean AS is_active,
    (one.body ->> 'silent_months')::integer AS silent_months,
    one.body #>> '{source,threshold,kind}' AS threshold_kind,
    one.body #>> '{source,threshold,reference}' AS threshold_reference,
    one.body #>> '{source,exit,kind}' AS exit_kind,
    one.body #>> '{source,exit,reference}' AS exit_reference,
    one.body #>> '{source,persistence,kind}' AS persistence_kind,
    one.body #>> '{source,persistence,reference}' AS persistence_reference,
    CASE
        WHEN one.body ->> 'index' IS NOT NULL
            THEN coalesce(one.body ->> 'data_source', t.evidence #>> '{inputs,source}')
        ELSE one.body ->> 'mapped_by'
    END AS source,
    CASE
        WHEN one.body ->> 'index' IS NULL OR one.body ->> 'landscape_id' IS NOT NULL THEN one.body ->> 'release'
        ELSE t.evidence #>> '{inputs,release}'
    END AS release,
    CASE
        WHEN one.body ->> 'index' IS NULL OR one.body ->> 'landscape_id' IS NOT NULL
            THEN (one.body ->> 'coverage_fraction')::double precision
        ELSE (t.evidence #>> '{inputs,coverage_fraction}')::double precision
    END AS coverage_fraction,
    CASE WHEN one.body ->> 'indicator' IS NULL THEN t.evidence #>> '{inputs,calibration}' END AS calibration,
    one.body #>> '{document,document_number}' AS document_number,
    (one.body #>> '{document,issued_on}')::date AS issued_on,
    t.plan_id,
    t.plan_version,
    t.decided_at,
    t.alert_id * 4096 + one.number AS row_key
FROM alert.transition AS t
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
CROSS JOIN LATERAL jsonb_array_elements(t.evidence -> 'comparisons') WITH ORDINALITY AS one (body, number);
COMMENT ON VIEW mart.alert_comparison IS
'The evidence of each alert as rows: one per comparison of a reading with a rule of the plan. A drought that ended since no rule asks any more has none.';
COMMENT ON COLUMN mart.alert_comparison.landscape_id IS 'The landscape.';
COMMENT ON COLUMN mart.alert_comparison.comparison_number IS 'Place among the comparisons of the alert, from 1.';
COMMENT ON COLUMN mart.alert_comparison.stage IS 'The stage the rule belongs to, as the plan names it.';
COMMENT ON COLUMN mart.alert_comparison.where_heard IS
'landscape: read of the landscape itself; headwater: of the landscape its irrigation water comes from.';
COMMENT ON COLUMN mart.alert_comparison.heard_landscape_id IS 'The landscape whose reading it is.';
COMMENT ON COLUMN mart.alert_comparison.measure IS 'What was read, in one word.';
COMMENT ON COLUMN mart.alert_comparison.index_code IS 'The index read; null where it is an indicator or a share of area.';
COMMENT ON COLUMN mart.alert_comparison.value IS
'The reading, in the measure''s own unit, of a share of area 0 to 1; null: there is none, see gap, or it is not open, see withheld.';
COMMENT ON COLUMN mart.alert_comparison.withheld IS
'Where a value that is not open lies: at_or_below_enter, between or at_or_above_exit; null: it is shown, or there is none.';
COMMENT ON COLUMN mart.alert_comparison.gap IS 'Why there is no reading; null: there is one.';
COMMENT ON COLUMN mart.alert_comparison.run_before IS 'Months in a row that argued for a turn of the rule, before this month.';
COMMENT ON COLUMN mart.alert_comparison.run_after IS 'The same after this month; 0 where it turned.';
COMMENT ON COLUMN mart.alert_comparison.was_active IS 'Whether the rule was on before this month.';
COMMENT ON COLUMN mart.alert_comparison.is_active IS 'Whether it is on after it.';
COMMENT ON COLUMN mart.alert_comparison.silent_months IS 'Months since the rule last heard a value.';
COMMENT ON COLUMN mart.alert_comparison.source IS
'Name of the data source of the reading, of a share of area that of its maps; null for an indicator, which stands in a document.';
COMMENT ON COLUMN mart.alert_comparison.release IS 'preliminary or final; null for an indicator and a share of area.';
COMMENT ON COLUMN mart.alert_comparison.coverage_fraction IS
'Share of the landscape''s area under cells with values, 0 to 1; of blended that of its gauges that reported; null for an indicator and a share of area.';
COMMENT ON COLUMN mart.alert_comparison.calibration IS 'Calibration period of the index, first and last year; null for an indicator.';
COMMENT ON COLUMN mart.alert_comparison.document_number IS 'Of an indicator: number of the document it stands in.';
COMMENT ON COLUMN mart.alert_comparison.issued_on IS 'Date of that document.';
COMMENT ON COLUMN mart.alert_comparison.row_key IS 'Stable integer key: the alert, then the comparison.';
SELECT ops.copy_comments('mart.plan_rule', 'mart.alert_comparison');
SELECT ops.copy_comments('alert.transition', 'mart.alert_comparison');

-- The latest state: what rules hear of a headwater is no index of the landscape's own ------------------

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
    WHERE r.index_code IS NOT NULL AND r.where_heard = 'landscape'
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

-- Areas: also of months whose stages were taken away ------------------------------------------------

CREATE INDEX ON plan.stage_month_superseded USING brin (known_until);

CREATE OR REPLACE FUNCTION plan.sum_areas() RETURNS bigint LANGUAGE plpgsql SET work_mem = '128MB' AS $$
DECLARE
    months date[];
    written bigint;
BEGIN
    -- As decimals: sums do not depend on the order, and what is equal stays untouched. In a table that is
    -- analysed: the planner thinks of a handful of landscapes otherwise, and goes through the index.
    CREATE TEMP TABLE summed_member ON COMMIT DROP AS
    SELECT landscape_key, version, country_code, area_km2::numeric AS area_km2 FROM plan.area_member;
    ANALYZE summed_member;
    CREATE TEMP TABLE summed_basis ON COMMIT DROP AS
    SELECT country_code, md5(string_agg(format('%s:%s', landscape_key, version), ',' ORDER BY landscape_key)) AS fingerprint
    FROM summed_member GROUP BY country_code;

    IF EXISTS (
        SELECT FROM summed_basis FULL JOIN plan.area_basis AS held USING (country_code)
        WHERE summed_basis.fingerprint IS DISTINCT FROM held.fingerprint
    ) THEN
        SELECT array_agg(month) INTO months FROM (
            SELECT month FROM plan.stage_month GROUP BY month UNION SELECT month FROM plan.area_in_drought
        ) AS held;
    ELSE
        -- Those of this transaction; a clock that was set back stamps them later than now().
        SELECT array_agg(month) INTO months FROM (
            SELECT month FROM plan.stage_month WHERE known_from >= now()
            UNION SELECT month FROM plan.stage_month_superseded WHERE known_until >= now()
        ) AS changed;
    END IF;

    CREATE TEMP TABLE summed ON COMMIT DROP AS
    WITH stated AS (
        SELECT
            m.country_code, s.month, s.drought_type, s.plan_id, s.plan_version, s.stage_rank, s.stage,
            count(*) AS landscapes, sum(m.area_km2) AS area_km2,
            count(*) FILTER (WHERE NOT s.is_confirmed) AS unconfirmed_landscapes,
            coalesce(sum(m.area_km2) FILTER (WHERE NOT s.is_confirmed), 0) AS unconfirmed_km2
        FROM plan.stage_month AS s INNER JOIN summed_member AS m USING (landscape_key)
        INNER JOIN unnest(months) AS wanted (month) ON s.month = wanted.month
        GROUP BY m.country_code, s.month, s.drought_type, s.plan_id, s.plan_version, s.stage_rank, s.stage
    ),
    possible AS (
        SELECT plan_id, plan_version, drought_type, stage_rank, stage FROM plan.rule
        UNION
        SELECT plan_id, plan_version, drought_type, 0, 'none' FROM plan.rule
    ),
    with_zeros AS (
        SELECT * FROM stated
        UNION ALL
        SELECT of_month.country_code, of_month.month, drought_type, plan_id, plan_version, p.stage_rank, p.stage, 0, 0, 0, 0
        FROM (SELECT DISTINCT country_code, month, drought_type, plan_id, plan_version FROM stated) AS of_month
        INNER JOIN possible AS p USING (plan_id, plan_version, drought_type)
    ),
    country AS (
        SELECT country_code, count(*) AS landscapes, sum(area_km2) AS area_km2 FROM summed_member GROUP BY country_code
    ),
    one AS (
        SELECT
            country_code, month, drought_type, stage_rank, min(stage) AS stage, sum(landscapes) AS landscapes,
            sum(area_km2) AS area_km2, sum(unconfirmed_landscapes) AS unconfirmed_landscapes,
            sum(unconfirmed_km2) AS unconfirmed_km2
        FROM with_zeros GROUP BY country_code, month, drought_type, stage_rank
    )
    SELECT
        o.country_code, o.month, o.drought_type, o.stage_rank, o.stage,
        o.landscapes::integer AS landscapes,
        o.area_km2::double precision AS area_km2,
        (sum(o.area_km2) OVER (of_type ORDER BY o.stage_rank DESC))::double precision AS or_graver_km2,
        o.unconfirmed_landscapes::integer AS unconfirmed_landscapes,
        o.unconfirmed_km2::double precision AS unconfirmed_km2,
        (c.area_km2 - sum(o.area_km2) OVER of_type)::double precision AS without_statement_km2,
        c.landscapes::integer AS country_landscapes,
        c.area_km2::double precision AS country_km2
    FROM one AS o INNER JOIN country AS c USING (country_code)
    WINDOW of_type AS (PARTITION BY o.country_code, o.month, o.drought_type);

    DELETE FROM plan.area_in_drought AS held
    WHERE held.month = ANY(months) AND NOT EXISTS (
        SELECT FROM summed AS s
        WHERE (s.country_code, s.drought_type, s.month, s.stage_rank)
            = (held.country_code, held.drought_type, held.month, held.stage_rank)
    );
    INSERT INTO plan.area_in_drought AS held (
        country_code, month, drought_type, stage_rank, stage, landscapes, area_km2, or_graver_km2,
        unconfirmed_landscapes, unconfirmed_km2, without_statement_km2, country_landscapes, country_km2
    )
    SELECT * FROM summed
    ON CONFLICT (country_code, drought_type, month, stage_rank) DO UPDATE SET
        stage = excluded.stage, landscapes = excluded.landscapes, area_km2 = excluded.area_km2,
        or_graver_km2 = excluded.or_graver_km2, unconfirmed_landscapes = excluded.unconfirmed_landscapes,
        unconfirmed_km2 = excluded.unconfirmed_km2, without_statement_km2 = excluded.without_statement_km2,
        country_landscapes = excluded.country_landscapes, country_km2 = excluded.country_km2, known_from = now()
    WHERE (held.stage, held.landscapes, held.area_km2, held.or_graver_km2, held.unconfirmed_landscapes,
        held.unconfirmed_km2, held.without_statement_km2, held.country_landscapes, held.country_km2)
        IS DISTINCT FROM (excluded.stage, excluded.landscapes, excluded.area_km2, excluded.or_graver_km2,
        excluded.unconfirmed_landscapes, excluded.unconfirmed_km2, excluded.without_statement_km2,
        excluded.country_landscapes, excluded.country_km2);
    GET DIAGNOSTICS written = ROW_COUNT;

    DELETE FROM plan.area_basis WHERE country_code NOT IN (SELECT country_code FROM summed_basis);
    INSERT INTO plan.area_basis AS held (country_code, fingerprint) SELECT country_code, fingerprint FROM summed_basis
    ON CONFLICT (country_code) DO UPDATE SET fingerprint = excluded.fingerprint
    WHERE held.fingerprint <> excluded.fingerprint;
    DROP TABLE summed, summed_basis, summed_member;
    RETURN written;
END $$;

GRANT SELECT ON plan.reign TO drought_pipeline;
GRANT SELECT ON mart.plan_action, mart.alert_comparison TO drought_analyst, drought_pipeline;
