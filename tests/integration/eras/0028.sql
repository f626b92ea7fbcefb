INSERT INTO alert.recipient (
    recipient_id, name, channel, address, form, language, countries, provinces, land_uses, drought_types, from_stage,
    digest_from, hour_from, hour_until, weekdays, clock_country, unsubscribe_token, added_at, added_by, ended_at, ended_by
)
VALUES
('committee', 'Drought committee', 'mail', 'committee@example.org', 'letter', 'uz', '{UZ}', NULL, NULL, NULL, NULL, 4, 9, 18, '{1,2,3,4,5}', 'UZ', '6f1f3c52-6a5b-4c43-9a51-8c1f7d5a0e01', '2026-07-01 06:00+00', 'root', NULL, NULL),
('herders', 'Union of herders', 'telegram', '123456789', 'brief', 'uz', '{UZ}', '{UZ-NW,UZ-BU}', '{pastoral}', '{agricultural}', 'severe', 2, 0, 24, '{1,2,3,4,5,6,7}', 'UZ', '6f1f3c52-6a5b-4c43-9a51-8c1f7d5a0e02', '2026-07-01 06:00+00', 'root', '2026-07-03 06:00+00', 'unsubscribed');
INSERT INTO alert.digest (digest_id, recipient_id, channel, form, language, subject, body, made_at, state, attempts, sent_at)
VALUES ('6f1f3c52-6a5b-4c43-9a51-8c1f7d5a0e03', 'committee', 'mail', 'letter', 'en', '4 alerts', 'body', '2026-07-02 06:00+00', 'sent', 1, '2026-07-02 06:10+00');
INSERT INTO alert.channel (channel, failing_since, attempts, next_attempt_at, said)
VALUES ('telegram', '2026-07-02 06:00+00', 3, '2026-07-02 06:35+00', 'channel telegram: 502');
INSERT INTO alert.message (alert_id, form, language, subject, draft, body, has_unchecked_text)
VALUES
(1, 'brief', 'en', 'Watch', 'draft', 'final words', FALSE),
(1, 'sms', 'en', 'Watch', 'draft', 'final words', FALSE);
INSERT INTO alert.delivery (message_id, alert_id, channel, recipient_id, recipient_key, state, attempts, sent_at, digest_id)
SELECT m.message_id, m.alert_id, r.channel, r.recipient_id, r.recipient_key, 'sent', 1, '2026-07-02 06:10+00', '6f1f3c52-6a5b-4c43-9a51-8c1f7d5a0e03'
FROM alert.message AS m, alert.recipient AS r
WHERE m.form = 'letter' AND m.language = 'en' AND r.recipient_id = 'committee';
INSERT INTO alert.delivery (message_id, channel, recipient_id, state, attempts, sent_at)
SELECT message_id, 'mail', 'old@example.org', 'sent', 1, '2026-06-10 09:10+00' FROM alert.message
WHERE form = 'letter' AND language = 'en';
