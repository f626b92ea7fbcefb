-- [error] An evaluation noted another number of changes of stage than there are of it: alerts were added or taken away since.
-- Do: find out who did; `drought evaluate --as-of` says what was decided.
WITH written AS (
    SELECT
        decided_at,
        count(*) AS transitions
    FROM alert.transition
    GROUP BY decided_at
)

SELECT
    e.decided_at,
    e.transitions AS noted,
    coalesce(w.transitions, 0) AS held
FROM plan.evaluation AS e
LEFT JOIN written AS w ON e.decided_at = w.decided_at
WHERE e.transitions <> coalesce(w.transitions, 0)
ORDER BY e.decided_at;
