"""The commands that show how things stand: status, metrics, revisions, doctor."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import (
    MaybeFrom,
    MaybeTo,
    file_to_write,
    in_order,
    option,
    plain,
    screen,
)
from pipeline.core.counts import Counts
from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.terminal import (
    CHECK_CODES,
    channel_line,
    check_line,
    freshness_line,
    print_revisions,
    request_line,
    stage_table,
)

if TYPE_CHECKING:
    from pipeline.steps.standing import Standing
    from pipeline.steps.status import Status

show = typer.Typer()


@show.command("revisions")
def revisions_command(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Changes made on that day (UTC) or later."),
    ] = None,
    first: MaybeFrom = None,
    to: MaybeTo = None,
    country: Annotated[Country | None, typer.Option(help="Of one country only.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show what later data changed: values by month, and each stage, with whether it was told.

    Without a day or months: what changed in the last 31 days.
    """
    from pipeline.steps.revisions import revisions
    from pipeline.warehouse.revisions import Wanted

    in_order(first, to)
    installation = wiring.installation(reads_only=True)
    if since is not None:
        since = since.replace(tzinfo=UTC)
    elif first is None and to is None:
        since = installation.clock() - timedelta(days=31)
    found = revisions(installation, Wanted(since, first, to, country))
    if as_json:
        print(json.dumps(found, default=plain, ensure_ascii=False))
    else:
        print_revisions(screen, found)


@show.command()
def status(
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: docs/status.schema.json.")
    ] = False,
    as_check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="For a monitoring system: the exit code is 0 ok, 1 attention, 2 broken; without "
            "--json one line.",
        ),
    ] = False,
) -> None:
    """Show what is fresh, late and pending, and the stage of each landscape.

    Changes nothing and starts nothing. Exit code 0, or 1 where the database does not answer; with
    --check the code says how all stands.
    """
    from pipeline.steps.standing import as_facts, stand

    found = stand(wiring.settings, wiring.installation_that_runs)
    if as_json:
        print(json.dumps(as_facts(found), default=plain, ensure_ascii=False))
    elif as_check:
        print(check_line(found))
    else:
        _print_standing(found)
    code = CHECK_CODES[found.verdict] if as_check else int(found.status is None)
    if code:
        raise typer.Exit(code)


@show.command()
def metrics(
    to: Annotated[
        Path | None,
        typer.Option(
            help="The file; else $DROUGHT_VAR/metrics/drought.prom.", callback=option(file_to_write)
        ),
    ] = None,
) -> None:
    """Write how all stands as OpenMetrics, for Prometheus' node_exporter and its kin.

    Every scheduled run does so at its end. Changes nothing else and starts nothing. Exit code 1 where
    the database does not answer; the file says so too.
    """
    from pipeline.steps.metrics import write_metrics
    from pipeline.steps.standing import stand

    found = stand(wiring.settings, wiring.installation_that_runs)
    path = to or wiring.settings().metrics
    write_metrics(found, path)
    print(path)
    if found.status is None:
        raise InputError("; ".join(f"{one.what}: {one.said}" for one in found.reasons))


@show.command()
def doctor(
    thorough: Annotated[
        bool, typer.Option("--thorough", help="Read every archived file, with its checksum.")
    ] = False,
    need_gb: Annotated[float, typer.Option(help="Room on disk to ask for, in GB.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look at all the installation stands on: clock, database, archive, disk, mail, data store.

    A line each: ok, attention or broken, and what to do. Sends nothing, fetches nothing. Exit code
    1 if something is broken.
    """
    from pipeline.steps.doctor import doctor as doctor_step
    from pipeline.steps.doctor import is_sound

    findings = []
    for finding in doctor_step(
        wiring.settings,
        wiring.connected,
        needed_bytes=int(need_gb * 1e9),
        is_thorough=thorough,
    ):
        findings.append(finding)
        if not as_json:
            print(f"{finding.verdict:<10}{finding.check}: {finding.said}", flush=True)
    if as_json:
        print(json.dumps(findings, default=plain, ensure_ascii=False))
    if not is_sound(findings):
        raise typer.Exit(1)


def _print_standing(found: Standing) -> None:
    if found.status is None:
        raise InputError("; ".join(f"{one.what}: {one.said}" for one in found.reasons))
    for reason in found.reasons:
        if reason.verdict == "broken" or reason.what == "unit":
            line = f"{reason.verdict.upper()} {reason.what}: {reason.said}"
            screen.print(line, markup=False, highlight=False, soft_wrap=True)
    _print_status(found.status)


def _print_status(found: Status) -> None:
    if found.origin == "simulated":
        screen.print("EXERCISE - SIMULATED DATA - no real drought", style="bold")
    screen.print(f"live from: {found.live_from or 'not live: nothing is told'}")
    screen.print(f"newest month with stages: {found.newest_month or 'none yet'}")
    for row in found.freshness:
        screen.print(f"  {freshness_line(row)}")
    for line in found.late:
        screen.print(f"LATE {line}", markup=False, highlight=False, soft_wrap=True)
    for row in found.requests:
        screen.print(request_line(row), markup=False, highlight=False, soft_wrap=True)
    for outcome in found.outcomes:
        if outcome.state != "done":
            screen.print(f"{outcome.step}: {outcome.state}: {outcome.message}", markup=False)
    _print_files(found)
    _print_answers(found)
    screen.print(f"messages approved and not sent: {len(found.undelivered)}")
    for channel in found.channels:
        screen.print(f"  {channel_line(channel)}", markup=False, highlight=False, soft_wrap=True)
    screen.print(stage_table(found.stages))


def _print_answers(found: Status) -> None:
    """What waits for an answer, what nobody answered, and where nobody could."""
    screen.print(f"alerts that wait for approval: {len(found.pending)}")
    for row in found.pending:
        screen.print(
            f"  {row['alert_id']}: {row['landscape_id']} {row['month']:%Y-%m} {row['drought_type']} "
            f"{row['change']}: {row['from_stage']} -> {row['to_stage']}"
            f"{'; unanswered for longer than its plan allows' if row['is_escalated'] else ''}",
            soft_wrap=True,
        )
    for row in found.expired:
        screen.print(
            f"expired unanswered on {row['expired_at']:%Y-%m-%d}: {row['alert_id']}: "
            f"{row['landscape_id']} {row['month']:%Y-%m} {row['drought_type']} {row['to_stage']}",
            soft_wrap=True,
        )
    if found.without_issuer:
        screen.print(
            f"nobody may issue for {', '.join(found.without_issuer)}: `drought issuers add`",
            soft_wrap=True,
        )


def _print_files(found: Status) -> None:
    """What became of the files that came last, and of those that were refused."""
    if found.ingests:
        screen.print("records of the latest files: read = stored + quarantined + unchanged")
    for row in found.ingests:
        counts = Counts(row["n_read"], row["n_stored"], row["n_quarantined"], row["n_unchanged"])
        note = f"; {row['note']}" if row["note"] else ""
        screen.print(
            f"  {row['ingested_at']:%Y-%m-%d %H:%M} {row['file_name']} ({row['source']}): "
            f"{counts}{note}",
            markup=False,
            soft_wrap=True,
        )
    if found.refused_files:
        screen.print(f"files that were refused and not taken since: {len(found.refused_files)}")
    for row in found.refused_files:
        screen.print(
            f"  {row['last_at']:%Y-%m-%d %H:%M} {row['name']}: {row['reason']}",
            markup=False,
            soft_wrap=True,
        )
