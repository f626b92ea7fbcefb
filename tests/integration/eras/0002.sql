INSERT INTO landscape.landscape (landscape_id) VALUES ('A'), ('B');
INSERT INTO landscape.version (
    landscape_key, version, valid_from, country_code, name_en, names, land_use, is_salt_affected, is_derived,
    area_km2, headwater_landscape_id, geometry_geojson, fingerprint
)
SELECT
    k, v, '2026-05-01 06:00+00'::timestamptz + v * interval '1 day', 'UZ', 'District ' || k, '{"ru": "Район"}',
    CASE k WHEN 2 THEN 'irrigated' ELSE 'rainfed' END, FALSE, TRUE, 9000 + v, CASE k WHEN 2 THEN 'A' END,
    jsonb_build_object('type', 'Polygon', 'coordinates', jsonb_build_array(jsonb_build_array(
        jsonb_build_array(64 + k, 38), jsonb_build_array(65 + k, 38), jsonb_build_array(65 + k, 38 + v),
        jsonb_build_array(64 + k, 38 + v), jsonb_build_array(64 + k, 38)
    ))),
    format('of %s version %s', k, v)
FROM (VALUES (1, 1), (1, 2), (2, 1)) AS one (k, v);
