"""How the installation stands."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline.core.ids import BLENDED
from pipeline.core.months import Month
from pipeline.steps.installation import Installation
from pipeline.steps.lateness import behind, lateness, silent_gauges
from pipeline.warehouse.blended import read_silent_gauges
from pipeline.warehouse.files import read_sources
from pipeline.warehouse.ingests import read_latest_ingests, read_refused
from pipeline.warehouse.outcomes import Outcome, read_identity, read_latest_outcomes
from pipeline.warehouse.status import (
    Rows,
    read_freshness,
    read_newest_stage_month,
    read_pending,
    read_requests_to_watch,
    read_stages,
    read_undelivered,
    read_untaken_months,
)


@dataclass(frozen=True, slots=True)
class Status:
    """What an operator asks first."""

    origin: str | None
    live_from: Month | None
    newest_month: Month | None
    """Newest month with stages."""
    freshness: Rows
    late: list[str]
    """What is late against the sources' schedules, each with what to do about it."""
    requests: Rows
    """What was asked of the data store and waits, or failed and was not asked anew."""
    pending: Rows
    undelivered: Rows
    ingests: Rows
    """What became of the records of the latest files: read = stored + quarantined + unchanged."""
    refused_files: Rows
    """Files that were refused as a whole and not taken since."""
    stages: Rows
    outcomes: list[Outcome]


def status(installation: Installation) -> Status:
    """Return what is fresh, late, pending and undelivered, and the stage of each landscape."""
    with installation.warehouse.connect() as connection:
        identity = read_identity(connection)
        newest = read_newest_stage_month(connection)
        freshness = read_freshness(connection, installation.clock())
        return Status(
            identity.origin,
            identity.live_from,
            newest,
            freshness,
            [*lateness(freshness), *_behind(installation, connection, freshness, newest)],
            read_requests_to_watch(connection),
            read_pending(connection),
            read_undelivered(connection),
            read_latest_ingests(connection),
            read_refused(connection),
            [] if newest is None else read_stages(connection, newest),
            read_latest_outcomes(connection),
        )


def _behind(
    installation: Installation, connection: Connection, freshness: Rows, stages_to: Month | None
) -> list[str]:
    """Say what came of the source that decides and has not become stages."""
    settings, held = installation.settings, read_sources(connection)
    is_blended = settings.source == BLENDED
    silent = silent_gauges(read_silent_gauges(connection)) if is_blended else []
    source = settings.blend_with if is_blended else settings.source
    if source is None:
        if len(held) != 1:
            return silent
        source = held[0]
    untaken = read_untaken_months(connection)
    months = [row["newest_month"] for row in freshness if row["source"] == source]
    newest = max((Month.of(month) for month in months if month), default=None)
    return [*behind(source, untaken.get(source, 0), newest, stages_to), *silent]


def pending_alerts(installation: Installation) -> list[int]:
    """Return the numbers of the alerts that wait for an answer."""
    with installation.warehouse.connect() as connection:
        return [int(row["alert_id"]) for row in read_pending(connection)]
