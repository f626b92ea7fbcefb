"""How the installation stands, as far as the database tells."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.ids import BLENDED
from pipeline.core.months import Month
from pipeline.plans.lateness import LateReading
from pipeline.plans.timetable import Timetable
from pipeline.steps.installation import Installation, acts_as, deciding_sources
from pipeline.steps.lateness import behind, late_by_plan, lateness, silent_gauges, without_file
from pipeline.warehouse.blended import read_silent_gauges
from pipeline.warehouse.channels import ChannelWaiting, read_standing
from pipeline.warehouse.files import read_sources
from pipeline.warehouse.health import DatabaseFacts, read_server, read_times
from pipeline.warehouse.ingests import read_latest_ingests, read_refused
from pipeline.warehouse.outcomes import (
    CheckFacts,
    Outcome,
    read_check_facts,
    read_identity,
    read_latest_outcomes,
)
from pipeline.warehouse.plans import read_plans
from pipeline.warehouse.schedules import read_lacking_months, read_schedules
from pipeline.warehouse.status import (
    Rows,
    read_countries_without_issuer,
    read_expired,
    read_freshness,
    read_newest_stage_month,
    read_pending,
    read_requests_to_watch,
    read_stages,
    read_undelivered,
    read_untaken_months,
)

SCHEDULED = frozenset(
    {
        *("fetch", "watch", "compute", "maps", "evaluate", "escalate", "deliver", "bulletins"),
        *("publish", "check", "backup", "end_long_questions", "tell_of_months"),
    }
)
"""Steps that run by themselves: one that failed and was not repeated is nobody's mistake at a keyboard."""
_LONGEST = "120s"
"""A question that takes longer waits for something, such as a migration."""


@dataclass(frozen=True, slots=True)
class Status:
    """What an operator asks first."""

    origin: str | None
    live_from: Month | None
    newest_month: Month | None
    """Newest month with stages."""
    freshness: Rows
    late: list[str]
    """What is late against the sources' schedules and the plans, each with what to do about it."""
    late_readings: Rows
    """What is late by the plans in force, by country and measure."""
    requests: Rows
    """What was asked of the data store and waits, or failed and was not asked anew."""
    pending: Rows
    expired: Rows
    """Alerts that nobody answered in the time of their plan, of the last 31 days."""
    without_issuer: list[str]
    """Countries of which alerts are told and nobody may issue."""
    undelivered: Rows
    channels: list[ChannelWaiting]
    """Those that have something to send, or do not answer."""
    ingests: Rows
    """What became of the records of the latest files: read = stored + quarantined + unchanged."""
    refused_files: Rows
    """Files that were refused as a whole and not taken since."""
    stages: Rows
    outcomes: list[Outcome]
    """How each step ended last."""
    checks: CheckFacts | None
    """What the checks found last; None: not known."""
    failing: Rows
    """Steps of the schedule whose last outcome is a failure."""
    newest_outcome_at: datetime | None
    """When any step ended last."""
    newest_commit_at: datetime | None
    """When anything was last written down, files too; None in a new warehouse."""
    database_at: datetime
    """The time by the clock of the database."""
    server: DatabaseFacts


@acts_as(Component.WATCH)
def status(installation: Installation) -> Status:
    """Return what is fresh, late, pending and undelivered, and the stage of each landscape.

    All of one moment: a month that is committed meanwhile is in all of it or in nothing.
    """
    with installation.warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        connection.execute(text(f"SET LOCAL statement_timeout = '{_LONGEST}'"))
        identity = read_identity(connection)
        outcomes = read_latest_outcomes(connection)
        newest = read_newest_stage_month(connection)
        freshness = read_freshness(connection, installation.clock())
        by_plan = [] if newest is None else late_readings(installation, connection)
        return Status(
            identity.origin,
            identity.live_from,
            newest,
            freshness,
            [
                *lateness(freshness),
                *_behind(installation, connection, freshness, newest),
                *late_by_plan(by_plan),
            ],
            [_late_row(one) for one in by_plan],
            read_requests_to_watch(connection),
            read_pending(connection),
            read_expired(connection, installation.clock() - timedelta(days=31)),
            []
            if identity.live_from is None
            else read_countries_without_issuer(connection, installation.clock()),
            read_undelivered(connection),
            read_standing(connection),
            read_latest_ingests(connection),
            read_refused(connection),
            [] if newest is None else read_stages(connection, newest),
            outcomes,
            read_check_facts(connection),
            [_failing_row(one) for one in outcomes if one.step in SCHEDULED and one.failing_since],
            max((one.ended_at for one in outcomes), default=None),
            *read_times(connection),
            read_server(connection),
        )


def _failing_row(one: Outcome) -> dict[str, Any]:
    return {
        "step": one.step,
        "failing_since": one.failing_since,
        "failures": one.failures,
        "message": one.message,
        "run": one.run,
    }


def late_readings(installation: Installation, connection: Connection) -> list[LateReading]:
    """Return what is late by the plans in force; nothing where no source decides."""
    if not _says_days(read_plans(connection).values()):
        return []
    # Here: it asks for what the sciences are needed for, which every command would load.
    from pipeline.steps.late_readings import read_late_readings

    settings = installation.settings
    try:
        sources = deciding_sources(connection, settings)
    except InputError:
        return []  # which source decides is not settled, and whoever decides is told so
    return read_late_readings(connection, sources, settings.calibration, installation.clock())


def _says_days(timetables: Iterable[Timetable]) -> bool:
    """Whether any plan, or a rule of it, says when a reading is late."""
    return any(
        plan.late_after_days is not None
        or any(
            rule.late_after_days is not None
            for ladder in plan.ladders.values()
            for rule in ladder.every_rule
        )
        for timetable in timetables
        for _, plan in timetable.plans
    )


def _late_row(one: LateReading) -> dict[str, Any]:
    return {
        "country_code": str(one.country),
        "measure": str(one.heard),
        "month": one.month,
        "late_after_days": one.days,
        "due": one.due,
        "landscapes_late": one.landscapes,
        "landscapes": one.asked,
    }


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
    return [
        *_without_file(installation, connection, source),
        *behind(source, untaken.get(source, 0), newest, stages_to),
        *silent,
    ]


def _without_file(installation: Installation, connection: Connection, source: str) -> list[str]:
    """Say which months of a source without a schedule lack; of others `mart.freshness` does."""
    if source in {one.source for one in read_schedules(connection)}:
        return []
    return without_file(source, read_lacking_months(connection, source, installation.clock()))


@acts_as(Component.WATCH)
def pending_alerts(installation: Installation) -> list[int]:
    """Return the numbers of the alerts that wait for an answer."""
    with installation.warehouse.connect() as connection:
        return [int(row["alert_id"]) for row in read_pending(connection)]
