-- Nothing may leave without approval. If this returns rows, stop deliveries and find out who did it.
SELECT
    d.delivery_id,
    m.alert_id,
    a.state
FROM alert.delivery AS d
INNER JOIN alert.message AS m ON d.message_id = m.message_id
INNER JOIN alert.approval AS a ON m.alert_id = a.alert_id
WHERE d.state = 'sent' AND a.state <> 'approved';
