-- The newest change of a landscape must lead to the stage it is shown in. Run `drought evaluate`.
WITH newest AS (
    SELECT DISTINCT ON (landscape_key, drought_type)
        landscape_key,
        drought_type,
        to_stage,
        month
    FROM alert.transition
    WHERE change NOT IN ('in_force', 'reminded')
    ORDER BY landscape_key ASC, drought_type ASC, month DESC, alert_id DESC
)

SELECT
    n.landscape_key,
    n.drought_type,
    n.month,
    n.to_stage,
    s.stage
FROM newest AS n
INNER JOIN plan.stage_month AS s
    ON n.landscape_key = s.landscape_key AND n.drought_type = s.drought_type AND n.month = s.month
WHERE n.to_stage <> s.stage;
