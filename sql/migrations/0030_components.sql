/*
 * Components: what each part of the work may read and write.
 *
 * Until here one role wrote everything, so that whoever got into delivery, the part that talks to the
 * outside most, could appoint an issuer or change a plan. Now each component has a role of its own:
 *
 *   drought_ingest     files, requests to the data store, gauge records
 *   drought_compute    landscape means, fits, indices, shares of area
 *   drought_decide     stages, transitions, requests for approval, drafts, droughts; what a plan lets leave
 *   drought_approve    answers of persons, and the last words of what they let leave
 *   drought_deliver    what became of each delivery, digests, channels, notices; no word of a message
 *   drought_publish    reads; bulletins, and the forecaster's paragraph in them
 *   drought_watch      reads, for status, checks and backups; tells the operator; ends long questions of analysts
 *   drought_configure  landscapes, plans, issuers, recipients, disclosure, going live: the operator
 *
 * drought_common is what all of them need. drought_pipeline is in all of them: it may what any of them may,
 * and nothing more. A step takes on the role of its component for each transaction (pipeline/warehouse/engine.py),
 * or a login of its own is in one role alone.
 *
 * A later migration that makes a table grants it to the components that use it; the lists below are by table.
 * What was replaced, and what is counted beside a table, is written by triggers with the owner's rights: no
 * component may write it, so none can forge history.
 */

-- The roles ----------------------------------------------------------------------------------------

-- They belong to the whole server: another database may have made them, and may be making them now.
DO $$
DECLARE
    components text[] := ARRAY[
        'drought_ingest', 'drought_compute', 'drought_decide', 'drought_approve', 'drought_deliver',
        'drought_publish', 'drought_watch', 'drought_configure'
    ];
    one text;
    wanted record;
BEGIN
    FOREACH one IN ARRAY components || 'drought_common'::text LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = one);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', one);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role %: expected it on the server, or a login that may make it; have a superuser run CREATE ROLE % NOLOGIN',
                one, one USING ERRCODE = 'insufficient_privilege';
        END;
    END LOOP;
    -- The operator loads lists of gauges and goes live: work of ingest and of decide.
    FOR wanted IN
        SELECT 'drought_common' AS role, unnest(components) AS member
        UNION ALL SELECT unnest(components), 'drought_pipeline'
        UNION ALL VALUES ('drought_ingest', 'drought_configure'), ('drought_decide', 'drought_configure')
    LOOP
        CONTINUE WHEN pg_has_role(wanted.member, wanted.role, 'USAGE');
        BEGIN
            EXECUTE format('GRANT %I TO %I', wanted.role, wanted.member);
        EXCEPTION
            WHEN unique_violation OR internal_error THEN
                NULL; -- another gave it in the same moment
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'role %: expected % to be in it; have a superuser run GRANT % TO %',
                wanted.role, wanted.member, wanted.role, wanted.member USING ERRCODE = 'insufficient_privilege';
        END;
    END LOOP;
    -- So that an owner who is no superuser can take them on; else it works as itself.
    FOREACH one IN ARRAY components LOOP
        CONTINUE WHEN pg_has_role(one, 'USAGE');
        BEGIN
            EXECUTE format('GRANT %I TO CURRENT_USER', one);
        EXCEPTION WHEN insufficient_privilege OR unique_violation OR internal_error THEN
            NULL;
        END;
    END LOOP;
END $$;

-- What they may no more -----------------------------------------------------------------------------

-- It has what its members' roles give, and reads all as before, for backups.
REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ops, landscape, series, index, plan, alert FROM drought_pipeline;

-- Functions of triggers need no right to be called; who has it could hang one on a table of their own, and it
-- would work there with the rights of the owner.
REVOKE EXECUTE ON FUNCTION
ops.keep_superseded(), ops.copy_comments(regclass, regclass), ops.give_series_number(text, text),
series.stand_at_newest_position(), series.keep_disclosure(), index.keep_dropped_fits(),
plan.make_latest_stages(), series.make_months_held()
FROM drought_pipeline;
ALTER FUNCTION ops.keep_superseded() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ops.keep_all_superseded() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ops.number_series() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION ops.number_source() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION index.keep_what_changed() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION index.keep_dropped_fits() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION index.forget_computed() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION series.keep_disclosure() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION series.stand_at_newest_position() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION series.count_held() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION series.recount_held() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION plan.keep_latest_stage() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

