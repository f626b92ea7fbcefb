"""Each month ends in a message to the operator: it is complete, or it is not and what it lacks.

Who gets neither knows that the machine does not run. Queued once, by whichever process comes first, in the
way of all notices; it goes to the operator only, for nothing leaves the agency unapproved.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from pipeline.alerts.monthly_notices import (
    Closing,
    Stuck,
    closing_notice,
    failing_notice,
    late_notice,
    more_notice,
    stuck_notice,
    undecided_notice,
)
from pipeline.alerts.notices import Notice
from pipeline.core.area_shares import AreaShare
from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.ids import ERA5_LAND, Origin
from pipeline.core.indicators import Indicator
from pipeline.core.months import Month, months_between
from pipeline.plans.lateness import LateReading
from pipeline.steps.installation import Installation, acts_as, deciding_sources
from pipeline.steps.lateness import late_by_plan
from pipeline.steps.machine import BackupState, read_backup_state
from pipeline.steps.outcome import recorded
from pipeline.steps.status import SCHEDULED, Status, late_readings, status
from pipeline.steps.verdict import FAILING
from pipeline.warehouse.bulletins import read_issued
from pipeline.warehouse.months import (
    CountryMonth,
    MonthState,
    due_day,
    read_month,
    read_newest_due,
    read_raised_since,
    read_told_late,
)
from pipeline.warehouse.notices import NoticeKind, read_told_months, save_notice_once
from pipeline.warehouse.outcomes import CheckFacts
from pipeline.warehouse.plans import read_plans
from pipeline.warehouse.schedules import read_schedules

_log = logging.getLogger(__name__)

PATIENCE_DAYS = 5
"""After the day a month is due: the DAG waits for the store so long."""
MAIL_DAYS = 3
"""Until a message that was queued has come."""
UNSAID_DAYS = 20
"""When a month is due of a source that has no schedule."""
MOST_MONTHS = 12
"""How many open months are looked at, newest first."""
WAY = ("data", "compute", "maps", "evaluate", "approve", "deliver", "bulletins", "publish")
"""The way of a month. A mail names the first step that lacks."""
_SOME = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What the operator was told of now."""

    closed: tuple[Month, ...] = ()
    stuck: tuple[str, ...] = ()
    """Month, and the step at which it stands."""
    late: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()
    more: tuple[Month, ...] = ()
    """Closed before, and alerts were raised for them since."""

    @property
    def count(self) -> int:
        told = (self.closed, self.stuck, self.late, self.failing, self.more)
        return sum(len(some) for some in told)

    def __str__(self) -> str:
        parts = [
            f"{what}: {', '.join(map(str, some))}"
            for what, some in (
                ("complete", self.closed),
                ("not complete", self.stuck),
                ("later than the plan", self.late),
                ("failing", self.failing),
                ("more alerts", self.more),
            )
            if some
        ]
        return "; ".join(parts) or "nothing new to tell the operator"


