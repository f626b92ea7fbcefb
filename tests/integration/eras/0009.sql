INSERT INTO ops.request (dataset, area, state, asked_at, ended_at, told_at, file_id)
VALUES ('reanalysis-era5-land-monthly-means', '[46, 52, 35, 88]', 'received', '2026-06-07 06:00+00', '2026-06-07 07:00+00', NULL, 1),
('reanalysis-era5-land-monthly-means', '[46, 52, 35, 88]', 'open', '2026-06-08 06:00+00', NULL, NULL, NULL);
INSERT INTO ops.request_month (request_id, dataset, month, is_open)
VALUES (1, 'reanalysis-era5-land-monthly-means', '2026-04-01', FALSE), (2, 'reanalysis-era5-land-monthly-means', '2026-05-01', TRUE);
INSERT INTO ops.job (request_id, part, inputs, state, job_id, submitted_at)
VALUES (2, 'all', '{"year": ["2026"]}', 'submitted', 'job-1', '2026-06-08 06:01+00');
