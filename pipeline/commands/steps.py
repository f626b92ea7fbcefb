"""The commands that take data to decisions: compute, map, evaluate, publish, check, run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import (
    FromMonth,
    MaybeFrom,
    MaybeTo,
    MonthArgument,
    ToMonth,
    in_order,
    mapped_index,
    notes,
    option,
)
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
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
    maps: Annotated[
        bool, typer.Option(help="Also the maps of each cell, and the shares of area they give.")
    ] = True,
) -> None:
    """Take landscape means of new grids, compute all indices, then their maps and shares of area."""
    from pipeline.steps.compute import compute as compute_step
    from pipeline.steps.maps import bring_maps

    in_order(first, to)
    installation = wiring.installation()
    with progress(notes) as advance:
        rows = compute_step(
            installation, first=first, to=to, calibration=calibration, advance=advance
        )
    print(f"indices: {rows} landscape-months new or different")
    if maps:
        with progress(notes) as advance:
            mapped = bring_maps(installation, to=to, calibration=calibration, advance=advance)
        print(f"maps: {mapped}")


@steps.command("map")
def map_command(
    index: Annotated[
        IndexCode,
        typer.Argument(parser=option(mapped_index), metavar="INDEX", help="Such as spi_12."),
    ],
    month: MonthArgument,
    to: Annotated[Path, typer.Option(help="A file that ends in .png or .nc (netCDF).")],
    calibration: Annotated[
        CalibrationPeriod | None,
        typer.Option(
            parser=option(CalibrationPeriod.parse),
            metavar="1991-2020",
            help="Another calibration period that was computed; else DROUGHT_CALIBRATION.",
        ),
    ] = None,
) -> None:
    """Draw the map of an index in a month, cell by cell, with the landscapes' boundaries."""
    if to.suffix not in {".png", ".nc"}:
        raise typer.BadParameter(f"--to: expected a name that ends in .png or .nc, got {to.name}")
    from pipeline.steps.draw_map import draw_map

    draw_map(wiring.installation(reads_only=True), index, month, to, calibration=calibration)
    print(to)


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