@dataclass(frozen=True, slots=True)
class Lack:
    """What a month lacks."""

    step: str
    """One of `WAY`: each is told of once for a month."""
    said: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a month."""

    source: str
    """The grid that decides, or that gauges are blended with."""
    reached: frozenset[str]
    """Countries that the grid reaches."""
    ruled: frozenset[str]
    """Countries in which a plan is in force: their landscapes have stages."""
    mapped: frozenset[str]
    """Countries whose plan in force hears shares of area."""
    failing: Mapping[str, str]
    """Steps that failed last, but for another month, and what each said."""
    published_at: datetime | None
    """When the last publishing began that nothing has failed since; None: never."""


@acts_as(Component.WATCH)
def tell_of_months(installation: Installation) -> Told:
    """Queue what the operator is to be told of months and of steps that fail; return what is new.

    Nothing where there is no operator or no mail server (`drought doctor` says so), nor before stages were
    decided for the first time. Safe to repeat. An outcome is written down where there was something to
    tell, and where it failed.
    """
    settings = installation.settings
    if settings.smtp_host is None or not settings.mail_operator:
        return Told()
    with recorded(installation.warehouse, "tell_of_months", only_if_any=True) as report:
        found = status(installation)
        if found.newest_month is None and found.live_from is None:
            return Told()
        with installation.warehouse.begin() as connection:
            told = _Teller(installation, connection, found).tell()
        report.rows = told.count
        if told.count:
            report.message = str(told)
            _log.warning("told the operator: %s", told)
    return told


def tell_of_months_quietly(installation: Installation) -> None:
    """As `tell_of_months`, for who has graver work to do: what keeps it from telling is logged."""
    try:
        tell_of_months(installation)
    except Exception as error:  # noqa: BLE001 - no letter waits for a notice
        _log.warning("the operator was not told of months: %s: %s", type(error).__name__, error)


def lacks(state: MonthState, asked: Asked) -> list[Lack]:
    """Return what a month lacks, in the order of its way; nothing: it is complete."""
    ours = [one for one in state.countries if one.country in asked.reached]
    found = [*_data_lacks(state.month, ours, asked.source)]
    # A landscape is named for the first step that it lacks.
    without_indices = _in_words((one, one.without_indices) for one in ours)
    if without_indices:
        found.append(
            Lack("compute", f"compute: no indices in {without_indices}; run `drought compute`")
        )
    without_shares = _in_words(
        (one, one.without_shares) for one in ours if one.country in asked.mapped
    )
    if without_shares:
        said = f"maps: no shares of area in {without_shares}, which the plan hears; run `drought compute`"
        found.append(Lack("maps", said))
    without_stages = _in_words(
        (one, one.without_stages) for one in ours if one.country in asked.ruled
    )
    if without_stages:
        found.append(
            Lack("evaluate", f"evaluate: no stages in {without_stages}; run `drought evaluate`")
        )
    found += [
        Lack(step, f"{step}: failed, and has not ended well since: {asked.failing[step]}")
        for step in WAY
        if step in asked.failing
    ]
    if state.pending:
        some = ", ".join(map(str, state.pending[:_SOME])) + (
            ", …" if len(state.pending) > _SOME else ""
        )
        said = (
            f"approve: {len(state.pending)} of its alerts or earlier ones wait for approval ({some}); "
            "who may issue answers with `drought approve` or `drought reject`, or in Airflow"
        )
        found.append(Lack("approve", said))
    if state.unsent:
        said = (
            f"deliver: {state.unsent} approved messages have not left; `drought status` says by channel "
            "what was heard"
        )
        found.append(Lack("deliver", said))
    found += _publishing_lacks(state, asked)
    return sorted(found, key=lambda lack: WAY.index(lack.step))


def _publishing_lacks(state: MonthState, asked: Asked) -> Iterator[Lack]:
    """Yield that readers cannot see the month yet: whoever publishes may not have begun, or was killed."""
    decided_at = state.decided_at
    if decided_at is None or {"bulletins", "publish"} & set(asked.failing):
        return
    if asked.published_at is None or asked.published_at < decided_at:
        said = (
            "publish: bulletin and site were not written since it was decided, at "
            f"{decided_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC; run `drought publish`"
        )
        yield Lack("publish", said)


def _data_lacks(month: Month, ours: Sequence[CountryMonth], source: str) -> Iterator[Lack]:
    """Yield that nothing came of a country, or of some of its landscapes; a gap has come."""
    without = [one.country for one in ours if not one.is_reached]
    if without or not ours:
        where = f" in {', '.join(without)}" if without else ""
        yield Lack("data", f"data: no values of {source} for {month}{where}; {_bring(source)}")
    in_part = _in_words((one, one.without_values) for one in ours if one.is_reached)
    if in_part:
        said = (
            f"data: no values of {source} for {month} in {in_part}; if its file came, run `drought "
            f"compute`, else {_bring(source)}"
        )
        yield Lack("data", said)


def _in_words(lacking: Iterable[tuple[CountryMonth, Sequence[str]]]) -> str:
    """Return how many landscapes of which countries lack something, and some of their names."""
    return ", ".join(
        f"{len(names)} of {one.landscapes} landscapes of {one.country} ({_some(names)})"
        for one, names in lacking
        if names
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SOME]) + (", …" if len(names) > _SOME else "")


def _bring(source: str) -> str:
    return (
        "see `drought status`: it names the request at the data store, or the command that asks anew"
        if source == "era5-land"
        else f"give its file: `drought ingest grid FILE… --source {source}`"
    )


class _Teller:
    """One look at all months that are open."""

    def __init__(self, installation: Installation, connection: Connection, found: Status) -> None:
        self.installation = installation
        self.connection = connection
        self.found = found
        self.now = installation.clock()
        self.is_exercise = found.origin == Origin.SIMULATED
        self.backups = read_backup_state(installation.settings)
        self.timetables = read_plans(connection)

    def tell(self) -> Told:
        late = self._late_readings()
        try:
            sources = deciding_sources(self.connection, self.installation.settings)
        except InputError as error:
            return Told(failing=(*self._undecided(str(error)), *self._failing()))
        after_days = self._due_after(sources[-1])
        before = read_told_months(self.connection)
        closed: list[Month] = []
        stuck: list[str] = []
        behind: dict[Month, set[str]] = {}
        for month in self._open_months(before, after_days):
            state = read_month(
                self.connection, month, sources, str(self.installation.settings.calibration)
            )
            lacking = lacks(state, self._asked(month, sources[-1]))
            if not lacking:
                closed += [month] if self._close(state, sources, after_days) else []
                continue
            behind[month] = {one.step for one in lacking}
            of_plan = [one for one in late if one.month == month]
            if self._is_over(month, after_days) or of_plan:
                # What is late by itself has a message of its own.
                by_lack = [one for one in of_plan if _explains(behind[month], one)]
                is_new = self._complain(month, lacking, by_lack, after_days)
                stuck += [f"{month} ({lacking[0].step})"] if is_new else []
        told_late = self._late(
            [one for one in late if not _explains(behind.get(one.month, set()), one)]
        )
        return Told(
            tuple(closed), tuple(stuck), tuple(told_late), tuple(self._failing()), self._more()
        )

    def _undecided(self, said: str) -> Sequence[str]:
        """Tell of the trouble in place of each month that is due."""
        due = read_newest_due(self.connection, self._due_after(ERA5_LAND), self.now)
        notice = undecided_notice(said, is_exercise=self.is_exercise)
        is_new = self._save(NoticeKind.STEP_FAILING, f"undecided {due}: {said}", notice)
        return ["no source decides"] if is_new else []

    def _more(self) -> tuple[Month, ...]:
        """Tell of alerts that were raised for months closed before, the newest of them: a plan may change them all."""
        return tuple(
            month
            for month, alerts, newest in read_raised_since(self.connection)[-MOST_MONTHS:]
            if self._save(
                NoticeKind.MONTH_CLOSED,
                f"{month} {newest}",
                more_notice(month, alerts, is_exercise=self.is_exercise),
                month,
            )
        )

    def _late_readings(self) -> list[LateReading]:
        return late_readings(self.installation, self.connection)

    def _due_after(self, source: str) -> int:
        days = {one.source: one.preliminary_after_days for one in read_schedules(self.connection)}
        return days.get(source, UNSAID_DAYS)

    def _reached(self, source: str) -> frozenset[str]:
        return frozenset(
            row["country_code"]
            for row in self.found.freshness
            if row["source"] == source and row["newest_month"] is not None
        )

    def _asked(self, month: Month, source: str) -> Asked:
        plans = {
            str(country): plan
            for country, timetable in self.timetables.items()
            if (plan := timetable.in_force(month)) is not None
        }
        return Asked(
            source,
            self._reached(source),
            frozenset(plans),
            frozenset(
                country
                for country, plan in plans.items()
                if any(isinstance(measure, AreaShare) for measure in plan.measures)
            ),
            {
                one.step: str(one.message)
                for one in self.found.outcomes
                if one.step in SCHEDULED and one.failing_since and one.month in (None, month)
            },
            self._published_at(),
        )

    def _published_at(self) -> datetime | None:
        for one in self.found.outcomes:
            if one.step == "publish" and one.state == "done":
                return one.ended_at - timedelta(seconds=one.seconds)
        return None

    def _open_months(self, before: dict[Month, bool], after_days: int) -> list[Month]:
        """Return the months to look at: from the first ever told of on.

        Without one from the first whose alerts are told: a machine that was off since has months to tell of.
        """
        last = read_newest_due(self.connection, after_days, self.now)
        newest = self.found.newest_month
        if newest is not None and last < newest < Month.of(self.now.astimezone(UTC).date()):
            last = newest  # it came before its day
        live_from = self.found.live_from
        begun = last if live_from is None else min(last, live_from)
        first = max(min(before, default=begun), last - (MOST_MONTHS - 1))
        return [month for month in months_between(first, last) if not before.get(month)]

    def _is_over(self, month: Month, after_days: int) -> bool:
        return self._today() > due_day(month, after_days + PATIENCE_DAYS)

    def _today(self) -> date:
        return self.now.astimezone(UTC).date()

    def _next_by(self, month: Month, after_days: int) -> date:
        return due_day(month + 1, after_days + PATIENCE_DAYS + MAIL_DAYS)

    def _close(self, state: MonthState, sources: Sequence[str], after_days: int) -> bool:
        awaited = self._awaited(state.month, sources)
        gauges = gauge_lines(state)
        closing = Closing(
            state.month,
            state.raised,
            state.untold,
            state.approved,
            state.refused,
            state.expired,
            state.sent,
            sum(one.newly_blind for one in state.countries),
            came_lines(state, sources[-1]),
            stage_lines(state),
            [*(["gauges"] if gauges else []), *sorted({str(one.heard) for one in awaited})],
            [*gauges, *late_by_plan(awaited)],
            [*self._also(state.month), *(f"late: {line}" for line in self.found.late)],
            is_checked(self.found.checks),
            self.found.live_from is not None and state.month >= self.found.live_from,
            self._next_by(state.month, after_days),
        )
        notice = closing_notice(closing, is_exercise=self.is_exercise)
        return self._save(NoticeKind.MONTH_CLOSED, str(state.month), notice, state.month)

    def _awaited(self, month: Month, sources: Sequence[str]) -> list[LateReading]:
        """Return what the plans name a day for and has not come, be it late or not due yet."""
        from pipeline.steps.late_readings import read_late_readings  # as in `status`

        plans = [one.in_force(month) for one in self.timetables.values()]
        allowed = {
            plan.late_after_days if rule.late_after_days is None else rule.late_after_days
            for plan in plans
            if plan is not None
            for ladder in plan.ladders.values()
            for rule in ladder.every_rule
        }
        found: dict[LateReading, None] = {}
        for days in sorted(days for days in allowed if days is not None):
            # As it will be late if nothing comes by then.
            at = datetime.combine(due_day(month, days + 1), time(), UTC)
            period = self.installation.settings.calibration
            late = read_late_readings(self.connection, sources, period, at)
            found |= dict.fromkeys(one for one in late if one.month == month)
        return list(found)

    def _also(self, month: Month) -> list[str]:
        return [
            bulletin_line(month, [one.scope for one in read_issued(self.connection, month)]),
            backup_line(self.backups, self.now),
            checks_line(self.found.checks),
        ]

    def _complain(
        self, month: Month, lacking: Sequence[Lack], of_plan: Sequence[LateReading], after_days: int
    ) -> bool:
        said = [one.said for one in lacking] + [f"plan: {line}" for line in late_by_plan(of_plan)]
        stuck = Stuck(month, due_day(month, after_days), said, self._next_by(month, after_days))
        notice = stuck_notice(stuck, is_exercise=self.is_exercise)
        about = f"{month} {lacking[0].step}"
        return self._save(NoticeKind.MONTH_STUCK, about, notice, month)

    def _late(self, readings: Sequence[LateReading]) -> list[str]:
        """Tell of a month and the plan of a country once, and again only of a measure not told of yet."""
        before = read_told_late(self.connection)
        told = []
        for month, country in sorted({(one.month, str(one.country)) for one in readings}):
            some = [one for one in readings if (one.month, str(one.country)) == (month, country)]
            known = {
                measure
                for about in before.get(month, ())
                for measure in _measures(about, f"{month} {country} ")
            }
            heard = {str(one.heard) for one in some}
            if heard <= known:
                continue
            notice = late_notice(month, late_by_plan(some), is_exercise=self.is_exercise)
            about = f"{month} {country} {','.join(sorted(heard | known))}"
            if self._save(NoticeKind.LATE_BY_PLAN, about, notice, month):
                told.append(f"{month} {country}")
        return told

    def _failing(self) -> list[str]:
        told = []
        for row in self.found.failing:
            since: datetime = row["failing_since"]
            # That it fails to tell it cannot tell; now it can.
            if self.now - since <= FAILING or row["step"] == "tell_of_months":
                continue
            notice = failing_notice(
                row["step"],
                since.date(),
                row["failures"],
                str(row["message"]),
                is_exercise=self.is_exercise,
            )
            about = f"{row['step']} {since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
            if self._save(NoticeKind.STEP_FAILING, about, notice):
                told.append(row["step"])
        return told

    def _save(
        self, kind: NoticeKind, about: str, notice: Notice, month: Month | None = None
    ) -> bool:
        recipients = self.installation.settings.mail_operator
        return bool(
            save_notice_once(
                self.connection, recipients, kind, about, notice.subject, notice.body, month=month
            )
        )


def _explains(lacking: set[str], late: LateReading) -> bool:
    """Whether a reading of a month is late because of a step that the month lacks; a document comes by itself."""
    if isinstance(late.measure, Indicator):
        return False
    steps = {"data", "compute"} | ({"maps"} if isinstance(late.measure, AreaShare) else set())
    return bool(lacking & steps)


def _measures(about: str, month_and_country: str) -> list[str]:
    """Return the measures that a notice was about, if it was about this month and country."""
    is_ours = about.startswith(month_and_country)
    return about.removeprefix(month_and_country).split(",") if is_ours else []


def came_lines(state: MonthState, source: str) -> list[str]:
    """Return what came of each country, and when, and for which landscapes it is a gap."""
    came = [
        f"{one.country} {source}: {one.release}, values for {one.with_values} of {one.landscapes} "
        f"landscapes, on {one.came_at:%Y-%m-%d}"
        if one.is_reached and one.came_at is not None
        else f"{one.country}: {source} does not reach it"
        for one in state.countries
    ]
    gaps = [
        f"{one.country}: gaps in {len(one.blind)} of {one.landscapes} landscapes ({_some(one.blind)})"
        for one in state.countries
        if one.blind and one.is_reached
    ]
    return [*came, *gaps]


def gauge_lines(state: MonthState) -> list[str]:
    """Return in which landscapes that gauges decide none has reported, with what to do."""
    silent = _in_words((one, one.without_gauges) for one in state.countries)
    said = (
        f"no gauge has reported in {silent}: their stages are held; give the gauges' files and run "
        "`drought compute`"
    )
    return [said] if silent else []


def stage_lines(state: MonthState) -> list[str]:
    """Return how many landscapes stand in which stage, by country and drought type."""
    counts: dict[tuple[str, str], list[str]] = {}
    for country, drought_type, stage, landscapes in state.stages:
        counts.setdefault((country, drought_type), []).append(f"{stage} {landscapes}")
    return [f"{country} {kind}: {', '.join(some)}" for (country, kind), some in counts.items()]


def bulletin_line(month: Month, issued: Sequence[str]) -> str:
    """Return whether the month's bulletin was issued, and where the papers lie."""
    what = f"issued for {', '.join(sorted(issued))}" if issued else "working papers, none issued"
    return f"bulletin of {month}: {what}, in $DROUGHT_VAR/bulletins/{month}"


def is_checked(checks: CheckFacts | None) -> bool:
    """Whether the checks give no reason to look at them, as `drought status --check` judges."""
    return checks is None or not (checks.not_run or checks.found.get("error", {}).get("checks"))


def checks_line(checks: CheckFacts | None) -> str:
    """Return what the checks found last, and how many could not be run."""
    if checks is None:
        return "checks: not run yet"
    rows = checks.found.get("error", {}).get("rows", 0)
    failed = f", and {checks.not_run} could not be run" if checks.not_run else ""
    see = "" if is_checked(checks) else "; `drought check` says what to do"
    return f"checks: {rows} rows in error on {checks.ended_at:%Y-%m-%d}{failed}{see}"


def backup_line(backups: BackupState | None, now: datetime) -> str:
    """Return how old the newest backup is, and whether it was tried."""
    if backups is None:
        return "backup: not known, the folder of backups cannot be read; see why"
    if backups.newest_at is None:
        return "backup: NONE; run `drought db backup`"
    tried = "tried" if backups.newest_tried_at is not None else "NOT tried"
    old = " (old: see why)" if now - backups.newest_at > timedelta(days=3) else ""
    return f"backup: of {backups.newest_at:%Y-%m-%d %H:%M} UTC, {tried}{old}"
