-- [notice] An approved message has not left for a day, though the reader's hours would have let it: the recipient knows nothing.
-- Do: `drought status` says what each channel answers and when it is tried again, `drought deliver --now` tries at once; mend the channel or the address, or turn on the DAG deliver_alerts.
WITH clock AS (
    -- Offsets as in pipeline/alerts/local_time.py.
    SELECT
        recipient_key,
        weekdays,
        hour_from,
        hour_until,
        make_interval(hours => CASE clock_country WHEN 'KG' THEN 6 WHEN 'TR' THEN 3 ELSE 5 END) AS ahead
    FROM alert.recipient
)

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
LEFT JOIN clock AS c ON d.recipient_key = c.recipient_key
WHERE
    a.state = 'approved'
    AND d.state IN ('queued', 'failed')
    AND a.answered_at < now() - interval '1 day'
    AND (
        d.state = 'failed' OR c.recipient_key IS NULL OR EXISTS (
            SELECT
            FROM
                generate_series(
                    greatest(a.answered_at, now() - interval '9 days'), now() - interval '1 hour', interval '30 minutes'
                ) AS passed (moment)
            WHERE
                extract(ISODOW FROM passed.moment AT TIME ZONE 'UTC' + c.ahead)::integer = any(c.weekdays)
                AND extract(HOUR FROM passed.moment AT TIME ZONE 'UTC' + c.ahead) >= c.hour_from
                AND extract(HOUR FROM passed.moment AT TIME ZONE 'UTC' + c.ahead) < c.hour_until
        )
    )
ORDER BY d.delivery_id;
