UPDATE series.climate_month SET pet_hargreaves_mm = 58, soil_moisture_m3_m3 = 0.2, snow_water_equivalent_mm = 4, snow_melt_mm = 2, snowfall_mm = 1
WHERE landscape_key = 1 AND month = '2026-05-01' AND source = 'era5-land';
INSERT INTO index.computed (
    landscape_key, source, calibration, landscape_version, method, first_month, last_month, was_ready, is_hargreaves, computed_at
)
VALUES (1, 'era5-land', '1991-2020', 2, 'method 2', '2026-03-01', '2026-05-01', FALSE, FALSE, '2026-06-15 06:00+00');
UPDATE index.value_month SET smri_1 = 0.5, gaps = gaps - 'smri_1' WHERE month = '2026-05-01';
