/*
 * Geometry, where PostGIS is: the boundary of every landscape version as PostGIS keeps it, and views
 * that QGIS opens as layers. No migration: run by `drought db migrate` each time, safe to repeat, so
 * that PostGIS may come later. `geometry_geojson` stays what the warehouse knows; this follows it.
 *
 * Layers show the newest boundary. A condition on the place reaches its GiST index, one on landscape
 * or month those of the tables.
 */

CREATE TABLE IF NOT EXISTS landscape.geometry (
    landscape_key integer NOT NULL,
    version integer NOT NULL,
    geometry GEOMETRY (MULTIPOLYGON, 4326) NOT NULL,
    PRIMARY KEY (landscape_key, version),
    FOREIGN KEY (landscape_key, version) REFERENCES landscape.version (landscape_key, version) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS geometry_geometry ON landscape.geometry USING gist (geometry);
COMMENT ON TABLE landscape.geometry IS 'The boundary of each landscape version for PostGIS; made from geometry_geojson.';
COMMENT ON COLUMN landscape.geometry.landscape_key IS 'The landscape.';
COMMENT ON COLUMN landscape.geometry.version IS 'Version of the landscape.';
COMMENT ON COLUMN landscape.geometry.geometry IS 'Boundary, WGS 84 longitude and latitude (EPSG:4326).';

-- Where PostGIS was taken away since, landscapes are loaded as without it.
CREATE OR REPLACE FUNCTION landscape.keep_geometry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'postgis') THEN
        INSERT INTO landscape.geometry (landscape_key, version, geometry)
        VALUES (
            NEW.landscape_key,
            NEW.version,
            st_multi(st_setsrid(st_geomfromgeojson(NEW.geometry_geojson::text), 4326))
        )
        ON CONFLICT (landscape_key, version) DO UPDATE SET geometry = excluded.geometry;
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION landscape.keep_geometry() IS 'Keeps the boundary of a new landscape version for PostGIS.';
REVOKE EXECUTE ON FUNCTION landscape.keep_geometry() FROM public;
GRANT EXECUTE ON FUNCTION landscape.keep_geometry() TO drought_pipeline;
CREATE OR REPLACE TRIGGER keep_geometry
AFTER INSERT OR UPDATE OF geometry_geojson ON landscape.version
FOR EACH ROW EXECUTE FUNCTION landscape.keep_geometry();

INSERT INTO landscape.geometry (landscape_key, version, geometry)
SELECT
    landscape_key,
    version,
    st_multi(st_setsrid(st_geomfromgeojson(geometry_geojson::text), 4326)) AS geometry
FROM landscape.version AS v
WHERE NOT EXISTS (
    SELECT FROM landscape.geometry AS g
    WHERE g.landscape_key = v.landscape_key AND g.version = v.version
);

GRANT SELECT, INSERT, UPDATE, DELETE ON landscape.geometry TO drought_pipeline;

-- Each layer is a view of mart with the boundary. The columns are read from the catalogue: a view
-- that gains one gives it to its layer.
DO $$
DECLARE
    layer record;
    given text;
    names name[];
BEGIN
    FOR layer IN
        SELECT * FROM (
            VALUES
            ('landscape_map', 'landscape', 'v.landscape_key::bigint AS row_key', 'Layer for QGIS: the landscapes, newest version of each.'),
            ('status_map', 'latest_status_wide', 'v.row_key', 'Layer for QGIS: where each landscape stands in its newest month.'),
            ('stage_map', 'stage_month', 'v.row_key', 'Layer for QGIS: stages. Choose month and drought_type in the filter.'),
            (
                'index_map', 'index_month_wide', 'v.row_key',
                'Layer for QGIS: indices. Choose month, source and calibration in the filter.'
            ),
            ('drought_event_map', 'drought_event', 'v.row_key', 'Layer for QGIS: drought events. Choose drought_type in the filter.')
        ) AS known (name, of, key, said)
    LOOP
        SELECT
            string_agg(format('%s.%I', one.taken_from, one.attname), ', ' ORDER BY one.taken_from, one.attnum),
            array_agg(one.attname ORDER BY one.taken_from, one.attnum)
        INTO given, names
        FROM (
            SELECT 'v' AS taken_from, attname, attnum FROM pg_catalog.pg_attribute
            WHERE attrelid = format('mart.%I', layer.of)::regclass AND attnum > 0
                AND attname NOT IN ('row_key', 'names', 'geometry_geojson')
            UNION ALL
            SELECT 'w' AS taken_from, attname, attnum FROM pg_catalog.pg_attribute
            WHERE attrelid = 'mart.landscape'::regclass AND attname IN ('name_en', 'country_code', 'land_use')
                AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_attribute AS own
                    WHERE own.attrelid = format('mart.%I', layer.of)::regclass
                        AND own.attname = pg_attribute.attname
                )
        ) AS one;
        -- One that is as it should be is left alone: making it anew would wait for its readers.
        CONTINUE WHEN ARRAY['row_key'::name] || names || 'geometry'::name = (
            SELECT array_agg(attname ORDER BY attnum) FROM pg_catalog.pg_attribute
            WHERE attrelid = to_regclass(format('mart.%I', layer.name)) AND attnum > 0
        );
        EXECUTE format('DROP VIEW IF EXISTS mart.%I', layer.name);
        EXECUTE format(
            'CREATE VIEW mart.%1$I AS SELECT %4$s, %3$s, g.geometry FROM mart.%2$I AS v '
            'JOIN mart.landscape AS w ON v.landscape_id = w.landscape_id JOIN landscape.geometry AS g '
            'ON w.landscape_key = g.landscape_key AND w.version = g.version',
            layer.name, layer.of, given, layer.key
        );
        EXECUTE format('COMMENT ON COLUMN mart.%I.row_key IS %L', layer.name, 'Stable integer key of the row.');
        EXECUTE format('COMMENT ON VIEW mart.%I IS %L', layer.name, layer.said);
        PERFORM ops.copy_comments(format('mart.%I', layer.of)::regclass, format('mart.%I', layer.name)::regclass);
        PERFORM ops.copy_comments('mart.landscape', format('mart.%I', layer.name)::regclass);
        PERFORM ops.copy_comments('landscape.geometry', format('mart.%I', layer.name)::regclass);
        EXECUTE format('GRANT SELECT ON mart.%I TO drought_analyst, drought_pipeline', layer.name);
    END LOOP;
END $$;
