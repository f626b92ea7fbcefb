-- [notice] The newest backup is more than three days old, or there is none: what was decided since would be lost with the disk.
-- Do: `drought db backup`, or turn on the DAG check_warehouse, which makes one every morning.
WITH newest AS (
    SELECT max(ended_at) FILTER (WHERE step = 'backup' AND state = 'done') AS made_at
    FROM ops.outcome
)

SELECT
    newest.made_at AS newest_backup,
    (SELECT min(received_at) FROM ops.file) AS data_since
FROM newest
WHERE
    coalesce(newest.made_at, '-infinity') < now() - interval '3 days'
    AND EXISTS (
        SELECT FROM ops.file
        WHERE received_at < now() - interval '3 days'
    );
