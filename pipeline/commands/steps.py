"""The commands that take data to decisions: compute, map, evaluate, publish, check, run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import (
    MaybeFrom,
    MaybeTo,
    MonthArgument,
    file_to_write,
    in_order,
    mapped_index,
    notes,
    option,
    plain,
    screen,
)
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.core.moments import Moment
from pipeline.terminal import (
    checked_facts,
    checked_lines,
    progress,
)

if TYPE_CHECKING:
    from pipeline.warehouse.checks import Checked

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
def evaluate(
    first: MaybeFrom = None,
    to: MaybeTo = None,
    as_of: Annotated[
        Moment | None,
        typer.Option(
            parser=option(Moment.parse),
            metavar="TIMESTAMP",
            help="Decide nothing: replay the last evaluation until a day, such as 2027-03-03, or a time "
            "with its offset, such as 2027-03-03T12:00Z, and compare.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            help="With --as-of: write all differences to this CSV file; those of blended may tell of "
            "gauges that are not open.",
            callback=option(file_to_write),
        ),
    ] = None,
) -> None:
    """Decide stages by the plans in force, and queue alerts for approval.

    With --as-of: decide a past evaluation once more from what was known then, write nothing, and
    list what comes out otherwise. Exit code 1 if anything does though the software is the same.
    """
    if as_of is not None:
        if first is not None or to is not None:
            raise typer.BadParameter("--as-of: expected it without --from and --to")
        _replay(as_of, report)
        return
    if report is not None:
        raise typer.BadParameter("--report: expected it with --as-of")
    from pipeline.steps.evaluate import evaluate as evaluate_step

    in_order(first, to)
    with progress(notes) as advance:
        done = evaluate_step(wiring.installation(), first=first, to=to, advance=advance)
    print(
        f"stages: {done.stage_rows} new or different; {done.transitions} changes of stage, "
        f"{done.told} of them wait for approval"
    )


def _replay(moment: Moment, report: Path | None) -> None:
    from pipeline.commands.replay_report import differences_to, print_replay
    from pipeline.steps.replay import replay

    installation = wiring.installation(reads_only=True)
    with differences_to(report) as kept, progress(notes) as advance:
        found = replay(installation, moment, tell=kept.tell, advance=advance)
    print_replay(screen, found, kept)
    if found.is_failure:
        raise typer.Exit(1)


@steps.command()
def publish(
    public: Annotated[
        bool, typer.Option("--public", help="The public site alone: only what may be public.")
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option(help="One site alone, into this folder: a web server's, or one on a stick."),
    ] = None,
    accept_unchecked: Annotated[
        bool,
        typer.Option(
            "--accept-unchecked",
            help="With --public: also in languages that no speaker has checked; they say so.",
        ),
    ] = False,
) -> None:
    """Write the bulletins and the site, for any web server or a stick, into $DROUGHT_VAR/site.

    The public site follows, into $DROUGHT_VAR/public, where DROUGHT_SITE_URL says its address. It shows
    a country only if its plan is adopted, the data are real and an authority is configured.
    """
    from pipeline.steps.publish import publish as publish_all
    from pipeline.steps.publish import publish_one

    if accept_unchecked and not public:
        raise typer.BadParameter("--accept-unchecked: expected it with --public")
    installation = wiring.installation()
    with progress(notes) as advance:
        if public or to is not None:
            sites = [
                publish_one(
                    installation,
                    public=public,
                    to=to,
                    accepts_unchecked=accept_unchecked,
                    advance=advance,
                )
            ]
        else:
            sites = publish_all(installation, advance=advance, tell=notes.print)
    for site in sites:
        print(site)


@steps.command()
def check(
    only: Annotated[
        list[str] | None, typer.Option(help="A check by its name; may be given several times.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look for rows in the warehouse that contradict each other, or that cannot be.

    Each check says how many rows it found, the first of them, and what to do. Exit code 1 if an error
    was found; a notice asks for a look.
    """
    from pipeline.steps.check import check as check_step

    found: list[Checked] = []

    def told(one: Checked) -> None:
        found.append(one)
        if not as_json:
            print("\n".join(checked_lines(one)), flush=True)

    try:
        with wiring.watched():
            check_step(wiring.installation(), only=only or (), tell=told)
    finally:
        if as_json:
            facts = [checked_facts(one) for one in found]
            print(json.dumps(facts, default=plain, ensure_ascii=False))
    if not as_json:
        notices = sum(1 for one in found if one.count)
        print(f"checks: {len(found)} run, no error, {notices} with something to look at")


@steps.command()
def run(first: MaybeFrom = None, last: MaybeTo = None) -> None:
    """All steps for these months, without Airflow: for a systemd timer, or by hand.

    Without months: all that lack, from the oldest month held to the newest that should be out by the
    schedule of its source (`drought sources list`); one that only a file could bring is no failure then.
    Whatever fails, the rest is done first, and approved messages leave. Exit code 1 if anything failed.
    """
    from pipeline.steps.run import run as run_step

    in_order(first, last)
    with wiring.watched(), progress(notes) as advance:
        done = run_step(wiring.installation(), first, last, advance=advance)
    print(
        f"{first or 'the oldest held'} to {last or 'the newest due'}: {done.fetched} months fetched, "
        f"{done.told} alerts wait for approval, {done.delivered.sent} messages sent"
    )
    if done.without_file:
        first_lacking, more = done.without_file[0], len(done.without_file) - 1
        others = f" and {more} more" if more else ""
        print(f"no file was given yet of {first_lacking}{others}: `drought status` says what to do")
    if done.delivered.failures:
        raise typer.Exit(1)
