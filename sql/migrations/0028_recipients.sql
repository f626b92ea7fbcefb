/*
 * Recipients: who is told what, by which channel, in which language and at which hours.
 *
 * The register is asked when an alert is approved: a delivery is queued then for everybody whose wishes it
 * meets, and at most one for each. Addresses stand here and nowhere in `mart`; keys and passwords of
 * channels stand in a file of the operator and nowhere in the warehouse. Many letters that are due to one
 * reader at once leave as one digest, which has an identifier of its own and is as durable as a letter.
 * Alerts decided before this migration keep their deliveries to mail addresses, and these leave too.
 */

-- Recipients ----------------------------------------------------------------------------------------

CREATE TABLE alert.recipient (
    recipient_key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recipient_id text NOT NULL CHECK (recipient_id ~ '^[a-z0-9][a-z0-9._-]*$'),
    name text NOT NULL CHECK (name ~ '[^[:space:]]'),
    channel text NOT NULL CHECK (channel ~ '^[a-z][a-z0-9_-]*$' AND channel <> 'file'),
    address text NOT NULL CHECK (address ~ '^[^[:cntrl:]]+$'),
    form text NOT NULL CHECK (form IN ('letter', 'brief', 'sms')),
    language text NOT NULL CHECK (language ~ '^[a-z]{2,3}$'),
    countries text[] CHECK (
        cardinality(countries) > 0 AND countries <@ ARRAY['KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR']
    ),
    provinces text[] CHECK (cardinality(provinces) > 0),
    land_uses text[] CHECK (
        cardinality(land_uses) > 0
        AND land_uses
        <@ ARRAY['pastoral', 'agro_sylvo_pastoral', 'tree_based', 'irrigated', 'rainfed', 'home_garden']
    ),
    drought_types text[] CHECK (
        cardinality(drought_types) > 0
        AND drought_types <@ ARRAY['meteorological', 'agricultural', 'hydrological']
    ),
    from_stage text CHECK (from_stage <> 'none'),
    digest_from integer NOT NULL DEFAULT 4 CHECK (digest_from >= 2),
    hour_from integer NOT NULL DEFAULT 9 CHECK (hour_from BETWEEN 0 AND 23),
    hour_until integer NOT NULL DEFAULT 18 CHECK (hour_until BETWEEN 1 AND 24),
    weekdays integer[] NOT NULL DEFAULT '{1,2,3,4,5}' CHECK (
        cardinality(weekdays) > 0 AND weekdays <@ ARRAY[1, 2, 3, 4, 5, 6, 7]
    ),
    clock_country text NOT NULL CHECK (clock_country IN ('KZ', 'KG', 'TJ', 'TM', 'UZ', 'TR')),
    unsubscribe_token uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    added_at timestamptz NOT NULL DEFAULT now(),
    added_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CHECK (hour_from < hour_until),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE UNIQUE INDEX ON alert.recipient (recipient_id) WHERE ended_at IS NULL;
COMMENT ON TABLE alert.recipient IS 'Who is told of alerts. Rows are added and ended, never changed otherwise.';
COMMENT ON COLUMN alert.recipient.recipient_key IS 'Surrogate key.';
COMMENT ON COLUMN alert.recipient.recipient_id IS 'Short name, as deliveries show it.';
COMMENT ON COLUMN alert.recipient.name IS 'Person or body.';
COMMENT ON COLUMN alert.recipient.channel IS 'mail, or a channel of the operator''s file of channels.';
COMMENT ON COLUMN alert.recipient.address IS 'Mail address, telephone number, chat or web address, as the channel needs it.';
COMMENT ON COLUMN alert.recipient.form IS 'letter (whole), brief (about 1,000 characters) or sms (one text message).';
COMMENT ON COLUMN alert.recipient.language IS 'Language code of the reader.';
COMMENT ON COLUMN alert.recipient.countries IS 'Only landscapes of these countries; null: of all.';
COMMENT ON COLUMN alert.recipient.provinces IS
'Only landscapes whose id is one of these, or begins with it and a sign that is no letter or digit; null: all.';
COMMENT ON COLUMN alert.recipient.land_uses IS 'Only these land uses; null: all.';
COMMENT ON COLUMN alert.recipient.drought_types IS 'Only these drought types; null: all.';
COMMENT ON COLUMN alert.recipient.from_stage IS
'Only alerts that reach or leave this stage or a graver one of their ladder, and all of a ladder without it; null: all.';
COMMENT ON COLUMN alert.recipient.digest_from IS 'So many messages due at once leave as one digest.';
COMMENT ON COLUMN alert.recipient.hour_from IS 'Local hour from which messages may come.';
COMMENT ON COLUMN alert.recipient.hour_until IS 'Local hour before which they may come; 24: midnight.';
COMMENT ON COLUMN alert.recipient.weekdays IS 'Local days of the week on which they may come, 1 Monday to 7 Sunday.';
COMMENT ON COLUMN alert.recipient.clock_country IS 'Country whose clock counts.';
COMMENT ON COLUMN alert.recipient.unsubscribe_token IS 'What a reader who wants no more mail sends back.';
COMMENT ON COLUMN alert.recipient.added_at IS 'When the row was written.';
COMMENT ON COLUMN alert.recipient.added_by IS 'Account that wrote it.';
COMMENT ON COLUMN alert.recipient.ended_at IS 'When it was ended: no message goes there since; null: they do.';
COMMENT ON COLUMN alert.recipient.ended_by IS 'Account that ended it; unsubscribed: the reader did, by the token.';

CREATE FUNCTION alert.keep_recipient() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL AND
        (to_jsonb(NEW) - '{ended_at,ended_by}'::text[]) = (to_jsonb(OLD) - '{ended_at,ended_by}'::text[])
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'alert.recipient: a recipient is ended, never changed or struck off (%)', OLD.recipient_id
    USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION alert.keep_recipient() IS 'Refuses every change of a row of the register but its end.';
CREATE TRIGGER keep_recipient BEFORE UPDATE OR DELETE ON alert.recipient
FOR EACH ROW EXECUTE FUNCTION alert.keep_recipient();

-- Digests -------------------------------------------------------------------------------------------

CREATE TABLE alert.digest (
    digest_id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    recipient_id text NOT NULL,
    channel text NOT NULL,
    form text NOT NULL CHECK (form IN ('letter', 'brief', 'sms')),
    language text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'failed', 'cancelled')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    next_attempt_at timestamptz,
    sent_at timestamptz,
    error text,
    CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX ON alert.digest (state) WHERE state IN ('queued', 'failed');
COMMENT ON TABLE alert.digest IS 'Several approved messages to one recipient as one. Its words are fixed when it is made.';
COMMENT ON COLUMN alert.digest.digest_id IS 'Stable identifier, the same in every repeat.';
COMMENT ON COLUMN alert.digest.recipient_id IS 'Who gets it.';
COMMENT ON COLUMN alert.digest.channel IS 'By which channel.';
COMMENT ON COLUMN alert.digest.form IS 'letter, brief or sms.';
COMMENT ON COLUMN alert.digest.language IS 'Language code.';
COMMENT ON COLUMN alert.digest.subject IS 'One line.';
COMMENT ON COLUMN alert.digest.body IS 'What leaves.';
COMMENT ON COLUMN alert.digest.made_at IS 'When it was made.';
COMMENT ON COLUMN alert.digest.state IS 'queued, sent, failed (will be tried again), cancelled (the recipient wants no more).';
COMMENT ON COLUMN alert.digest.attempts IS 'How often the channel was tried.';
COMMENT ON COLUMN alert.digest.next_attempt_at IS 'When it is tried again; null: with the next delivery.';
COMMENT ON COLUMN alert.digest.sent_at IS 'When the channel took it.';
COMMENT ON COLUMN alert.digest.error IS 'What the channel said last time it refused.';

-- Channels --------------------------------------------------------------------------------------------

CREATE TABLE alert.channel (
    channel text PRIMARY KEY,
    failing_since timestamptz NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 1),
    next_attempt_at timestamptz NOT NULL,
    said text NOT NULL
);
COMMENT ON TABLE alert.channel IS 'Channels that did not answer when last tried; one that answers has no row.';
COMMENT ON COLUMN alert.channel.channel IS 'file, mail, or a channel of the operator''s file of channels.';
COMMENT ON COLUMN alert.channel.failing_since IS 'When it first did not answer.';
COMMENT ON COLUMN alert.channel.attempts IS 'How often in a row it did not.';
COMMENT ON COLUMN alert.channel.next_attempt_at IS 'When it is tried again.';
COMMENT ON COLUMN alert.channel.said IS 'What was heard of it last.';

