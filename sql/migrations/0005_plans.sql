/*
 * Plans: the national drought plans as documents, and the stage of each landscape under them.
 */

CREATE TABLE plan.document (
    plan_id text NOT NULL,
    version text NOT NULL,
    country_code text NOT NULL CHECK (country_code IN ('KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR')),
    status text NOT NULL CHECK (status IN ('template', 'adopted')),
    effective_from date NOT NULL CHECK (extract(DAY FROM effective_from) = 1),
    body jsonb NOT NULL,
    fingerprint text NOT NULL,
    is_shipped boolean NOT NULL,
    load_order bigint GENERATED ALWAYS AS IDENTITY,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plan_id, version)
);
COMMENT ON TABLE plan.document IS 'Plan documents, one row per version; a loaded version never changes.';
COMMENT ON COLUMN plan.document.plan_id IS 'The plan.';
COMMENT ON COLUMN plan.document.version IS 'Its version.';
COMMENT ON COLUMN plan.document.country_code IS 'ISO 3166-1 alpha-2.';
COMMENT ON COLUMN plan.document.status IS 'template, or adopted by the country''s authority.';
COMMENT ON COLUMN plan.document.effective_from IS 'First month it rules, first day.';
COMMENT ON COLUMN plan.document.body IS 'The whole document.';
COMMENT ON COLUMN plan.document.fingerprint IS 'SHA-256 of the content.';
COMMENT ON COLUMN plan.document.is_shipped IS 'True for plans that came with the software; an agency''s own goes before them.';
COMMENT ON COLUMN plan.document.load_order IS 'Among plans that take effect in the same month the one loaded last rules.';
COMMENT ON COLUMN plan.document.loaded_at IS 'When it was loaded.';

CREATE TABLE plan.stage_month (
    landscape_key integer NOT NULL REFERENCES landscape.landscape (landscape_key),
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    drought_type text NOT NULL CHECK (drought_type IN ('meteorological', 'agricultural', 'hydrological')),
    plan_id text NOT NULL,
    plan_version text NOT NULL,
    stage text NOT NULL,
    stage_rank integer NOT NULL CHECK (stage_rank >= 0 AND (stage_rank = 0) = (stage = 'none')),
    since_month date NOT NULL CHECK (extract(DAY FROM since_month) = 1 AND since_month <= month),
    is_confirmed boolean NOT NULL,
    silent_months integer NOT NULL CHECK (silent_months >= 0),
    known_from timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (landscape_key, month, drought_type),
    FOREIGN KEY (plan_id, plan_version) REFERENCES plan.document (plan_id, version)
);
CREATE INDEX ON plan.stage_month (month);
COMMENT ON TABLE plan.stage_month IS 'The stage of a landscape after a month, under the plan in force.';
COMMENT ON COLUMN plan.stage_month.landscape_key IS 'The landscape.';
COMMENT ON COLUMN plan.stage_month.month IS 'First day of the month.';
COMMENT ON COLUMN plan.stage_month.drought_type IS 'meteorological, agricultural or hydrological.';
COMMENT ON COLUMN plan.stage_month.plan_id IS 'The plan in force.';
COMMENT ON COLUMN plan.stage_month.plan_version IS 'Its version.';
COMMENT ON COLUMN plan.stage_month.stage IS 'The plan''s stage; none where no rule is active.';
COMMENT ON COLUMN plan.stage_month.stage_rank IS '0 for none, 1 for the mildest stage, and up.';
COMMENT ON COLUMN plan.stage_month.since_month IS 'First month of the present stage, or of the record.';
COMMENT ON COLUMN plan.stage_month.is_confirmed IS 'False after more silent months than the plan''s hold limit, or where no value was ever heard.';
COMMENT ON COLUMN plan.stage_month.silent_months IS 'Months since the rules behind the stage last heard a value.';
COMMENT ON COLUMN plan.stage_month.known_from IS 'Since when this installation holds this stage.';

CREATE TABLE plan.stage_month_superseded (
    LIKE plan.stage_month INCLUDING COMMENTS,
    known_until timestamptz NOT NULL CHECK (known_from <= known_until AND known_until < 'infinity')
);
CREATE INDEX ON plan.stage_month_superseded (landscape_key, month);
COMMENT ON TABLE plan.stage_month_superseded IS 'Rows of stage_month that were replaced.';
COMMENT ON COLUMN plan.stage_month_superseded.known_until IS 'Until when this row was the truth.';
CREATE TRIGGER keep_superseded BEFORE UPDATE OR DELETE ON plan.stage_month
FOR EACH ROW EXECUTE FUNCTION ops.keep_superseded();

CREATE VIEW plan.stage_ever AS
WITH ever AS (
    SELECT
        *,
        'infinity'::timestamptz AS known_until
    FROM plan.stage_month
    UNION ALL
    SELECT * FROM plan.stage_month_superseded
)

SELECT
    l.landscape_id,
    ever.month,
    ever.plan_id,
    ever.plan_version,
    ever.drought_type,
    ever.stage,
    ever.stage_rank,
    ever.since_month,
    ever.is_confirmed,
    ever.silent_months,
    ever.known_from,
    ever.known_until
FROM ever
INNER JOIN landscape.landscape AS l USING (landscape_key);
COMMENT ON VIEW plan.stage_ever IS 'Every stage that was ever shown, with the time it was the truth.';
COMMENT ON COLUMN plan.stage_ever.landscape_id IS 'The landscape.';
COMMENT ON COLUMN plan.stage_ever.known_until IS 'Until when it was the truth; infinity: it still is.';
SELECT ops.copy_comments('plan.stage_month', 'plan.stage_ever');
