INSERT INTO plan.drought_event (
    landscape_key, drought_type, onset, plan_id, plan_version, duration_months, highest_stage, highest_stage_rank,
    is_confirmed, source, calibration, index_code, severity, intensity, peak_value, peak_month, months_with_gap, known_from
)
VALUES (1, 'meteorological', '2026-05-01', 'uz-generic', '1', 1, 'watch', 1, TRUE, 'era5-land', '1991-2020', 'spi_3', 1, 1, -1, '2026-05-01', 0, '2026-06-21 06:00+00');
UPDATE plan.drought_event SET severity = 1.1, intensity = 1.1, peak_value = -1.1;
