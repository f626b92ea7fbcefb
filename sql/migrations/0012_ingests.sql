/*
 * Ingests: every byte received is kept, and every record of it is accounted for.
 *
 * A file that is taken has a row in ops.file and one row here for each time it was ingested; a
 * file that is refused as a whole has a row in ops.refused_file and its bytes in the archive too.
 * What a drop folder held, and what became of it, is remembered so that nothing in the folder
 * need be moved or renamed.
 */

CREATE TABLE ops.ingest (
    ingest_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    file_id bigint NOT NULL REFERENCES ops.file (file_id),
    step text NOT NULL,
    n_read bigint NOT NULL CHECK (n_read >= 0),
    n_stored bigint NOT NULL CHECK (n_stored >= 0),
    n_quarantined bigint NOT NULL CHECK (n_quarantined >= 0),
    n_unchanged bigint NOT NULL CHECK (n_unchanged >= 0),
    note text,
    ingested_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT nothing_is_lost CHECK (n_read = n_stored + n_quarantined + n_unchanged)
);
CREATE INDEX ON ops.ingest (file_id);
CREATE INDEX ON ops.ingest (ingested_at);
COMMENT ON TABLE ops.ingest IS 'One row each time a file was ingested: what became of every record in it.';
COMMENT ON COLUMN ops.ingest.ingest_id IS 'Surrogate key; a later ingest has a higher one.';
COMMENT ON COLUMN ops.ingest.file_id IS 'The file.';
COMMENT ON COLUMN ops.ingest.step IS 'The step that ingested it.';
COMMENT ON COLUMN ops.ingest.n_read IS
'Records read: values of a station file or lines that could not be understood; months of a variable in a grid file.';
COMMENT ON COLUMN ops.ingest.n_stored IS 'Records that are in the warehouse now and were not before.';
COMMENT ON COLUMN ops.ingest.n_quarantined IS 'Records refused and kept with their reason, see mart.quarantine.';
COMMENT ON COLUMN ops.ingest.n_unchanged IS
'Records that said what the warehouse, or an earlier record of the same file, had said already.';
COMMENT ON COLUMN ops.ingest.note IS 'What a reader of the numbers should know; null: nothing.';
COMMENT ON COLUMN ops.ingest.ingested_at IS 'When it was ingested.';

CREATE TABLE ops.refused_file (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    name text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    archive_key text NOT NULL,
    reason text NOT NULL,
    first_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    times integer NOT NULL DEFAULT 1 CHECK (times >= 1),
    accepted_at timestamptz,
    file_id bigint REFERENCES ops.file (file_id),
    CHECK ((accepted_at IS NULL) = (file_id IS NULL))
);
COMMENT ON TABLE ops.refused_file IS 'Files refused as a whole; their bytes are in the archive under refused/.';
COMMENT ON COLUMN ops.refused_file.sha256 IS 'Checksum of the bytes, hexadecimal.';
COMMENT ON COLUMN ops.refused_file.name IS 'The file name it came under last.';
COMMENT ON COLUMN ops.refused_file.size_bytes IS 'Size in bytes; an empty file has 0.';
COMMENT ON COLUMN ops.refused_file.archive_key IS 'Where the bytes lie, relative to DROUGHT_ARCHIVE_URL.';
COMMENT ON COLUMN ops.refused_file.reason IS 'Why it was refused, the last time.';
COMMENT ON COLUMN ops.refused_file.first_at IS 'When it was refused first.';
COMMENT ON COLUMN ops.refused_file.last_at IS 'When it was refused last.';
COMMENT ON COLUMN ops.refused_file.times IS 'How often it was refused.';
COMMENT ON COLUMN ops.refused_file.accepted_at IS
'When the same bytes were taken after all, by better software or other options; null: not yet.';
COMMENT ON COLUMN ops.refused_file.file_id IS 'The file as it was taken; null: not yet.';

CREATE TABLE ops.watched (
    url text NOT NULL,
    path text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    stamp text,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    outcome text NOT NULL CHECK (outcome IN ('waiting', 'taken', 'refused', 'layout')),
    note text,
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (url, path),
    CHECK ((sha256 IS NULL) = (outcome = 'waiting'))
);
CREATE INDEX ON ops.watched (sha256);
COMMENT ON TABLE ops.watched IS
'Files seen in drop folders: one that looks as remembered here is not read again.';
COMMENT ON COLUMN ops.watched.url IS 'The drop folder, without user, password or query.';
COMMENT ON COLUMN ops.watched.path IS 'The file, relative to the folder.';
COMMENT ON COLUMN ops.watched.size_bytes IS 'Size in bytes as the folder listed it.';
COMMENT ON COLUMN ops.watched.stamp IS 'When it was changed, or its tag, as the folder listed it; null: the folder does not say.';
COMMENT ON COLUMN ops.watched.sha256 IS 'Checksum of the bytes, hexadecimal; null while it waits.';
COMMENT ON COLUMN ops.watched.outcome IS
'taken; refused (not tried again until its bytes change, or on request); layout (how tables of this folder are written); waiting (may still be being written).';
COMMENT ON COLUMN ops.watched.note IS 'What was said of it: what it came to, or why it was refused.';
COMMENT ON COLUMN ops.watched.first_seen_at IS 'When the path was seen first.';
COMMENT ON COLUMN ops.watched.changed_at IS 'When this row was last written.';

GRANT SELECT, INSERT, UPDATE, DELETE ON ops.ingest, ops.refused_file, ops.watched TO drought_pipeline;

-- Without the note: it may speak of gauges that are not open.
CREATE VIEW mart.ingest AS
SELECT
    f.name AS file_name,
    f.source,
    f.kind,
    f.origin,
    i.n_read,
    i.n_stored,
    i.n_quarantined,
    i.n_unchanged,
    i.ingested_at
FROM ops.ingest AS i
INNER JOIN ops.file AS f USING (file_id);
COMMENT ON VIEW mart.ingest IS 'What became of the records of each file: read = stored + quarantined + unchanged.';
COMMENT ON COLUMN mart.ingest.file_name IS 'The file name it came under.';
SELECT ops.copy_comments('ops.file', 'mart.ingest');
SELECT ops.copy_comments('ops.ingest', 'mart.ingest');

GRANT SELECT ON mart.ingest TO drought_analyst, drought_pipeline;
