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
    lasts_to: Month
    """Last month of that drought so far; the month itself where it is in none."""
    follows: Month | None = None
    """For a word that closes a correction: the month corrected."""


def transitions(held: Mapping[Month, HeldStage], now: Sequence[StageMonth]) -> Iterator[Transition]:
    """Yield every change, oldest first.

    Args:
        held: stages held so far; may be empty or stop earlier than `now`.
        now: stages that follow from the present values, consecutive months. Before its first
            month there was no stage.

    A run of months corrected in the same way is one correction, at its first month. Where it could
    be taken for the end of a drought that goes on, a `reminded` of the newest month held says what
    stands; where it names a drought nobody knew of that is over, its end is a correction too.

    Another plan's name for the same rank, or rank for the same name, is no change.
    """
    spans = _spans(now)
    newest = max((n for n, stage in enumerate(now) if stage.month in held), default=None)
    last: Transition | None = None
    before = HeldStage(NO_STAGE, 0)
    corrected: tuple[str, str] | None = None
    for n, stage in enumerate(now):
        was = held.get(stage.month)
        corrected, previous = _difference(was, stage), corrected
        if was and corrected and corrected != previous:
            last = Transition(Change.CORRECTED, was.stage, stage, *spans[n])
            yield last
        change = None if was or stage.stage == before.stage else _change(before.rank, stage.rank)
        if change is not None:
            yield Transition(change, before.stage, stage, *spans[n])
        if n == newest and last is not None:
            yield from _closing(last, held, now[: n + 1])
        before = HeldStage(stage.stage, stage.rank)


def _difference(was: HeldStage | None, stage: StageMonth) -> tuple[str, str] | None:
    if was is None or was.rank == stage.rank or was.stage == stage.stage:
        return None
    return was.stage, stage.stage


def _closing(
    correction: Transition, held: Mapping[Month, HeldStage], now: Sequence[StageMonth]
) -> Iterator[Transition]:
    """Say what stands after the last correction, if it leaves that open.

    `now` ends with the newest month held.
    """
    spans = _spans(now)
    after = [n for n, stage in enumerate(now) if stage.month > correction.now.month]
    over = next((n for n in after if now[n].rank == 0), None)
    was_missed = correction.from_stage == NO_STAGE
    if was_missed and over is not None:
        # The drought nobody knew of is over too.
        yield Transition(
            Change.CORRECTED, now[over - 1].stage, now[over], *spans[over], correction.now.month
        )
    went_on = all(held[now[n].month].rank > 0 for n in after if now[n].month in held)
    newest = now[-1]
    if after and went_on and newest.rank > 0 and newest.stage != correction.now.stage:
        yield Transition(Change.REMINDED, newest.stage, newest, *spans[-1], correction.now.month)


def standing(now: Sequence[StageMonth]) -> Transition:
    """Return that the stage of the last month stands already, for those who learn of it only now."""
    return Transition(Change.IN_FORCE, now[-1].stage, now[-1], *_spans(now)[-1])


@dataclass(frozen=True, slots=True)
class Link:
    """One transition in the chain of its drought: the alerts from beginning to end."""

    month: Month
    chain_id: str


def chain_of(transition: Transition, links: Sequence[Link], name: str) -> str:
    """Return the chain that `transition` belongs to.

    Args:
        transition: the change.
        links: what was decided of this landscape and drought type before, in that order.
        name: for a chain that begins here.

    A chain keeps its name when a correction moves its beginning, so that the end of a drought
    refers to the message that began it; and a correction of an old drought stays in the chain of
    that one, whatever was told since.
    """
    if transition.follows is not None:
        corrected = (link.chain_id for link in reversed(links) if link.month == transition.follows)
        return next(corrected, name)
    if transition.change is Change.BEGAN:
        return name
    month = transition.now.month
    earlier = [link for link in links if transition.began <= link.month <= month]
    later = [link for link in links if month < link.month <= transition.lasts_to]
    if earlier:
        return max(earlier, key=lambda link: link.month).chain_id
    if later:
        return min(later, key=lambda link: link.month).chain_id
    return name


def _change(before: int, after: int) -> Change | None:
    if before == after:
        return None
    if before == 0:
        return Change.BEGAN
    if after == 0:
        return Change.ENDED
    return Change.ESCALATED if after > before else Change.EASED


def _spans(now: Sequence[StageMonth]) -> list[tuple[Month, Month]]:
    """Return for each month the first and the last month of its drought.

    A month without a stage belongs to the drought that just ended with it, or to none: then both
    are the month itself.
    """
    first: list[Month] = []
    for before, stage in zip([None, *now], now, strict=False):
        continues = before is not None and before.rank > 0
        first.append(first[-1] if continues else stage.month)
    last: list[Month] = []
    for after, stage in zip([None, *reversed(now)], reversed(now), strict=False):
        continues = stage.rank > 0 and after is not None and after.rank > 0
        last.append(last[-1] if continues else stage.month)
    return list(zip(first, reversed(last), strict=True))
