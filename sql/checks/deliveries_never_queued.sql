-- [error] A message still waits although its alert is approved: it will never leave by itself.
-- Do: tell the recipient by other means, and find out what changed the row after the approval.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    d.channel,
    d.recipient_id,
    a.answered_at::date AS approved_on,
    d.delivery_id
FROM alert.delivery AS d
INNER JOIN alert.message AS m ON d.message_id = m.message_id
INNER JOIN alert.approval AS a ON m.alert_id = a.alert_id
INNER JOIN alert.transition AS t ON a.alert_id = t.alert_id
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
WHERE a.state = 'approved' AND d.state = 'waiting'
ORDER BY d.delivery_id;
