-- [error] A transition commits together with its approval; one without was written by hand, and can neither be told nor refused.
-- Do: find out who wrote it; the owner of the database may delete it.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    t.change,
    t.alert_id
FROM alert.transition AS t
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
LEFT JOIN alert.approval AS a ON t.alert_id = a.alert_id
WHERE a.alert_id IS NULL
ORDER BY l.landscape_id, t.month;
