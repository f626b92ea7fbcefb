"""What changed: the difference between the stages held so far and the stages that follow now.

A month not held before gives the plan's own transition (began, escalated, eased, ended). A month
held with another stage gives a correction: never a silent edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.alerts.facts import Change
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE
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
    was_since: Month | None = None
    """For a correction of a month in a drought: the first month of that drought as it was held."""
    was_to: Month | None = None
    """And its last one."""


def transitions(held: Mapping[Month, HeldStage], now: Sequence[StageMonth]) -> Iterator[Transition]:
    """Yield every change, oldest first.

    Args:
        held: stages held so far; may be empty or stop earlier than `now`.
        now: stages that follow from the present values, consecutive months. Before its first
            month there was no stage.

    A run of months corrected in the same way is one correction, at its first month. Where the last
    could be taken for the end of a drought that goes on, a `reminded` of the newest month held says
    what stands; where one names a drought nobody knew of that is over, its end is a correction too.

    Another plan's name for the same rank, or rank for the same name, is no change.
    """
    spans = _spans(now)
    newest = max((n for n, stage in enumerate(now) if stage.month in held), default=None)
    last: Transition | None = None
    before, was_before, was_since = HeldStage(NO_STAGE, 0), None, None
    corrected: tuple[str, str] | None = None
    for n, stage in enumerate(now):
        was = held.get(stage.month)
        corrected, previous = _difference(was, stage), corrected
        was_since = None if was is None or was.rank == 0 else was_since or stage.month
        if was and corrected and corrected != previous:
            was_to = None if was_since is None else _last_in_drought(held, stage.month)
            last = Transition(
                Change.CORRECTED, was.stage, stage, *spans[n], was_since=was_since, was_to=was_to
            )
            yield last
        elif last and _was_missed(was_before, was) and before.rank > 0 == stage.rank:
            # The drought nobody knew of is over too.
            yield Transition(Change.CORRECTED, before.stage, stage, *spans[n], last.now.month)
        change = None if was else _change(before, stage)
        if change is not None:
            yield Transition(change, before.stage, stage, *spans[n])
        if n == newest and last is not None:
            yield from _what_stands(last, held, now[: n + 1])
        before, was_before = HeldStage(stage.stage, stage.rank), was


def _last_in_drought(held: Mapping[Month, HeldStage], month: Month) -> Month:
    """Return the last month in a row, from `month` on, that was held in a stage."""
    while (after := held.get(month + 1)) is not None and after.rank > 0:
        month = month + 1
    return month


def _was_missed(before: HeldStage | None, was: HeldStage | None) -> bool:
    """Whether neither of two months was known to be in a drought."""
    return before is not None and was is not None and before.rank == was.rank == 0


def _difference(was: HeldStage | None, stage: StageMonth) -> tuple[str, str] | None:
    if was is None or was.rank == stage.rank or was.stage == stage.stage:
        return None
    return was.stage, stage.stage


def _what_stands(
    correction: Transition, held: Mapping[Month, HeldStage], now: Sequence[StageMonth]
) -> Iterator[Transition]:
    """Say what stands after the last correction, if it leaves that open.

    `now` ends with the newest month held.
    """
    after = [stage for stage in now if stage.month > correction.now.month]
    went_on = all(held[stage.month].rank > 0 for stage in after if stage.month in held)
    newest = now[-1]
    if after and went_on and newest.rank > 0 and newest.stage != correction.now.stage:
        yield Transition(
            Change.REMINDED, newest.stage, newest, *_spans(now)[-1], correction.now.month
        )


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
    that one, whatever was told since. Two droughts that turn out to be one go on in the newer
    chain, because the older one has ended.
    """
    if transition.follows is not None:
        corrected = (link.chain_id for link in reversed(links) if link.month == transition.follows)
        return next(corrected, name)
    if transition.change is Change.BEGAN:
        return name
    # With the month after it: there the drought ended, or stood as it was told before.
    first, last = transition.began, transition.lasts_to
    if transition.was_since is not None and transition.was_to is not None:
        # The drought as it was told, too: it is its readers who are told that it was another one.
        first, last = min(first, transition.was_since), max(last, transition.was_to)
    found = [link for link in links if first <= link.month <= last + 1]
    # The last of those of the newest month.
    return max(reversed(found), key=lambda link: link.month).chain_id if found else name


def _change(before: HeldStage, after: StageMonth) -> Change | None:
    if before.rank == after.rank or before.stage == after.stage:
        return Change.REMINDED if after.is_review and before.rank else None
    if before.rank == 0:
        return Change.BEGAN
    if after.rank == 0:
        return Change.ENDED
    return Change.ESCALATED if after.rank > before.rank else Change.EASED


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
