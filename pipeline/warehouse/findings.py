"""What the quality checks found in gauges' records, and the verdicts that follow."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pandas as pd
from sqlalchemy import Connection, text

from pipeline.stations.findings import FINDING_COLUMNS

_COLUMNS = ("source", *FINDING_COLUMNS)

_JUDGE = """
WITH found AS (
    SELECT o.station_id, o.source, o.quantity, o.resolution, o.last_day,
        bool_or(f.verdict = 'rejected') AS is_rejected,
        string_agg(DISTINCT f.reason, '; ' ORDER BY f.reason) AS reason
    FROM series.finding AS f
    INNER JOIN series.observation AS o
        ON o.station_id = f.station_id AND o.source = f.source AND o.quantity = f.quantity
        AND o.resolution = f.resolution AND o.last_day BETWEEN f.first_day AND f.last_day
    WHERE f.station_id = ANY(:stations)
    GROUP BY o.station_id, o.source, o.quantity, o.resolution, o.last_day
),
judged AS (
    SELECT o.station_id, o.source, o.quantity, o.resolution, o.last_day,
        CASE
            WHEN o.withdrawn IS NOT NULL OR found.is_rejected THEN 'rejected'
            WHEN found.reason IS NOT NULL THEN 'suspect'
            ELSE 'good'
        END AS verdict,
        nullif(concat_ws('; ', o.withdrawn, found.reason), '') AS reason
    FROM series.observation AS o
    LEFT JOIN found USING (station_id, source, quantity, resolution, last_day)
    WHERE o.station_id = ANY(:stations) AND (o.verdict <> 'good' OR found.reason IS NOT NULL)
)
UPDATE series.observation AS o SET verdict = judged.verdict, reason = judged.reason
FROM judged
WHERE (o.station_id, o.source, o.quantity, o.resolution, o.last_day)
    = (judged.station_id, judged.source, judged.quantity, judged.resolution, judged.last_day)
AND (o.verdict, o.reason) IS DISTINCT FROM (judged.verdict, judged.reason)
"""
_SUSPECTS = """
SELECT station_id, source, date_trunc('month', last_day)::date AS month,
    count(*) AS n_suspect, string_agg(DISTINCT reason, '; ' ORDER BY reason) AS suspicion
FROM series.observation
WHERE verdict = 'suspect' AND quantity = 'precipitation_mm' AND station_id = ANY(:stations)
GROUP BY 1, 2, 3
"""


def replace_findings(
    connection: Connection,
    stations: Sequence[str],
    checks: Collection[str],
    findings: pd.DataFrame,
) -> None:
    """Let `findings` be all that these checks find in these stations.

    Args:
        connection: the caller's transaction.
        stations: ids.
        checks: names of checks.
        findings: columns `FINDING_COLUMNS` and ``source``.
    """
    connection.execute(
        text(
            "DELETE FROM series.finding "
            "WHERE station_id = ANY(:stations) AND check_name = ANY(:checks)"
        ),
        {"stations": list(stations), "checks": [str(check) for check in checks]},
    )
    if findings.empty:
        return
    days = findings.assign(
        first_day=findings["first_day"].dt.date, last_day=findings["last_day"].dt.date
    )
    names = ", ".join(_COLUMNS)
    places = ", ".join(f":{name}" for name in _COLUMNS)
    connection.execute(
        text(f"INSERT INTO series.finding ({names}) VALUES ({places})"),  # noqa: S608 - ours
        [dict(zip(_COLUMNS, row, strict=True)) for row in _rows(days)],
    )


def _rows(findings: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    return findings[list(_COLUMNS)].itertuples(index=False, name=None)


def judge_observations(connection: Connection, stations: Sequence[str]) -> int:
    """Give each observation the verdict that follows from the findings; return how many changed."""
    return connection.execute(text(_JUDGE), {"stations": list(stations)}).rowcount


def read_suspects(connection: Connection, stations: Sequence[str]) -> pd.DataFrame:
    """Return for each month with suspect rain how many values, and why.

    Columns ``station_id``, ``source``, ``month`` (datetime64), ``n_suspect``, ``suspicion``.
    """
    rows = connection.execute(text(_SUSPECTS), {"stations": list(stations)}).all()
    columns = ["station_id", "source", "month", "n_suspect", "suspicion"]
    table = pd.DataFrame([tuple(row) for row in rows], columns=columns)
    return table.assign(month=pd.to_datetime(table["month"]).astype("datetime64[s]"))
