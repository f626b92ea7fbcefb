"""The command that tests a plan against history."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline import wiring
from pipeline.commands.options import (
    MaybeFrom,
    MaybeTo,
    file_to_write,
    in_order,
    notes,
    option,
    screen,
)
from pipeline.core.errors import InputError
from pipeline.core.ids import Country
from pipeline.terminal import progress

if TYPE_CHECKING:
    from pipeline.landscapes.homogenised import Homogenisation

backtests = typer.Typer()
BY_GAUGES = "gauges"
PlanFile = Annotated[
    Path, typer.Option("--plan", exists=True, dir_okay=False, help="A plan document.")
]


def _step(text: str) -> Homogenisation | str:
    from pipeline.landscapes.homogenised import Homogenisation

    return BY_GAUGES if text == BY_GAUGES else Homogenisation.parse(text)


def _picture(path: Path | None) -> Path | None:
    if path is not None and path.suffix != ".png":
        raise InputError(f"{path}: expected a name that ends in .png")
    return file_to_write(path)


@backtests.command("backtest")
def backtest_command(
    plan: PlanFile,
    against: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Another plan document, side by side."),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Reported droughts as CSV, as docs/backtest.md tells; else those that ship.",
        ),
    ] = None,
    country: Annotated[
        Country | None, typer.Option(help="Test it here; else in the plan's own country.")
    ] = None,
    first: MaybeFrom = None,
    last: MaybeTo = None,
    homogenised: Annotated[
        str | None,
        typer.Option(
            parser=option(_step),
            metavar="YYYY-MM:FACTOR",
            help="Test once more with rain before that month times the factor, to take a step out of "
            "the source; or 'gauges': the step that gauges find.",
        ),
    ] = None,
    to_dir: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Write backtest.csv and backtest.png into this folder."),
    ] = None,
    figures: Annotated[
        Path | None,
        typer.Option("--csv", callback=option(file_to_write), help="Write all figures here."),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(callback=option(_picture), help="Draw the stages here, as PNG.")
    ] = None,
    share: Annotated[
        float, typer.Option(help="A stage stands where this share of the area is in it, 0 to 1.")
    ] = 0.25,
    lead_window: Annotated[
        int, typer.Option(min=0, help="A stage entered earlier, in months, is no warning.")
    ] = 6,
    flicker: Annotated[
        int, typer.Option(min=0, help="A stage entered again after so many months out flickers.")
    ] = 3,
    block_years: Annotated[int, typer.Option(help="Years drawn together for confidence.")] = 3,
    draws: Annotated[int, typer.Option(help="How often years are drawn.")] = 2000,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 1989,
) -> None:
    """Run a plan over all the history of the warehouse, and compare it with reported droughts.

    Says of each reported drought which stage was entered, and when; of each stage how often it
    stood, changed and flickered. What is said of a drought comes from fits that do not know its
    months. Nothing is written to the warehouse, and nobody is told.
    """
    from pipeline.commands.backtest_report import print_backtest, write_figures
    from pipeline.landscapes.homogenised import Homogenisation
    from pipeline.plans.backtest import Yardstick
    from pipeline.plans.scores import Resampling
    from pipeline.steps.backtest import Question, backtest
    from pipeline.steps.plan_documents import read_plan_file

    in_order(first, last)
    plans = tuple(read_plan_file(path) for path in (plan, against) if path is not None)
    is_by_gauges = homogenised == BY_GAUGES
    question = Question(
        plans=plans,
        country=country or plans[0].country,
        reports=events,
        first=first,
        last=last,
        step=homogenised if isinstance(homogenised, Homogenisation) else None,
        is_step_by_gauges=is_by_gauges,
        yardstick=option(lambda _: Yardstick(share, lead_window, flicker))(None),
        resampling=option(lambda _: Resampling(block_years, draws, seed))(None),
    )
    if to_dir is not None:
        to_dir.mkdir(parents=True, exist_ok=True)
        figures, plot = figures or to_dir / "backtest.csv", plot or to_dir / "backtest.png"
    with progress(notes) as advance:
        found = backtest(wiring.installation(reads_only=True), question, advance=advance)
    print_backtest(screen, found)
    if figures is not None:
        write_figures(figures, found)
        print(figures)
    if plot is not None:
        from pipeline.delivery.backtest_picture import save_picture

        save_picture(found, plot)
        print(plot)
