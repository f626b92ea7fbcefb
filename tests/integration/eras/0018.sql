INSERT INTO landscape.version (
    landscape_key, version, valid_from, country_code, name_en, names, land_use, is_salt_affected, is_derived,
    area_km2, headwater_landscape_id, geometry_geojson, fingerprint, aridity_index
)
SELECT
    landscape_key, 2, '2026-06-18 06:00+00', country_code, name_en, names, land_use, is_salt_affected, is_derived,
    area_km2, headwater_landscape_id, geometry_geojson, 'of 2 version 2', 0.3
FROM landscape.version WHERE landscape_key = 2;
