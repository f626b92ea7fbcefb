"""What `drought backtest` shows: what each stage said of each drought, how often, and how sure that is."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from string import ascii_uppercase

from rich.console import Console
from rich.table import Table

from pipeline.core.ids import DroughtType, Origin
from pipeline.plans.backtest import Outcome, Spell, Verdict
from pipeline.plans.scorecard import Backtest, LadderScore, Run, StageScore
from pipeline.plans.scores import MIN_EPISODES, Estimate
from pipeline.terminal import folded_table

COLUMNS = (
    "plan_id", "plan_version", "rain", "drought_type", "stage", "figure", "of", "value", "low",
    "high", "unit",
)  # fmt: skip
Figure = tuple[str, str, object, object, object, str]
"""Name, of what, value, low, high, unit."""


def print_backtest(console: Console, found: Backtest) -> None:
    """Print what was tested, the figures, and what they cannot say."""
    for line in _about(found):
        console.print(line, highlight=False, soft_wrap=True)
    console.print(_episode_table(found))
    if found.terms.episodes:
        console.print(_outcome_table(found))
    console.print(_rate_table(found))
    console.print("changes of stage a year, each an alert:")
    console.print(_change_table(found))
    for line in _limits(found):
        console.print(line, highlight=False, soft_wrap=True)


def _about(found: Backtest) -> Iterator[str]:
    if found.origin is Origin.SIMULATED:
        yield "SIMULATED - EXERCISE: the weather is not real, so nothing here says how good a plan is"
    yield (
        f"{found.country}, {found.first} to {found.last}: indices of {', else '.join(found.sources)}, "
        f"calibration {found.calibration}; {found.landscapes} landscapes"
    )
    for letter, run in lettered(found):
        yield f"  {letter}  {run}; {run.reached} landscapes ever have a stage that is known"
    count = len(found.terms.episodes)
    reports = sum(len(one.reports) for one in found.terms.episodes)
    yield (
        f"reported droughts that begin in these months ({found.reports}): {count}, independent of each "
        f"other, by {reports} reports; outside these months: {len(found.terms.outside)}"
    )
    if count < MIN_EPISODES:
        yield (
            "so few show how a plan would have spoken then, if at all; they cannot show how good it is"
        )


def lettered(found: Backtest) -> list[tuple[str, Run]]:
    """Return the runs, each with the letter it is called by."""
    return list(zip(ascii_uppercase, found.runs, strict=False))


def _episode_table(found: Backtest) -> Table:
    table = folded_table("reported", "place", "as", "sure", "source", "judged by")
    for at, episode in enumerate(found.terms.episodes):
        judged_by = "; ".join(dict.fromkeys(str(run.judged_by[at]) for run in found.runs))
        for number, report in enumerate(episode.reports):
            table.add_row(
                str(episode) if number == 0 else "",
                report.place,
                ", ".join(report.types),
                report.confidence,
                report.source_title,
                judged_by if number == 0 else "",
            )
    return table


def _rows(found: Backtest) -> Iterator[tuple[str, LadderScore, StageScore]]:
    """Yield the stages of all runs, the same ladder and rank of each side by side."""
    told = [
        (ladder.drought_type, stage.rank, letter, ladder, stage)
        for letter, run in lettered(found)
        for ladder in run.ladders
        for stage in ladder.stages
    ]
    order = list(dict.fromkeys(drought_type for drought_type, *_ in told))
    for _, _, letter, ladder, stage in sorted(
        told, key=lambda one: (order.index(one[0]), one[1], one[2])
    ):
        yield letter, ladder, stage


def _outcome_table(found: Backtest) -> Table:
    table = folded_table("drought type", "stage", "run", *map(str, found.terms.episodes), "counts")
    for letter, ladder, stage in _rows(found):
        counts = stage.counts
        table.add_row(
            ladder.drought_type,
            stage.stage,
            letter,
            *map(in_words, stage.outcomes),
            f"{counts.hits} hit, {counts.stood} stood, {counts.misses} missed",
        )
    return table


def in_words(outcome: Outcome) -> str:
    """Return what a stage said of an episode."""
    match outcome.verdict:
        case Verdict.HIT:
            over = ", over before the start" if outcome.is_taken_back else ""
            return f"hit, entered {outcome.entered}, lead {outcome.lead_months:+d}{over}"
        case Verdict.STOOD:
            return f"stood since {outcome.entered}"
        case Verdict.MISS:
            return "missed"
        case _:
            return "not known"


def _rate_table(found: Backtest) -> Table:
    table = folded_table(
        "drought type", "stage", "run", "months a year", "flickers in 10 years",
        "spells: all, reported, not, false", *([] if found.lacks else ["POD", "FAR", "CSI"]),
    )  # fmt: skip
    for letter, ladder, stage in _rows(found):
        table.add_row(
            ladder.drought_type,
            stage.stage,
            letter,
            _said(stage.months_per_year),
            _said(stage.flickers_per_year, times=10),
            _spell_counts(found, stage),
            *([] if found.lacks else _ratios(stage)),
        )
    return table


def _change_table(found: Backtest) -> Table:
    """Each change of stage would be an alert."""
    table = folded_table("drought type", *(letter for letter, _ in lettered(found)))
    for drought_type in DroughtType:
        of_type = [
            [ladder for ladder in run.ladders if ladder.drought_type is drought_type]
            for run in found.runs
        ]
        if any(of_type):
            told = [_said(one[0].changes_per_year) if one else "-" for one in of_type]
            table.add_row(drought_type, *told)
    return table


def _spell_counts(found: Backtest, stage: StageScore) -> str:
    told = stage.alarms
    false = str(len(told.false)) if found.terms.without else "-"
    return f"{told.entered}, {told.reported}, {len(told.unreported)}, {false}"


def _ratios(stage: StageScore) -> list[str]:
    if stage.scores is None:
        return ["-", "-", "-"]
    return [_said(one) for one in (stage.scores.pod, stage.scores.far, stage.scores.csi)]


def _said(estimate: Estimate | None, times: int = 1) -> str:
    if estimate is None:
        return "-"
    value = f"{times * estimate.value:.2f}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({times * estimate.low:.2f} to {times * estimate.high:.2f})"


def _limits(found: Backtest) -> Iterator[str]:
    terms = found.terms
    share, window = terms.yardstick.least_share, terms.yardstick.window_months
    latency = (
        f"{terms.latency_days} days after its end"
        if found.is_latency_stated
        else "in the month after, because the source states no latency (`drought sources expect`)"
    )
    yield (
        f"A stage stands where {100 * share:g} % of the area reported on is in it or a graver one. Hit: it was "
        f"entered in the {window} months before the reported start, or until the end. Stood: it "
        "stood since longer, which is no news. Lead: months from when the data were there to the reported "
        f"start, below 0 is late; the data of a month are there {latency}. Months, flickers and "
        "changes are those of a mean landscape; spells are those of the whole country."
    )
    if found.lacks:
        yield f"POD, FAR and CSI are not told: they need {'; '.join(found.lacks)}"
    again = terms.resampling
    yield (
        f"In brackets: {100 * again.level:g} % of {again.draws} draws of blocks of {again.block_years} years "
        f"(Künsch 1989; Politis and Romano 1992), seed {again.seed}. Hits are judged by fits that do "
        "not know the months of the drought; all else by all months."
    )
    for letter, run in lettered(found):
        for caution in run.cautions:
            yield f"{letter}: {caution}"


def write_figures(path: Path, found: Backtest) -> None:
    """Write all figures as one CSV file, a figure a line.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        for run in found.runs:
            rain = "as it stands" if run.step is None else str(run.step)
            for ladder in run.ladders:
                head = (run.plan.plan_id, run.plan.version, rain, str(ladder.drought_type))
                for figure in _ladder_figures(ladder):
                    rows.writerow((*head, "", *figure))
                for stage in ladder.stages:
                    for figure in _stage_figures(found, ladder, stage):
                        rows.writerow((*head, stage.stage, *figure))


