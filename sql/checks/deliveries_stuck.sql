-- [notice] An approved message has not left for a day: the recipient knows nothing.
-- Do: `drought deliver` says what the channel answers; mend it, or turn on the DAG deliver_alerts. It is tried again until it leaves.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    d.channel,
    d.recipient_id,
    d.state,
    d.attempts,
    d.error,
    a.answered_at::date AS approved_on,
    d.delivery_id
FROM alert.delivery AS d
INNER JOIN alert.message AS m ON d.message_id = m.message_id
INNER JOIN alert.approval AS a ON m.alert_id = a.alert_id
INNER JOIN alert.transition AS t ON a.alert_id = t.alert_id
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
WHERE
    a.state = 'approved'
    AND d.state IN ('queued', 'failed') AND a.answered_at < now() - interval '1 day'
ORDER BY d.delivery_id;
