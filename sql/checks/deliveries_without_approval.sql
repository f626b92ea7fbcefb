-- [error] Nothing may leave without approval, and this message has left, or is about to.
-- Do: stop deliveries (turn off the DAG deliver_alerts), and find out who did it.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    d.channel,
    d.recipient_id,
    d.state,
    coalesce(a.state, 'nobody was asked') AS approval,
    d.delivery_id
FROM alert.delivery AS d
INNER JOIN alert.message AS m ON d.message_id = m.message_id
INNER JOIN alert.transition AS t ON m.alert_id = t.alert_id
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
LEFT JOIN alert.approval AS a ON t.alert_id = a.alert_id
WHERE d.state IN ('queued', 'failed', 'sent') AND a.state IS DISTINCT FROM 'approved'
ORDER BY d.delivery_id;
