-- [error] The evidence of an alert names another plan than the one it was decided by, or a version whose content is not the one stored.
-- Do: stop deliveries of it (`drought reject`), and compare with `drought plans list`: somebody changed a loaded plan or the alert.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    t.alert_id,
    t.plan_id,
    t.plan_version,
    t.evidence ->> 'plan_id' AS plan_id_in_evidence,
    t.evidence ->> 'plan_version' AS version_in_evidence
FROM alert.transition AS t
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
LEFT JOIN plan.document AS d ON t.plan_id = d.plan_id AND t.plan_version = d.version
WHERE
    t.evidence ->> 'plan_id' IS DISTINCT FROM t.plan_id
    OR t.evidence ->> 'plan_version' IS DISTINCT FROM t.plan_version
    OR t.evidence ->> 'plan_fingerprint' IS DISTINCT FROM d.fingerprint
ORDER BY l.landscape_id, t.month, t.alert_id;
