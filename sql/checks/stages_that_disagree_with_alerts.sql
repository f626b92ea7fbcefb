-- [error] The newest change of a landscape does not lead to the stage it is shown in after that month.
-- Do: `drought evaluate`; if it stays, somebody wrote one of the two by hand.
WITH newest AS (
    SELECT DISTINCT ON (landscape_key, drought_type)
        landscape_key,
        drought_type,
        to_stage,
        month,
        alert_id,
        evidence ->> 'unruled' IS NOT NULL AS is_unruled
    FROM alert.transition
    WHERE change NOT IN ('in_force', 'reminded')
    ORDER BY landscape_key ASC, drought_type ASC, month DESC, alert_id DESC
)

SELECT
    l.landscape_id,
    n.month,
    n.drought_type,
    n.alert_id,
    n.to_stage AS stage_by_alert,
    s.stage AS stage_shown
FROM newest AS n
INNER JOIN landscape.landscape AS l ON n.landscape_key = l.landscape_key
LEFT JOIN plan.stage_month AS s
    ON n.landscape_key = s.landscape_key AND n.drought_type = s.drought_type AND n.month = s.month
WHERE
    n.to_stage IS DISTINCT FROM s.stage
    -- Of a month that no ladder rules any more there is no stage.
    AND NOT (n.is_unruled AND s.stage IS NULL)
ORDER BY l.landscape_id, n.month;
