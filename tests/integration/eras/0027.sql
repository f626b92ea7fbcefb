INSERT INTO alert.issuer (login, name, office, country_code, legal_basis, since, added_at, added_by)
VALUES ('karimova', 'A. Karimova', 'Drought desk', 'UZ', 'Order No. 1', '2026-07-01 00:00+00', '2026-07-01 06:00+00', 'root');
INSERT INTO alert.notice (recipient_id, subject, body, written_at, state, attempts, sent_at)
VALUES ('operator@example.org', 'Drought alerts: 1 unanswered', 'body', '2026-07-02 06:00+00', 'sent', 1, '2026-07-02 06:10+00');
