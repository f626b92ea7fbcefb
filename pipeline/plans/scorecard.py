"""The figures of one ladder over its history: what `backtest` finds, counted and scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.core.ids import Country, DroughtType, Origin
from pipeline.core.months import Month
from pipeline.core.panels import Floats
from pipeline.landscapes.homogenised import Homogenisation
from pipeline.plans.backtest import (
    Alarms,
    History,
    Ints,
    Outcome,
    Verdict,
    Yardstick,
    Years,
    alarms,
    judged,
    shares,
    years,
)
from pipeline.plans.document import Plan
from pipeline.plans.reports import Episode, Report
from pipeline.plans.scores import (
    Counts,
    Estimate,
    Resampling,
    Scores,
    estimate,
    lacking,
    quiet_months,
    scores,
)

MONTHS_OF_YEAR = 12


@dataclass(frozen=True, slots=True)
class Terms:
    """What a ladder is tested against, and by which rules."""

    episodes: Sequence[Episode]
    """Those that begin inside the record."""
    without: Sequence[Report]
    """Months a source says had no drought."""
    yardstick: Yardstick
    resampling: Resampling
    latency_days: int
    """From the last day of a month to its data."""
    outside: Sequence[Episode] = ()
    """Those that begin outside the record: not judged, but a spell beside one has its report."""

    def lacks(self, judged: int, first: Month, last: Month) -> list[str]:
        """Return what keeps ratios from being told of a record in which so many are judged."""
        return lacking(judged, quiet_months(self.without, first.ordinal, last.ordinal))


@dataclass(frozen=True, slots=True, eq=False)
class StageScore:
    """The figures of a stage; those of hits, alarms and flicker count graver stages with it."""

    stage: str
    rank: int
    outcomes: tuple[Outcome, ...]
    """In the order of the episodes."""
    alarms: Alarms
    counts: Counts
    scores: Scores | None
    """None where there is too little to tell them of."""
    months_per_year: Estimate | None
    """In exactly this stage, mean of the landscapes; None where none is ever known."""
    flickers_per_year: Estimate | None
    """Of a landscape."""
    share: Floats
    """Of the country's area in the stage or a graver one, month by month; NaN: not known."""


@dataclass(frozen=True, slots=True, eq=False)
class LadderScore:
    """The figures of the ladder of one drought type."""

    drought_type: DroughtType
    stages: tuple[StageScore, ...]
    changes_per_year: Estimate | None
    """Changes of stage of a landscape: each would be an alert."""
    years: Years
    first_month: Month


@dataclass(frozen=True, slots=True)
class LandReached:
    """How much of the land an episode is reported of ever has a stage: by that it is judged."""

    landscapes: int
    of: int
    share: float
    """Of its area."""

    def __str__(self) -> str:
        return f"{self.landscapes} of {self.of} landscapes, {100 * self.share:.0f} % of the area"


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One plan over one series of rain."""

    plan: Plan
    step: Homogenisation | None
    """Taken out of the rain; None: it is as it stands."""
    reached: int
    """Landscapes whose stage is ever known."""
    ladders: tuple[LadderScore, ...]
    cautions: tuple[str, ...]
    judged_by: tuple[LandReached, ...]
    """Of each episode."""

    def __str__(self) -> str:
        rain = "as it stands" if self.step is None else self.step.in_words
        return f"{self.plan.plan_id} {self.plan.version} ({self.plan.status}), rain {rain}"


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """What came of testing plans in one country."""

    country: Country
    sources: tuple[str, ...]
    """By which stages are decided; the first that a landscape has counts."""
    origin: Origin
    calibration: str
    is_latency_stated: bool
    first: Month
    last: Month
    """The months that are judged."""
    landscapes: int
    reports: str
    """Name of the file."""
    terms: Terms
    runs: tuple[Run, ...]
    """Of each plan over the rain as it stands, then without the step."""

    @property
    def lacks(self) -> list[str]:
        """Return what keeps ratios from being told; nothing: they are."""
        return self.terms.lacks(len(self.terms.episodes), self.first, self.last)


def ladder_score(
    drought_type: DroughtType, history: History, left_out: Sequence[History], terms: Terms
) -> LadderScore:
    """Return the figures of a ladder.

    Args:
        drought_type: whose ladder it is.
        history: of all landscapes of the country, over the record.
        left_out: for each episode the history of the land reported on, by fits that do not know
            the episode's months.
        terms: episodes and rules.
    """
    yearly = years(history, terms.yardstick.flicker_months)
    landscape_years = yearly.landscape_months / MONTHS_OF_YEAR
    stages = []
    for rank, stage in enumerate(history.stages, start=1):
        outcomes = tuple(
            judged(of_episode, rank, episode, terms.yardstick, terms.latency_days)
            for episode, of_episode in zip(terms.episodes, left_out, strict=True)
        )
        reported = (*terms.episodes, *terms.outside)
        found = alarms(history, rank, reported, terms.without, terms.yardstick)
        stages.append(
            StageScore(
                stage,
                rank,
                outcomes,
                found,
                Counts.of([one.verdict for one in outcomes], len(found.false)),
                _scores(history, outcomes, found, terms),
                estimate(yearly.in_stage[:, rank - 1], landscape_years, terms.resampling),
                estimate(yearly.flickers[:, rank - 1], landscape_years, terms.resampling),
                shares(history, rank),
            )
        )
    changes = estimate(yearly.changes, landscape_years, terms.resampling)
    return LadderScore(drought_type, tuple(stages), changes, yearly, history.first_month)


def _scores(
    history: History, outcomes: Sequence[Outcome], found: Alarms, terms: Terms
) -> Scores | None:
    starts = [episode.start for episode in terms.episodes]
    told = list(zip(starts, outcomes, strict=True))
    known = [at for at, one in told if one.verdict is not Verdict.NOT_KNOWN]
    if terms.lacks(len(known), history.first_month, history.last_month):
        return None
    return scores(
        _by_year(history, [at for at, one in told if one.verdict is Verdict.HIT]),
        _by_year(history, known),
        _by_year(history, [spell.first for spell in found.false]),
        terms.resampling,
    )


def _by_year(history: History, months: Sequence[Month]) -> Ints:
    first, last = history.first_month.year, history.last_month.year
    counted = np.zeros(last - first + 1, dtype=np.int64)
    for month in months:
        counted[month.year - first] += 1
    return counted
