INSERT INTO alert.transition (
    chain_id, landscape_key, landscape_version, month, drought_type, change, from_stage, to_stage, plan_id,
    plan_version, evidence, decided_at
)
SELECT
    'A/meteorological/2026-05', 1, 2, '2026-05-01', 'meteorological', 'corrected', 'none', 'watch', 'uz-generic', '1',
    jsonb_build_object(
        'stage_before', 'none', 'stage_after', 'watch', 'since', '2026-05', 'is_confirmed', TRUE, 'silent_months', 0,
        'plan_id', d.plan_id, 'plan_version', d.version, 'plan_fingerprint', d.fingerprint, 'engine', 'cacilm-drought 0.1.0',
        'inputs', '{"source": "era5-land", "origin": "real", "release": "preliminary", "calibration": "1991-2020", "coverage_fraction": 0.9, "landscape_version": 2}'::jsonb,
        'comparisons', '[{"stage": "watch", "index": "spi_3", "value": 0.3, "gap": null, "enter_at": -1.0, "enter_after": 1, "exit_at": 0.0, "exit_after": 1, "run_before": 0, "run_after": 0, "was_active": false, "is_active": true, "silent_months": 0, "source": {}}]'::jsonb
    ),
    (SELECT known_from FROM plan.stage_month WHERE stage = 'watch')
FROM plan.document AS d WHERE d.plan_id = 'uz-generic';
INSERT INTO alert.approval (alert_id, state, name, office, answered_at, requested_at)
VALUES (1, 'approved', 'A. Karimova', 'Drought desk', '2026-06-10 09:00+00', '2026-06-10 06:00+00');
INSERT INTO alert.message (alert_id, form, language, subject, draft, body, has_unchecked_text)
VALUES (1, 'letter', 'en', 'Watch', 'draft', 'final words', FALSE);
INSERT INTO alert.delivery (message_id, channel, recipient_id, state, attempts, sent_at)
SELECT message_id, 'file', 'outgoing', 'sent', 1, '2026-06-10 09:10+00' FROM alert.message;
