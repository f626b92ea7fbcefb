/*
 * Decisions: when stages were decided, by which software and settings, so that any decision can be
 * replayed from what was known then.
 *
 * What a replay reads beside values was not kept until now: who was allowed to see a gauge at the time,
 * and the fits of blended series that were made anew. From here on it is.
 */

-- Evaluations -------------------------------------------------------------------------------------

CREATE TABLE plan.evaluation (
    evaluation_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decided_at timestamptz NOT NULL DEFAULT now() UNIQUE,
    versions jsonb NOT NULL,
    calibration text CHECK (calibration ~ '^[0-9]{4}-[0-9]{4}$'),
    sources text[] CHECK (cardinality(sources) > 0),
    min_coverage double precision CHECK (min_coverage > 0 AND min_coverage <= 1),
    first_month date CHECK (extract(DAY FROM first_month) = 1),
    to_month date CHECK (extract(DAY FROM to_month) = 1),
    stage_rows bigint NOT NULL CHECK (stage_rows >= 0),
    transitions bigint NOT NULL CHECK (transitions >= 0),
    told bigint CHECK (told BETWEEN 0 AND transitions),
    stale_landscapes bigint CHECK (stale_landscapes >= 0),
    is_rebuilt boolean NOT NULL DEFAULT FALSE,
    CHECK (is_rebuilt OR (calibration IS NOT NULL AND sources IS NOT NULL AND min_coverage IS NOT NULL AND told IS NOT NULL))
);
COMMENT ON TABLE plan.evaluation IS 'Each evaluation: when stages were decided, and by what. Append-only.';
COMMENT ON COLUMN plan.evaluation.evaluation_id IS 'Surrogate key; a later evaluation has a higher one.';
COMMENT ON COLUMN plan.evaluation.decided_at IS
'When its transaction began: known_from of the stages it wrote, decided_at of the alerts.';
COMMENT ON COLUMN plan.evaluation.versions IS 'Versions of this software and of what it computes with, by name.';
COMMENT ON COLUMN plan.evaluation.calibration IS 'Calibration period of the indices that decided; null: not known.';
COMMENT ON COLUMN plan.evaluation.sources IS
'Data sources by which stages were decided, the first that a landscape had; the last is the grid; null: not known.';
COMMENT ON COLUMN plan.evaluation.min_coverage IS
'DROUGHT_MIN_COVERAGE at the time: share of a landscape''s area that needs values; null: not known.';
COMMENT ON COLUMN plan.evaluation.first_month IS 'First day of the first month it was to add; null: of all that had indices.';
COMMENT ON COLUMN plan.evaluation.to_month IS 'First day of the last month it was to look at; null: of all that had indices.';
COMMENT ON COLUMN plan.evaluation.stage_rows IS 'Stages that were new or different.';
COMMENT ON COLUMN plan.evaluation.transitions IS 'Changes of stage.';
COMMENT ON COLUMN plan.evaluation.told IS 'How many of them were to be told, and waited for approval; null: not known.';
COMMENT ON COLUMN plan.evaluation.stale_landscapes IS
'Landscapes whose indices had not been computed anew since their series changed; null: not known.';
COMMENT ON COLUMN plan.evaluation.is_rebuilt IS
'True where it is older than this table: what is known of it was found in the stages and alerts it wrote.';

-- What was decided before there was this table. Each evaluation that changed a stage left the time of
-- its transaction; the evidence of its alerts, or of the alerts before, says by what was decided.
INSERT INTO plan.evaluation (
    decided_at, versions, calibration, sources, first_month, to_month, stage_rows, transitions, is_rebuilt
)
WITH stage AS (
    SELECT
        known_from AS decided_at,
        month
    FROM plan.stage_month
    UNION ALL
    SELECT
        known_from AS decided_at,
        month
    FROM plan.stage_month_superseded
),

