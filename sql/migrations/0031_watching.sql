/*
 * Watching: what the operator is told by itself, and which run an outcome belongs to.
 *
 * A notice says what it is about, so that a month is closed once, and a trouble told of once, however often
 * and by how many processes it is looked for. An outcome names the run that left it, as log lines do.
 */

ALTER TABLE alert.notice
ADD COLUMN kind text NOT NULL DEFAULT 'unanswered' CHECK (
    kind IN ('unanswered', 'month_closed', 'month_stuck', 'late_by_plan', 'step_failing')
),
ADD COLUMN month date CHECK (extract(DAY FROM month) = 1),
ADD COLUMN about text NOT NULL DEFAULT '';
ALTER TABLE alert.notice ADD CHECK ((kind = 'unanswered') = (about = ''));
ALTER TABLE alert.notice ADD CHECK ((kind IN ('unanswered', 'step_failing')) = (month IS NULL));
CREATE UNIQUE INDEX notice_once ON alert.notice (recipient_id, kind, about) WHERE kind <> 'unanswered';
COMMENT ON TABLE alert.notice IS
'Mail inside the agency: alerts that nobody answered, months that are closed or stuck, steps that fail; sent by the next delivery.';
COMMENT ON COLUMN alert.notice.kind IS
'unanswered (alerts; each is told of once by its own row), month_closed, month_stuck, late_by_plan, step_failing.';
COMMENT ON COLUMN alert.notice.month IS 'The month of data it is about, first day; null: none.';
COMMENT ON COLUMN alert.notice.about IS
'What it is about; of one kind each is told to a recipient once. Empty for unanswered alerts.';

ALTER TABLE ops.outcome ADD COLUMN run text CHECK (run ~ '^[^[:cntrl:]]+$');
ALTER TABLE ops.outcome ADD COLUMN facts jsonb CHECK (jsonb_typeof(facts) = 'object');
COMMENT ON COLUMN ops.outcome.run IS
'The run that left it, as its log lines name it: of one command, or DAG and DAG run; null: before runs were noted.';
COMMENT ON COLUMN ops.outcome.facts IS
'Numbers for programs, such as what the checks found by severity; null: the step has none.';
COMMENT ON COLUMN ops.outcome.step IS
'ingest, compute, evaluate, deliver, publish, check, backup, restore, tell_of_months; policy and disclose: what a person chose for a gauge.';
