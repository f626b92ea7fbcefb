/*
 * Series: what fell and how warm it was, month by month.
 *
 * Landscape series come from grids; station series from gauges. Both say why a value is missing.
 */

CREATE TABLE series.climate_month (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    source text NOT NULL,
    landscape_version integer NOT NULL,
    precipitation_mm double precision CHECK (precipitation_mm >= 0 AND precipitation_mm <> 'NaN'),
    temperature_mean_c double precision CHECK (temperature_mean_c BETWEEN -80 AND 60),
    pet_mm double precision CHECK (pet_mm >= 0 AND pet_mm <> 'NaN'),
    gap text,
    coverage_fraction double precision NOT NULL CHECK (coverage_fraction BETWEEN 0 AND 1),
    release text NOT NULL CHECK (release IN ('preliminary', 'final')),
    origin text NOT NULL CHECK (origin IN ('real', 'simulated')),
    file_id bigint NOT NULL REFERENCES ops.file (file_id),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, month, source),
    FOREIGN KEY (landscape_key, landscape_version) REFERENCES landscape.version (landscape_key, version),
    CHECK ((precipitation_mm IS NULL) = (gap IS NOT NULL))
);
CREATE INDEX ON series.climate_month (source, month);
COMMENT ON TABLE series.climate_month IS 'Monthly means over a landscape, area-weighted over grid cells.';
COMMENT ON COLUMN series.climate_month.landscape_key IS 'The landscape.';
COMMENT ON COLUMN series.climate_month.month IS 'First day of the month.';
COMMENT ON COLUMN series.climate_month.source IS 'Name of the data source.';
COMMENT ON COLUMN series.climate_month.landscape_version IS 'Version of the landscape the mean was taken over.';
COMMENT ON COLUMN series.climate_month.precipitation_mm IS 'Precipitation total, mm per month; null is a gap.';
COMMENT ON COLUMN series.climate_month.temperature_mean_c IS 'Mean 2 m air temperature, degrees Celsius; null where the source has none.';
COMMENT ON COLUMN series.climate_month.pet_mm IS 'FAO-56 reference evapotranspiration, mm per month; null where an input is missing.';
COMMENT ON COLUMN series.climate_month.gap IS 'Why precipitation is missing: not_published, outside_grid, low_coverage, rejected.';
COMMENT ON COLUMN series.climate_month.coverage_fraction IS 'Share of the landscape''s area under cells with precipitation values, 0 to 1.';
COMMENT ON COLUMN series.climate_month.release IS 'preliminary or final.';
COMMENT ON COLUMN series.climate_month.origin IS 'real or simulated.';
COMMENT ON COLUMN series.climate_month.file_id IS 'The raw file it was read from.';
COMMENT ON COLUMN series.climate_month.known_from IS 'Since when this installation holds this value.';

CREATE TABLE series.climate_month_superseded (
    LIKE series.climate_month INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
CREATE INDEX ON series.climate_month_superseded (landscape_key, month);
COMMENT ON TABLE series.climate_month_superseded IS 'Rows of climate_month that were replaced.';
COMMENT ON COLUMN series.climate_month_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON series.climate_month
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

CREATE TABLE series.station (
    station_id text PRIMARY KEY CHECK (station_id <> ''),
    name text,
    latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    elevation_m double precision,
    disclosure text NOT NULL DEFAULT 'restricted' CHECK (disclosure IN ('open', 'agency', 'restricted'))
);
COMMENT ON TABLE series.station IS 'Gauges.';
COMMENT ON COLUMN series.station.station_id IS 'The identifier in the source, such as a WMO number.';
COMMENT ON COLUMN series.station.name IS 'Name, where the source gives one.';
COMMENT ON COLUMN series.station.latitude IS 'Degrees north.';
COMMENT ON COLUMN series.station.longitude IS 'Degrees east.';
COMMENT ON COLUMN series.station.elevation_m IS 'Metres above sea level.';
COMMENT ON COLUMN series.station.disclosure IS 'open: anyone; agency: inside the agency; restricted: named persons. Only open ones reach mart.';

CREATE TABLE series.station_month (
    station_id text NOT NULL REFERENCES series.station (station_id),
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    source text NOT NULL,
    precipitation_mm double precision CHECK (precipitation_mm >= 0 AND precipitation_mm <> 'NaN'),
    temperature_mean_c double precision CHECK (temperature_mean_c BETWEEN -90 AND 60),
    gap text,
    resolution text NOT NULL CHECK (resolution IN ('daily', 'dekadal', 'monthly')),
    policy text NOT NULL,
    n_observations integer NOT NULL CHECK (n_observations >= 0),
    origin text NOT NULL CHECK (origin IN ('real', 'simulated')),
    file_id bigint NOT NULL REFERENCES ops.file (file_id),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (station_id, month, source),
    CHECK ((precipitation_mm IS NULL) = (gap IS NOT NULL))
);
COMMENT ON TABLE series.station_month IS 'Monthly values of a gauge.';
COMMENT ON COLUMN series.station_month.station_id IS 'The gauge.';
COMMENT ON COLUMN series.station_month.month IS 'First day of the month.';
COMMENT ON COLUMN series.station_month.source IS 'Format it came in: ghcn-daily or agency.';
COMMENT ON COLUMN series.station_month.precipitation_mm IS 'Precipitation total, mm per month; null is a gap.';
COMMENT ON COLUMN series.station_month.temperature_mean_c IS 'Mean air temperature, degrees Celsius; null where missing.';
COMMENT ON COLUMN series.station_month.gap IS 'Why precipitation is missing.';
COMMENT ON COLUMN series.station_month.resolution IS 'What the agency keeps: daily, dekadal or monthly values.';
COMMENT ON COLUMN series.station_month.policy IS 'The completeness policy that decided whether the month counts.';
COMMENT ON COLUMN series.station_month.n_observations IS 'Precipitation values behind the month: days, dekads, or 1.';
COMMENT ON COLUMN series.station_month.origin IS 'real or simulated.';
COMMENT ON COLUMN series.station_month.file_id IS 'The raw file it was read from.';
COMMENT ON COLUMN series.station_month.known_from IS 'Since when this installation holds this value.';

CREATE TABLE series.station_month_superseded (
    LIKE series.station_month INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
COMMENT ON TABLE series.station_month_superseded IS 'Rows of station_month that were replaced.';
COMMENT ON COLUMN series.station_month_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON series.station_month
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

CREATE TABLE series.quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id bigint NOT NULL REFERENCES ops.file (file_id),
    line integer NOT NULL CHECK (line >= 1),
    station_id text,
    reason text NOT NULL,
    record text NOT NULL,
    rejected_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (file_id, line, reason, record)
);
COMMENT ON TABLE series.quarantine IS 'Records that came and were refused, each with its reason.';
COMMENT ON COLUMN series.quarantine.quarantine_id IS 'Surrogate key.';
COMMENT ON COLUMN series.quarantine.file_id IS 'The raw file.';
COMMENT ON COLUMN series.quarantine.line IS 'Line in the file, from 1.';
COMMENT ON COLUMN series.quarantine.station_id IS 'The gauge, where the record names one.';
COMMENT ON COLUMN series.quarantine.reason IS 'Why it was refused.';
COMMENT ON COLUMN series.quarantine.record IS 'The record as it came.';
COMMENT ON COLUMN series.quarantine.rejected_at IS 'When it was refused.';
