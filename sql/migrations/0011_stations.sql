/*
 * Gauges: every value they gave, what the checks say of it, where they stood, who may see them.
 *
 * A value that comes is never lost: it is in series.observation, or refused in series.quarantine.
 * Months are made of all stored observations of a gauge, not of one file. A suspect value is
 * marked and stays; only a rejected one leaves the months.
 */

-- By column name, so that a later migration may add a column to a table and to its twin. A row
-- written by the same transaction was never shown to anyone and leaves no trace. One written while
-- the clock was ahead was shown: it is kept, with a time of no length.
CREATE OR REPLACE FUNCTION ops.keep_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.known_from <> now() THEN
        EXECUTE format(
            'INSERT INTO %1$I.%2$I SELECT twin.* FROM jsonb_populate_record(NULL::%1$I.%2$I, $1) AS twin',
            TG_TABLE_SCHEMA, TG_TABLE_NAME || '_superseded'
        )
        USING to_jsonb(OLD) || jsonb_build_object('known_until', greatest(OLD.known_from, now()));
    END IF;
    IF TG_OP = 'UPDATE' THEN
        NEW.known_from := now();
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$;
COMMENT ON FUNCTION ops.keep_superseded() IS
'Moves the replaced row into the twin table …_superseded, with the time until which it was shown.';

-- Stations: policy, places, who may see them -----------------------------------------------------

ALTER TABLE series.station ADD COLUMN policy text NOT NULL DEFAULT 'wmo_1203'
CHECK (policy IN ('wmo_1203', 'dekads_complete', 'sparse_reporting'));
COMMENT ON COLUMN series.station.policy IS 'When a month has enough days to be given a value; see docs/method.md.';

CREATE TABLE series.station_position (
    station_id text NOT NULL REFERENCES series.station (station_id),
    valid_from date NOT NULL,
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    elevation_m double precision,
    note text,
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (station_id, valid_from)
);
COMMENT ON TABLE series.station_position IS 'Where each gauge stood and from when: its moves.';
COMMENT ON COLUMN series.station_position.station_id IS 'The gauge.';
COMMENT ON COLUMN series.station_position.valid_from IS 'First day at this place; -infinity: since its record begins.';
COMMENT ON COLUMN series.station_position.latitude IS 'Degrees north.';
COMMENT ON COLUMN series.station_position.longitude IS 'Degrees east.';
COMMENT ON COLUMN series.station_position.elevation_m IS 'Metres above sea level.';
COMMENT ON COLUMN series.station_position.note IS 'Who says so, or why it moved.';
COMMENT ON COLUMN series.station_position.known_from IS 'Since when this installation holds this row.';

