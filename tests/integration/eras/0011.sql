UPDATE series.station_position SET elevation_m = 410, note = 'moved up' WHERE station_id = '38462';
INSERT INTO series.station_position (station_id, valid_from, latitude, longitude, known_from)
VALUES ('38463', '2000-01-01', 38.61, 65.61, '2026-06-11 06:00+00');
UPDATE series.station_position SET note = 'surveyed' WHERE station_id = '38463' AND valid_from = '2000-01-01';
INSERT INTO series.disclosure_decision (station_id, disclosure, decided_by, reason, decided_at)
VALUES ('38463', 'agency', 'A. Karimova', 'Order 7', '2026-06-11 06:00+00');
UPDATE series.station SET disclosure = 'agency' WHERE station_id = '38463';
INSERT INTO series.station_file (file_id, station_id) VALUES (2, '38462'), (2, '38463');
INSERT INTO series.observation (
    station_id, source, quantity, resolution, last_day, n_days, value, verdict, reason, file_id, line, known_from
)
VALUES ('38462', 'agency', 'precipitation_mm', 'daily', '2026-04-03', 1, 4.5, 'good', NULL, 2, 3, '2026-06-11 06:00+00'),
('38462', 'agency', 'precipitation_mm', 'daily', '2026-04-04', 1, 90, 'suspect', 'spike', 2, 4, '2026-06-11 06:00+00');
UPDATE series.observation SET value = 5 WHERE last_day = '2026-04-03';
INSERT INTO series.finding (station_id, source, quantity, resolution, check_name, first_day, last_day, verdict, reason)
VALUES ('38462', 'agency', 'precipitation_mm', 'daily', 'spike', '2026-04-04', '2026-04-04', 'suspect', 'spike');
