-- [error] Values of an index without the fit they were judged by: nobody can say what they are measured against.
-- Do: delete the landscape's row in index.computed as the owner and run `drought compute`, which fits what lacks.
WITH counted AS (
    SELECT
        landscape_key,
        landscape_version,
        source,
        calibration,
        extract(MONTH FROM month)::integer AS calendar_month,
        min(month) AS first_month,
        ARRAY[
            count(spi_1), count(spi_2), count(spi_3), count(spi_6), count(spi_9), count(spi_12), count(spi_24),
            count(spi_hy), count(spi_veg), count(spei_1), count(spei_2), count(spei_3), count(spei_6), count(spei_9),
            count(spei_12), count(spei_24), count(spei_hy), count(spei_veg), count(pn_1), count(pn_3), count(pn_6),
            count(pn_9), count(pn_12), count(smri_1), count(smri_3), count(smri_6), count(smri_12), count(smri_hy),
            count(swei_1), count(sma_1), count(sma_3)
        ] AS counts
    FROM index.value_month
    GROUP BY landscape_key, landscape_version, source, calibration, calendar_month
),

fitted AS (
    SELECT
        landscape_key,
        landscape_version,
        source,
        calibration,
        calendar_month,
        array_agg(index_code) AS index_codes
    FROM index.calibration
    GROUP BY landscape_key, landscape_version, source, calibration, calendar_month
)

SELECT
    l.landscape_id,
    c.first_month,
    c.source,
    c.calibration,
    one.index_code,
    c.calendar_month,
    one.n AS values_held
FROM counted AS c
INNER JOIN landscape.landscape AS l ON c.landscape_key = l.landscape_key
-- Of what was not computed here, or is due as a whole, nothing is missing yet.
INNER JOIN index.computed AS d
    ON
        c.landscape_key = d.landscape_key AND c.source = d.source AND c.calibration = d.calibration
        AND c.landscape_version = d.landscape_version
LEFT JOIN fitted AS f
    ON
        c.landscape_key = f.landscape_key AND c.landscape_version = f.landscape_version
        AND c.source = f.source AND c.calibration = f.calibration AND c.calendar_month = f.calendar_month
CROSS JOIN
    LATERAL unnest(
        ARRAY[
            'spi_1', 'spi_2', 'spi_3', 'spi_6', 'spi_9', 'spi_12', 'spi_24', 'spi_hy', 'spi_veg',
            'spei_1', 'spei_2', 'spei_3', 'spei_6', 'spei_9', 'spei_12', 'spei_24', 'spei_hy', 'spei_veg',
            'pn_1', 'pn_3', 'pn_6', 'pn_9', 'pn_12', 'smri_1', 'smri_3', 'smri_6', 'smri_12', 'smri_hy',
            'swei_1', 'sma_1', 'sma_3'
        ],
        c.counts
    ) AS one (index_code, n)
WHERE one.n > 0 AND (one.index_code = any(f.index_codes)) IS NOT TRUE
ORDER BY l.landscape_id, one.index_code, c.calendar_month;
