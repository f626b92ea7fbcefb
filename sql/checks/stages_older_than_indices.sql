-- [error] Indices changed more than two days ago, and nothing was decided since: stages and alerts are older than what they rest on.
-- Do: `drought evaluate`, or see why the DAG evaluate_plans fails.
WITH newest AS (
    SELECT max(ended_at) AS decided_at
    FROM ops.outcome
    WHERE step = 'evaluate' AND state = 'done'
),

changed AS (
    SELECT max(known_from) AS indices_from
    FROM index.value_month
)

SELECT
    c.indices_from AS indices_known_from,
    n.decided_at AS last_decided_at
FROM newest AS n
CROSS JOIN changed AS c
WHERE c.indices_from > n.decided_at AND c.indices_from < now() - interval '2 days';
