UPDATE ops.identity SET origin = 'real', live_from = '2026-04-01', live_set_at = '2026-05-01 06:00+00';
INSERT INTO ops.outcome (step, month, state, row_count, seconds, message, ended_at)
VALUES ('ingest', '2026-03-01', 'done', 2, 1.5, 'two files', '2026-05-01 06:00+00'),
('compute', NULL, 'failed', NULL, 0, 'InputError: none', '2026-05-01 07:00+00');
INSERT INTO ops.file (sha256, archive_key, kind, source, product, origin, size_bytes, request, name, received_at)
VALUES (repeat('a', 64), 'era5-land/aa', 'grid', 'era5-land', 'monthly-mean', 'real', 1000, '{"inputs": {"year": ["2026"]}}', 'one.nc', '2026-05-01 06:00+00'),
(repeat('b', 64), 'agency/bb', 'stations', 'agency', 'agency', 'real', 500, NULL, 'gauges.csv', '2026-05-01 06:00+00');
INSERT INTO ops.grid_month (file_id, month, source, release, averaged_over)
VALUES (1, '2026-03-01', 'era5-land', 'final', 'fingerprint'), (1, '2026-04-01', 'era5-land', 'preliminary', NULL);
