-- An alert that asks for approval has messages. If not, the decision was half written by hand.
SELECT
    a.alert_id,
    a.state
FROM alert.approval AS a
LEFT JOIN alert.message AS m ON a.alert_id = m.alert_id
WHERE a.state <> 'not_needed' AND m.alert_id IS NULL;
