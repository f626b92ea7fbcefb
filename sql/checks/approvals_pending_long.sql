-- [notice] An alert has waited for its approval for more than a week: it is about a month that is over.
-- Do: `drought explain ALERT`, then `drought approve` or `drought reject`.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    t.to_stage,
    t.alert_id,
    a.requested_at::date AS asked_on
FROM alert.approval AS a
INNER JOIN alert.transition AS t ON a.alert_id = t.alert_id
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
WHERE a.state = 'pending' AND a.requested_at < now() - interval '7 days'
ORDER BY a.requested_at, t.alert_id;
