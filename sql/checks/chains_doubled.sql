-- [error] Two chains of alerts of one landscape and drought type are alive at once: the end of one drought would leave the other told for ever.
-- Do: `drought explain` of both; refuse the wrong one with `drought reject`, and tell who looks after the software.
WITH newest AS (
    SELECT DISTINCT ON (landscape_key, drought_type, chain_id)
        landscape_key,
        drought_type,
        chain_id,
        alert_id,
        month,
        to_stage
    FROM alert.transition
    ORDER BY landscape_key ASC, drought_type ASC, chain_id ASC, month DESC, alert_id DESC
)

SELECT
    l.landscape_id,
    n.drought_type,
    count(*) AS chains,
    min(n.alert_id) AS first_alert,
    max(n.alert_id) AS last_alert
FROM newest AS n
INNER JOIN landscape.landscape AS l ON n.landscape_key = l.landscape_key
WHERE
    n.to_stage <> 'none'
    -- A later correction of an earlier month may speak of this one too: it is said once for several.
    AND NOT EXISTS (
        SELECT FROM alert.transition AS c
        WHERE
            c.chain_id = n.chain_id
            AND c.landscape_key = n.landscape_key
            AND c.drought_type = n.drought_type
            AND c.alert_id > n.alert_id
            AND c.change = 'corrected'
            AND c.to_stage = 'none'
            AND c.month < n.month
            AND NOT EXISTS (
                SELECT FROM plan.stage_month AS s
                WHERE
                    s.landscape_key = n.landscape_key
                    AND s.drought_type = n.drought_type
                    AND s.month BETWEEN c.month AND n.month
                    AND s.stage <> 'none'
            )
    )
GROUP BY l.landscape_id, n.drought_type
HAVING count(*) > 1
ORDER BY l.landscape_id, n.drought_type;
