-- Replaced by the software that keeps only what changed.
UPDATE index.value_month SET spi_1 = 0.2, spi_12 = 0.65 WHERE month = '2026-04-01';
UPDATE index.area_share SET spi_3 = ARRAY[1, 0.7, 0.4, 0.3, 0.2, 0.1, 0.1, 0]::real[] WHERE month = '2026-04-01';
UPDATE series.climate_month SET precipitation_mm = 34 WHERE landscape_key = 1 AND month = '2026-04-01' AND source = 'era5-land';
