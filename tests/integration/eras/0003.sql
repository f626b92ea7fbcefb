INSERT INTO series.climate_month (
    landscape_key, month, source, landscape_version, precipitation_mm, temperature_mean_c, pet_mm, gap,
    coverage_fraction, release, origin, file_id, known_from
)
SELECT
    k, m, 'era5-land', CASE k WHEN 1 THEN 2 ELSE 1 END, CASE WHEN m > '2026-03-01' OR k = 1 THEN 30.5 + k END, 12.25, 60,
    CASE WHEN m > '2026-03-01' OR k = 1 THEN NULL ELSE 'low_coverage' END, 0.9, 'preliminary', 'real', 1, '2026-05-10 06:00+00'
FROM (VALUES (1), (2)) AS place (k) CROSS JOIN (VALUES ('2026-03-01'::date), ('2026-04-01'), ('2026-05-01')) AS time (m);
-- Its final value came a month later.
UPDATE series.climate_month SET precipitation_mm = 33.5, release = 'final' WHERE landscape_key = 1 AND month = '2026-04-01';
INSERT INTO series.station (station_id, name, latitude, longitude, elevation_m, disclosure)
VALUES ('38462', 'open gauge', 38.5, 65.5, 400, 'open'), ('38463', 'closed gauge', 38.6, 65.6, NULL, 'restricted');
INSERT INTO series.station_month (
    station_id, month, source, precipitation_mm, temperature_mean_c, gap, resolution, policy, n_observations, origin,
    file_id, known_from
)
VALUES ('38462', '2026-04-01', 'agency', 28, 11, NULL, 'daily', 'wmo_1203', 30, 'real', 2, '2026-05-10 06:00+00'),
('38463', '2026-04-01', 'agency', NULL, NULL, 'too_few_observations', 'daily', 'wmo_1203', 3, 'real', 2, '2026-05-10 06:00+00');
UPDATE series.station_month SET precipitation_mm = 29 WHERE station_id = '38462';
INSERT INTO series.quarantine (file_id, line, station_id, reason, record, rejected_at)
VALUES (2, 7, '38462', 'impossible', '38462,9999', '2026-05-10 06:00+00');
