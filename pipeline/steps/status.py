"""How the installation stands."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.months import Month
from pipeline.steps.installation import Installation
from pipeline.warehouse.outcomes import Outcome, read_identity, read_latest_outcomes
from pipeline.warehouse.status import (
    Rows,
    read_freshness,
    read_newest_stage_month,
    read_pending,
    read_stages,
    read_undelivered,
)


@dataclass(frozen=True, slots=True)
class Status:
    """What an operator asks first."""

    origin: str | None
    live_from: Month | None
    newest_month: Month | None
    """Newest month with stages."""
    late_months: int | None
    """Full months between that month and today; the store itself needs one."""
    freshness: Rows
    pending: Rows
    undelivered: Rows
    stages: Rows
    outcomes: list[Outcome]


def status(installation: Installation) -> Status:
    """Return what is fresh, late, pending and undelivered, and the stage of each landscape."""
    this_month = Month.of(installation.clock().date())
    with installation.warehouse.connect() as connection:
        identity = read_identity(connection)
        newest = read_newest_stage_month(connection)
        return Status(
            identity.origin,
            identity.live_from,
            newest,
            None if newest is None else this_month.ordinal - newest.ordinal - 1,
            read_freshness(connection),
            read_pending(connection),
            read_undelivered(connection),
            [] if newest is None else read_stages(connection, newest),
            read_latest_outcomes(connection),
        )


def pending_alerts(installation: Installation) -> list[int]:
    """Return the numbers of the alerts that wait for an answer."""
    with installation.warehouse.connect() as connection:
        return [int(row["alert_id"]) for row in read_pending(connection)]
