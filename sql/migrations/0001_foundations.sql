/*
 * Foundations: the schemas, and what the installation knows about itself.
 *
 * Tables whose rows may be replaced by better ones (a final value for a preliminary one) carry
 * `known_from`, and a twin `…_superseded` that keeps every row ever shown with the time until
 * which it was the truth. The trigger below fills the twins, so that no code can forget to.
 */

CREATE SCHEMA ops;
CREATE SCHEMA landscape;
CREATE SCHEMA series;
CREATE SCHEMA index;
CREATE SCHEMA plan;
CREATE SCHEMA alert;
CREATE SCHEMA mart;

COMMENT ON SCHEMA ops IS 'The installation: archived files, outcomes of steps, going live.';
COMMENT ON SCHEMA landscape IS 'Production landscapes and their versions.';
COMMENT ON SCHEMA series IS 'Monthly rain, temperature and PET: per landscape and per station.';
COMMENT ON SCHEMA index IS 'Calibrations and index values.';
COMMENT ON SCHEMA plan IS 'Plan documents and the stages that follow from them.';
COMMENT ON SCHEMA alert IS 'Transitions, approvals, messages, deliveries.';
COMMENT ON SCHEMA mart IS 'The public face: long, plain views for analysts. Nothing else is promised to last.';

CREATE FUNCTION ops.keep_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.%I SELECT ($1).*, now()', TG_TABLE_SCHEMA, TG_TABLE_NAME || '_superseded')
    USING OLD;
    IF TG_OP = 'UPDATE' THEN
        NEW.known_from := now();
        RETURN NEW;
    END IF;
    RETURN OLD;
END $$;
COMMENT ON FUNCTION ops.keep_superseded() IS
'Moves the replaced row into the twin table …_superseded, with the time until which it was shown.';

CREATE FUNCTION ops.copy_comments(from_relation regclass, to_relation regclass) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT target.attname, col_description(from_relation, source.attnum) AS said
        FROM pg_attribute AS source
        INNER JOIN pg_attribute AS target USING (attname)
        WHERE source.attrelid = from_relation AND target.attrelid = to_relation
            AND source.attnum > 0 AND target.attnum > 0
            AND col_description(from_relation, source.attnum) IS NOT NULL
            AND col_description(to_relation, target.attnum) IS NULL
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', to_relation, one.attname, one.said);
    END LOOP;
END $$;
COMMENT ON FUNCTION ops.copy_comments(regclass, regclass) IS
'Gives columns of a view the comments that columns of the same name have in a table: said once.';

CREATE TABLE ops.identity (
    is_only boolean PRIMARY KEY DEFAULT TRUE CHECK (is_only),
    installation_id uuid NOT NULL DEFAULT gen_random_uuid(),
    origin text CHECK (origin IN ('real', 'simulated')),
    live_from date CHECK (extract(DAY FROM live_from) = 1),
    live_set_at timestamptz
);
INSERT INTO ops.identity DEFAULT VALUES;
COMMENT ON TABLE ops.identity IS 'What this warehouse is: one row.';
COMMENT ON COLUMN ops.identity.is_only IS 'Always true: there is one row.';
COMMENT ON COLUMN ops.identity.installation_id IS 'Makes message identifiers unique among installations.';
COMMENT ON COLUMN ops.identity.origin IS 'real or simulated, set by the first file; the other is refused from then on.';
COMMENT ON COLUMN ops.identity.live_from IS 'First day of the month from which on alerts are told; null: nothing is told yet.';
COMMENT ON COLUMN ops.identity.live_set_at IS 'When live_from was set.';

CREATE TABLE ops.outcome (
    outcome_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    step text NOT NULL,
    month date CHECK (extract(DAY FROM month) = 1),
    state text NOT NULL CHECK (state IN ('done', 'failed', 'not_published')),
    row_count bigint,
    seconds double precision NOT NULL CHECK (seconds >= 0),
    message text,
    ended_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON ops.outcome (step, ended_at DESC);
COMMENT ON TABLE ops.outcome IS 'How each step ended, whether it succeeded or not.';
COMMENT ON COLUMN ops.outcome.outcome_id IS 'Surrogate key.';
COMMENT ON COLUMN ops.outcome.step IS 'ingest, compute, evaluate, deliver, publish, check.';
COMMENT ON COLUMN ops.outcome.month IS 'Newest month the step was asked for, first day; null where it has none.';
COMMENT ON COLUMN ops.outcome.state IS 'done, failed, or not_published (wait: the source has no data yet).';
COMMENT ON COLUMN ops.outcome.row_count IS 'Rows written or things delivered.';
COMMENT ON COLUMN ops.outcome.seconds IS 'Duration in seconds.';
COMMENT ON COLUMN ops.outcome.message IS 'The error, or what was done, for people.';
COMMENT ON COLUMN ops.outcome.ended_at IS 'When the step ended.';

CREATE TABLE ops.file (
    file_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256 text NOT NULL UNIQUE CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    archive_key text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('grid', 'stations')),
    source text NOT NULL CHECK (source ~ '^[a-z0-9][a-z0-9-]*$'),
    product text,
    origin text NOT NULL CHECK (origin IN ('real', 'simulated')),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    request jsonb,
    name text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    last_received_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE ops.file IS 'Every raw file received, kept verbatim in the archive.';
COMMENT ON COLUMN ops.file.file_id IS 'Surrogate key; a later file has a higher one.';
COMMENT ON COLUMN ops.file.sha256 IS 'Checksum of the bytes, hexadecimal.';
COMMENT ON COLUMN ops.file.archive_key IS 'Where the bytes lie, relative to DROUGHT_ARCHIVE_URL.';
COMMENT ON COLUMN ops.file.kind IS 'grid or stations.';
COMMENT ON COLUMN ops.file.source IS 'Name of the data source, such as era5-land.';
COMMENT ON COLUMN ops.file.product IS 'What tp in metres means: monthly-mean (a day) or monthly-total; the format, for stations.';
COMMENT ON COLUMN ops.file.origin IS 'real or simulated, read from the content.';
COMMENT ON COLUMN ops.file.size_bytes IS 'Size in bytes.';
COMMENT ON COLUMN ops.file.request IS 'The request that brought it, where there was one.';
COMMENT ON COLUMN ops.file.name IS 'The file name it came under.';
COMMENT ON COLUMN ops.file.received_at IS 'When it was registered.';
COMMENT ON COLUMN ops.file.last_received_at IS 'When the same bytes came last: a later file goes before an earlier one.';

CREATE TABLE ops.grid_month (
    file_id bigint NOT NULL REFERENCES ops.file (file_id),
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    source text NOT NULL,
    release text NOT NULL CHECK (release IN ('preliminary', 'final')),
    averaged_over text,
    PRIMARY KEY (file_id, month)
);
CREATE INDEX ON ops.grid_month (source, month);
COMMENT ON TABLE ops.grid_month IS 'Which months each grid file holds, and in which release.';
COMMENT ON COLUMN ops.grid_month.file_id IS 'The file.';
COMMENT ON COLUMN ops.grid_month.month IS 'A month it holds, first day.';
COMMENT ON COLUMN ops.grid_month.source IS 'Name of the data source.';
COMMENT ON COLUMN ops.grid_month.release IS 'preliminary or final.';
COMMENT ON COLUMN ops.grid_month.averaged_over IS
'Fingerprint of the landscapes and the coverage rule its means were taken for; null: not yet.';
