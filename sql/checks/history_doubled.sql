-- [error] Two versions of one row were shown at the same time: the question what was known then has two answers.
-- Do: tell who looks after the software, with these rows; nothing in daily work can bring it about.
WITH followed AS (
    SELECT
        s.*,
        lead(s.shown_from) OVER (PARTITION BY s.held_in, s.place, s.month, s.which ORDER BY s.shown_from, s.shown_until) AS next_from
    FROM ops.known_span AS s
    WHERE s.shown_from < s.shown_until
)

SELECT
    f.place,
    f.month,
    f.held_in,
    f.which,
    f.shown_from,
    f.shown_until,
    f.next_from
FROM followed AS f
WHERE f.next_from < f.shown_until
ORDER BY f.place, f.month, f.held_in, f.shown_from;
