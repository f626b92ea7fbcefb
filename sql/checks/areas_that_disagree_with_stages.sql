-- [error] The areas in drought of a country were added up from other landscapes or stages than those shown.
-- Do: `drought evaluate`, which adds them up anew.
WITH stood AS (
    SELECT
        m.country_code,
        s.month,
        s.drought_type,
        count(*) AS landscapes
    FROM plan.stage_month AS s
    INNER JOIN plan.area_member AS m ON s.landscape_key = m.landscape_key
    GROUP BY m.country_code, s.month, s.drought_type
),

summed AS (
    SELECT
        country_code,
        month,
        drought_type,
        sum(landscapes) AS landscapes
    FROM plan.area_in_drought
    GROUP BY country_code, month, drought_type
)

SELECT
    coalesce(s.country_code, a.country_code) AS country_code,
    coalesce(s.month, a.month) AS month,
    coalesce(s.drought_type, a.drought_type) AS drought_type,
    s.landscapes AS landscapes_with_stages,
    a.landscapes AS landscapes_added_up
FROM stood AS s
FULL JOIN summed AS a ON s.country_code = a.country_code AND s.month = a.month AND s.drought_type = a.drought_type
WHERE
    s.landscapes IS DISTINCT FROM a.landscapes
    AND EXISTS (
        SELECT FROM plan.evaluation
        WHERE NOT is_rebuilt
    )
ORDER BY country_code, month, drought_type;
