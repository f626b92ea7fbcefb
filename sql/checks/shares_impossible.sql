-- [error] A share of area outside 0 to 1, or larger at a drier class: what lies below -2 lies below -1 too.
-- Do: delete the month's row in index.share_month as the owner and run `drought compute`.
SELECT
    l.landscape_id,
    a.month,
    a.source,
    a.calibration
FROM index.area_share AS a
INNER JOIN landscape.landscape AS l ON a.landscape_key = l.landscape_key
WHERE
    NOT (
        coalesce(
            a.spi_1[1] <= 1 AND a.spi_1[1] >= 0 AND a.spi_1[2] <= 1
            AND a.spi_1[3] <= a.spi_1[2] AND a.spi_1[4] <= a.spi_1[3] AND a.spi_1[5] <= a.spi_1[4]
            AND a.spi_1[6] <= a.spi_1[5] AND a.spi_1[7] <= a.spi_1[6] AND a.spi_1[8] <= a.spi_1[7] AND a.spi_1[8] >= 0,
            a.spi_1 IS NULL
        )
        AND coalesce(
            a.spi_2[1] <= 1 AND a.spi_2[1] >= 0 AND a.spi_2[2] <= 1
            AND a.spi_2[3] <= a.spi_2[2] AND a.spi_2[4] <= a.spi_2[3] AND a.spi_2[5] <= a.spi_2[4]
            AND a.spi_2[6] <= a.spi_2[5] AND a.spi_2[7] <= a.spi_2[6] AND a.spi_2[8] <= a.spi_2[7] AND a.spi_2[8] >= 0,
            a.spi_2 IS NULL
        )
        AND coalesce(
            a.spi_3[1] <= 1 AND a.spi_3[1] >= 0 AND a.spi_3[2] <= 1
            AND a.spi_3[3] <= a.spi_3[2] AND a.spi_3[4] <= a.spi_3[3] AND a.spi_3[5] <= a.spi_3[4]
            AND a.spi_3[6] <= a.spi_3[5] AND a.spi_3[7] <= a.spi_3[6] AND a.spi_3[8] <= a.spi_3[7] AND a.spi_3[8] >= 0,
            a.spi_3 IS NULL
        )
        AND coalesce(
            a.spi_6[1] <= 1 AND a.spi_6[1] >= 0 AND a.spi_6[2] <= 1
            AND a.spi_6[3] <= a.spi_6[2] AND a.spi_6[4] <= a.spi_6[3] AND a.spi_6[5] <= a.spi_6[4]
            AND a.spi_6[6] <= a.spi_6[5] AND a.spi_6[7] <= a.spi_6[6] AND a.spi_6[8] <= a.spi_6[7] AND a.spi_6[8] >= 0,
            a.spi_6 IS NULL
        )
        AND coalesce(
            a.spi_9[1] <= 1 AND a.spi_9[1] >= 0 AND a.spi_9[2] <= 1
            AND a.spi_9[3] <= a.spi_9[2] AND a.spi_9[4] <= a.spi_9[3] AND a.spi_9[5] <= a.spi_9[4]
            AND a.spi_9[6] <= a.spi_9[5] AND a.spi_9[7] <= a.spi_9[6] AND a.spi_9[8] <= a.spi_9[7] AND a.spi_9[8] >= 0,
            a.spi_9 IS NULL
        )
        AND coalesce(
            a.spi_12[1] <= 1 AND a.spi_12[1] >= 0 AND a.spi_12[2] <= 1
            AND a.spi_12[3] <= a.spi_12[2] AND a.spi_12[4] <= a.spi_12[3] AND a.spi_12[5] <= a.spi_12[4]
            AND a.spi_12[6] <= a.spi_12[5] AND a.spi_12[7] <= a.spi_12[6] AND a.spi_12[8] <= a.spi_12[7] AND a.spi_12[8] >= 0,
            a.spi_12 IS NULL
        )
        AND coalesce(
            a.spi_24[1] <= 1 AND a.spi_24[1] >= 0 AND a.spi_24[2] <= 1
            AND a.spi_24[3] <= a.spi_24[2] AND a.spi_24[4] <= a.spi_24[3] AND a.spi_24[5] <= a.spi_24[4]
            AND a.spi_24[6] <= a.spi_24[5] AND a.spi_24[7] <= a.spi_24[6] AND a.spi_24[8] <= a.spi_24[7] AND a.spi_24[8] >= 0,
            a.spi_24 IS NULL
        )
        AND coalesce(
            a.spi_hy[1] <= 1 AND a.spi_hy[1] >= 0 AND a.spi_hy[2] <= 1
            AND a.spi_hy[3] <= a.spi_hy[2] AND a.spi_hy[4] <= a.spi_hy[3] AND a.spi_hy[5] <= a.spi_hy[4]
            AND a.spi_hy[6] <= a.spi_hy[5] AND a.spi_hy[7] <= a.spi_hy[6] AND a.spi_hy[8] <= a.spi_hy[7] AND a.spi_hy[8] >= 0,
            a.spi_hy IS NULL
        )
        AND coalesce(
            a.spi_veg[1] <= 1 AND a.spi_veg[1] >= 0 AND a.spi_veg[2] <= 1
            AND a.spi_veg[3] <= a.spi_veg[2] AND a.spi_veg[4] <= a.spi_veg[3] AND a.spi_veg[5] <= a.spi_veg[4]
            AND a.spi_veg[6] <= a.spi_veg[5] AND a.spi_veg[7] <= a.spi_veg[6] AND a.spi_veg[8] <= a.spi_veg[7] AND a.spi_veg[8] >= 0,
            a.spi_veg IS NULL
        )
        AND coalesce(
            a.spei_1[1] <= 1 AND a.spei_1[1] >= 0 AND a.spei_1[2] <= 1
            AND a.spei_1[3] <= a.spei_1[2] AND a.spei_1[4] <= a.spei_1[3] AND a.spei_1[5] <= a.spei_1[4]
            AND a.spei_1[6] <= a.spei_1[5] AND a.spei_1[7] <= a.spei_1[6] AND a.spei_1[8] <= a.spei_1[7] AND a.spei_1[8] >= 0,
            a.spei_1 IS NULL
        )
        AND coalesce(
            a.spei_2[1] <= 1 AND a.spei_2[1] >= 0 AND a.spei_2[2] <= 1
            AND a.spei_2[3] <= a.spei_2[2] AND a.spei_2[4] <= a.spei_2[3] AND a.spei_2[5] <= a.spei_2[4]
            AND a.spei_2[6] <= a.spei_2[5] AND a.spei_2[7] <= a.spei_2[6] AND a.spei_2[8] <= a.spei_2[7] AND a.spei_2[8] >= 0,
            a.spei_2 IS NULL
        )
        AND coalesce(
            a.spei_3[1] <= 1 AND a.spei_3[1] >= 0 AND a.spei_3[2] <= 1
            AND a.spei_3[3] <= a.spei_3[2] AND a.spei_3[4] <= a.spei_3[3] AND a.spei_3[5] <= a.spei_3[4]
            AND a.spei_3[6] <= a.spei_3[5] AND a.spei_3[7] <= a.spei_3[6] AND a.spei_3[8] <= a.spei_3[7] AND a.spei_3[8] >= 0,
            a.spei_3 IS NULL
        )
        AND coalesce(
            a.spei_6[1] <= 1 AND a.spei_6[1] >= 0 AND a.spei_6[2] <= 1
            AND a.spei_6[3] <= a.spei_6[2] AND a.spei_6[4] <= a.spei_6[3] AND a.spei_6[5] <= a.spei_6[4]
            AND a.spei_6[6] <= a.spei_6[5] AND a.spei_6[7] <= a.spei_6[6] AND a.spei_6[8] <= a.spei_6[7] AND a.spei_6[8] >= 0,
            a.spei_6 IS NULL
        )
        AND coalesce(
            a.spei_9[1] <= 1 AND a.spei_9[1] >= 0 AND a.spei_9[2] <= 1
            AND a.spei_9[3] <= a.spei_9[2] AND a.spei_9[4] <= a.spei_9[3] AND a.spei_9[5] <= a.spei_9[4]
            AND a.spei_9[6] <= a.spei_9[5] AND a.spei_9[7] <= a.spei_9[6] AND a.spei_9[8] <= a.spei_9[7] AND a.spei_9[8] >= 0,
            a.spei_9 IS NULL
        )
        AND coalesce(
            a.spei_12[1] <= 1 AND a.spei_12[1] >= 0 AND a.spei_12[2] <= 1
            AND a.spei_12[3] <= a.spei_12[2] AND a.spei_12[4] <= a.spei_12[3] AND a.spei_12[5] <= a.spei_12[4]
            AND a.spei_12[6] <= a.spei_12[5] AND a.spei_12[7] <= a.spei_12[6] AND a.spei_12[8] <= a.spei_12[7] AND a.spei_12[8] >= 0,
            a.spei_12 IS NULL
        )
        AND coalesce(
            a.spei_24[1] <= 1 AND a.spei_24[1] >= 0 AND a.spei_24[2] <= 1
            AND a.spei_24[3] <= a.spei_24[2] AND a.spei_24[4] <= a.spei_24[3] AND a.spei_24[5] <= a.spei_24[4]
            AND a.spei_24[6] <= a.spei_24[5] AND a.spei_24[7] <= a.spei_24[6] AND a.spei_24[8] <= a.spei_24[7] AND a.spei_24[8] >= 0,
            a.spei_24 IS NULL
        )
        AND coalesce(
            a.spei_hy[1] <= 1 AND a.spei_hy[1] >= 0 AND a.spei_hy[2] <= 1
            AND a.spei_hy[3] <= a.spei_hy[2] AND a.spei_hy[4] <= a.spei_hy[3] AND a.spei_hy[5] <= a.spei_hy[4]
            AND a.spei_hy[6] <= a.spei_hy[5] AND a.spei_hy[7] <= a.spei_hy[6] AND a.spei_hy[8] <= a.spei_hy[7] AND a.spei_hy[8] >= 0,
            a.spei_hy IS NULL
        )
        AND coalesce(
            a.spei_veg[1] <= 1 AND a.spei_veg[1] >= 0 AND a.spei_veg[2] <= 1
            AND a.spei_veg[3] <= a.spei_veg[2] AND a.spei_veg[4] <= a.spei_veg[3] AND a.spei_veg[5] <= a.spei_veg[4]
            AND a.spei_veg[6] <= a.spei_veg[5] AND a.spei_veg[7] <= a.spei_veg[6] AND a.spei_veg[8] <= a.spei_veg[7] AND a.spei_veg[8] >= 0,
            a.spei_veg IS NULL
        )
    )
ORDER BY l.landscape_id, a.month;
