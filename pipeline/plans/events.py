"""Drought events: the runs of months in which a landscape stands in a stage.

Run theory (Yevjevich 1967) with the plan's own rule, which latches: a run begins where the first
stage is entered and ends where the last is left. Severity is the deficit added up over the run, as
McKee et al. (1993) add up the SPI of a drought; theirs also counts the months below usual that lead
up to the threshold, in which no plan has begun to speak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import itemgetter

from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode, IndexFamily
from pipeline.core.months import Month
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Land, Rule, Where

PlanKey = tuple[str, str]
"""Plan and version."""


class NoSeverity(StrEnum):
    """Why a drought has no severity."""

    SEVERAL_INDICES = "several_indices"
    """The rules that begin the drought hear more than one index: their deficits do not add up."""
    NO_INDEX = "no_index"
    """The rules hear shares of area or an agency's indicators alone."""
    NO_VALUES = "no_values"
    """The index has no value in any month of the drought."""


@dataclass(frozen=True, slots=True)
class StandingMonth:
    """A month in which a landscape stands in a stage, as the warehouse holds it."""

    month: Month
    stage: str
    rank: int
    """1 for the mildest stage."""
    is_confirmed: bool
    plan: PlanKey
    """The plan in force."""
    values: Mapping[IndexCode, float | Gap | None]
    """The indices of the series that decides, those that severity may be told in."""


@dataclass(frozen=True, slots=True)
class Deficit:
    """How far below usual an index was over a drought, in its own unit."""

    severity: float
    """The months' deficits added up: unit of the index times months."""
    intensity: float
    """Their mean over the months that have a value."""
    peak_value: float
    """The driest value."""
    peak_month: Month
    """Where it was, the first time."""
    months_with_gap: int
    """Months without a value: they are part of the drought and of no deficit."""


@dataclass(frozen=True, slots=True)
class DroughtEvent:
    """One drought of a landscape under one ladder."""

    onset: Month
    """The first month in a stage; of the record, where that begins in one."""
    last: Month
    """The last month in a stage so far."""
    is_open: bool
    """Whether it still stood in the newest month known."""
    plan: PlanKey
    """The plan in force at the onset."""
    highest_stage: str
    """The gravest stage reached."""
    highest_rank: int
    is_confirmed: bool
    """Whether the stage of every month is: none is held by silence beyond the plan's limit."""
    index: IndexCode | None
    """The index severity is told in."""
    deficit: Deficit | NoSeverity

    @property
    def duration_months(self) -> int:
        return self.last.ordinal - self.onset.ordinal + 1

    @property
    def ended(self) -> Month | None:
        """The month in which it was left; None while it stands."""
        return None if self.is_open else self.last + 1


def usual(index: IndexCode) -> float:
    """Return the value of a usual month, which deficits are counted from.

    >>> usual(IndexCode.parse("spi_3")), usual(IndexCode.parse("pn_3"))
    (0.0, 100.0)
    """
    return 100.0 if index.family is IndexFamily.PERCENT_OF_NORMAL else 0.0


def severity_index(ladder: Ladder, land: Land) -> IndexCode | NoSeverity:
    """Return the index by which droughts of a ladder are told on land of this kind.

    The one that all its rules on an index hear; where they hear several, the one of the mildest
    stage, which decides when a drought begins and, as stages latch, as a rule when it ends. Deficits
    of different indices are never added. A share of area and an agency's indicator have none: the
    first says how much land is dry, not how dry it is, and the second has no common usual value. What
    is heard of the headwater is no deficit of the landscape.
    """
    rules = [
        [
            rule
            for rule in stage.every_rule
            if rule.applies_to(land) and rule.where is Where.LANDSCAPE
        ]
        for stage in ladder.stages
    ]
    of_ladder = _indices([rule for of_stage in rules for rule in of_stage])
    of_mildest = next((found for found in map(_indices, rules) if found), set())
    for found in (of_ladder, of_mildest):
        if len(found) == 1:
            return next(iter(found))
    return NoSeverity.SEVERAL_INDICES if of_ladder else NoSeverity.NO_INDEX


def _indices(rules: Sequence[Rule]) -> set[IndexCode]:
    return {rule.index for rule in rules if rule.index is not None}


def drought_events(
    standing: Sequence[StandingMonth],
    newest: Month,
    told_in: Callable[[PlanKey], IndexCode | NoSeverity],
) -> list[DroughtEvent]:
    """Return the droughts of a landscape under one ladder, oldest first.

    Args:
        standing: its months in a stage, oldest first. Months that are not there have no stage, or
            nothing is known of them; both end a run.
        newest: the newest month whose stage is known, in a stage or not.
        told_in: the index that severity is told in under a plan, see `severity_index`; the plan at
            the onset says it for the whole drought.
    """
    return [_event(run, run[-1].month == newest, told_in(run[0].plan)) for run in _runs(standing)]


def _runs(standing: Sequence[StandingMonth]) -> Iterator[list[StandingMonth]]:
    """Yield the months that follow each other without a break."""
    numbered = ((one.month.ordinal - n, one) for n, one in enumerate(standing))
    for _, run in groupby(numbered, itemgetter(0)):
        yield [one for _, one in run]


def _event(
    run: Sequence[StandingMonth], is_open: bool, index: IndexCode | NoSeverity
) -> DroughtEvent:
    highest = max(run, key=lambda one: one.rank)
    return DroughtEvent(
        onset=run[0].month,
        last=run[-1].month,
        is_open=is_open,
        plan=run[0].plan,
        highest_stage=highest.stage,
        highest_rank=highest.rank,
        is_confirmed=all(one.is_confirmed for one in run),
        index=None if isinstance(index, NoSeverity) else index,
        deficit=index if isinstance(index, NoSeverity) else _deficit(run, index),
    )


def _deficit(run: Sequence[StandingMonth], index: IndexCode) -> Deficit | NoSeverity:
    read = [(one.values.get(index), one.month) for one in run]
    told = [(value, month) for value, month in read if isinstance(value, float)]
    if not told:
        return NoSeverity.NO_VALUES
    peak_value, peak_month = min(told)
    severity = sum(max(0.0, usual(index) - value) for value, _ in told)
    return Deficit(severity, severity / len(told), peak_value, peak_month, len(run) - len(told))
