-- [error] The months of a landscape's droughts are not the months it stands in a stage.
-- Do: `drought evaluate`, which makes the droughts anew.
WITH stood AS (
    SELECT
        landscape_key,
        drought_type,
        count(*) FILTER (WHERE stage_rank > 0) AS months
    FROM plan.stage_month
    GROUP BY landscape_key, drought_type
),

told AS (
    SELECT
        landscape_key,
        drought_type,
        sum(duration_months) AS months
    FROM plan.drought_event
    GROUP BY landscape_key, drought_type
)

SELECT
    l.landscape_id,
    s.drought_type,
    s.months AS months_in_a_stage,
    coalesce(t.months, 0) AS months_of_droughts
FROM stood AS s
INNER JOIN landscape.landscape AS l ON s.landscape_key = l.landscape_key
LEFT JOIN told AS t ON s.landscape_key = t.landscape_key AND s.drought_type = t.drought_type
WHERE
    s.months <> coalesce(t.months, 0)
    -- Until the first evaluation by this software there are none.
    AND EXISTS (
        SELECT FROM plan.evaluation
        WHERE NOT is_rebuilt
    )
ORDER BY l.landscape_id, s.drought_type;
