"""The stages of a country over time as bands, with the reported droughts shaded behind them.

Yellow to dark brown keeps its order in grey and for people with red-green blindness; the reports are
blue and hatched. A panel for each ladder and run, one below the other on one axis of time.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from string import ascii_uppercase

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from pipeline.core.errors import DeliveryError
from pipeline.core.ids import Origin
from pipeline.core.months import Month
from pipeline.plans.scorecard import Backtest, LadderScore, Run

EXERCISE = "SIMULATED - EXERCISE"
_SCALE = LinearSegmentedColormap.from_list("stages", ["#fee391", "#fe9929", "#993404", "#3d1400"])
_REPORTED, _QUIET, _INK = "#2171b2", "#8a8a8a", "#222222"
_INCHES_ACROSS, _INCHES_A_PANEL, _DOTS_PER_INCH = 10.0, 1.15, 100
_ABOVE, _BELOW, _LEFT, _RIGHT = 0.95, 1.15, 1.5, 0.3
"""Inches around the panels."""


def save_picture(found: Backtest, path: Path) -> None:
    """Write the picture as PNG.

    Raises:
        DeliveryError: the file cannot be written.
    """
    try:
        figure(found).savefig(path, format="png", metadata={"Title": _title(found)})
    except OSError as error:
        raise DeliveryError(
            f"{path}: could not be written: {error.strerror}; free space or mend the folder's rights"
        ) from error


def figure(found: Backtest) -> Figure:
    """Return the picture, ready to be drawn."""
    panels = _panels(found)
    down = _ABOVE + _BELOW + _INCHES_A_PANEL * len(panels)
    page = Figure(figsize=(_INCHES_ACROSS, down), dpi=_DOTS_PER_INCH, facecolor="white")
    axes = page.subplots(
        len(panels), sharex=True, sharey=True, squeeze=False,
        gridspec_kw={
            "left": _LEFT / _INCHES_ACROSS, "right": 1 - _RIGHT / _INCHES_ACROSS,
            "top": 1 - _ABOVE / down, "bottom": _BELOW / down, "hspace": 0.18,
        },
    )[:, 0]  # fmt: skip
    for one, (letter, ladder) in zip(axes, panels, strict=True):
        _draw_reports(one, found)
        _draw_bands(one, ladder)
        one.axhline(
            100 * found.terms.yardstick.least_share,
            color=_INK,
            linewidth=0.7,
            linestyle=(0, (4, 3)),
        )
        name = f"{ladder.drought_type}\n{letter}" if len(found.runs) > 1 else ladder.drought_type
        one.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9, labelpad=8)
    axes[0].set(ylim=(0, 100), xlim=(_at(found.first), _at(found.last + 1)), yticks=(0, 50, 100))
    _draw_words(page, found, panels)
    return page


def _panels(found: Backtest) -> list[tuple[str, LadderScore]]:
    """Return ladder and run of each panel, the runs of a ladder below each other."""
    told = [
        (ladder.drought_type, letter, ladder)
        for letter, run in zip(ascii_uppercase, found.runs, strict=False)
        for ladder in run.ladders
    ]
    order = list(dict.fromkeys(drought_type for drought_type, _, _ in told))
    told.sort(key=lambda one: (order.index(one[0]), one[1]))
    return [(letter, ladder) for _, letter, ladder in told]


def _at(month: Month) -> float:
    return month.ordinal / 12


def _draw_reports(axes: Axes, found: Backtest) -> None:
    for episode in found.terms.episodes:
        axes.axvspan(
            _at(episode.start),
            _at(episode.end + 1),
            facecolor=_REPORTED,
            alpha=0.28,
            zorder=0,
            lw=0,
        )
        axes.axvspan(
            _at(episode.start), _at(episode.end + 1), facecolor="none", edgecolor=_REPORTED,
            hatch="////", lw=0.8, zorder=3, alpha=0.55,
        )  # fmt: skip


def _draw_bands(axes: Axes, ladder: LadderScore) -> None:
    """The area in a stage or a graver one, the mildest at the back."""
    for stage, colour in zip(ladder.stages, colours(len(ladder.stages)), strict=True):
        share = 100 * np.repeat(stage.share, 2)
        start = ladder.first_month.ordinal
        edges = np.repeat(np.arange(start, start + len(stage.share) + 1) / 12, 2)[1:-1]
        axes.fill_between(edges, share, color=colour, linewidth=0, zorder=2)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=8, color=_QUIET, labelcolor="#444444")


def colours(stages: int) -> list[str]:
    """Return a colour for each stage of a ladder, mildest first."""
    return [to_hex(_SCALE(at)) for at in np.linspace(0.0, 1.0, max(stages, 2))][:stages]


def _draw_words(page: Figure, found: Backtest, panels: Sequence[tuple[str, LadderScore]]) -> None:
    down = page.get_size_inches()[1]
    left = 0.2 / _INCHES_ACROSS
    page.text(left, 1 - 0.15 / down, _title(found), fontsize=13, fontweight="bold", va="top")
    runs = [
        _run_line(letter, run) for letter, run in zip(ascii_uppercase, found.runs, strict=False)
    ]
    page.text(left, 1 - 0.42 / down, "\n".join(runs), fontsize=8, va="top", color="#444444")
    page.legend(
        handles=_handles(found, panels), loc="lower left", bbox_to_anchor=(left, 0.55 / down),
        ncols=5, frameon=False, fontsize=8, borderaxespad=0.0, handlelength=1.6,
    )  # fmt: skip
    note = textwrap.fill(_note(found), 165)
    page.text(left, 0.12 / down, note, fontsize=7.5, va="bottom", color="#444444")
    if found.origin is Origin.SIMULATED:
        page.text(
            0.55, 0.5, EXERCISE, fontsize=38, fontweight="bold", color="#b00020", alpha=0.5,
            rotation=15, ha="center", va="center",
        )  # fmt: skip


def _handles(found: Backtest, panels: Sequence[tuple[str, LadderScore]]) -> list[Patch | Line2D]:
    named: dict[str, str] = {}
    for _, ladder in panels:
        names = [stage.stage for stage in ladder.stages]
        for name, colour in zip(names, colours(len(names)), strict=True):
            named.setdefault(name if name == names[-1] else f"{name} or graver", colour)
    stages = [Patch(facecolor=colour, label=label) for label, colour in named.items()]
    share = 100 * found.terms.yardstick.least_share
    return [
        *stages,
        Patch(facecolor=_REPORTED, alpha=0.4, hatch="////", label="reported drought"),
        Line2D(
            [], [], color=_INK, lw=0.7, ls=(0, (4, 3)), label=f"{share:g} % of the area: it stands"
        ),
    ]


def _title(found: Backtest) -> str:
    return f"{found.country}: area in a stage, {found.first} to {found.last}, in percent"


def _run_line(letter: str, run: Run) -> str:
    return f"{letter}  {run}; {run.reached} landscapes with a stage that is known"


def _note(found: Backtest) -> str:
    reports = sum(len(one.reports) for one in found.terms.episodes)
    adopted = {run.plan.status for run in found.runs} == {"adopted"}
    return (
        f"Indices of {', else '.join(found.sources)}, calibration {found.calibration}, all months in the fits. "
        f"Reported droughts: {len(found.terms.episodes)}, independent of each other, by {reports} reports, each "
        "about some part of the country; months are a reading of their words. A stage is a crossing of the "
        "plan's thresholds; no drought was declared by it."
        + ("" if adopted else " The thresholds of a template are adopted by no authority.")
    )
