-- [error] A fit that cannot be: made of fewer than 24 years or of more than its period has, with a share of rainless years outside 0 to 1,
-- or with parameters that no distribution has. Indices of that calendar month are wrong.
-- Do: find out who wrote it; delete the row as the owner and run `drought compute`, which fits it anew.
WITH fit AS (
    SELECT
        landscape_key,
        landscape_version,
        source,
        calibration,
        index_code,
        calendar_month,
        distribution,
        probability_of_zero,
        n_years,
        jsonb_path_exists(parameters, '$.* ? (@ != null)') AS is_fitted,
        least(
            (parameters ->> 'alpha')::double precision,
            (parameters ->> 'beta')::double precision,
            CASE distribution WHEN 'loglogistic' THEN (parameters ->> 'scale')::double precision END,
            (parameters ->> 'deviation_m3_m3')::double precision
        ) AS smallest_spread,
        split_part(calibration, '-', 2)::integer - split_part(calibration, '-', 1)::integer + 1 AS years_of_period
    FROM index.calibration
)

SELECT
    l.landscape_id,
    fit.source,
    fit.calibration,
    fit.index_code,
    fit.calendar_month,
    fit.n_years,
    fit.probability_of_zero,
    fit.smallest_spread
FROM fit
INNER JOIN landscape.landscape AS l ON fit.landscape_key = l.landscape_key
WHERE
    (fit.is_fitted AND fit.n_years < 24)
    OR fit.n_years > fit.years_of_period
    OR NOT coalesce(fit.probability_of_zero, 0) BETWEEN 0 AND 1
    OR fit.smallest_spread <= 0
ORDER BY l.landscape_id, fit.index_code, fit.calendar_month;
