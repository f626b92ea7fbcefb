"""Who stands in the way of a change of the tables, and how long that is borne.

What a session does is hidden by Postgres from other ordinary roles; its number and name are not.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, text

SCHEMAS = ("ops", "landscape", "series", "index", "plan", "alert", "mart")
"""Where the tables and views of the warehouse lie."""
_SHOWN = 5
_PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)
"""Between two tries, the last again and again: readers get on meanwhile."""

_HOLDERS = text("""
SELECT DISTINCT
    a.pid,
    coalesce(a.usename::text, a.backend_type, 'unknown') AS name,
    coalesce(a.state, 'at work') AS state,
    coalesce(a.xact_start, a.backend_start) AS since
FROM pg_locks AS l
JOIN pg_stat_activity AS a USING (pid)
LEFT JOIN pg_class AS c ON l.relation = c.oid AND c.relkind = 'r'
LEFT JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE l.granted AND l.pid <> pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (
        n.nspname = ANY (CAST(:schemas AS text[]))
        OR (l.locktype = 'advisory' AND l.classid = 0 AND l.objid = :key AND l.objsubid = 1)
    )
ORDER BY since, a.pid
""")


class BusyWarehouseError(TimeoutError):
    """Others are at work for longer than was to be borne. Repeat when they have ended."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A session that holds what we need."""

    pid: int
    name: str
    """The role it is logged in as."""
    state: str
    since: datetime | None
    """When its transaction began; None where Postgres does not tell us."""

    def __str__(self) -> str:
        since = f" since {self.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        return f"pid {self.pid} ({self.name}, {self.state}{since})"


def read_lock_holders(connection: Connection, key: int) -> list[Holder]:
    """Return who holds the advisory lock `key`."""
    rows = connection.execute(_HOLDERS, {"schemas": [], "key": key}).mappings()
    return [Holder(**row) for row in rows]


def read_table_holders(connection: Connection) -> list[Holder]:
    """Return who else reads or writes tables of the warehouse at this moment."""
    rows = connection.execute(_HOLDERS, {"schemas": list(SCHEMAS), "key": None}).mappings()
    return [Holder(**row) for row in rows]


@dataclass
class Patience:
    """Waits for others a while at a time, says for whom, and ends after `seconds` in all."""

    seconds: float
    tell: Callable[[str], None]
    _deadline: float = field(init=False)
    _waits: int = 0
    _said: str = ""

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    def wait(self, trouble: str, holders: Sequence[Holder], remedy: str) -> None:
        """Return after a pause.

        Raises:
            BusyWarehouseError: it has been borne for long enough.
        """
        who = ", ".join(map(str, holders[:_SHOWN])) or "somebody who has ended meanwhile"
        more = f" and {len(holders) - _SHOWN} others" if len(holders) > _SHOWN else ""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise BusyWarehouseError(
                f"warehouse: {trouble}, expected it to be free within {self.seconds:g} s, got "
                f"{who}{more}; {remedy}. Nothing was changed"
            )
        if who != self._said:
            self.tell(f"{trouble}: {who}{more}; waiting up to {left:.0f} s")
            self._said = who
        pause = _PAUSES_SECONDS[min(self._waits, len(_PAUSES_SECONDS) - 1)]
        self._waits += 1
        time.sleep(min(pause, left))
