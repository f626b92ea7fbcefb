-- [error] Stages or alerts that no evaluation wrote: nobody can replay them.
-- Do: `drought evaluate`; find out who wrote them, and do not approve such alerts.
WITH decided AS (
    SELECT
        landscape_key,
        month,
        drought_type,
        'stage ' || stage AS decision,
        known_from AS decided_at
    FROM plan.stage_month
    WHERE known_from NOT IN (SELECT decided_at FROM plan.evaluation)
    UNION ALL
    SELECT
        landscape_key,
        month,
        drought_type,
        'alert ' || alert_id AS decision,
        decided_at
    FROM alert.transition
    WHERE change <> 'in_force' AND decided_at NOT IN (SELECT decided_at FROM plan.evaluation)
)

SELECT
    l.landscape_id,
    d.month,
    d.drought_type,
    d.decision,
    d.decided_at
FROM decided AS d
INNER JOIN landscape.landscape AS l ON d.landscape_key = l.landscape_key
ORDER BY l.landscape_id, d.month, d.drought_type;
