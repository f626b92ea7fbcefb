INSERT INTO series.landscape_gauge (landscape_key, station_id, known_from) VALUES (1, '38462', '2026-06-13 06:00+00');
INSERT INTO series.agreement (landscape_key, source, landscape_version, calibration, gauges, n_months, ratio, known_from)
VALUES (1, 'era5-land', 2, '1991-2020', ARRAY['38462'], 300, 0.9, '2026-06-13 06:00+00');
UPDATE series.agreement SET ratio = 0.92;
INSERT INTO series.agreement_month (
    landscape_key, month, source, gauge_mm, grid_mm, n_gauges, n_suspect, n_assumed_dry, policies, known_from
)
VALUES (1, '2026-04-01', 'era5-land', 29, 33.5, 1, 0, 0, ARRAY['wmo_1203'], '2026-06-13 06:00+00');
UPDATE series.agreement_month SET gauge_mm = 29.5;
INSERT INTO series.climate_month (
    landscape_key, month, source, landscape_version, precipitation_mm, temperature_mean_c, pet_mm, coverage_fraction,
    release, origin, file_id, known_from
)
VALUES (1, '2026-04-01', 'blended', 2, 31, 12.25, 60, 1, 'final', 'real', NULL, '2026-06-13 06:00+00');
