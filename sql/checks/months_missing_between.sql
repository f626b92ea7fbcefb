-- A month of a landscape missing between two present ones: run `drought compute` for it.
SELECT
    landscape_key,
    source,
    calibration,
    min(month) AS first_month,
    max(month) AS last_month,
    count(*) AS held
FROM index.value_month
GROUP BY landscape_key, source, calibration
HAVING
    count(*) <> 12 * (extract(YEAR FROM max(month)) - extract(YEAR FROM min(month)))
    + extract(MONTH FROM max(month)) - extract(MONTH FROM min(month)) + 1;
