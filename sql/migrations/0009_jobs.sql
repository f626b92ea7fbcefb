/*
 * What was asked of a data store, written down before it is asked.
 *
 * A request covers months and is made of jobs: one a part, where a month is too large to come in
 * one reply, and a further one each time the store dropped a job. The intent is committed first,
 * the store's own id of the job as soon as it is known; so a worker that was killed finds what it
 * asked for instead of asking again.
 */

CREATE TABLE ops.request (
    request_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dataset text NOT NULL CHECK (dataset <> ''),
    area jsonb NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (
        state IN ('open', 'received', 'failed', 'not_published', 'too_large')
    ),
    is_open boolean NOT NULL GENERATED ALWAYS AS (state = 'open') STORED,
    asked_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    told_at timestamptz,
    trouble text,
    file_id bigint REFERENCES ops.file (file_id),
    UNIQUE (request_id, is_open),
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK ((state = 'received') = (file_id IS NOT NULL))
);
COMMENT ON TABLE ops.request IS 'What was asked of a data store, from the intent to the file.';
COMMENT ON COLUMN ops.request.request_id IS 'Surrogate key; a later request has a higher one.';
COMMENT ON COLUMN ops.request.dataset IS 'The data set, as the store names it.';
COMMENT ON COLUMN ops.request.area IS 'North, west, south, east of the area, degrees.';
COMMENT ON COLUMN ops.request.state IS
'open; received (its file is ingested); failed; not_published (the store has none of it yet); too_large (smaller ones took its place).';
COMMENT ON COLUMN ops.request.is_open IS 'Whether the state is open.';
COMMENT ON COLUMN ops.request.asked_at IS 'When it was decided to ask.';
COMMENT ON COLUMN ops.request.ended_at IS 'When it ended; null: it is open.';
COMMENT ON COLUMN ops.request.told_at IS
'When whoever waited for it was told that it had come; null: that process was stopped, and what takes its place counts it as its own.';
COMMENT ON COLUMN ops.request.trouble IS
'Why it failed, or what keeps an open one waiting; for people. Null: nothing known.';
COMMENT ON COLUMN ops.request.file_id IS 'The file that came.';

CREATE TABLE ops.request_month (
    request_id bigint NOT NULL,
    dataset text NOT NULL,
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    is_open boolean NOT NULL DEFAULT TRUE,
    PRIMARY KEY (request_id, month),
    FOREIGN KEY (request_id, is_open) REFERENCES ops.request (request_id, is_open) ON UPDATE CASCADE
);
CREATE UNIQUE INDEX request_month_asked_once ON ops.request_month (dataset, month) WHERE is_open;
COMMENT ON TABLE ops.request_month IS 'The months a request covers. No two open requests cover one month of a data set.';
COMMENT ON COLUMN ops.request_month.request_id IS 'The request.';
COMMENT ON COLUMN ops.request_month.dataset IS 'Its data set.';
COMMENT ON COLUMN ops.request_month.month IS 'A month it asks for, first day.';
COMMENT ON COLUMN ops.request_month.is_open IS 'Whether the request is open; follows it by itself.';

CREATE TABLE ops.job (
    job_key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id bigint NOT NULL REFERENCES ops.request (request_id),
    part text NOT NULL,
    inputs jsonb NOT NULL,
    state text NOT NULL DEFAULT 'intended' CHECK (
        state IN (
            'intended', 'submitted', 'ready', 'failed', 'not_published', 'rejected', 'lost', 'too_large'
        )
    ),
    job_id text UNIQUE CHECK (job_id <> ''),
    intended_at timestamptz NOT NULL DEFAULT now(),
    not_before timestamptz NOT NULL DEFAULT now(),
    tried_at timestamptz,
    submitted_at timestamptz,
    ended_at timestamptz,
    size_bytes bigint CHECK (size_bytes >= 0),
    md5 text,
    error text,
    traceback text,
    CHECK (state <> 'intended' OR job_id IS NULL),
    CHECK (state NOT IN ('submitted', 'ready', 'rejected', 'lost') OR job_id IS NOT NULL)
);
CREATE UNIQUE INDEX job_part_asked_once ON ops.job (request_id, part)
WHERE state IN ('intended', 'submitted', 'ready');
COMMENT ON TABLE ops.job IS 'Jobs at a data store: a request, or a part of one, as the store works on it.';
COMMENT ON COLUMN ops.job.job_key IS 'Surrogate key; a later job has a higher one.';
COMMENT ON COLUMN ops.job.request_id IS 'The request it brings, or brings a part of.';
COMMENT ON COLUMN ops.job.part IS 'Which part: the variables it asks for, by their names in the store.';
COMMENT ON COLUMN ops.job.inputs IS 'What is asked, as the store words it.';
COMMENT ON COLUMN ops.job.state IS
'intended (about to be submitted); submitted; ready (to be downloaded); failed; not_published; rejected (the queue was full) or lost (the store dropped it), both followed by a further job; too_large.';
COMMENT ON COLUMN ops.job.job_id IS 'The id the store gave it; null: not submitted, or its answer was lost.';
COMMENT ON COLUMN ops.job.intended_at IS 'When it was written down.';
COMMENT ON COLUMN ops.job.not_before IS 'It is not submitted before this time.';
COMMENT ON COLUMN ops.job.tried_at IS 'When it was last sent to the store; with no job_id the store may or may not have it.';
COMMENT ON COLUMN ops.job.submitted_at IS 'When its job_id was written down.';
COMMENT ON COLUMN ops.job.ended_at IS 'When the store was done with it.';
COMMENT ON COLUMN ops.job.size_bytes IS 'Size of the reply in bytes, as the store announces it.';
COMMENT ON COLUMN ops.job.md5 IS 'MD5 of the reply, hexadecimal, as the store announces it.';
COMMENT ON COLUMN ops.job.error IS 'What went wrong, in one line.';
COMMENT ON COLUMN ops.job.traceback IS 'The store''s own words about its failure, whole.';

GRANT SELECT, INSERT, UPDATE, DELETE ON ops.request, ops.request_month, ops.job TO drought_pipeline;
