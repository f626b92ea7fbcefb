-- [error] A climate that no landscape of the six countries can have: a unit was mistaken or a missing cell was not declared. Limits a month:
-- rain 2,000 mm (above any month at a gauge of the region), mean temperature -50 to 45 degrees, PET 5 mm at least in June to August and
-- 600 mm at most, more snowfall than precipitation, soil water above 0.8 (the pores of peat), 15 m of snow water, 3 m of melt.
-- Do: look at the raw file of that month (`drought doctor --thorough`), ingest the right one, then `drought compute`.
SELECT
    l.landscape_id,
    c.month,
    c.source,
    c.precipitation_mm,
    c.temperature_mean_c,
    c.pet_mm,
    c.pet_hargreaves_mm,
    c.soil_moisture_m3_m3,
    c.snow_water_equivalent_mm,
    c.snow_melt_mm,
    c.snowfall_mm,
    c.coverage_fraction
FROM series.climate_month AS c
INNER JOIN landscape.landscape AS l ON c.landscape_key = l.landscape_key
WHERE
    NOT c.precipitation_mm BETWEEN 0 AND 2000
    OR NOT c.temperature_mean_c BETWEEN -50 AND 45
    OR NOT least(c.pet_mm, c.pet_hargreaves_mm) >= CASE WHEN extract(MONTH FROM c.month) BETWEEN 6 AND 8 THEN 5 ELSE 0 END
    OR NOT greatest(c.pet_mm, c.pet_hargreaves_mm) <= 600
    OR NOT c.soil_moisture_m3_m3 BETWEEN 0 AND 0.8
    OR NOT c.snow_water_equivalent_mm BETWEEN 0 AND 15000
    OR NOT c.snow_melt_mm BETWEEN 0 AND 3000
    OR c.source <> 'blended' AND c.snowfall_mm > 1.05 * c.precipitation_mm + 1
    OR NOT c.coverage_fraction BETWEEN 0 AND 1
ORDER BY l.landscape_id, c.month;
