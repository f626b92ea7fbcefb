-- [error] A boundary that is no area on the map of the six countries: no polygon, a ring that is not closed or has fewer than four points, or
-- a corner outside 20 to 90 degrees east and 30 to 60 degrees north. Means over it and maps of it are wrong.
-- Do: load the landscape again from a sound file; a newer version takes its place.
WITH ring AS (
    SELECT
        c.landscape_key,
        r.ring
    FROM landscape.current AS c
    CROSS JOIN
        LATERAL jsonb_path_query(
            c.geometry_geojson, CASE c.geometry_geojson ->> 'type'
                WHEN 'MultiPolygon' THEN '$.coordinates[*][*]'::jsonpath ELSE '$.coordinates[*]'::jsonpath
            END
        ) AS r (ring)
    WHERE c.geometry_geojson ->> 'type' IN ('Polygon', 'MultiPolygon')
),

fault AS (
    SELECT
        landscape_key,
        'no polygon' AS fault
    FROM landscape.current
    WHERE
        geometry_geojson ->> 'type' NOT IN ('Polygon', 'MultiPolygon')
        OR geometry_geojson ->> 'type' IS NULL
        OR NOT geometry_geojson @? '$.coordinates[0][0]'
    UNION ALL
    SELECT
        landscape_key,
        'a ring that is not closed' AS fault
    FROM ring
    WHERE jsonb_array_length(ring) < 4 OR ring -> 0 <> ring -> -1
    UNION ALL
    SELECT
        landscape_key,
        'a corner outside the six countries' AS fault
    FROM ring
    WHERE ring @? 'strict $[*] ? (!(@[0] >= 20 && @[0] <= 90 && @[1] >= 30 && @[1] <= 60))'
)

SELECT DISTINCT
    l.landscape_id,
    f.fault
FROM fault AS f
INNER JOIN landscape.landscape AS l ON f.landscape_key = l.landscape_key
ORDER BY l.landscape_id, f.fault;
