INSERT INTO index.calibration (
    landscape_key, landscape_version, source, calibration, index_code, calendar_month, distribution, parameters,
    probability_of_zero, n_years, fitted_at
)
VALUES (1, 2, 'era5-land', '1991-2020', 'spi_3', 4, 'gamma', '{"alpha": 2.0, "beta": 9.0}', 0.1, 30, '2026-05-10 06:00+00'),
(1, 2, 'era5-land', '1991-2020', 'spei_3', 4, 'loglogistic', '{"loc": 2.0, "scale": 1.0, "shape": 0.1}', NULL, 30, '2026-05-10 06:00+00');
INSERT INTO index.value_month (
    landscape_key, month, source, calibration, landscape_version,
    spi_1, spi_2, spi_3, spi_6, spi_9, spi_12, spi_24, spei_1, spei_2, spei_3, spei_6, spei_9, spei_12, spei_24,
    pn_1, pn_3, pn_6, pn_9, pn_12, gaps, release, origin, known_from
)
SELECT
    1, m, 'era5-land', '1991-2020', 2, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
    90, 95, 100, 105, NULL, '{"pn_12": "short_history"}', 'preliminary', 'real', '2026-05-10 06:00+00'
FROM (VALUES ('2026-03-01'::date), ('2026-04-01'), ('2026-05-01')) AS time (m);
UPDATE index.value_month SET spi_1 = 0.15, spi_3 = 0.35, release = 'final' WHERE month = '2026-04-01';
