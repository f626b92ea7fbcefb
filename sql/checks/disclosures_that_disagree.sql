-- [error] Who may see a gauge was changed without being written down: a replay would show what was hidden, or hide what was shown.
-- Do: `drought stations disclose` says it again under your name; find out who changed the row.
WITH newest AS (
    SELECT DISTINCT ON (station_id)
        station_id,
        disclosure
    FROM series.station_disclosure
    ORDER BY station_id ASC, known_from DESC
)

SELECT
    s.station_id,
    s.disclosure,
    n.disclosure AS written_down
FROM series.station AS s
LEFT JOIN newest AS n ON s.station_id = n.station_id
WHERE s.disclosure IS DISTINCT FROM n.disclosure
ORDER BY s.station_id;
