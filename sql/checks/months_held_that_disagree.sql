-- [error] The months of a source, as freshness counts them, are not those of its values.
-- Do: `SELECT series.make_months_held()` as the owner of the tables, which makes it anew; and tell who looks after the software.
SELECT
    coalesce(c.country_code, h.country_code) AS country_code,
    coalesce(c.source, h.source) AS source,
    coalesce(c.month, h.month) AS month,
    c.landscapes_with_values AS landscapes_held,
    h.landscapes_with_values AS landscapes_counted,
    c.is_preliminary AS is_held_preliminary,
    h.is_preliminary AS is_counted_preliminary
FROM series.month_counted AS c
FULL JOIN series.month_held AS h ON c.country_code = h.country_code AND c.source = h.source AND c.month = h.month
WHERE
    (c.landscapes_with_values, c.is_preliminary, c.known_from)
    IS DISTINCT FROM (h.landscapes_with_values, h.is_preliminary, h.known_from)
ORDER BY country_code, source, month;
