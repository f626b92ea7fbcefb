INSERT INTO ops.ingest (file_id, step, n_read, n_stored, n_quarantined, n_unchanged, ingested_at)
VALUES (2, 'ingest_stations', 3, 2, 1, 0, '2026-06-12 06:00+00');
INSERT INTO ops.refused_file (sha256, name, size_bytes, archive_key, reason)
VALUES (repeat('c', 64), 'broken.nc', 12, 'refused/cc', 'expected a whole file');
INSERT INTO ops.watched (url, path, size_bytes, sha256, outcome)
VALUES ('file:///incoming', 'gauges.csv', 500, repeat('b', 64), 'taken');