ALTER TABLE alert.notice ADD COLUMN next_attempt_at timestamptz;
COMMENT ON COLUMN alert.notice.next_attempt_at IS 'When it is tried again; null: with the next delivery.';

-- Messages and deliveries ---------------------------------------------------------------------------

ALTER TABLE alert.message ADD UNIQUE (message_id, alert_id);

ALTER TABLE alert.delivery
DROP CONSTRAINT delivery_channel_check,
ADD CHECK (channel ~ '^[a-z][a-z0-9_-]*$'),
ADD COLUMN next_attempt_at timestamptz,
ADD COLUMN digest_id uuid REFERENCES alert.digest (digest_id),
ADD COLUMN recipient_key bigint REFERENCES alert.recipient (recipient_key),
ADD COLUMN alert_id bigint,
ADD UNIQUE (alert_id, recipient_id),
ADD FOREIGN KEY (message_id, alert_id) REFERENCES alert.message (message_id, alert_id),
ADD CHECK ((alert_id IS NULL) = (recipient_key IS NULL)),
ADD CHECK (channel <> 'file' OR recipient_key IS NULL);
CREATE INDEX ON alert.delivery (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX ON alert.delivery (recipient_key) WHERE recipient_key IS NOT NULL;
COMMENT ON COLUMN alert.delivery.channel IS 'file (the folder outgoing), mail, or a channel of the operator''s file of channels.';
COMMENT ON COLUMN alert.delivery.recipient_id IS 'Who gets it: a recipient, or outgoing; before 0028 a mail address.';
COMMENT ON COLUMN alert.delivery.next_attempt_at IS 'When it is tried again; null: with the next delivery.';
COMMENT ON COLUMN alert.delivery.digest_id IS 'The digest it leaves in; null: it leaves by itself.';
COMMENT ON COLUMN alert.delivery.recipient_key IS
'The recipient as the register held it when the alert was approved; null: the folder, or a mail address of before 0028.';
COMMENT ON COLUMN alert.delivery.alert_id IS
'The alert of the message, so that each recipient gets an alert once; null where recipient_key is.';

ALTER TABLE alert.message
DROP CONSTRAINT message_form_check,
ADD CHECK (form IN ('letter', 'brief', 'sms', 'cap'));
COMMENT ON COLUMN alert.message.form IS
'letter (plain text), brief (about 1,000 characters), sms (one text message) or cap (CAP 1.2 XML).';

-- What analysts see -----------------------------------------------------------------------------------

CREATE VIEW mart.recipient WITH (security_barrier = TRUE) AS
SELECT
    recipient_key,
    recipient_id,
    channel,
    form,
    language,
    countries,
    provinces,
    land_uses,
    drought_types,
    from_stage,
    added_at,
    ended_at
FROM alert.recipient;
COMMENT ON VIEW mart.recipient IS 'Who is told of alerts, without names and addresses.';
SELECT ops.copy_comments('alert.recipient', 'mart.recipient');

-- What a mail server or a channel says may quote the address it refuses.
CREATE OR REPLACE VIEW mart.delivery WITH (security_barrier = TRUE) AS
SELECT
    d.delivery_id,
    m.alert_id,
    d.channel,
    CASE WHEN d.recipient_id LIKE '%@%' THEN 'mail address' ELSE d.recipient_id END AS recipient_id,
    m.language,
    d.state,
    d.attempts,
    d.sent_at,
    replace(
        CASE WHEN d.recipient_id LIKE '%@%' THEN replace(d.error, d.recipient_id, '…') ELSE d.error END,
        coalesce(r.address, ''),
        '…'
    ) AS error,
    m.form,
    d.next_attempt_at,
    d.digest_id
FROM alert.delivery AS d
INNER JOIN alert.message AS m ON d.message_id = m.message_id
LEFT JOIN alert.recipient AS r ON d.recipient_key = r.recipient_key;
SELECT ops.copy_comments('alert.delivery', 'mart.delivery');
SELECT ops.copy_comments('alert.message', 'mart.delivery');
COMMENT ON COLUMN mart.delivery.channel IS
'file (the folder outgoing), mail, or a channel of the operator''s file of channels.';
COMMENT ON COLUMN mart.delivery.recipient_id IS
'Who gets it: a recipient, or outgoing; ''mail address'' for one that was written to before there was a register.';
COMMENT ON COLUMN mart.delivery.error IS
'What the channel said last time it refused, with … for the address.';

-- Rights ----------------------------------------------------------------------------------------------

REVOKE EXECUTE ON FUNCTION alert.keep_recipient() FROM public;
GRANT SELECT, INSERT, UPDATE ON alert.recipient, alert.digest TO drought_pipeline;
GRANT SELECT, INSERT, UPDATE, DELETE ON alert.channel TO drought_pipeline;
GRANT SELECT ON SEQUENCE alert.recipient_recipient_key_seq TO drought_pipeline;
GRANT SELECT ON mart.recipient TO drought_analyst, drought_pipeline;
