"""The commands about alerts: going live, evidence, the answer of who may issue, delivery."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.alerts.facts import Approval
from pipeline.commands.options import (
    MonthArgument,
    notes,
)

alerts = typer.Typer()


AlertIds = Annotated[list[int], typer.Argument(metavar="ALERT...", help="Numbers of alerts.")]
By = Annotated[str, typer.Option("--by", help="Who answers.")]
Office = Annotated[str, typer.Option(help="In what office.")]
LegalBasis = Annotated[str | None, typer.Option(help="By which law or order.")]
Protocol = Annotated[str | None, typer.Option(help="Number of the protocol.")]
ProtocolDate = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date of the protocol.")
]
Note = Annotated[str | None, typer.Option(help="A remark for the reader.")]


def _refuse_lone_date(protocol: str | None, protocol_date: datetime | None) -> None:
    if protocol_date is not None and not protocol:
        raise typer.BadParameter("--protocol-date needs --protocol, the number")


def _approval(
    by: str,
    office: str,
    legal_basis: str | None,
    protocol: str | None,
    protocol_date: datetime | None,
    note: str | None,
    now: datetime,
) -> Approval:
    day: date | None = protocol_date.date() if protocol_date else None
    return Approval(by, office, now, legal_basis or None, protocol or None, day, note or None)


@alerts.command()
def approve(
    alerts: AlertIds,
    by: By,
    office: Office,
    legal_basis: LegalBasis = None,
    protocol: Protocol = None,
    protocol_date: ProtocolDate = None,
    note: Note = None,
    accept_unchecked: Annotated[
        bool, typer.Option(help="Let translations leave that no speaker has checked.")
    ] = False,
) -> None:
    """Let alerts leave, under your name. `drought explain ALERT` shows the evidence first."""
    from pipeline.steps.approve import approve as approve_step

    _refuse_lone_date(protocol, protocol_date)
    installation = wiring.installation()
    approval = _approval(
        by, office, legal_basis, protocol, protocol_date, note, installation.clock()
    )
    withheld = approve_step(installation, alerts, approval, accepts_unchecked=accept_unchecked)
    print(f"approved: {len(alerts)} alerts; `drought deliver` sends them")
    if withheld:
        print(
            f"{withheld} letters stay behind for good: no speaker has checked their language, and "
            "--accept-unchecked was not given"
        )


@alerts.command()
def reject(
    alerts: AlertIds,
    by: By,
    office: Office,
    legal_basis: LegalBasis = None,
    protocol: Protocol = None,
    protocol_date: ProtocolDate = None,
    note: Note = None,
) -> None:
    """Refuse alerts, under your name: their messages never leave."""
    from pipeline.steps.approve import reject as reject_step

    _refuse_lone_date(protocol, protocol_date)
    installation = wiring.installation()
    approval = _approval(
        by, office, legal_basis, protocol, protocol_date, note, installation.clock()
    )
    reject_step(installation, alerts, approval)
    print(f"refused: {len(alerts)} alerts")


@alerts.command()
def deliver() -> None:
    """Send what is approved and not sent yet. Running it twice sends nothing twice."""
    from pipeline.steps.deliver import deliver as deliver_step

    done = deliver_step(wiring.installation())
    print(f"delivered: {done.sent}; refused by a channel: {len(done.failures)}")
    for failure in done.failures:
        notes.print(f"error: {failure}", highlight=False, markup=False, soft_wrap=True)
    if done.failures:
        raise typer.Exit(1)


@alerts.command()
def golive(month: MonthArgument) -> None:
    """From this month on, alerts are told. Landscapes already in a stage get one alert each."""
    from pipeline.steps.golive import golive as golive_step

    told = golive_step(wiring.installation(), month)
    print(f"live from {month}; {told} alerts wait for approval")


@alerts.command()
def explain(alert: Annotated[int, typer.Argument(help="Number of the alert.")]) -> None:
    """Show the evidence of an alert, step by step."""
    from pipeline.steps.explain import explain as explain_step

    print(explain_step(wiring.installation(reads_only=True), alert))
