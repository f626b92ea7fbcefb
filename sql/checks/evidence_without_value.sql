-- [error] An alert without evidence: a comparison names neither a value nor the reason of its gap, or a stage began or rose with no value
-- behind it.
-- Do: `drought explain ALERT`; do not approve it, and find out what wrote it.
SELECT
    l.landscape_id,
    t.month,
    t.drought_type,
    t.change,
    t.to_stage,
    t.alert_id
FROM alert.transition AS t
INNER JOIN landscape.landscape AS l ON t.landscape_key = l.landscape_key
WHERE
    t.evidence @? '$.comparisons[*] ? (@.value == null && @.gap == null && @.withheld == null)'
    OR t.change IN ('began', 'escalated')
    AND NOT t.evidence @? '$.comparisons[*] ? (@.is_active == true && (@.value != null || @.withheld != null))'
    -- A stage whose rules stand in groups may begin by one that ends.
    AND NOT t.evidence @? '$ ? (@.paths.size() > 0).comparisons[*] ? (@.value != null || @.withheld != null)'
ORDER BY l.landscape_id, t.month, t.alert_id;