written AS (
    SELECT
        decided_at,
        count(*) AS stage_rows,
        min(min(month)) OVER (ORDER BY decided_at) AS first_month
    FROM stage
    GROUP BY decided_at
),

told AS (
    SELECT
        decided_at,
        count(*) AS transitions,
        min(evidence ->> 'engine') AS engine,
        min(evidence #>> '{inputs,calibration}') AS calibration,
        max(evidence #>> '{inputs,source}') FILTER (WHERE evidence #>> '{inputs,source}' <> 'blended') AS grid,
        max(evidence #>> '{inputs,gauges,grid}') AS blended_with,
        bool_or(evidence #>> '{inputs,source}' = 'blended')
        FILTER (WHERE jsonb_typeof(evidence #> '{inputs,gauges}') = 'object') AS is_blended
    FROM alert.transition
    GROUP BY decided_at
),

known AS (
    SELECT
        w.decided_at,
        w.stage_rows,
        w.first_month,
        coalesce(own.transitions, 0) AS transitions,
        own.engine,
        said.calibration,
        coalesce(said.blended_with, said.grid) AS grid,
        coalesce(gauged.is_blended, FALSE) AS is_blended,
        ended.month AS to_month
    FROM written AS w
    LEFT JOIN told AS own USING (decided_at)
    LEFT JOIN LATERAL (
        SELECT t.* FROM told AS t
        WHERE t.decided_at <= w.decided_at
        ORDER BY t.decided_at DESC
        LIMIT 1
    ) AS said ON TRUE
    LEFT JOIN LATERAL (
        SELECT t.is_blended FROM told AS t
        WHERE t.decided_at <= w.decided_at AND t.is_blended IS NOT NULL
        ORDER BY t.decided_at DESC
        LIMIT 1
    ) AS gauged ON TRUE
    LEFT JOIN LATERAL (
        SELECT o.month FROM ops.outcome AS o
        WHERE o.step = 'evaluate' AND o.state = 'done' AND o.ended_at >= w.decided_at
        ORDER BY o.ended_at ASC, o.outcome_id ASC
        LIMIT 1
    ) AS ended ON TRUE
)

SELECT
    decided_at,
    CASE
        WHEN engine IS NULL THEN '{}'
        ELSE jsonb_build_object(split_part(engine, ' ', 1), split_part(engine, ' ', 2))
    END AS versions,
    calibration,
    CASE
        WHEN calibration IS NULL THEN NULL
        WHEN is_blended THEN ARRAY['blended', grid]
        ELSE ARRAY[grid]
    END AS sources,
    first_month,
    to_month,
    stage_rows,
    transitions,
    TRUE AS is_rebuilt
FROM known
ORDER BY decided_at;
CREATE TRIGGER note_moment BEFORE INSERT ON plan.evaluation
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

CREATE VIEW mart.evaluation AS
SELECT
    e.decided_at,
    coalesce(m.committed_at, e.decided_at) AS committed_at,
    e.versions,
    e.calibration,
    e.sources,
    e.min_coverage,
    e.first_month,
    e.to_month,
    e.stage_rows,
    e.transitions,
    e.told,
    e.stale_landscapes,
    e.is_rebuilt,
    e.evaluation_id AS row_key
FROM plan.evaluation AS e
LEFT JOIN ops.moment AS m ON e.decided_at = m.known_from;
COMMENT ON VIEW mart.evaluation IS
'When stages were decided, and by what; `drought evaluate --as-of` replays each. One row per evaluation.';
COMMENT ON COLUMN mart.evaluation.committed_at IS 'When its stages and alerts could be seen.';
COMMENT ON COLUMN mart.evaluation.row_key IS 'Stable integer key of the row; a later evaluation has a higher one.';
SELECT ops.copy_comments('plan.evaluation', 'mart.evaluation');

-- Who was allowed to see a gauge ------------------------------------------------------------------

CREATE TABLE series.station_disclosure (
    station_id text NOT NULL REFERENCES series.station (station_id),
    disclosure text NOT NULL CHECK (disclosure IN ('open', 'agency', 'restricted')),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (station_id, known_from)
);
COMMENT ON TABLE series.station_disclosure IS
'What series.station said of who may see a gauge, and since when: the newest row of a gauge is what it says now.';
COMMENT ON COLUMN series.station_disclosure.station_id IS 'The gauge.';
COMMENT ON COLUMN series.station_disclosure.disclosure IS 'open, agency or restricted.';
COMMENT ON COLUMN series.station_disclosure.known_from IS
'Since when; -infinity: since before this was kept.';

-- Before a person decided, the word of a file held, which is not known any more; nothing told is restricted.
INSERT INTO series.station_disclosure (station_id, disclosure, known_from)
SELECT
    s.station_id,
    CASE WHEN d.decisions IS NULL THEN s.disclosure ELSE 'restricted' END AS disclosure,
    '-infinity' AS known_from
FROM series.station AS s
LEFT JOIN LATERAL (
    SELECT count(*) AS decisions FROM series.disclosure_decision AS d
    WHERE d.station_id = s.station_id
    HAVING count(*) > 0
) AS d ON TRUE;
INSERT INTO series.station_disclosure (station_id, disclosure, known_from)
SELECT DISTINCT ON (station_id, decided_at)
    station_id,
    disclosure,
    decided_at AS known_from
FROM series.disclosure_decision
ORDER BY station_id ASC, decided_at ASC, decision_id DESC;

CREATE FUNCTION series.keep_disclosure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO series.station_disclosure (station_id, disclosure) VALUES (NEW.station_id, NEW.disclosure)
    ON CONFLICT (station_id, known_from) DO UPDATE SET disclosure = excluded.disclosure;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION series.keep_disclosure() IS 'Writes down since when a gauge is open or closed.';
REVOKE EXECUTE ON FUNCTION series.keep_disclosure() FROM public;
CREATE TRIGGER keep_new_disclosure AFTER INSERT ON series.station
FOR EACH ROW EXECUTE FUNCTION series.keep_disclosure();
CREATE TRIGGER keep_changed_disclosure AFTER UPDATE OF disclosure ON series.station
FOR EACH ROW WHEN (old.disclosure <> new.disclosure) EXECUTE FUNCTION series.keep_disclosure();
CREATE TRIGGER note_moment BEFORE INSERT OR UPDATE ON series.station_disclosure
FOR EACH STATEMENT EXECUTE FUNCTION ops.note_moment();

-- Fits that were made anew ------------------------------------------------------------------------

CREATE TABLE index.calibration_superseded (
    LIKE index.calibration INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_until < 'infinity')
);
CREATE INDEX ON index.calibration_superseded (landscape_key, source, calibration);
COMMENT ON TABLE index.calibration_superseded IS
'Fits that were dropped, as those of a blended series are when a value of its calibration period changes.';
COMMENT ON COLUMN index.calibration_superseded.known_until IS 'Until when values were judged by it.';

CREATE FUNCTION index.keep_dropped_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO index.calibration_superseded (
        landscape_key, landscape_version, source, calibration, index_code, calendar_month, distribution,
        parameters, probability_of_zero, n_years, pet_method, fitted_at, known_until
    )
    SELECT
        landscape_key, landscape_version, source, calibration, index_code, calendar_month, distribution,
        parameters, probability_of_zero, n_years, pet_method, fitted_at, ops.moment_after(fitted_at)
    FROM gone
    WHERE fitted_at <> now();
    RETURN NULL;
END $$;
COMMENT ON FUNCTION index.keep_dropped_fits() IS
'Moves fits that were dropped into the twin table, with the time until which they were used.';
REVOKE EXECUTE ON FUNCTION index.keep_dropped_fits() FROM public;
CREATE TRIGGER keep_deleted AFTER DELETE ON index.calibration
REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION index.keep_dropped_fits();

CREATE VIEW index.calibration_ever AS
SELECT
    landscape_key,
    landscape_version,
    source,
    calibration,
    index_code,
    calendar_month,
    distribution,
    parameters,
    probability_of_zero,
    n_years,
    pet_method,
    fitted_at AS known_from,
    'infinity'::timestamptz AS known_until
FROM index.calibration
UNION ALL
SELECT
    landscape_key,
    landscape_version,
    source,
    calibration,
    index_code,
    calendar_month,
    distribution,
    parameters,
    probability_of_zero,
    n_years,
    pet_method,
    fitted_at AS known_from,
    known_until
FROM index.calibration_superseded;
COMMENT ON VIEW index.calibration_ever IS 'Every fit that was ever used, with the time it was.';
COMMENT ON COLUMN index.calibration_ever.known_from IS 'When it was fitted.';
COMMENT ON COLUMN index.calibration_ever.known_until IS 'Until when values were judged by it; infinity: they still are.';
SELECT ops.copy_comments('index.calibration', 'index.calibration_ever');

-- Tables with a twin, as a replay reads them ------------------------------------------------------

CREATE VIEW plan.stage_month_ever AS
SELECT
    landscape_key,
    month,
    drought_type,
    plan_id,
    plan_version,
    stage,
    stage_rank,
    since_month,
    is_confirmed,
    silent_months,
    known_from,
    'infinity'::timestamptz AS known_until
FROM plan.stage_month
UNION ALL
SELECT
    landscape_key,
    month,
    drought_type,
    plan_id,
    plan_version,
    stage,
    stage_rank,
    since_month,
    is_confirmed,
    silent_months,
    known_from,
    known_until
FROM plan.stage_month_superseded;
COMMENT ON VIEW plan.stage_month_ever IS 'Every stage that was ever shown, by landscape key, with the time it was the truth.';
COMMENT ON COLUMN plan.stage_month_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('plan.stage_month', 'plan.stage_month_ever');

CREATE VIEW series.agreement_ever AS
SELECT
    landscape_key,
    source,
    landscape_version,
    calibration,
    gauges,
    shortfall,
    known_from,
    'infinity'::timestamptz AS known_until
FROM series.agreement
UNION ALL
SELECT
    landscape_key,
    source,
    landscape_version,
    calibration,
    gauges,
    shortfall,
    known_from,
    known_until
FROM series.agreement_superseded;
COMMENT ON VIEW series.agreement_ever IS
'Which gauges were ever compared with a grid, and what they lacked, with the time it was the truth.';
COMMENT ON COLUMN series.agreement_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('series.agreement', 'series.agreement_ever');

CREATE VIEW series.agreement_month_ever AS
SELECT
    landscape_key,
    month,
    source,
    gauge_mm,
    grid_mm,
    n_gauges,
    n_suspect,
    n_assumed_dry,
    policies,
    known_from,
    'infinity'::timestamptz AS known_until
FROM series.agreement_month
UNION ALL
SELECT
    landscape_key,
    month,
    source,
    gauge_mm,
    grid_mm,
    n_gauges,
    n_suspect,
    n_assumed_dry,
    policies,
    known_from,
    known_until
FROM series.agreement_month_superseded;
COMMENT ON VIEW series.agreement_month_ever IS
'Rain of grid and gauges month by month as it was ever held, with the time it was the truth.';
COMMENT ON COLUMN series.agreement_month_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('series.agreement_month', 'series.agreement_month_ever');

GRANT SELECT, INSERT, UPDATE, DELETE
ON plan.evaluation, series.station_disclosure, index.calibration_superseded
TO drought_pipeline;
GRANT SELECT
ON index.calibration_ever, plan.stage_month_ever, series.agreement_ever, series.agreement_month_ever
TO drought_pipeline;
GRANT SELECT ON mart.evaluation TO drought_analyst, drought_pipeline;
GRANT EXECUTE ON FUNCTION series.keep_disclosure(), index.keep_dropped_fits() TO drought_pipeline;
