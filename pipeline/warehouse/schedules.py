"""What is expected of each source, and which months wait for their final values.

The days themselves are worked out in SQL (`0010_releases.sql`), from midnight UTC.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.core.errors import InputError
from pipeline.core.months import Month, months_between
from pipeline.warehouse.files import read_months_held


@dataclass(frozen=True, slots=True)
class SourceSchedule:
    """When a month of one source is expected; days from the last day of the month."""

    source: str
    preliminary_after_days: int
    """Its first values are expected to be here on that day."""
    final_after_days: int | None
    """Its final values are asked for from that day on; None: the first ones are final."""
    final_late_after_days: int | None
    """Values still preliminary after that day are overdue."""
    reference: str
    """Where the days come from."""

    def __post_init__(self) -> None:
        if (self.final_after_days is None) != (self.final_late_after_days is None):
            raise InputError(
                f"{self.source}: expected the day final values are asked for and the day they are "
                "late together, got one of them; give both, or none where first values are final"
            )
        days = [self.preliminary_after_days, self.final_after_days, self.final_late_after_days]
        known = [one for one in days if one is not None]
        if known != sorted(known) or known[0] < 0:
            raise InputError(
                f"{self.source}: expected days in the order preliminary, final, final late, none "
                f"below 0, got {', '.join(map(str, known))}; correct them"
            )


_COLUMNS = "source, preliminary_after_days, final_after_days, final_late_after_days, reference"


def read_schedules(connection: Connection) -> list[SourceSchedule]:
    """Return the schedule of each source that has one, by name."""
    rows = connection.execute(
        text(f"SELECT {_COLUMNS} FROM ops.source_schedule ORDER BY source")  # noqa: S608 - names above
    )
    return [SourceSchedule(*row) for row in rows]


def save_schedule(connection: Connection, schedule: SourceSchedule) -> bool:
    """Save a schedule in place of the one the source had; return whether it differs from it."""
    names = _COLUMNS.split(", ")
    done = connection.execute(
        text(
            f"INSERT INTO ops.source_schedule AS held ({_COLUMNS}) "  # noqa: S608 - names above
            f"VALUES ({', '.join(f':{name}' for name in names)}) "
            f"ON CONFLICT (source) DO UPDATE SET ({_COLUMNS}, changed_at) = "
            f"({', '.join(f'excluded.{name}' for name in names)}, now()) "
            f"WHERE ({', '.join(f'held.{name}' for name in names)}) IS DISTINCT FROM "
            f"({', '.join(f'excluded.{name}' for name in names)})"
        ),
        dict(zip(names, astuple(schedule), strict=True)),
    )
    return bool(done.rowcount)


def read_newest_due_month(connection: Connection, source: str, at: datetime) -> Month | None:
    """Return the newest month of a source that should be here at a moment; None: it has no schedule."""
    statement = (
        "SELECT ops.newest_due_month(preliminary_after_days, :at) FROM ops.source_schedule "
        "WHERE source = :source"
    )
    due = connection.execute(text(statement), {"source": source, "at": at}).scalar()
    return None if due is None else Month.of(due)


def read_lacking_months(
    connection: Connection,
    source: str,
    at: datetime,
    first: Month | None = None,
    last: Month | None = None,
) -> list[Month]:
    """Return the months of a source that no file holds, oldest first: holes, and those that are due.

    From `first`, else the oldest month held, to `last`, else the newest that is held or due by the
    schedule of the source. None where nothing is held to go on from.
    """
    held = read_months_held(connection, source)
    if first is None:
        if not held:
            return []
        first = held[0]
    if last is None:
        due = read_newest_due_month(connection, source, at)
        newest = [*held[-1:], *([] if due is None else [due])]
        if not newest:
            return []
        last = max(newest)
    known = set(held)
    return [month for month in months_between(first, last) if month not in known]


_TO_SETTLE = """
WITH unsettled AS (
    SELECT g.month FROM ops.grid_month AS g JOIN ops.file AS f USING (file_id)
    WHERE g.source = :source AND f.holds_rain
    GROUP BY g.month HAVING bool_and(g.release = 'preliminary')
    UNION
    -- A final file may hold a part of the area. One whose means are not taken yet may hold it all.
    SELECT c.month FROM series.climate_month AS c
    WHERE c.source = :source AND c.release = 'preliminary' AND NOT EXISTS (
        SELECT FROM ops.grid_month AS g JOIN ops.file AS f USING (file_id)
        WHERE g.source = :source AND g.month = c.month AND g.release = 'final'
        AND g.averaged_over IS NULL AND f.holds_rain
    )
)
SELECT u.month FROM unsettled AS u
JOIN ops.source_schedule AS s ON s.source = :source
WHERE ops.due_day(u.month, s.final_after_days) <= CAST(CAST(:at AS timestamptz) AT TIME ZONE 'UTC' AS date)
AND NOT EXISTS (
    SELECT FROM ops.request_month AS m JOIN ops.request AS r USING (request_id)
    WHERE m.dataset = :dataset AND m.product_type = :product_type AND m.month = u.month
    -- One still open is waited for, by whoever asks next: who asked may have been killed.
    AND r.state IN ('received', 'not_published')
    AND date_trunc('month', r.asked_at AT TIME ZONE 'UTC')
    = date_trunc('month', CAST(:at AS timestamptz) AT TIME ZONE 'UTC')
)
ORDER BY u.month
"""


def read_months_to_settle(
    connection: Connection, source: str, dataset: str, product_type: str, at: datetime
) -> list[Month]:
    """Return the months held as preliminary whose final values are to be asked for, oldest first.

    Args:
        connection: the caller's transaction.
        source: whose months; without a schedule, or with one that knows no final values, none.
        dataset: its name in requests; a month whose request was answered and asked in the calendar
            month of `at` is left out, unless it failed.
        product_type: of these requests, the one that brings final values of rain.
        at: the moment, with an offset.
    """
    values = {"source": source, "dataset": dataset, "product_type": product_type, "at": at}
    return [Month.of(row.month) for row in connection.execute(text(_TO_SETTLE), values)]
