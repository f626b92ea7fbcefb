INSERT INTO index.cell_calibration (source, calibration, index_code, fit, made_from, cells, fitted_at)
VALUES ('era5-land', '1991-2020', 'spi_3', 1, 2, 1000, '2026-06-16 06:00+00');
INSERT INTO index.area_share (
    landscape_key, month, source, calibration, landscape_version, spi_3, gaps, release, origin, known_from
)
SELECT
    1, m, 'era5-land', '1991-2020', 2, ARRAY[1, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0]::real[],
    (SELECT jsonb_object_agg(attname, 'not_published') FROM pg_attribute
     WHERE attrelid = 'index.area_share'::regclass AND attname ~ '^spe?i_' AND attname <> 'spi_3'),
    'preliminary', 'real', '2026-06-16 06:00+00'
FROM (VALUES ('2026-04-01'::date), ('2026-05-01')) AS time (m);
UPDATE index.area_share SET spi_3 = ARRAY[1, 0.6, 0.4, 0.3, 0.2, 0.1, 0.1, 0]::real[], release = 'final' WHERE month = '2026-04-01';
INSERT INTO index.share_month (source, calibration, month, fingerprint) VALUES ('era5-land', '1991-2020', '2026-04-01', 77);
