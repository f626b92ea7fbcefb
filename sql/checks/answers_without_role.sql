-- [error] An alert was answered by somebody who did not hold the issuing role for its country then, or by an order that no plan cites.
-- Do: stop deliveries (turn off the DAG deliver_alerts), and find out who wrote the row: the tables refuse it from everybody but their owner.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    t.to_stage,
    a.state,
    a.name,
    a.office,
    a.door,
    a.answered_at,
    t.alert_id
FROM alert.approval AS a
INNER JOIN alert.transition AS t ON a.alert_id = t.alert_id
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
-- Answers from before the register have no door.
WHERE a.state IN ('approved', 'refused') AND a.door IS NOT NULL AND NOT alert.may_answer(a)
ORDER BY a.answered_at, t.alert_id;
