-- [error] A stage contradicts its plan or the months around it: a rank that the plan's ladder does not give it, a beginning that does not
-- follow from the month before, or "confirmed" after more silence than the plan allows.
-- Do: `drought evaluate`; if it stays, somebody wrote the row by hand. `drought evaluate --as-of` replays what was decided.
WITH rung AS MATERIALIZED (
    SELECT
        d.plan_id,
        d.version AS plan_version,
        ladder.key AS drought_type,
        step.value ->> 'stage' AS stage,
        step.ordinality AS stage_rank
    FROM plan.document AS d
    CROSS JOIN LATERAL jsonb_each(d.body -> 'ladders') AS ladder
    CROSS JOIN LATERAL jsonb_array_elements(ladder.value) WITH ORDINALITY AS step (value, ordinality)
),

allowed AS MATERIALIZED (
    SELECT
        plan_id,
        plan_version,
        drought_type,
        min(hold_limit) AS shortest_limit,
        max(hold_limit) AS longest_limit
    FROM mart.plan_rule
    GROUP BY plan_id, plan_version, drought_type
),

-- The months in which a landscape stands in one stage since one month.
standing AS (
    SELECT
        landscape_key,
        drought_type,
        plan_id,
        plan_version,
        stage,
        stage_rank,
        since_month,
        min(month) AS first_month,
        max(month) AS last_month,
        count(*) AS months,
        max(silent_months) FILTER (WHERE is_confirmed) AS longest_confirmed,
        min(silent_months) FILTER (WHERE NOT is_confirmed) AS shortest_unconfirmed
    FROM plan.stage_month
    GROUP BY landscape_key, drought_type, plan_id, plan_version, stage, stage_rank, since_month
),

followed AS (
    SELECT
        landscape_key,
        drought_type,
        plan_id,
        plan_version,
        stage,
        stage_rank,
        since_month,
        first_month,
        longest_confirmed,
        shortest_unconfirmed,
        lag(last_month) OVER in_order AS month_before,
        lag(stage) OVER in_order AS stage_before,
        12 * (extract(YEAR FROM last_month) - extract(YEAR FROM first_month))
        + extract(MONTH FROM last_month) - extract(MONTH FROM first_month) + 1 - months AS months_of_others
    FROM standing
    WINDOW in_order AS (PARTITION BY landscape_key, drought_type, plan_id, plan_version ORDER BY first_month, last_month)
),

judged AS (
    SELECT
        f.landscape_key,
        f.drought_type,
        f.stage,
        f.stage_rank,
        f.since_month,
        f.first_month,
        CASE
            WHEN f.stage_rank > 0 AND coalesce(r.stage_rank, 0) <> f.stage_rank THEN 'the rank is not that of the plan''s ladder'
            WHEN f.longest_confirmed > a.longest_limit THEN 'confirmed after too long a silence'
            WHEN f.stage_rank > 0 AND f.shortest_unconfirmed <= a.shortest_limit THEN 'unconfirmed though it was heard'
            WHEN f.months_of_others <> 0 THEN 'another stage in between'
            WHEN
                f.month_before >= (f.first_month - interval '1 month')::date
                AND (f.since_month <> f.first_month OR f.stage = f.stage_before)
                THEN 'since_month does not follow from the month before'
        END AS contradiction
    FROM followed AS f
    LEFT JOIN allowed AS a
        ON f.plan_id = a.plan_id AND f.plan_version = a.plan_version AND f.drought_type = a.drought_type
    LEFT JOIN rung AS r
        ON
            f.plan_id = r.plan_id AND f.plan_version = r.plan_version
            AND f.drought_type = r.drought_type AND f.stage = r.stage
)

SELECT
    l.landscape_id,
    j.first_month AS month,
    j.drought_type,
    j.stage,
    j.stage_rank,
    j.since_month,
    j.contradiction
FROM judged AS j
INNER JOIN landscape.landscape AS l ON j.landscape_key = l.landscape_key
WHERE j.contradiction IS NOT NULL
ORDER BY l.landscape_id, j.first_month, j.drought_type;
