"""What changed: the difference between the stages held so far and the stages that follow now.

A month not held before gives the plan's own transition (began, escalated, eased, ended). A month
held with another stage gives a correction: never a silent edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

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
    began: Month
    """Month in which the drought this belongs to began, as it is seen now."""


def transitions(held: Mapping[Month, HeldStage], now: Sequence[StageMonth]) -> Iterator[Transition]:
    """Yield every change, oldest first.

    Args:
        held: stages held so far; may be empty or stop earlier than `now`.
        now: stages that follow from the present values, consecutive months. Before its first
            month there was no stage.

    A run of months corrected in the same way is one correction, at its first month. Where the
    newest month held is still in a stage that the last correction does not name, one `reminded`
    says so: nobody shall take a correction of the past for the end of a drought.

    Another plan's name for the same rank, or rank for the same name, is no change.
    """
    onsets = _onsets(now)
    before = HeldStage(NO_STAGE, 0)
    said: str | None = None
    newest: int | None = None
    corrected: tuple[str, str] | None = None
    for n, stage in enumerate(now):
        was = held.get(stage.month)
        corrected, previous = _difference(was, stage), corrected
        if was:
            newest = n
        if was and corrected and corrected != previous:
            said = stage.stage
            yield Transition(Change.CORRECTED, was.stage, stage, onsets[n])
        change = None if was or stage.stage == before.stage else _change(before.rank, stage.rank)
        if change is not None:
            if said is not None and newest is not None:
                yield from _reminder(said, now[newest], onsets[newest])
                said = None
            yield Transition(change, before.stage, stage, onsets[n])
        before = HeldStage(stage.stage, stage.rank)
    if said is not None and newest is not None:
        yield from _reminder(said, now[newest], onsets[newest])


def _difference(was: HeldStage | None, stage: StageMonth) -> tuple[str, str] | None:
    if was is None or was.rank == stage.rank or was.stage == stage.stage:
        return None
    return was.stage, stage.stage


def _reminder(said: str, newest: StageMonth, began: Month) -> Iterator[Transition]:
    if newest.rank > 0 and newest.stage != said:
        yield Transition(Change.REMINDED, newest.stage, newest, began)


def standing(now: Sequence[StageMonth]) -> Transition:
    """Return that the stage of the last month stands already, for those who learn of it only now."""
    return Transition(Change.IN_FORCE, now[-1].stage, now[-1], _onsets(now)[-1])


@dataclass(frozen=True, slots=True)
class Chain:
    """The alerts of one landscape and drought type from beginning to end, as far as it is told."""

    chain_id: str
    stage: str
    """The stage after its last alert."""


def chain_of(transition: Transition, last: Chain | None, name: str) -> Chain:
    """Return the chain after `transition`: the last one, or a new one of that `name`.

    A chain keeps its name when a correction moves its beginning, so that the end of a drought
    refers to the message that began it.
    """
    stage = transition.now.stage
    if last is None or transition.change is Change.BEGAN:
        return Chain(name, stage)
    reopens = last.stage == NO_STAGE and stage != NO_STAGE
    if reopens and transition.change is not Change.REMINDED:
        return Chain(name, stage)
    return Chain(last.chain_id, stage)


def _change(before: int, after: int) -> Change | None:
    if before == after:
        return None
    if before == 0:
        return Change.BEGAN
    if after == 0:
        return Change.ENDED
    return Change.ESCALATED if after > before else Change.EASED


def _onsets(now: Sequence[StageMonth]) -> list[Month]:
    """Return for each month where its drought began.

    For a month without a stage: where the drought that just ended began, or the month itself.
    """
    onsets: list[Month] = []
    for before, stage in zip([None, *now], now, strict=False):
        continues = before is not None and before.rank > 0
        onsets.append(onsets[-1] if continues else stage.month)
    return onsets