-- Who is told what is open to analysts is told what the components need instead.
DO $$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW ops.open_door AS '
    || replace(pg_get_viewdef('ops.open_door'::regclass), 'drought_pipeline', 'drought_common');
END $$;

-- What approval means ---------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION alert.keep_answer() RETURNS trigger LANGUAGE plpgsql AS $$
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
    -- What decides lets leave what a plan allows by an order, and answers for nobody.
    IF
        NEW.state IN ('approved', 'refused') AND NEW.door IS DISTINCT FROM 'plan'
        AND pg_has_role('drought_decide', 'USAGE') AND NOT pg_has_role('drought_approve', 'USAGE')
    THEN
        RAISE EXCEPTION 'alert %: % decides, and may not answer for a person', NEW.alert_id, current_user
        USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION alert.keep_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.body IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'alert %: its message % has its last words, and keeps them', OLD.alert_id, OLD.message_id
        USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.body IS NOT NULL AND OLD.body IS NULL AND NOT EXISTS (
        SELECT FROM alert.approval AS a WHERE a.alert_id = NEW.alert_id AND a.state = 'approved'
    ) THEN
        RAISE EXCEPTION 'alert %: its message % gets its last words when it is approved', NEW.alert_id, NEW.message_id
        USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION alert.keep_words() IS
'Refuses last words of a message before its alert is approved, and every change of a message that has them.';
CREATE TRIGGER keep_words BEFORE UPDATE ON alert.message
FOR EACH ROW EXECUTE FUNCTION alert.keep_words();
REVOKE EXECUTE ON FUNCTION alert.keep_words() FROM public;

-- What all components may -----------------------------------------------------------------------------

GRANT USAGE ON SCHEMA ops, landscape, series, index, plan, alert, mart TO drought_common;
GRANT SELECT ON public.applied_migration TO drought_common;
GRANT SELECT ON ALL TABLES IN SCHEMA ops, landscape, plan, mart TO drought_common;
GRANT INSERT ON ops.outcome TO drought_common;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA mart TO drought_common;
GRANT EXECUTE ON FUNCTION
ops.due_day(date, integer), ops.newest_due_month(integer, timestamptz), ops.moment_after(timestamptz)
TO drought_common;

-- What one component may -------------------------------------------------------------------------------

-- Reading beyond that: values, by those who work with them; what concerns alerts, by those who decide, let
-- leave and show them; addresses of recipients by those alone who enter them, choose among them and write to them.
GRANT SELECT ON ALL TABLES IN SCHEMA series, index
TO drought_ingest, drought_compute, drought_decide, drought_publish, drought_watch, drought_configure;
GRANT SELECT ON alert.transition, alert.approval, alert.message, alert.delivery, alert.issuer, alert.channel
TO drought_decide, drought_approve, drought_deliver, drought_publish, drought_watch, drought_configure;
GRANT SELECT ON alert.bulletin, alert.bulletin_note TO drought_publish, drought_watch, drought_configure;
GRANT SELECT ON alert.recipient
TO drought_decide, drought_approve, drought_deliver, drought_watch, drought_configure;
GRANT SELECT ON alert.digest TO drought_deliver, drought_watch, drought_configure;
GRANT SELECT ON alert.notice TO drought_decide, drought_deliver, drought_watch, drought_configure;

GRANT INSERT ON
ops.file, ops.grid_month, ops.ingest, ops.refused_file, ops.watched, ops.request, ops.request_month, ops.job
TO drought_ingest;
GRANT UPDATE ON ops.refused_file, ops.watched, ops.request, ops.job TO drought_ingest;
GRANT UPDATE (variables, product, last_received_at) ON ops.file TO drought_ingest;
GRANT UPDATE (release, averaged_over) ON ops.grid_month TO drought_ingest;
GRANT UPDATE (origin) ON ops.identity TO drought_ingest;
GRANT INSERT ON
series.station, series.station_position, series.station_file, series.observation, series.quarantine,
series.finding, series.station_month, series.indicator
TO drought_ingest;
-- A file may restrict a gauge further, and never open it: pipeline/warehouse/stations.py.
GRANT UPDATE (name, disclosure) ON series.station TO drought_ingest;
GRANT UPDATE ON series.station_position, series.observation, series.station_month, series.indicator TO drought_ingest;
GRANT DELETE ON series.finding, series.station_month TO drought_ingest;
-- Fits of a file that was read as another product.
GRANT DELETE ON index.calibration, index.cell_calibration TO drought_ingest;

