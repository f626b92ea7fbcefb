"""Every value a gauge gave: stored once, replaced by a newer statement of its provider, judged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString

import numpy as np
import pandas as pd
from sqlalchemy import Connection, text

from pipeline.core.files import storable
from pipeline.stations.checks import KEY
from pipeline.stations.observations import Quarantined

_INCOMING = (
    "station_id", "source", "quantity", "resolution", "last_day", "n_days", "value", "line",
    "reason",
)  # fmt: skip

# Joined on the whole key: a record that came in this transaction has no statistics yet, and a plan
# that seeks a part of the key reads the station's series for every row.
_COUNT_EQUAL = """
SELECT count(*) FROM incoming_record AS i
INNER JOIN series.observation AS o USING (station_id, source, quantity, resolution, last_day)
WHERE o.value = i.value AND o.n_days = i.n_days AND o.withdrawn IS NULL
"""
_STORE = """
INSERT INTO series.observation AS held
(station_id, source, quantity, resolution, last_day, n_days, value, file_id, line)
SELECT station_id, source, quantity, resolution, last_day, n_days, value, :file_id, line
FROM incoming_record
ON CONFLICT (station_id, source, quantity, resolution, last_day) DO UPDATE SET
n_days = excluded.n_days, value = excluded.value, verdict = 'good', reason = NULL,
withdrawn = NULL, file_id = excluded.file_id, line = excluded.line
WHERE held.value <> excluded.value OR held.n_days <> excluded.n_days OR held.withdrawn IS NOT NULL
"""
_WITHDRAW = """
UPDATE series.observation AS o
SET withdrawn = i.reason, verdict = 'rejected', reason = i.reason
FROM incoming_record AS i
WHERE o.station_id = i.station_id AND o.source = i.source AND o.quantity = i.quantity
AND o.resolution = i.resolution AND o.last_day = i.last_day
AND o.withdrawn IS DISTINCT FROM i.reason
"""
_REFUSED = """
INSERT INTO series.quarantine
(file_id, line, station_id, reason, record, source, quantity, resolution, last_day, n_days,
by_provider)
VALUES (:file_id, :line, :station_id, :reason, :record, :source, :quantity, :resolution, :last_day,
:n_days, :by_provider) ON CONFLICT DO NOTHING
"""
_PROVIDER_REFUSALS = """
SELECT station_id, quantity, last_day FROM series.observation
WHERE station_id = ANY(:stations) AND source = :source AND resolution = :resolution
AND withdrawn IS NOT NULL
UNION
SELECT q.station_id, q.quantity, q.last_day FROM series.quarantine AS q
WHERE q.station_id = ANY(:stations) AND q.source = :source AND q.resolution = :resolution
AND q.by_provider AND NOT EXISTS (
    SELECT FROM series.observation AS o
    WHERE (o.station_id, o.source, o.quantity, o.resolution, o.last_day)
        = (q.station_id, q.source, q.quantity, q.resolution, q.last_day)
)
"""

# A value refused on reading is a row too, where nothing else is known of its day.
_READ = """
SELECT station_id, source, quantity, resolution, last_day - DATE '1970-01-01' AS day, n_days,
    value, withdrawn IS NOT NULL AS is_rejected, file_id
FROM series.observation WHERE station_id = ANY(:stations)
UNION ALL
SELECT DISTINCT ON (q.station_id, q.source, q.quantity, q.resolution, q.last_day)
    q.station_id, q.source, q.quantity, q.resolution, q.last_day - DATE '1970-01-01', q.n_days,
    NULL, TRUE, q.file_id
