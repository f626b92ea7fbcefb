"""What to make of how things stand: ok, attention or broken, each reason with a word that does not change.

Broken: the system does not do its work, or what it shows cannot be trusted. Attention: it works, and
somebody has something to do. What waits in the ordinary course, such as a preliminary value, is no reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.core.clock import implausible
from pipeline.steps.checkup import Verdict
from pipeline.steps.machine import BackupState, Disk, FailedUnit
from pipeline.steps.status import Status

FULL_BYTES = 1 << 30
"""Less room than this and the next month may not fit."""
TIGHT_BYTES = 5 << 30
"""As the doctor asks for."""
OLD_BACKUP = timedelta(days=3)
FAILING = timedelta(days=2)
"""Retries take up to so long; a step that fails for longer needs a person."""
IDLE = timedelta(days=35)
"""A month's work is done once a month at least."""
LONG_OPEN = timedelta(days=2)
_SOME = 3
_GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not all is well."""

    what: str
    """One of a few words for programs: see docs/monitoring.md."""
    verdict: Verdict
    said: str
    """For people, with what to do."""


def overall(reasons: Sequence[Reason]) -> Verdict:
    """Return the gravest of the reasons; without one all is well."""
    held = {one.verdict for one in reasons}
    return next((one for one in (Verdict.BROKEN, Verdict.ATTENTION) if one in held), Verdict.OK)


def of_machine(
    now: datetime, disks: Sequence[Disk], backups: BackupState | None, *, has_data: bool
) -> Iterator[Reason]:
    """Yield what is amiss with disk and backups; without data there is nothing to back up."""
    yield from _room(disks)
    if backups is None:
        yield Reason("backup", Verdict.ATTENTION, "the folder of backups cannot be read; see why")
    elif not has_data:
        return
    elif backups.newest_at is None:
        yield Reason("backup", Verdict.ATTENTION, "there is none; run `drought db backup`")
    elif now - backups.newest_at > OLD_BACKUP:
        said = f"the newest is of {backups.newest_at:%Y-%m-%d}; run `drought db backup`"
        yield Reason("backup", Verdict.ATTENTION, said)
    elif backups.newest_tried_at is None:
        said = "the newest was not tried; run `drought db backup` without --no-try"
        yield Reason("backup", Verdict.ATTENTION, said)


def _room(disks: Sequence[Disk]) -> Iterator[Reason]:
    room = [(one.free_bytes, one.folder) for one in disks if one.free_bytes is not None]
    free, folder = min(room, default=(TIGHT_BYTES, ""))
    if free < TIGHT_BYTES:
        verdict = Verdict.BROKEN if free < FULL_BYTES else Verdict.ATTENTION
        yield Reason("disk", verdict, f"{free / _GIB:.1f} GiB free for {folder}; make room")
    for one in disks:
        if one.free_bytes is None:
            said = f"the room for {one.folder} is not known, it cannot be read ({one.trouble}); see its mount"
            yield Reason("disk", Verdict.ATTENTION, said)


def of_units(now: datetime, units: Sequence[FailedUnit] | None) -> Iterator[Reason]:
    """Yield the systemd units that failed and have not succeeded since; None: not known."""
    if units is None:
        said = (
            "whether units failed is not known, $DROUGHT_VAR/units cannot be read; see its rights"
        )
        yield Reason("unit", Verdict.ATTENTION, said)
    for unit in units or ():
        verdict = Verdict.BROKEN if now - unit.since > FAILING else Verdict.ATTENTION
        said = f"{unit.name} fails since {unit.since:%Y-%m-%d %H:%M} UTC; `journalctl -u {unit.name}`, with --user where it is a user's, says why"
        yield Reason("unit", verdict, said)


def of_status(now: datetime, found: Status, *, trusts_clock: bool) -> Iterator[Reason]:
    """Yield what is amiss by what the database tells, the gravest kinds first."""
    yield from _clock(now, found, trusts_clock)
    yield from _steps(now, found)
    yield from _checks(found)
    for line in found.late:
        yield Reason("late", Verdict.ATTENTION, line)
    yield from _requests(now, found)
    yield from _answers(found)
    yield from _messages(found)
    if found.refused_files:
        names = _named([str(row["name"]) for row in found.refused_files])
        said = f"refused and not taken since: {names}; correct the files"
        yield Reason("files", Verdict.ATTENTION, said)


def _clock(now: datetime, found: Status, trusts_clock: bool) -> Iterator[Reason]:
    """As commands look at it before they write: else they refuse, and all seems well."""
    wrong = (
        implausible(now, None)
        if trusts_clock
        else implausible(now, found.newest_commit_at, {"the database": found.database_at})
    )
    if wrong is not None:
        yield Reason("clock", Verdict.BROKEN, wrong.removeprefix("clock: "))


def _steps(now: datetime, found: Status) -> Iterator[Reason]:
    for row in found.failing:
        since = row["failing_since"]
        verdict = Verdict.BROKEN if now - since > FAILING else Verdict.ATTENTION
        said = f"{row['step']} fails since {since:%Y-%m-%d %H:%M} UTC: {row['message']}"
        yield Reason("step", verdict, said)
    newest = found.newest_outcome_at
    if newest is not None and found.live_from is not None and now - newest > IDLE:
        said = f"no step has run since {newest:%Y-%m-%d}; see that the timer or Airflow runs"
        yield Reason("idle", Verdict.BROKEN, said)


def _checks(found: Status) -> Iterator[Reason]:
    if found.checks is None:
        return
    errors = found.checks.found.get("error", {})
    if errors.get("checks"):
        said = (
            f"{errors['checks']} found {errors['rows']} rows that cannot be; `drought check` says "
            "what to do"
        )
        yield Reason("checks", Verdict.BROKEN, said)
    if found.checks.not_run:
        said = f"{found.checks.not_run} could not be run; `drought check` says why"
        yield Reason("checks", Verdict.BROKEN, said)


def _requests(now: datetime, found: Status) -> Iterator[Reason]:
    failed = [row for row in found.requests if row["state"] == "failed"]
    if failed:
        said = f"{len(failed)} failed at the data store and were not asked anew: `drought status`"
        yield Reason("requests", Verdict.ATTENTION, said)
    old = [r for r in found.requests if r["ended_at"] is None and now - r["asked_at"] > LONG_OPEN]
    if old:
        said = f"{len(old)} wait at the data store for more than two days; see its page of messages"
        yield Reason("requests", Verdict.ATTENTION, said)


def _answers(found: Status) -> Iterator[Reason]:
    if found.pending:
        late = sum(1 for row in found.pending if row["is_escalated"])
        more = f", {late} longer than their plan allows" if late else ""
        said = f"{len(found.pending)} alerts wait for approval{more}; who may issue answers them"
        yield Reason("pending", Verdict.ATTENTION, said)
    if found.expired:
        said = f"{len(found.expired)} alerts expired unanswered in the last 31 days"
        yield Reason("expired", Verdict.ATTENTION, said)
    if found.without_issuer:
        countries = ", ".join(found.without_issuer)
        said = f"nobody may issue for {countries}: `drought issuers add`"
        yield Reason("issuers", Verdict.ATTENTION, said)


def _messages(found: Status) -> Iterator[Reason]:
    for one in found.channels:
        if one.failing_since is not None:
            said = f"{one.channel} does not answer since {one.failing_since:%Y-%m-%d %H:%M} UTC, {one.waiting} messages wait"
            yield Reason("channel", Verdict.ATTENTION, said)
        elif one.refused:
            said = f"{one.channel} refused {one.refused} messages; `drought status` says why"
            yield Reason("channel", Verdict.ATTENTION, said)
        # A channel that fails holds up all; a refusal only what follows in its chain.
        if one.overdue and one.failing_since is None:
            said = f"{one.overdue} messages by {one.channel} could leave for more than a day and were not tried; see that deliver_alerts, or the timer of `drought deliver`, runs"
            yield Reason("undelivered", Verdict.ATTENTION, said)


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:_SOME]) + (", …" if len(names) > _SOME else "")
