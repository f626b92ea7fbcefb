-- [error] An alert that asks for approval has no message to send: the decision was half written by hand.
-- Do: find out what wrote it; the recipients have to be told by other means.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    t.alert_id,
    a.state AS approval
FROM alert.approval AS a
INNER JOIN alert.transition AS t ON a.alert_id = t.alert_id
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
LEFT JOIN alert.message AS m ON a.alert_id = m.alert_id
WHERE a.state <> 'not_needed' AND m.alert_id IS NULL
ORDER BY l.landscape_id, t.month;
