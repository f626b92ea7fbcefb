INSERT INTO ops.file (sha256, archive_key, kind, source, origin, size_bytes, name)
VALUES (repeat('d', 64), 'agency/dd', 'indicator', 'agency', 'real', 100, 'forecast.csv');
INSERT INTO series.indicator (
    landscape_key, indicator, unit, period_from, period_to, issued_on, value, document_number, disclosure, file_id, known_from
)
SELECT 1, 'snow_survey', 'mm', '2026-03-01', '2026-03-01', '2026-03-20', 120, '17', 'open', file_id, '2026-06-14 06:00+00'
FROM ops.file WHERE kind = 'indicator';
UPDATE series.indicator SET value = 125;
