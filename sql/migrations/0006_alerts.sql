/*
 * Alerts: what changed, who let it be told, and what was sent to whom.
 *
 * A transition is a fact about a plan: on this evidence this stage changed. It is written once and
 * never edited; a correction is a transition of its own. A transition commits together with its
 * approval request and its messages (outbox), so a crash can delay an alert but can neither lose
 * nor invent one. Deliveries empty the outbox of what is approved and can never change a stage.
 */

CREATE TABLE alert.transition (
    alert_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    chain_id text NOT NULL,
    landscape_key integer NOT NULL,
    landscape_version integer NOT NULL,
    month date NOT NULL CHECK (extract(DAY FROM month) = 1),
    drought_type text NOT NULL CHECK (drought_type IN ('meteorological', 'agricultural', 'hydrological')),
    change text NOT NULL CHECK (
        change IN ('began', 'escalated', 'eased', 'ended', 'corrected', 'in_force', 'reminded')
    ),
    from_stage text NOT NULL,
    to_stage text NOT NULL,
    plan_id text NOT NULL,
    plan_version text NOT NULL,
    evidence jsonb NOT NULL CHECK (jsonb_array_length(evidence -> 'comparisons') > 0),
    decided_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (plan_id, plan_version) REFERENCES plan.document (plan_id, version),
    FOREIGN KEY (landscape_key, landscape_version) REFERENCES landscape.version (landscape_key, version),
    CHECK (from_stage <> to_stage OR change IN ('in_force', 'reminded'))
);
CREATE UNIQUE INDEX ON alert.transition (landscape_key, drought_type, month, plan_id, plan_version)
WHERE change IN ('began', 'escalated', 'eased', 'ended');
CREATE UNIQUE INDEX ON alert.transition (landscape_key, drought_type) WHERE change = 'in_force';
CREATE INDEX ON alert.transition (chain_id);
CREATE INDEX ON alert.transition (month);
COMMENT ON TABLE alert.transition IS 'One change of stage, with its evidence. Append-only.';
COMMENT ON COLUMN alert.transition.alert_id IS 'Surrogate key.';
COMMENT ON COLUMN alert.transition.chain_id IS 'The alerts of one landscape and drought type from beginning to end share it.';
COMMENT ON COLUMN alert.transition.landscape_key IS 'The landscape.';
COMMENT ON COLUMN alert.transition.landscape_version IS 'Version of the landscape.';
COMMENT ON COLUMN alert.transition.month IS 'First day of the month whose values caused the change.';
COMMENT ON COLUMN alert.transition.drought_type IS 'meteorological, agricultural or hydrological.';
COMMENT ON COLUMN alert.transition.change IS 'began, escalated, eased, ended, corrected, in_force or reminded.';
COMMENT ON COLUMN alert.transition.from_stage IS 'Stage before; for corrected, the stage held until now for this month.';
COMMENT ON COLUMN alert.transition.to_stage IS 'Stage after.';
COMMENT ON COLUMN alert.transition.plan_id IS 'The plan in force.';
COMMENT ON COLUMN alert.transition.plan_version IS 'Its version.';
COMMENT ON COLUMN alert.transition.evidence IS 'Each comparison with value, threshold, source, release and coverage.';
COMMENT ON COLUMN alert.transition.decided_at IS 'When it was decided.';

