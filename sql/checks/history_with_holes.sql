-- [notice] A row was taken away and came back later: in between the warehouse said nothing of it. The series blended with gauges and what
-- follows from it are taken away and made anew by themselves, and are left out; so are fits and droughts.
-- Do: nothing, if somebody deleted rows to have them made anew; else find out who did.
WITH followed AS (
    SELECT
        s.*,
        lead(s.shown_from) OVER (PARTITION BY s.held_in, s.place, s.month, s.which ORDER BY s.shown_from, s.shown_until) AS next_from
    FROM ops.known_span AS s
    WHERE
        s.shown_from < s.shown_until AND s.which NOT LIKE 'blended%' AND s.which NOT LIKE '% blended%'
        AND s.held_in NOT IN ('index.calibration', 'plan.drought_event', 'series.agreement', 'series.agreement_month')
)

SELECT
    f.place,
    f.month,
    f.held_in,
    f.which,
    f.shown_until AS gone_at,
    f.next_from AS back_at
FROM followed AS f
WHERE f.next_from > f.shown_until
ORDER BY f.place, f.month, f.held_in, f.shown_from;
