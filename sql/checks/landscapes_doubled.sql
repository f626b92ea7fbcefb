-- [notice] Two landscapes have one boundary and one land use: both count in every sum over a country, and both are told of.
-- Do: nothing, if both are meant; else load landscapes into a fresh DROUGHT_VAR without one of them.
SELECT
    a.landscape_id,
    b.landscape_id AS same_as,
    a.country_code,
    a.land_use
FROM landscape.current AS a
INNER JOIN landscape.current AS b
    ON
        a.area_km2 = b.area_km2 AND a.land_use = b.land_use AND a.landscape_key < b.landscape_key
        AND md5(a.geometry_geojson::text) = md5(b.geometry_geojson::text)
ORDER BY a.landscape_id, b.landscape_id;