CREATE TABLE series.station_position_superseded (
    LIKE series.station_position INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
COMMENT ON TABLE series.station_position_superseded IS 'Rows of station_position that were corrected.';
COMMENT ON COLUMN series.station_position_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON series.station_position
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

INSERT INTO series.station_position (station_id, valid_from, latitude, longitude, elevation_m)
SELECT
    station_id,
    '-infinity' AS valid_from,
    latitude,
    longitude,
    elevation_m
FROM series.station
WHERE latitude IS NOT NULL AND longitude IS NOT NULL;

CREATE FUNCTION series.stand_at_newest_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE series.station AS s
    SET latitude = p.latitude, longitude = p.longitude, elevation_m = p.elevation_m
    FROM series.station_position AS p
    WHERE s.station_id = NEW.station_id AND p.station_id = NEW.station_id
        AND p.valid_from = (
            SELECT max(q.valid_from) FROM series.station_position AS q
            WHERE q.station_id = NEW.station_id
        );
    RETURN NULL;
END $$;
COMMENT ON FUNCTION series.stand_at_newest_position() IS
'Keeps latitude, longitude and elevation_m of series.station at the newest place of the gauge.';
CREATE TRIGGER stand_at_newest_position AFTER INSERT OR UPDATE ON series.station_position
FOR EACH ROW EXECUTE FUNCTION series.stand_at_newest_position();
COMMENT ON COLUMN series.station.latitude IS 'Degrees north, of its newest place; earlier ones are in station_position.';
COMMENT ON COLUMN series.station.longitude IS 'Degrees east, of its newest place.';
COMMENT ON COLUMN series.station.elevation_m IS 'Metres above sea level, of its newest place.';

CREATE TABLE series.disclosure_decision (
    decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id text NOT NULL REFERENCES series.station (station_id),
    disclosure text NOT NULL CHECK (disclosure IN ('open', 'agency', 'restricted')),
    decided_by text NOT NULL CHECK (decided_by <> ''),
    reason text NOT NULL CHECK (reason <> ''),
    decided_at timestamptz NOT NULL
);
CREATE INDEX ON series.disclosure_decision (station_id, decision_id);
COMMENT ON TABLE series.disclosure_decision IS 'Who decided who may see a gauge. The newest holds, whatever files say.';
COMMENT ON COLUMN series.disclosure_decision.decision_id IS 'Surrogate key; a later decision has a higher one.';
COMMENT ON COLUMN series.disclosure_decision.station_id IS 'The gauge.';
COMMENT ON COLUMN series.disclosure_decision.disclosure IS 'open, agency or restricted.';
COMMENT ON COLUMN series.disclosure_decision.decided_by IS 'The person who decided.';
COMMENT ON COLUMN series.disclosure_decision.reason IS 'On what ground.';
COMMENT ON COLUMN series.disclosure_decision.decided_at IS 'When.';

CREATE TABLE series.station_file (
    file_id bigint NOT NULL REFERENCES ops.file (file_id),
    station_id text NOT NULL REFERENCES series.station (station_id),
    PRIMARY KEY (file_id, station_id)
);
COMMENT ON TABLE series.station_file IS 'Which files told of which gauges.';
COMMENT ON COLUMN series.station_file.file_id IS 'The raw file.';
COMMENT ON COLUMN series.station_file.station_id IS 'A gauge it holds.';

-- Observations and what the checks find in them --------------------------------------------------

CREATE TABLE series.observation (
    station_id text NOT NULL REFERENCES series.station (station_id),
    source text NOT NULL CHECK (source ~ '^[a-z0-9][a-z0-9-]*$'),
    quantity text NOT NULL CHECK (
        quantity IN ('precipitation_mm', 'temperature_mean_c', 'temperature_max_c', 'temperature_min_c')
    ),
    resolution text NOT NULL CHECK (resolution IN ('daily', 'dekadal', 'monthly')),
    last_day date NOT NULL,
    n_days smallint NOT NULL CHECK (n_days >= 1),
    value double precision NOT NULL CHECK (value <> 'NaN'),
    verdict text NOT NULL DEFAULT 'good' CHECK (verdict IN ('good', 'suspect', 'rejected')),
    reason text,
    withdrawn text,
    file_id bigint NOT NULL REFERENCES ops.file (file_id),
    line integer NOT NULL CHECK (line >= 1),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (station_id, source, quantity, resolution, last_day),
    CHECK ((verdict = 'good') = (reason IS NULL)),
    CHECK (withdrawn IS NULL OR verdict = 'rejected')
);
COMMENT ON TABLE series.observation IS 'Every value a gauge gave that was not refused on reading, as it is known now.';
COMMENT ON COLUMN series.observation.station_id IS 'The gauge.';
COMMENT ON COLUMN series.observation.source IS 'Family of formats it came in, such as ghcn-daily or agency.';
COMMENT ON COLUMN series.observation.quantity IS 'What was measured; the unit is in the name.';
COMMENT ON COLUMN series.observation.resolution IS 'What the provider keeps: daily, dekadal or monthly values.';
COMMENT ON COLUMN series.observation.last_day IS 'Last day the value covers.';
COMMENT ON COLUMN series.observation.n_days IS 'How many days it covers; more than one also for rain measured after days without a reading.';
COMMENT ON COLUMN series.observation.value IS 'Total in mm, or temperature in degrees Celsius.';
COMMENT ON COLUMN series.observation.verdict IS 'good; suspect: marked by a check and still counted; rejected: not counted.';
COMMENT ON COLUMN series.observation.reason IS 'Why it is suspect or rejected; null where it is good.';
COMMENT ON COLUMN series.observation.withdrawn IS 'Why a newer file of the provider refuses the value; null: it stands.';
COMMENT ON COLUMN series.observation.file_id IS 'The raw file that gave the value.';
COMMENT ON COLUMN series.observation.line IS 'Line in that file, from 1.';
COMMENT ON COLUMN series.observation.known_from IS 'Since when this installation holds this value and verdict.';

CREATE TABLE series.observation_superseded (
    LIKE series.observation INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
CREATE INDEX ON series.observation_superseded (station_id, last_day);
COMMENT ON TABLE series.observation_superseded IS 'Rows of observation that were replaced: corrected values, changed verdicts.';
COMMENT ON COLUMN series.observation_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON series.observation
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

CREATE TABLE series.finding (
    station_id text NOT NULL REFERENCES series.station (station_id),
    source text NOT NULL,
    quantity text NOT NULL,
    resolution text NOT NULL,
    check_name text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('suspect', 'rejected')),
    reason text NOT NULL CHECK (reason <> ''),
    PRIMARY KEY (station_id, source, quantity, resolution, check_name, first_day, last_day),
    CHECK (first_day <= last_day)
);
COMMENT ON TABLE series.finding IS 'Stretches of a gauge''s record that a quality check marks; verdicts of observations follow from them.';
COMMENT ON COLUMN series.finding.station_id IS 'The gauge.';
COMMENT ON COLUMN series.finding.source IS 'Family of formats.';
COMMENT ON COLUMN series.finding.quantity IS 'What was measured.';
COMMENT ON COLUMN series.finding.resolution IS 'daily, dekadal or monthly.';
COMMENT ON COLUMN series.finding.check_name IS 'The check: see docs/method.md.';
COMMENT ON COLUMN series.finding.first_day IS 'First day of the stretch.';
COMMENT ON COLUMN series.finding.last_day IS 'Last day of the stretch.';
COMMENT ON COLUMN series.finding.verdict IS 'suspect or rejected.';
COMMENT ON COLUMN series.finding.reason IS 'What the check saw, for people.';

ALTER TABLE series.quarantine
ADD COLUMN source text,
ADD COLUMN quantity text,
ADD COLUMN resolution text,
ADD COLUMN last_day date,
ADD COLUMN n_days smallint,
ADD COLUMN by_provider boolean NOT NULL DEFAULT FALSE;
CREATE INDEX ON series.quarantine (station_id);
COMMENT ON COLUMN series.quarantine.source IS 'Family of formats; null for a line that could not be understood, like the four columns after it.';
COMMENT ON COLUMN series.quarantine.quantity IS 'What was measured.';
COMMENT ON COLUMN series.quarantine.resolution IS 'daily, dekadal or monthly.';
COMMENT ON COLUMN series.quarantine.last_day IS 'Last day the refused value covers.';
COMMENT ON COLUMN series.quarantine.n_days IS 'How many days it covers.';
COMMENT ON COLUMN series.quarantine.by_provider IS
'Whether the file itself says that the value does not stand; a file without flags cannot bring it back.';

-- Months -----------------------------------------------------------------------------------------

ALTER TABLE series.station_month
ADD COLUMN n_assumed_dry integer NOT NULL DEFAULT 0 CHECK (n_assumed_dry >= 0),
ADD COLUMN n_suspect integer NOT NULL DEFAULT 0 CHECK (n_suspect >= 0),
ADD COLUMN suspicion text;
ALTER TABLE series.station_month_superseded
ADD COLUMN n_assumed_dry integer NOT NULL DEFAULT 0,
ADD COLUMN n_suspect integer NOT NULL DEFAULT 0,
ADD COLUMN suspicion text;
COMMENT ON COLUMN series.station_month.n_assumed_dry IS 'Days without a report of rain that the policy sparse_reporting takes as dry; 0 under any other.';
COMMENT ON COLUMN series.station_month.n_suspect IS 'Precipitation values behind the month that a check marks; they count all the same.';
COMMENT ON COLUMN series.station_month.suspicion IS 'Why, where there are any.';
COMMENT ON COLUMN series.station_month.source IS 'Family of formats it came in, such as ghcn-daily or agency.';
COMMENT ON COLUMN series.station_month.file_id IS 'The newest raw file with a value of the month.';
SELECT ops.copy_comments('series.station_month', 'series.station_month_superseded');

-- The public face: open gauges only, each view behind a barrier ----------------------------------

DROP VIEW mart.station_month;
CREATE VIEW mart.station_month WITH (security_barrier = TRUE) AS
SELECT
    s.station_id,
    s.name,
    s.latitude,
    s.longitude,
    s.elevation_m,
    m.month,
    m.precipitation_mm,
    m.temperature_mean_c,
    m.gap,
    m.resolution,
    m.policy,
    m.n_observations,
    m.n_assumed_dry,
    m.n_suspect,
    m.suspicion,
    m.source,
    m.origin,
    m.known_from
FROM series.station_month AS m
INNER JOIN series.station AS s USING (station_id)
WHERE s.disclosure = 'open';
COMMENT ON VIEW mart.station_month IS 'Monthly values of gauges whose values anyone may see.';
SELECT ops.copy_comments('series.station_month', 'mart.station_month');
SELECT ops.copy_comments('series.station', 'mart.station_month');

CREATE VIEW mart.observation WITH (security_barrier = TRUE) AS
SELECT
    o.station_id,
    o.quantity,
    o.resolution,
    o.last_day,
    o.n_days,
    o.value,
    o.verdict,
    o.reason,
    o.source,
    f.name AS file_name,
    o.line,
    o.known_from
FROM series.observation AS o
INNER JOIN series.station AS s USING (station_id)
INNER JOIN ops.file AS f USING (file_id)
WHERE s.disclosure = 'open';
COMMENT ON VIEW mart.observation IS 'Every value of open gauges with its verdict.';
COMMENT ON COLUMN mart.observation.file_name IS 'Name of the file it came in.';
SELECT ops.copy_comments('series.observation', 'mart.observation');

CREATE VIEW mart.station_position WITH (security_barrier = TRUE) AS
SELECT
    p.station_id,
    p.latitude,
    p.longitude,
    p.elevation_m,
    p.note,
    p.known_from,
    nullif(p.valid_from, '-infinity') AS valid_from
FROM series.station_position AS p
INNER JOIN series.station AS s USING (station_id)
WHERE s.disclosure = 'open';
COMMENT ON VIEW mart.station_position IS 'Where open gauges stood, and from when.';
COMMENT ON COLUMN mart.station_position.valid_from IS 'First day at this place; null: since its record begins.';
SELECT ops.copy_comments('series.station_position', 'mart.station_position');

CREATE VIEW series.station_summary AS
WITH places AS (
    SELECT
        station_id,
        count(*) AS positions
    FROM series.station_position
    GROUP BY station_id
),

extent AS (
    SELECT
        station_id,
        min(month) AS first_month,
        max(month) AS last_month,
        count(DISTINCT month) AS months,
        count(DISTINCT month) FILTER (WHERE gap IS NULL) AS months_with_precipitation
    FROM series.station_month
    GROUP BY station_id
),

quality AS (
    SELECT
        station_id,
        avg((verdict = 'suspect')::integer)::double precision AS suspect_share
    FROM series.observation
    GROUP BY station_id
)

SELECT
    s.station_id,
    s.name,
    s.latitude,
    s.longitude,
    s.elevation_m,
    s.policy,
    s.disclosure,
    places.positions,
    extent.first_month,
    extent.last_month,
    extent.months,
    extent.months_with_precipitation,
    quality.suspect_share
FROM series.station AS s
LEFT JOIN places USING (station_id)
LEFT JOIN extent USING (station_id)
LEFT JOIN quality USING (station_id);
COMMENT ON VIEW series.station_summary IS 'Each gauge with the extent and state of its record.';
COMMENT ON COLUMN series.station_summary.positions IS 'Places it is known to have stood at; null: none.';
COMMENT ON COLUMN series.station_summary.first_month IS 'First month of its record.';
COMMENT ON COLUMN series.station_summary.last_month IS 'Last month of its record.';
COMMENT ON COLUMN series.station_summary.months IS 'Months from the first to the last, gaps included.';
COMMENT ON COLUMN series.station_summary.months_with_precipitation IS 'Months that have a precipitation total under its policy.';
COMMENT ON COLUMN series.station_summary.suspect_share IS 'Share of its values that a check marks, 0 to 1.';
SELECT ops.copy_comments('series.station', 'series.station_summary');

CREATE VIEW mart.station WITH (security_barrier = TRUE) AS
SELECT
    station_id,
    name,
    latitude,
    longitude,
    elevation_m,
    policy,
    positions,
    first_month,
    last_month,
    months,
    months_with_precipitation,
    suspect_share
FROM series.station_summary
WHERE disclosure = 'open';
COMMENT ON VIEW mart.station IS 'Gauges whose values anyone may see, with the extent of their records.';
SELECT ops.copy_comments('series.station_summary', 'mart.station');

-- A line that names no gauge may hold values of any gauge: of one of its file, or of one that has no
-- other line. Only what a publisher of open records sends is shown.
DROP VIEW mart.quarantine;
CREATE VIEW mart.quarantine WITH (security_barrier = TRUE) AS
SELECT
    q.quarantine_id,
    f.name AS file_name,
    f.source,
    q.line,
    q.station_id,
    q.reason,
    q.record,
    q.rejected_at
FROM series.quarantine AS q
INNER JOIN ops.file AS f USING (file_id)
LEFT JOIN series.station AS s USING (station_id)
WHERE
    s.disclosure = 'open'
    OR (
        q.station_id IS NULL
        AND f.source <> 'agency'
        AND (
            SELECT bool_and(told.disclosure = 'open')
            FROM series.station_file AS t
            INNER JOIN series.station AS told USING (station_id)
            WHERE t.file_id = q.file_id
        )
    );
COMMENT ON VIEW mart.quarantine IS
'Records that were refused, with file, line and reason; of open gauges, and unread lines of public records (not of an agency''s files) that hold only such.';
COMMENT ON COLUMN mart.quarantine.file_name IS 'Name of the file it came in.';
COMMENT ON COLUMN mart.quarantine.source IS 'Format it came in.';
SELECT ops.copy_comments('series.quarantine', 'mart.quarantine');

COMMENT ON COLUMN ops.outcome.step IS
'ingest, compute, evaluate, deliver, publish, check; policy and disclose: what a person chose for a gauge.';

-- Roles ------------------------------------------------------------------------------------------

GRANT SELECT, INSERT, UPDATE, DELETE
ON series.station_position, series.station_position_superseded, series.disclosure_decision,
series.station_file, series.observation, series.observation_superseded, series.finding
TO drought_pipeline;
GRANT SELECT ON series.station_summary TO drought_pipeline;
GRANT SELECT
ON mart.station_month, mart.observation, mart.station_position, mart.station, mart.quarantine
TO drought_analyst, drought_pipeline;
REVOKE EXECUTE ON FUNCTION series.stand_at_newest_position() FROM public;
GRANT EXECUTE ON FUNCTION series.stand_at_newest_position() TO drought_pipeline;