def _ladder_figures(ladder: LadderScore) -> Iterator[Figure]:
    yield _figure("changes", "all years", ladder.changes_per_year, "a landscape and year")
    for year, months, changes in zip(
        ladder.years.years, ladder.years.landscape_months, ladder.years.changes, strict=True
    ):
        yield ("landscape_months", str(year), int(months), "", "", "whose stage is known")
        yield ("changes", str(year), int(changes), "", "", "of all landscapes")


def _stage_figures(found: Backtest, ladder: LadderScore, stage: StageScore) -> Iterator[Figure]:
    for episode, outcome in zip(found.terms.episodes, stage.outcomes, strict=True):
        yield ("outcome", str(episode), outcome.verdict, "", "", "")
        yield ("first_month", str(episode), outcome.entered or "", "", "", "")
        lead = "" if outcome.lead_months is None else outcome.lead_months
        yield ("lead", str(episode), lead, "", "", "months")
        if outcome.is_taken_back:
            yield ("over_before_start", str(episode), "yes", "", "", "")
    for verdict, count in (
        ("hits", stage.counts.hits),
        ("stood", stage.counts.stood),
        ("misses", stage.counts.misses),
        ("not_known", stage.counts.not_known),
    ):
        yield (verdict, "all episodes", count, "", "", "episodes")
    yield from _alarm_figures(stage, bool(found.terms.without))
    yield _figure("months", "all years", stage.months_per_year, "a landscape and year")
    yield _figure("flickers", "all years", stage.flickers_per_year, "a landscape and year")
    place = stage.rank - 1
    for at, year in enumerate(ladder.years.years):
        months, flickers = ladder.years.in_stage[at, place], ladder.years.flickers[at, place]
        yield ("months", str(year), int(months), "", "", "of all landscapes")
        yield ("flickers", str(year), int(flickers), "", "", "of all landscapes")
    for at, share in enumerate(stage.share.tolist()):
        value = "" if math.isnan(share) else round(share, 4)
        yield ("share", str(ladder.first_month + at), value, "", "", "of the area, or graver")


def _alarm_figures(stage: StageScore, is_documented: bool) -> Iterator[Figure]:
    told = stage.alarms
    yield ("spells", "all months", told.entered, "", "", "spells")
    yield ("reported_spells", "all months", told.reported, "", "", "spells")
    for spell in told.unreported:
        yield ("unreported_spell", str(spell.first), _months(spell), "", "", "months")
    if is_documented:
        yield ("false_alarms", "all months", len(told.false), "", "", "spells")
    if stage.scores is not None:
        yield _figure("pod", "all episodes", stage.scores.pod, "1")
        yield _figure("far", "all episodes", stage.scores.far, "1")
        yield _figure("csi", "all episodes", stage.scores.csi, "1")


def _months(spell: Spell) -> int:
    return spell.last.ordinal - spell.first.ordinal + 1


def _figure(name: str, of: str, estimate: Estimate | None, unit: str) -> Figure:
    if estimate is None:
        return (name, of, "", "", "", unit)
    low, high = ("" if one is None else round(one, 4) for one in (estimate.low, estimate.high))
    return (name, of, round(estimate.value, 4), low, high, unit)
