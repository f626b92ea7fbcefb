-- A transition commits together with its approval; one without was written by hand. Tell the owner.
SELECT
    t.alert_id,
    t.chain_id
FROM alert.transition AS t
LEFT JOIN alert.approval AS a ON t.alert_id = a.alert_id
WHERE a.alert_id IS NULL;
