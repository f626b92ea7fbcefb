INSERT INTO plan.stage_month (
    landscape_key, month, drought_type, plan_id, plan_version, stage, stage_rank, since_month, is_confirmed,
    silent_months, known_from
)
SELECT 1, m, t, 'uz-generic', '1', 'none', 0, '2026-03-01', TRUE, 0, '2026-05-11 06:00+00'
FROM (VALUES ('2026-03-01'::date), ('2026-04-01'), ('2026-05-01')) AS time (m)
CROSS JOIN (VALUES ('meteorological'), ('agricultural'), ('hydrological')) AS type (t);
UPDATE plan.stage_month SET stage = 'watch', stage_rank = 1, since_month = '2026-05-01'
WHERE month = '2026-05-01' AND drought_type = 'meteorological';