FROM series.quarantine AS q
WHERE q.station_id = ANY(:stations) AND q.last_day IS NOT NULL AND NOT EXISTS (
    SELECT FROM series.observation AS o
    WHERE (o.station_id, o.source, o.quantity, o.resolution, o.last_day)
        = (q.station_id, q.source, q.quantity, q.resolution, q.last_day)
)
ORDER BY station_id, source, quantity, resolution, day
"""
_STORED_COLUMNS = (
    "station_id", "source", "quantity", "resolution", "last_day", "n_days", "value", "is_rejected",
    "file_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ObservationSeries:
    """Which series of observations a file adds to, and which file it is."""

    source: str
    resolution: str
    file_id: int


def save_observations(
    connection: Connection, standing: pd.DataFrame, series: ObservationSeries
) -> tuple[int, int]:
    """Store records that stand; return how many were new or different, and how many known.

    A different value replaces the one held, which stays known; a value that a provider withdrew and
    gives again stands again.

    Args:
        connection: the caller's transaction.
        standing: columns `RECORD_COLUMNS`, one row a station, quantity and last day.
        series: where they belong.
    """
    _copy(connection, standing, series)
    known = connection.execute(text(_COUNT_EQUAL)).scalar_one()
    stored = connection.execute(text(_STORE), {"file_id": series.file_id}).rowcount
    return stored, int(known)


def withdraw_observations(
    connection: Connection, refused: pd.DataFrame, series: ObservationSeries
) -> None:
    """Reject stored values of which the provider's newer file says that they do not stand.

    Args:
        connection: the caller's transaction.
        refused: columns `RECORD_COLUMNS`, the provider's reason in `reason`.
        series: where they belong.
    """
    _copy(connection, refused.drop_duplicates(KEY), series)
    connection.execute(text(_WITHDRAW))


def _copy(connection: Connection, records: pd.DataFrame, series: ObservationSeries) -> None:
    """Fill the temporary table ``incoming_record``."""
    cursor = connection.connection.cursor()
    cursor.execute("DROP TABLE IF EXISTS incoming_record")
    cursor.execute(
        "CREATE TEMP TABLE incoming_record (station_id text, source text, quantity text, "
        "resolution text, last_day date, n_days integer, value double precision, line integer, "
        "reason text) ON COMMIT DROP"
    )
    days = records.assign(
        last_day=records["last_day"].dt.date,
        source=series.source,
        resolution=str(series.resolution),
    )[list(_INCOMING)]
    with cursor.copy("COPY incoming_record FROM STDIN") as copy:
        for row in days.itertuples(index=False, name=None):
            copy.write_row(row)
    cursor.execute("ANALYZE incoming_record")


def save_quarantined(
    connection: Connection, refused: pd.DataFrame, series: ObservationSeries
) -> None:
    """Save refused records; the same record of the same file is kept once.

    Args:
        connection: the caller's transaction.
        refused: columns `RECORD_COLUMNS`, each with a reason, and ``by_provider``.
        series: where they would have belonged.
    """
    columns = ["line", "station_id", "quantity", "n_days", "reason", "text", "by_provider"]
    days = refused["last_day"].dt.date
    rows = [
        {
            "file_id": series.file_id,
            "line": line,
            "station_id": station_id,
            "reason": storable(f"{quantity} {day}: {reason}"),
            "record": storable(record),
            "source": series.source,
            "quantity": quantity,
            "resolution": str(series.resolution),
            "last_day": day,
            "n_days": n_days,
            "by_provider": by_provider,
        }
        for day, (line, station_id, quantity, n_days, reason, record, by_provider) in zip(
            days, refused[columns].itertuples(index=False, name=None), strict=True
        )
    ]
    if rows:
        connection.execute(text(_REFUSED), rows)


def save_unread(connection: Connection, unread: Iterable[Quarantined], file_id: int) -> None:
    """Save lines that could not be understood; the same line of the same file is kept once."""
    nothing = dict.fromkeys(("source", "quantity", "resolution", "last_day", "n_days"))
    rows = [
        nothing
        | {
            "file_id": file_id,
            "line": one.line,
            "station_id": storable(one.station_id) or None,
            "reason": storable(one.reason),
            "record": storable(one.record),
            "by_provider": False,
        }
        for one in unread
    ]
    if rows:
        connection.execute(text(_REFUSED), rows)


def read_provider_refusals(
    connection: Connection, stations: Sequence[str], series: ObservationSeries
) -> pd.DataFrame:
    """Return the values that the provider refuses and nowhere gives again: the columns of `KEY`."""
    found = _rows(
        connection, _PROVIDER_REFUSALS, stations=list(stations), source=series.source,
        resolution=str(series.resolution),
    )  # fmt: skip
    table = pd.DataFrame(found, columns=KEY)
    return table.assign(last_day=pd.to_datetime(table["last_day"]).astype("datetime64[s]"))


def count_observations(connection: Connection, stations: Sequence[str]) -> list[tuple[str, int]]:
    """Return those of the stations of which any value came, and about how many values."""
    rows = _rows(
        connection,
        "SELECT station_id, sum(held) FROM ("
        "SELECT station_id, count(*) AS held FROM series.observation "
        "WHERE station_id = ANY(:stations) GROUP BY 1 UNION ALL "
        "SELECT station_id, count(*) FROM series.quarantine "
        "WHERE station_id = ANY(:stations) AND last_day IS NOT NULL GROUP BY 1"
        ") AS counts GROUP BY 1 ORDER BY 1",
        stations=list(stations),
    )
    return [(station, int(held)) for station, held in rows]


def read_observations(connection: Connection, stations: Sequence[str]) -> pd.DataFrame:
    """Return everything known of these stations' values: `OBSERVATION_COLUMNS`, source, file_id.

    `is_rejected` where the provider withdrew the value, or where all that came of the day was
    refused on reading (`value` is then NaN). What our own checks find is not in it.
    """
    found = _rows(connection, _READ, stations=list(stations))
    table = pd.DataFrame(found, columns=list(_STORED_COLUMNS))
    days = table["last_day"].to_numpy(dtype="int64").astype("datetime64[D]")
    return table.assign(
        last_day=days.astype("datetime64[s]"),
        value=table["value"].astype(float),
        n_days=table["n_days"].astype(np.int64),
        is_rejected=table["is_rejected"].astype(bool),
    )


def _rows(connection: Connection, query: LiteralString, **names: object) -> list[Any]:
    return [tuple(row) for row in connection.execute(text(query), names)]
