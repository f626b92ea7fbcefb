-- [error] An index without a value and without the reason of its gap, or with both: a value was lost on its way.
-- Do: delete the landscape's row in index.computed as the owner and run `drought compute`.
WITH suspect AS (
    SELECT *
    FROM index.value_month
    WHERE
        num_nulls(
            spi_1, spi_2, spi_3, spi_6, spi_9, spi_12, spi_24, spi_hy, spi_veg,
            spei_1, spei_2, spei_3, spei_6, spei_9, spei_12, spei_24, spei_hy, spei_veg,
            pn_1, pn_3, pn_6, pn_9, pn_12, smri_1, smri_3, smri_6, smri_12, smri_hy, swei_1, sma_1, sma_3
        ) <> CASE WHEN gaps = '{}' THEN 0 ELSE (SELECT count(*) FROM jsonb_object_keys(gaps)) END
)

SELECT
    l.landscape_id,
    s.month,
    s.source,
    one.key AS index_code,
    one.value AS index_value,
    s.gaps ->> one.key AS gap
FROM suspect AS s
INNER JOIN landscape.landscape AS l ON s.landscape_key = l.landscape_key
CROSS JOIN LATERAL jsonb_each_text(to_jsonb(s)) AS one
WHERE
    one.key ~ '^(spi|spei|pn|smri|swei|sma)_'
    AND (one.value IS NULL) <> (s.gaps ? one.key)
ORDER BY l.landscape_id, s.month, one.key;
