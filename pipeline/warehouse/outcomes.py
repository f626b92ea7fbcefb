"""How steps ended, and what the installation is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.core.errors import ConflictError
from pipeline.core.files import storable
from pipeline.core.ids import Origin
from pipeline.core.months import Month


@dataclass(frozen=True, slots=True)
class Identity:
    """What this warehouse is."""

    installation_id: str
    origin: Origin | None
    live_from: Month | None


def read_identity(connection: Connection) -> Identity:
    row = connection.execute(
        text("SELECT installation_id, origin, live_from FROM ops.identity")
    ).one()
    live = Month.of(row.live_from) if row.live_from else None
    return Identity(str(row.installation_id), Origin(row.origin) if row.origin else None, live)


def refuse_other_live_from(connection: Connection, month: Month) -> Month | None:
    """Return the month from which alerts are told, if it was set.

    Raises:
        ConflictError: it is another than `month`.
    """
    held = read_identity(connection).live_from
    if held is not None and held != month:
        raise ConflictError(
            f"golive: alerts are told from {held} on already, got {month}; what has been told cannot "
            "be told anew"
        )
    return held


def save_live_from(connection: Connection, month: Month) -> bool:
    """Set the month from which alerts are told; return whether it was set now.

    Raises:
        ConflictError: another month was set before.
    """
    held = refuse_other_live_from(connection, month)
    connection.execute(
        text(
            "UPDATE ops.identity SET live_from = :month, live_set_at = coalesce(live_set_at, now())"
        ),
        {"month": month.first_day},
    )
    return held is None


def save_outcome(
    connection: Connection,
    *,
    step: str,
    month: Month | None,
    state: str,
    rows: int | None,
    seconds: float,
    message: str | None,
) -> None:
    """Write down how a step ended."""
    connection.execute(
        text(
            "INSERT INTO ops.outcome (step, month, state, row_count, seconds, message) "
            "VALUES (:step, :month, :state, :rows, :seconds, :message)"
        ),
        {
            "step": step,
            "month": month.first_day if month else None,
            "state": state,
            "rows": rows,
            "seconds": seconds,
            "message": storable(message) if message else None,
        },
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the latest run of a step ended."""

    step: str
    month: Month | None
    state: str
    message: str | None
    ended_at: datetime


def read_latest_outcomes(connection: Connection) -> list[Outcome]:
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (step) step, month, state, message, ended_at "
            "FROM ops.outcome ORDER BY step ASC, ended_at DESC, outcome_id DESC"
        )
    )
    return [
        Outcome(r.step, Month.of(r.month) if r.month else None, r.state, r.message, r.ended_at)
        for r in rows
    ]
