"""The commands about alerts: going live, evidence, the answer of who may issue, delivery."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.alerts.facts import Approval, Door
from pipeline.commands.account import logged_in_account
from pipeline.commands.options import (
    MonthArgument,
    notes,
    screen,
)
from pipeline.steps.installation import Installation
from pipeline.steps.issuers import Given, approval_of
from pipeline.terminal import print_evidence

_log = logging.getLogger(__name__)
alerts = typer.Typer()


AlertIds = Annotated[list[int], typer.Argument(metavar="ALERT...", help="Numbers of alerts.")]
By = Annotated[
    str | None, typer.Option("--by", help="Your name; the register has it, and it must agree.")
]
Office = Annotated[str | None, typer.Option(help="Your office; likewise.")]
LegalBasis = Annotated[
    str | None, typer.Option(help="By which law or order; else the one that names you.")
]
Protocol = Annotated[str | None, typer.Option(help="Number of the protocol.")]
ProtocolDate = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date of the protocol.")
]
Note = Annotated[str | None, typer.Option(help="A remark for the reader.")]
Page = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        readable=True,
        help="The signed page as a scan: its SHA-256 is kept, the file is not.",
    ),
]
PageChecksum = Annotated[
    str | None, typer.Option(metavar="SHA256", help="The same, where the scan lies elsewhere.")
]


def _given(
    legal_basis: str | None,
    protocol: str | None,
    protocol_date: datetime | None,
    note: str | None,
    page: Path | None,
    page_checksum: str | None,
) -> Given:
    if protocol_date is not None and not protocol:
        raise typer.BadParameter("--protocol-date needs --protocol, the number")
    if page is not None and page_checksum is not None:
        raise typer.BadParameter("--page and --page-checksum say the same: give one of them")
    if page is not None:
        page_checksum = sha256(page.read_bytes()).hexdigest()
    if page_checksum is not None and re.fullmatch("[0-9a-f]{64}", page_checksum.lower()) is None:
        raise typer.BadParameter(
            f"--page-checksum: expected 64 hexadecimal digits, got {page_checksum!r}"
        )
    return Given(
        legal_basis or None,
        protocol or None,
        protocol_date.date() if protocol_date else None,
        note or None,
        page_checksum and page_checksum.lower(),
    )


def _approval(
    installation: Installation, alerts: list[int], given: Given, by: str | None, office: str | None
) -> Approval:
    """Return what the logged-in account signs with; a name or an office given is compared."""
    found = approval_of(
        installation,
        alerts,
        logged_in_account(),
        given,
        answered_at=installation.clock(),
        door=Door.COMMAND_LINE,
    )
    return replace(
        found,
        name=found.name if by is None else by,
        office=found.office if office is None else office,
    )


@alerts.command()
def approve(
    alerts: AlertIds,
    by: By = None,
    office: Office = None,
    legal_basis: LegalBasis = None,
    protocol: Protocol = None,
    protocol_date: ProtocolDate = None,
    note: Note = None,
    page: Page = None,
    page_checksum: PageChecksum = None,
    accept_unchecked: Annotated[
        bool, typer.Option(help="Let translations leave that no speaker has checked.")
    ] = False,
) -> None:
    """Let alerts leave, under your name, if you hold the issuing role (`drought issuers list`).

    Who you are is the account you are logged in with. `drought explain ALERT` shows the evidence first.
    """
    from pipeline.steps.approve import approve as approve_step

    given = _given(legal_basis, protocol, protocol_date, note, page, page_checksum)
    installation = wiring.installation()
    approval = _approval(installation, alerts, given, by, office)
    withheld = approve_step(installation, alerts, approval, accepts_unchecked=accept_unchecked)
    print(
        f"approved by {approval.name}, {approval.office}: {len(alerts)} alerts; `drought deliver` "
        "sends them"
    )
    if withheld:
        print(
            f"{withheld} letters stay behind for good: no speaker has checked their language, and "
            "--accept-unchecked was not given"
        )


@alerts.command()
def reject(
    alerts: AlertIds,
    by: By = None,
    office: Office = None,
    legal_basis: LegalBasis = None,
    protocol: Protocol = None,
    protocol_date: ProtocolDate = None,
    note: Note = None,
    page: Page = None,
    page_checksum: PageChecksum = None,
) -> None:
    """Refuse alerts, under your name: their messages never leave, nor is their end told."""
    from pipeline.steps.approve import reject as reject_step

    given = _given(legal_basis, protocol, protocol_date, note, page, page_checksum)
    installation = wiring.installation()
    approval = _approval(installation, alerts, given, by, office)
    reject_step(installation, alerts, approval)
    print(f"refused by {approval.name}, {approval.office}: {len(alerts)} alerts")


@alerts.command()
def deliver(
    now: Annotated[
        bool,
        typer.Option(
            "--now",
            help="Try again at once what was refused, and channels that did not answer. Readers' hours "
            "are kept all the same.",
        ),
    ] = False,
) -> None:
    """Send what is approved and not sent yet. Running it twice sends nothing twice.

    What a channel refused is tried again after a pause: 5 minutes, doubling up to 6 hours.
    Alerts that wait longer than their plan allows are told of once, and expire when it says so. The
    operator is told of months that are complete or late, and of steps that fail.
    """
    from pipeline.steps.deliver import deliver as deliver_step
    from pipeline.steps.escalate import escalate
    from pipeline.steps.months import tell_of_months_quietly

    installation = wiring.installation()
    trouble: Exception | None = None
    with wiring.watched():
        try:
            unanswered = escalate(installation)
            if unanswered.overdue or unanswered.expired:
                print(f"alerts {unanswered}")
        except Exception as error:  # noqa: BLE001 - letters leave whatever notices do
            # Here, for delivering may fail too, and only one of them ends the command.
            _log.warning("escalate: %s: %s", type(error).__name__, error)
            trouble = error
        tell_of_months_quietly(installation)
        done = deliver_step(installation, ignores_pauses=now)
    print(f"delivered: {done.sent}; refused by a channel: {len(done.failures)}")
    for line in done.resting:
        print(f"left alone: {line}; `drought deliver --now` tries it at once")
    for failure in done.failures:
        notes.print(f"error: {failure}", highlight=False, markup=False, soft_wrap=True)
    if trouble is not None:
        raise trouble
    if done.failures:
        raise typer.Exit(1)


@alerts.command()
def golive(month: MonthArgument) -> None:
    """From this month on, alerts are told. Landscapes already in a stage get one alert each."""
    from pipeline.steps.golive import golive as golive_step

    told = golive_step(wiring.installation(), month)
    print(f"live from {month}; {told} alerts wait for approval")


@alerts.command()
def explain(
    alert: Annotated[int, typer.Argument(help="Number of the alert.")],
    only_argument: Annotated[
        bool, typer.Option("--argument", help="Only the argument in plain words.")
    ] = False,
    only_table: Annotated[
        bool, typer.Option("--table", help="Only the tables, with numbers as stored.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: the stored evidence with the argument.")
    ] = False,
) -> None:
    """Show why an alert was raised: an argument in plain words, and every comparison as a table.

    In English; the letters carry the languages of the plan.
    """
    from pipeline.steps.explain import explain as explain_step

    if only_argument + only_table + as_json > 1:
        raise typer.BadParameter("expected one of --argument, --table and --json; drop the others")
    explained = explain_step(wiring.installation(reads_only=True), alert)
    if as_json:
        print(json.dumps(explained.data, ensure_ascii=False))
        return
    if only_table and explained.label:
        print(f"{explained.label}\n")
    if not only_table:
        print(explained.argument)
    if not only_argument:
        print_evidence(screen, explained)
