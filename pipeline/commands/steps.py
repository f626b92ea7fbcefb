"""The commands that take data to decisions: compute, evaluate, publish, check, run."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import (
    FromMonth,
    MaybeFrom,
    MaybeTo,
    ToMonth,
    in_order,
    notes,
    option,
)
from pipeline.core.calibration import CalibrationPeriod
from pipeline.terminal import (
    progress,
)

steps = typer.Typer()


@steps.command()
def compute(
    first: MaybeFrom = None,
    to: MaybeTo = None,
    calibration: Annotated[
        CalibrationPeriod | None,
        typer.Option(
            parser=option(CalibrationPeriod.parse),
            metavar="1991-2020",
            help="Another calibration period, kept beside the first; stages use DROUGHT_CALIBRATION.",
        ),
    ] = None,
) -> None:
    """Take landscape means of new grids and compute SPI, SPEI and percent of normal."""
    from pipeline.steps.compute import compute as compute_step

    in_order(first, to)
    with progress(notes) as advance:
        rows = compute_step(
            wiring.installation(), first=first, to=to, calibration=calibration, advance=advance
        )
    print(f"indices: {rows} landscape-months new or different")


@steps.command()
def evaluate(first: MaybeFrom = None, to: MaybeTo = None) -> None:
    """Decide stages by the plans in force, and queue alerts for approval."""
    from pipeline.steps.evaluate import evaluate as evaluate_step

    in_order(first, to)
    with progress(notes) as advance:
        done = evaluate_step(wiring.installation(), first=first, to=to, advance=advance)
    print(
        f"stages: {done.stage_rows} new or different; {done.transitions} changes of stage, "
        f"{done.told} of them wait for approval"
    )


@steps.command()
def publish() -> None:
    """Write the bulletin and the page into $DROUGHT_VAR/site."""
    from pipeline.steps.publish import publish as publish_step

    for path in publish_step(wiring.installation()):
        print(path)


@steps.command()
def check() -> None:
    """Look for rows in the warehouse that contradict each other."""
    from pipeline.steps.check import check as check_step

    found = check_step(wiring.installation())
    print(f"checks: {len(found)} passed")


@steps.command()
def run(first: FromMonth, last: ToMonth) -> None:
    """All steps for these months, without Airflow: for a systemd timer, or by hand."""
    from pipeline.steps.run import run as run_step

    in_order(first, last)
    with progress(notes) as advance:
        done = run_step(wiring.installation(), first, last, advance=advance)
    print(
        f"{first} to {last}: {done.fetched} months fetched, {done.told} alerts wait for approval, "
        f"{done.delivered.sent} messages sent"
    )
    if done.delivered.failures:
        raise typer.Exit(1)
