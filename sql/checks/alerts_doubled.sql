-- [error] The same change of stage stands twice, though the stage did not change back in between: it may be told twice.
-- Do: refuse one of them with `drought reject`, and find out what wrote the other beside `drought evaluate`.
SELECT
    l.landscape_id,
    later.month,
    later.drought_type,
    later.change,
    later.from_stage,
    later.to_stage,
    earlier.alert_id AS first_alert,
    later.alert_id AS second_alert
FROM alert.transition AS later
INNER JOIN alert.transition AS earlier
    ON
        later.landscape_key = earlier.landscape_key
        AND later.drought_type = earlier.drought_type
        AND later.month = earlier.month
        AND later.from_stage = earlier.from_stage
        AND later.to_stage = earlier.to_stage
        AND later.alert_id > earlier.alert_id
INNER JOIN landscape.landscape AS l ON later.landscape_key = l.landscape_key
WHERE
    later.change NOT IN ('in_force', 'reminded') AND earlier.change NOT IN ('in_force', 'reminded')
    AND NOT EXISTS (
        SELECT FROM plan.stage_month_superseded AS o
        WHERE
            o.landscape_key = later.landscape_key AND o.drought_type = later.drought_type
            AND o.month = later.month AND o.stage = later.to_stage
            AND o.known_until > earlier.decided_at AND o.known_until <= later.decided_at
    )
ORDER BY l.landscape_id, later.month, later.alert_id;
