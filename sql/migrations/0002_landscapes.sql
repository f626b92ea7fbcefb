/*
 * Landscapes: the production landscapes that drought is judged for.
 *
 * A changed boundary or land use is a new version; the key stays. Values remember the version
 * they were computed for.
 */

CREATE TABLE landscape.landscape (
    landscape_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    landscape_id text NOT NULL UNIQUE CHECK (landscape_id <> '')
);
COMMENT ON TABLE landscape.landscape IS 'One production landscape, whatever its version.';
COMMENT ON COLUMN landscape.landscape.landscape_key IS 'Stable integer key.';
COMMENT ON COLUMN landscape.landscape.landscape_id IS 'The agency''s own identifier, unchanged.';

CREATE TABLE landscape.version (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    version integer NOT NULL CHECK (version >= 1),
    valid_from timestamptz NOT NULL DEFAULT now(),
    country_code text NOT NULL CHECK (country_code IN ('KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR')),
    name_en text NOT NULL CHECK (name_en <> ''),
    names jsonb NOT NULL,
    land_use text NOT NULL CHECK (
        land_use IN ('pastoral', 'agro_sylvo_pastoral', 'tree_based', 'irrigated', 'rainfed', 'home_garden')
    ),
    is_salt_affected boolean NOT NULL,
    is_derived boolean NOT NULL,
    area_km2 double precision NOT NULL CHECK (area_km2 > 0),
    headwater_landscape_id text,
    geometry_geojson jsonb NOT NULL,
    fingerprint text NOT NULL,
    PRIMARY KEY (landscape_key, version)
);
COMMENT ON TABLE landscape.version IS 'What a landscape was, from valid_from on.';
COMMENT ON COLUMN landscape.version.landscape_key IS 'The landscape.';
COMMENT ON COLUMN landscape.version.version IS '1 for the first description loaded, and up.';
COMMENT ON COLUMN landscape.version.valid_from IS 'When this version was loaded.';
COMMENT ON COLUMN landscape.version.country_code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN landscape.version.name_en IS 'English name.';
COMMENT ON COLUMN landscape.version.names IS 'Names by language code.';
COMMENT ON COLUMN landscape.version.land_use IS 'Land-use system.';
COMMENT ON COLUMN landscape.version.is_salt_affected IS 'Whether the land is known to be salt-affected; false also where nobody looked.';
COMMENT ON COLUMN landscape.version.is_derived IS 'True where the land use was derived from land cover, not stated by an agency.';
COMMENT ON COLUMN landscape.version.area_km2 IS 'Geodesic area on WGS 84, square kilometres.';
COMMENT ON COLUMN landscape.version.headwater_landscape_id IS 'Landscape its irrigation water comes from; null where not known.';
COMMENT ON COLUMN landscape.version.geometry_geojson IS 'Boundary, WGS 84 longitude and latitude.';
COMMENT ON COLUMN landscape.version.fingerprint IS 'SHA-256 of the description; an equal one is no new version.';

CREATE VIEW landscape.current AS
SELECT DISTINCT ON (l.landscape_key)
    l.landscape_id,
    v.*
FROM landscape.landscape AS l
INNER JOIN landscape.version AS v USING (landscape_key)
ORDER BY l.landscape_key ASC, v.version DESC;
COMMENT ON VIEW landscape.current IS 'The newest version of each landscape.';
SELECT ops.copy_comments('landscape.landscape', 'landscape.current');
SELECT ops.copy_comments('landscape.version', 'landscape.current');