GRANT UPDATE (averaged_over) ON ops.grid_month TO drought_compute;
GRANT INSERT, UPDATE, DELETE ON
series.climate_month, series.agreement, series.agreement_month, index.calibration, index.cell_calibration,
index.value_month, index.area_share, index.share_month, index.computed
TO drought_compute;
GRANT INSERT ON series.landscape_gauge TO drought_compute;

GRANT INSERT, UPDATE, DELETE ON
plan.stage_month, plan.deciding_series, plan.drought_event, plan.area_in_drought, plan.area_basis
TO drought_decide;
GRANT INSERT ON plan.evaluation, alert.transition, alert.notice TO drought_decide;
GRANT EXECUTE ON FUNCTION plan.sum_areas() TO drought_decide;

-- Both word messages, answer and let leave: an alert decided before there were short messages gets them when
-- it is approved, and a plan may cite an order that approves. What each may answer is kept by alert.keep_answer.
GRANT INSERT (alert_id, state) ON alert.approval TO drought_decide;
GRANT INSERT (alert_id, form, language, subject, draft, has_unchecked_text, cap_identifier) ON alert.message
TO drought_decide, drought_approve;
GRANT INSERT (message_id, alert_id, channel, recipient_id, recipient_key, state) ON alert.delivery
TO drought_decide, drought_approve;
GRANT UPDATE (
    state, name, office, legal_basis, protocol, protocol_date, note, accepts_unchecked, answered_at, door, login, page_checksum
) ON alert.approval TO drought_decide, drought_approve;
GRANT UPDATE (requested_at, escalated_at, expired_at) ON alert.approval TO drought_decide;
GRANT UPDATE (asked_in, asked_at) ON alert.approval TO drought_approve;
GRANT UPDATE (body, cap_sender, cap_sent) ON alert.message TO drought_decide, drought_approve;
GRANT UPDATE (state) ON alert.delivery TO drought_decide, drought_approve;
-- A check asks it of every answer.
GRANT EXECUTE ON FUNCTION alert.may_answer(alert.approval) TO drought_decide, drought_approve, drought_watch;

-- recipient_key: an address that was changed takes the place of the old one.
GRANT UPDATE (state, attempts, sent_at, error, next_attempt_at, digest_id, recipient_key) ON alert.delivery TO drought_deliver;
GRANT INSERT (recipient_id, channel, form, language, subject, body) ON alert.digest TO drought_deliver;
GRANT UPDATE (state, attempts, sent_at, error, next_attempt_at) ON alert.digest, alert.notice TO drought_deliver;
GRANT INSERT, UPDATE, DELETE ON alert.channel TO drought_deliver;

GRANT INSERT ON alert.bulletin, alert.bulletin_note TO drought_publish;
GRANT EXECUTE ON FUNCTION alert.may_issue(alert.bulletin) TO drought_publish;

-- It tells the operator what it sees.
GRANT INSERT ON alert.notice TO drought_watch;
GRANT EXECUTE ON FUNCTION ops.end_long_questions(interval) TO drought_watch;

GRANT INSERT ON landscape.landscape, landscape.version, plan.document, alert.issuer, alert.recipient TO drought_configure;
-- ON CONFLICT asks for it, where a landscape is there.
GRANT UPDATE (landscape_id) ON landscape.landscape TO drought_configure;
GRANT INSERT, UPDATE ON ops.source_schedule TO drought_configure;
GRANT INSERT ON series.disclosure_decision TO drought_configure;
GRANT UPDATE (policy, disclosure) ON series.station TO drought_configure;
GRANT UPDATE (live_from, live_set_at) ON ops.identity TO drought_configure;
GRANT UPDATE (ended_at, ended_by) ON alert.issuer, alert.recipient TO drought_configure;
-- A recipient who is ended or gets another address.
GRANT UPDATE (state, attempts, error, next_attempt_at, recipient_key) ON alert.delivery TO drought_configure;
GRANT UPDATE (state, attempts, error, next_attempt_at) ON alert.digest TO drought_configure;
