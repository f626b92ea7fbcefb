"""What changed: the difference between the stages held so far and the stages that follow now.

A month not held before gives the plan's own transition (began, escalated, eased, ended). A month
held with another stage gives a correction: never a silent edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.alerts.facts import Change
from pipeline.core.months import Month
from pipeline.plans.document import NO_STAGE
from pipeline.plans.stages import StageMonth


@dataclass(frozen=True, slots=True)
class HeldStage:
    """The stage the warehouse holds for a month."""

    stage: str
    rank: int


@dataclass(frozen=True, slots=True)
class Transition:
    """One change of stage."""

    change: Change
    from_stage: str
    now: StageMonth
    chain_month: Month
    """Month in which the drought this belongs to began: it names the chain."""


def transitions(held: Mapping[Month, HeldStage], now: Sequence[StageMonth]) -> Iterator[Transition]:
    """Yield every change, oldest first.

    Args:
        held: stages held so far; may be empty or stop earlier than `now`.
        now: stages that follow from the present values, consecutive months. Before its first
            month there was no stage.

    A run of months corrected in the same way is one correction, at its first month. Stages are
    told apart by rank: another plan's other name for the same rank is no change.
    """
    onsets = _onsets([stage.rank for stage in now])
    held_onsets = _onsets([held[s.month].rank if s.month in held else 0 for s in now])
    before = HeldStage(NO_STAGE, 0)
    corrected: tuple[int, int] | None = None
    for n, stage in enumerate(now):
        was = held.get(stage.month)
        pair = (was.rank, stage.rank) if was and was.rank != stage.rank else None
        if was and pair and pair != corrected:
            chain = _first_known(stage.month, now, onsets[n], held_onsets[n])
            yield Transition(Change.CORRECTED, was.stage, stage, chain)
        corrected = pair
        change = None if was else _change(before.rank, stage.rank)
        if change is not None:
            chain = _first_known(stage.month, now, onsets[n], onsets[n - 1] if n else None)
            yield Transition(change, before.stage, stage, chain)
        before = HeldStage(stage.stage, stage.rank)


def onset(now: Sequence[StageMonth]) -> Month:
    """Return the month in which the drought of the last month began; that month if it is in none."""
    return _first_known(now[-1].month, now, _onsets([stage.rank for stage in now])[-1])


def _change(before: int, after: int) -> Change | None:
    if before == after:
        return None
    if before == 0:
        return Change.BEGAN
    if after == 0:
        return Change.ENDED
    return Change.ESCALATED if after > before else Change.EASED


def _onsets(ranks: Sequence[int]) -> list[int | None]:
    """Return for each position where its drought began; None where there is none."""
    onsets: list[int | None] = []
    for n, (before, rank) in enumerate(pairwise([0, *ranks])):
        onsets.append(None if rank == 0 else n if before == 0 else onsets[-1])
    return onsets


def _first_known(otherwise: Month, now: Sequence[StageMonth], *onsets: int | None) -> Month:
    known = [onset for onset in onsets if onset is not None]
    return now[known[0]].month if known else otherwise
