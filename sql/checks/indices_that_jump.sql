-- [notice] SPI or SPEI of 12 months moved by more than 3.5 from one month to the next, though eleven of its twelve months are the same: from
-- severe drought to severe wetness in a month.
-- Do: look at the rain of the two months in `mart.climate_month`, and at the month that left the window a year before.
SELECT
    l.landscape_id,
    v.month,
    v.source,
    v.calibration,
    b.spi_12 AS spi_12_before,
    v.spi_12,
    b.spei_12 AS spei_12_before,
    v.spei_12
FROM index.value_month AS v
INNER JOIN index.value_month AS b
    ON
        v.landscape_key = b.landscape_key AND v.source = b.source AND v.calibration = b.calibration
        AND b.month = (v.month - interval '1 month')::date
        AND (abs(v.spi_12 - b.spi_12) > 3.5 OR abs(v.spei_12 - b.spei_12) > 3.5)
INNER JOIN landscape.landscape AS l ON v.landscape_key = l.landscape_key
ORDER BY l.landscape_id, v.month;
