INSERT INTO alert.notice (recipient_id, subject, body, written_at, state, attempts, sent_at, kind, month, about)
VALUES
('operator@example.org', 'Drought monitor 2026-05: all quiet', 'body', '2026-06-08 06:00+00', 'sent', 1, '2026-06-08 06:10+00', 'month_closed', '2026-05-01', '2026-05'),
('operator@example.org', 'Drought monitor: fetch fails', 'body', '2026-06-09 06:00+00', 'queued', 0, NULL, 'step_failing', NULL, 'fetch 2026-06-07T06:00:00Z');
INSERT INTO ops.outcome (step, month, state, row_count, seconds, message, ended_at, run, facts)
VALUES ('check', NULL, 'done', 0, 1.5, NULL, '2026-06-08 06:00+00', 'check_warehouse/scheduled__2026-06-08', '{"not_run": 0}');
