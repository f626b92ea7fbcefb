-- [error] The latest stage of a landscape is not the one of its newest month.
-- Do: `SELECT plan.make_latest_stages()` as the owner of the tables, which makes it anew; and tell who looks after the software.
WITH newest AS (
    SELECT DISTINCT ON (landscape_key, drought_type) * FROM plan.stage_month
    ORDER BY landscape_key ASC, drought_type ASC, month DESC
)

SELECT
    l.landscape_id,
    coalesce(n.drought_type, k.drought_type) AS drought_type,
    n.month AS newest_month,
    k.month AS month_shown,
    n.stage AS newest_stage,
    k.stage AS stage_shown
FROM newest AS n
FULL JOIN plan.latest_stage AS k ON n.landscape_key = k.landscape_key AND n.drought_type = k.drought_type
INNER JOIN landscape.landscape AS l ON l.landscape_key = coalesce(n.landscape_key, k.landscape_key)
WHERE n IS DISTINCT FROM k
ORDER BY l.landscape_id, drought_type;
