/*
 * Indicators: what an agency publishes in documents of its own, such as its forecast of water
 * availability, and which a plan's rules may hear beside the indices.
 *
 * Each issue stands for itself: one for the same period that came later does not replace it. What
 * replaces a row is a correction of the same issue, and the row it replaces moves to the twin.
 */

ALTER TABLE ops.file DROP CONSTRAINT file_kind_check;
ALTER TABLE ops.file ADD CONSTRAINT file_kind_check CHECK (kind IN ('grid', 'stations', 'indicator'));
COMMENT ON COLUMN ops.file.kind IS 'grid, stations or indicator.';

CREATE TABLE series.indicator (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    indicator text NOT NULL,
    unit text NOT NULL,
    period_from date NOT NULL CHECK (extract(DAY FROM period_from) = 1),
    period_to date NOT NULL CHECK (extract(DAY FROM period_to) = 1),
    issued_on date NOT NULL,
    value double precision NOT NULL CHECK (value >= 0 AND value < 'infinity'),
    document_number text NOT NULL CHECK (document_number <> ''),
    issued_by text,
    note text,
    disclosure text NOT NULL DEFAULT 'restricted' CHECK (disclosure IN ('open', 'agency', 'restricted')),
    file_id bigint NOT NULL REFERENCES ops.file (file_id),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, indicator, unit, period_from, period_to, issued_on),
    CHECK (period_from <= period_to),
    CONSTRAINT an_indicator_in_its_own_unit CHECK (
        (indicator = 'water_availability_forecast' AND unit = 'percent_of_norm')
        OR (indicator = 'snow_survey' AND unit IN ('percent_of_norm', 'mm'))
        OR (indicator = 'reservoir_storage' AND unit IN ('percent_of_full', 'percent_of_norm', 'million_m3'))
        OR (indicator = 'soil_moisture' AND unit IN ('percent_of_field_capacity', 'percent_of_available_water', 'mm'))
    )
);
CREATE INDEX ON series.indicator (file_id);
COMMENT ON TABLE series.indicator IS 'Values that an agency published in documents of its own, one row per landscape and issue.';
COMMENT ON COLUMN series.indicator.landscape_key IS 'The landscape.';
COMMENT ON COLUMN series.indicator.indicator IS
'water_availability_forecast, snow_survey (water in the snow), reservoir_storage or soil_moisture; less is drier.';
COMMENT ON COLUMN series.indicator.unit IS
'Unit of value: percent_of_norm, percent_of_full, percent_of_field_capacity, percent_of_available_water, mm, million_m3.';
COMMENT ON COLUMN series.indicator.period_from IS 'First day of the first month the value is about.';
COMMENT ON COLUMN series.indicator.period_to IS 'First day of the last month the value is about.';
COMMENT ON COLUMN series.indicator.issued_on IS 'Date of the document.';
COMMENT ON COLUMN series.indicator.value IS 'The value, in the unit beside it.';
COMMENT ON COLUMN series.indicator.document_number IS 'Number of the document, as evidence cites it.';
COMMENT ON COLUMN series.indicator.issued_by IS 'Who issued the document; null where the file does not say.';
COMMENT ON COLUMN series.indicator.note IS 'Remark of the agency; null where there is none.';
COMMENT ON COLUMN series.indicator.disclosure IS
'open: anyone; agency: inside the agency; restricted: named persons. Only open ones reach mart, evidence and letters.';
COMMENT ON COLUMN series.indicator.file_id IS 'The raw file it was read from.';
COMMENT ON COLUMN series.indicator.known_from IS 'Since when this installation holds this value.';

CREATE TABLE series.indicator_superseded (
    LIKE series.indicator INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
CREATE INDEX ON series.indicator_superseded (landscape_key, issued_on);
COMMENT ON TABLE series.indicator_superseded IS 'Rows of indicator that a correction of the same issue replaced.';
COMMENT ON COLUMN series.indicator_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON series.indicator
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

CREATE VIEW series.indicator_ever AS
SELECT
    *,
    'infinity'::timestamptz AS known_until
FROM series.indicator
UNION ALL
SELECT * FROM series.indicator_superseded;
COMMENT ON VIEW series.indicator_ever IS 'Every value of an indicator that was ever held, with the time it was the truth.';
COMMENT ON COLUMN series.indicator_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('series.indicator', 'series.indicator_ever');

-- Behind a barrier the disclosure class comes before any condition of the reader, see 0007.
CREATE VIEW mart.indicator WITH (security_barrier = TRUE) AS
SELECT
    l.landscape_id,
    i.indicator,
    i.unit,
    i.value,
    i.period_from,
    i.period_to,
    i.issued_on,
    i.document_number,
    i.issued_by,
    i.note,
    i.known_from
FROM series.indicator AS i
INNER JOIN landscape.landscape AS l USING (landscape_key)
WHERE i.disclosure = 'open';
COMMENT ON VIEW mart.indicator IS 'Indicators of agencies whose values anyone may see, every issue of them.';
COMMENT ON COLUMN mart.indicator.landscape_id IS 'The landscape.';
SELECT ops.copy_comments('series.indicator', 'mart.indicator');

-- A value shown by mistake and closed since is not shown again as it was: the present row of the
-- same issue must be open too.
CREATE FUNCTION mart.indicator_as_of(known_at timestamptz)
RETURNS SETOF mart.indicator LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
SELECT
    l.landscape_id, e.indicator, e.unit, e.value, e.period_from, e.period_to, e.issued_on,
    e.document_number, e.issued_by, e.note, e.known_from
FROM series.indicator_ever AS e
INNER JOIN landscape.landscape AS l USING (landscape_key)
INNER JOIN series.indicator AS present
    USING (landscape_key, indicator, unit, period_from, period_to, issued_on)
WHERE e.known_from <= known_at AND known_at < e.known_until
    AND e.disclosure = 'open' AND present.disclosure = 'open'
$$;
COMMENT ON FUNCTION mart.indicator_as_of(timestamptz) IS
'mart.indicator as it was at that moment, without what has been closed since.';

GRANT SELECT, INSERT, UPDATE, DELETE ON series.indicator, series.indicator_superseded TO drought_pipeline;
GRANT SELECT ON series.indicator_ever TO drought_pipeline;
GRANT SELECT ON mart.indicator TO drought_analyst, drought_pipeline;
REVOKE EXECUTE ON FUNCTION mart.indicator_as_of(timestamptz) FROM public;
GRANT EXECUTE ON FUNCTION mart.indicator_as_of(timestamptz) TO drought_analyst, drought_pipeline;
