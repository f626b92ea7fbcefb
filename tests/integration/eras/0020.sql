INSERT INTO plan.evaluation (decided_at, versions, calibration, sources, min_coverage, stage_rows, transitions, told)
VALUES ('2026-06-20 06:00+00', '{"cacilm-drought": "0.1.0"}', '1991-2020', ARRAY['era5-land'], 0.5, 0, 0, 0);