CREATE TABLE alert.approval (
    alert_id bigint PRIMARY KEY REFERENCES alert.transition (alert_id),
    state text NOT NULL CHECK (state IN ('pending', 'approved', 'refused', 'expired', 'not_needed')),
    name text,
    office text,
    legal_basis text,
    protocol text,
    protocol_date date,
    note text,
    accepts_unchecked boolean NOT NULL DEFAULT FALSE,
    requested_at timestamptz NOT NULL DEFAULT now(),
    answered_at timestamptz,
    CHECK ((state IN ('approved', 'refused')) = (name IS NOT NULL AND office IS NOT NULL AND answered_at IS NOT NULL))
);
CREATE INDEX ON alert.approval (state) WHERE state = 'pending';
COMMENT ON TABLE alert.approval IS 'Whether a person let an alert leave. The first answer wins.';
COMMENT ON COLUMN alert.approval.alert_id IS 'The alert.';
COMMENT ON COLUMN alert.approval.state IS 'pending, approved, refused, expired; not_needed: a change of stage that is not told.';
COMMENT ON COLUMN alert.approval.name IS 'Who answered.';
COMMENT ON COLUMN alert.approval.office IS 'In what office.';
COMMENT ON COLUMN alert.approval.legal_basis IS 'On what legal basis.';
COMMENT ON COLUMN alert.approval.protocol IS 'Number of the protocol or order.';
COMMENT ON COLUMN alert.approval.protocol_date IS 'Its date.';
COMMENT ON COLUMN alert.approval.note IS 'What the person added.';
COMMENT ON COLUMN alert.approval.accepts_unchecked IS 'Whether texts that no speaker has checked were accepted.';
COMMENT ON COLUMN alert.approval.requested_at IS 'When the question was put.';
COMMENT ON COLUMN alert.approval.answered_at IS 'When it was answered.';

CREATE TABLE alert.message (
    message_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    alert_id bigint NOT NULL REFERENCES alert.transition (alert_id),
    form text NOT NULL CHECK (form IN ('letter', 'cap')),
    language text NOT NULL,
    subject text NOT NULL,
    draft text,
    body text,
    cap_identifier text UNIQUE,
    cap_sender text,
    cap_sent text,
    has_unchecked_text boolean NOT NULL,
    UNIQUE (alert_id, form, language),
    CHECK ((form = 'cap') = (cap_identifier IS NOT NULL)),
    CHECK ((form = 'cap') = (draft IS NULL))
);
COMMENT ON TABLE alert.message IS 'What is to be said about an alert: letters by language, and one CAP message.';
COMMENT ON COLUMN alert.message.message_id IS 'Stable identifier, the same in every repeat.';
COMMENT ON COLUMN alert.message.alert_id IS 'The alert.';
COMMENT ON COLUMN alert.message.form IS 'letter (plain text) or cap (CAP 1.2 XML).';
COMMENT ON COLUMN alert.message.language IS 'Language code; mul for CAP, which holds several.';
COMMENT ON COLUMN alert.message.subject IS 'One line.';
COMMENT ON COLUMN alert.message.draft IS 'What the approver reads; null for CAP, which says the same as the letters.';
COMMENT ON COLUMN alert.message.body IS 'What leaves: final words, fixed by the approval and never changed.';
COMMENT ON COLUMN alert.message.cap_identifier IS 'CAP identifier, for CAP.';
COMMENT ON COLUMN alert.message.cap_sender IS 'CAP sender, fixed by the approval.';
COMMENT ON COLUMN alert.message.cap_sent IS 'CAP time of sending, fixed by the approval, with offset.';
COMMENT ON COLUMN alert.message.has_unchecked_text IS 'True where a translation was not checked by a speaker.';

CREATE TABLE alert.delivery (
    delivery_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid NOT NULL REFERENCES alert.message (message_id),
    channel text NOT NULL CHECK (channel IN ('file', 'mail')),
    recipient_id text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'queued', 'sent', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    sent_at timestamptz,
    error text,
    UNIQUE (message_id, channel, recipient_id),
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX ON alert.delivery (state) WHERE state IN ('queued', 'failed');
COMMENT ON TABLE alert.delivery IS 'One message to one recipient: the outbox.';
COMMENT ON COLUMN alert.delivery.delivery_id IS 'Surrogate key.';
COMMENT ON COLUMN alert.delivery.message_id IS 'The message.';
COMMENT ON COLUMN alert.delivery.channel IS 'file (the folder outgoing) or mail.';
COMMENT ON COLUMN alert.delivery.recipient_id IS 'Who gets it: a mail address, or outgoing.';
COMMENT ON COLUMN alert.delivery.state IS 'waiting for approval, queued, sent, failed (will be tried again), cancelled (refused).';
COMMENT ON COLUMN alert.delivery.attempts IS 'How often the channel was tried.';
COMMENT ON COLUMN alert.delivery.sent_at IS 'When the channel took it.';
COMMENT ON COLUMN alert.delivery.error IS 'What the channel said last time it refused.';
