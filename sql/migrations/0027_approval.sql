/*
 * Approval: who may issue is a register, and the tables themselves keep the rule.
 *
 * An alert becomes approved or refused only in the name of somebody who held the issuing role for its
 * country at that time, or automatically where an adopted plan cites the order that allows it. The
 * first answer stays. Nobody is struck off the register: a role begins and ends.
 */

-- Who may issue -----------------------------------------------------------------------------------

CREATE TABLE alert.issuer (
    issuer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login text NOT NULL CHECK (login ~ '^[^[:space:]]+$'),
    name text NOT NULL CHECK (name ~ '[^[:space:]]'),
    office text NOT NULL CHECK (office ~ '[^[:space:]]'),
    country_code text NOT NULL CHECK (country_code IN ('KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR')),
    legal_basis text NOT NULL CHECK (legal_basis ~ '[^[:space:]]'),
    since timestamptz NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    added_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX ON alert.issuer (login, country_code) WHERE ended_at IS NULL;
COMMENT ON TABLE alert.issuer IS 'Who holds the issuing role for a country, and when. Rows are added and ended, never changed otherwise.';
COMMENT ON COLUMN alert.issuer.issuer_id IS 'Surrogate key.';
COMMENT ON COLUMN alert.issuer.login IS 'Account the person logs in with: of this machine, or user name in Airflow.';
COMMENT ON COLUMN alert.issuer.name IS 'The person.';
COMMENT ON COLUMN alert.issuer.office IS 'In what office.';
COMMENT ON COLUMN alert.issuer.country_code IS 'ISO 3166-1 alpha-2; one row for each country.';
COMMENT ON COLUMN alert.issuer.legal_basis IS 'The order that names the person.';
COMMENT ON COLUMN alert.issuer.since IS 'From when the role is held.';
COMMENT ON COLUMN alert.issuer.added_at IS 'When the row was written.';
COMMENT ON COLUMN alert.issuer.added_by IS 'Account that wrote it.';
COMMENT ON COLUMN alert.issuer.ended_at IS 'Until when the role was held; null: it is held.';
COMMENT ON COLUMN alert.issuer.ended_by IS 'Account that ended it.';

CREATE FUNCTION alert.keep_issuer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND
        (to_jsonb(NEW) - '{ended_at,ended_by}'::text[]) = (to_jsonb(OLD) - '{ended_at,ended_by}'::text[])
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'alert.issuer: a role is ended, never changed or struck off (%)', OLD.login
    USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION alert.keep_issuer() IS 'Refuses every change of a row of the register but the end of its role.';
CREATE TRIGGER keep_issuer BEFORE UPDATE OR DELETE ON alert.issuer
FOR EACH ROW EXECUTE FUNCTION alert.keep_issuer();

CREATE VIEW mart.issuer WITH (security_barrier = TRUE) AS
SELECT
    issuer_id,
    country_code,
    name,
    office,
    legal_basis,
    since,
    ended_at
FROM alert.issuer;
COMMENT ON VIEW mart.issuer IS 'Who may issue alerts, for which country, by which order, and when.';
SELECT ops.copy_comments('alert.issuer', 'mart.issuer');

-- The answer ----------------------------------------------------------------------------------------

ALTER TABLE alert.approval
ADD COLUMN door text CHECK (door IN ('command line', 'airflow', 'plan')),
ADD COLUMN login text,
ADD COLUMN page_checksum text CHECK (page_checksum ~ '^[0-9a-f]{64}$'),
ADD COLUMN asked_in text,
ADD COLUMN asked_at timestamptz,
ADD COLUMN escalated_at timestamptz,
ADD COLUMN expired_at timestamptz,
ADD CHECK (expired_at IS NULL OR state = 'expired');
COMMENT ON COLUMN alert.approval.door IS
'Where it was answered: command line, airflow; plan: by nobody, as an order allows that the plan cites. Null before 0027.';
COMMENT ON COLUMN alert.approval.login IS 'Account that was logged in; null before 0027, and where nobody answered.';
COMMENT ON COLUMN alert.approval.page_checksum IS 'SHA-256 of the scanned page that was signed, hexadecimal; null: none.';
COMMENT ON COLUMN alert.approval.asked_in IS 'The run of approve_alerts that asks in Airflow; null: none does.';
COMMENT ON COLUMN alert.approval.asked_at IS 'When it last asked.';
COMMENT ON COLUMN alert.approval.escalated_at IS 'When it was told that nobody answered in the time of the plan.';
COMMENT ON COLUMN alert.approval.expired_at IS 'When it expired unanswered.';

CREATE FUNCTION alert.may_answer(alert.approval) RETURNS boolean LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE $1.door
        WHEN 'plan' THEN $1.state = 'approved' AND EXISTS (
            SELECT FROM alert.transition AS t
            INNER JOIN plan.document AS d ON t.plan_id = d.plan_id AND t.plan_version = d.version
            WHERE
                t.alert_id = $1.alert_id
                AND d.status = 'adopted'
                AND d.body #>> '{issuing,automatic,order}' = $1.legal_basis
                AND d.body #> '{issuing,automatic,stages}' ? t.to_stage
                AND (t.from_stage = 'none' OR d.body #> '{issuing,automatic,stages}' ? t.from_stage)
        )
        ELSE $1.door IS NOT NULL AND EXISTS (
            SELECT FROM alert.transition AS t
            INNER JOIN landscape.version AS v ON t.landscape_key = v.landscape_key AND t.landscape_version = v.version
            INNER JOIN alert.issuer AS i ON v.country_code = i.country_code
            WHERE
                t.alert_id = $1.alert_id
                AND i.login = $1.login
                AND i.name = $1.name
                AND i.office = $1.office
                AND i.since <= $1.answered_at
                AND (i.ended_at IS NULL OR i.ended_at > $1.answered_at)
        )
    END
$$;
COMMENT ON FUNCTION alert.may_answer(alert.approval) IS
'Whether an answer is given by who held the issuing role for the country then, or by an order that the plan cites.';

CREATE FUNCTION alert.keep_answer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.state IN ('approved', 'refused', 'expired') THEN
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'alert %: the first answer stays, and it is %', OLD.alert_id, OLD.state
        USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.state IN ('approved', 'refused') AND NOT alert.may_answer(NEW) THEN
        RAISE EXCEPTION 'alert %: % (%) does not hold the issuing role for its country at %',
        NEW.alert_id, coalesce(NEW.login, NEW.door, 'nobody'), NEW.office, NEW.answered_at
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION alert.keep_answer() IS
'Refuses an answer by somebody without the issuing role, and every change and loss of one that was given.';
CREATE TRIGGER keep_answer BEFORE INSERT OR UPDATE OR DELETE ON alert.approval
FOR EACH ROW EXECUTE FUNCTION alert.keep_answer();

CREATE OR REPLACE VIEW mart.alert WITH (security_barrier = TRUE) AS
SELECT
    t.alert_id,
    t.chain_id,
    l.landscape_id,
    t.month,
    t.drought_type,
    t.change,
    t.from_stage,
    t.to_stage,
    t.plan_id,
    t.plan_version,
    t.evidence,
    t.decided_at,
    a.state AS approval,
    a.name AS approved_by,
    m.cap_identifier,
    a.office,
    a.legal_basis,
    a.protocol,
    a.protocol_date,
    a.page_checksum,
    a.door,
    a.requested_at,
    a.escalated_at,
    a.expired_at,
    a.answered_at
FROM alert.transition AS t
INNER JOIN landscape.landscape AS l USING (landscape_key)
INNER JOIN alert.approval AS a USING (alert_id)
LEFT JOIN alert.message AS m ON t.alert_id = m.alert_id AND m.form = 'cap';
SELECT ops.copy_comments('alert.approval', 'mart.alert');

-- What the operator is told ---------------------------------------------------------------------------

CREATE TABLE alert.notice (
    notice_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    recipient_id text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    sent_at timestamptz,
    error text,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX ON alert.notice (written_at) WHERE state <> 'sent';
COMMENT ON TABLE alert.notice IS
'Mail inside the agency about alerts that nobody answered; written with what it tells, sent by the next delivery.';
COMMENT ON COLUMN alert.notice.notice_id IS 'Stable identifier, the same in every repeat.';
COMMENT ON COLUMN alert.notice.recipient_id IS 'Mail address.';
COMMENT ON COLUMN alert.notice.subject IS 'One line.';
COMMENT ON COLUMN alert.notice.body IS 'The text.';
COMMENT ON COLUMN alert.notice.written_at IS 'When it was written.';
COMMENT ON COLUMN alert.notice.state IS 'queued, sent, failed (will be tried again).';
COMMENT ON COLUMN alert.notice.attempts IS 'How often the mail server was tried.';
COMMENT ON COLUMN alert.notice.sent_at IS 'When the mail server took it.';
COMMENT ON COLUMN alert.notice.error IS 'What it said last time it refused.';

-- Rights ----------------------------------------------------------------------------------------------

REVOKE EXECUTE ON FUNCTION alert.keep_issuer(), alert.keep_answer(), alert.may_answer(alert.approval) FROM public;
GRANT EXECUTE ON FUNCTION alert.may_answer(alert.approval) TO drought_pipeline;
GRANT SELECT, INSERT, UPDATE ON alert.issuer TO drought_pipeline;
-- What was decided is written once: a stage changed afterwards could make an order allow it.
REVOKE UPDATE, DELETE ON alert.transition FROM drought_pipeline;
REVOKE DELETE ON alert.approval FROM drought_pipeline;
GRANT SELECT ON SEQUENCE alert.issuer_issuer_id_seq TO drought_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE ON alert.notice TO drought_pipeline;
GRANT SELECT ON mart.issuer TO drought_analyst, drought_pipeline;
