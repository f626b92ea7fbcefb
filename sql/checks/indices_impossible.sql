-- [error] An index that cannot be: beyond the cut at 3.09, a percent of normal below 0 or above 10,000, or a gap with a reason nobody knows.
-- Do: find out who wrote it; delete the landscape's row in index.computed as the owner and run `drought compute`.
SELECT
    l.landscape_id,
    v.month,
    v.source,
    one.key AS index_code,
    one.value AS index_value,
    v.gaps ->> one.key AS gap
FROM index.value_month AS v
INNER JOIN landscape.landscape AS l ON v.landscape_key = l.landscape_key
CROSS JOIN LATERAL jsonb_each_text(to_jsonb(v)) AS one
WHERE
    (
        NOT least(
            v.spi_1, v.spi_2, v.spi_3, v.spi_6, v.spi_9, v.spi_12, v.spi_24, v.spi_hy, v.spi_veg,
            v.spei_1, v.spei_2, v.spei_3, v.spei_6, v.spei_9, v.spei_12, v.spei_24, v.spei_hy, v.spei_veg,
            v.smri_1, v.smri_3, v.smri_6, v.smri_12, v.smri_hy, v.swei_1, v.sma_1, v.sma_3
        ) >= -3.09
        OR NOT greatest(
            v.spi_1, v.spi_2, v.spi_3, v.spi_6, v.spi_9, v.spi_12, v.spi_24, v.spi_hy, v.spi_veg,
            v.spei_1, v.spei_2, v.spei_3, v.spei_6, v.spei_9, v.spei_12, v.spei_24, v.spei_hy, v.spei_veg,
            v.smri_1, v.smri_3, v.smri_6, v.smri_12, v.smri_hy, v.swei_1, v.sma_1, v.sma_3
        ) <= 3.09
        OR NOT least(v.pn_1, v.pn_3, v.pn_6, v.pn_9, v.pn_12) >= 0
        OR NOT greatest(v.pn_1, v.pn_3, v.pn_6, v.pn_9, v.pn_12) <= 10000
        OR v.gaps @? '$.* ? (
            @ != "not_published" && @ != "outside_grid" && @ != "low_coverage" && @ != "too_few_observations"
            && @ != "short_history" && @ != "calibration_short" && @ != "not_applicable" && @ != "rejected"
        )'
    )
    AND (
        one.key ~ '^(spi|spei|smri|swei|sma)_' AND NOT abs(one.value::double precision) <= 3.09
        OR one.key ~ '^pn_' AND NOT one.value::double precision BETWEEN 0 AND 10000
        OR one.key ~ '^(spi|spei|pn|smri|swei|sma)_' AND v.gaps ->> one.key NOT IN (
            'not_published', 'outside_grid', 'low_coverage', 'too_few_observations', 'short_history',
            'calibration_short', 'not_applicable', 'rejected'
        )
    )
ORDER BY l.landscape_id, v.month, one.key;
