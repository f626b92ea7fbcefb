"""Which plan rules a country in which month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from pipeline.core.months import Month
from pipeline.plans.document import Plan

Loaded = tuple[Month, Plan]
"""A plan, and the month from which on it was put in force."""


@dataclass(frozen=True, slots=True)
class Reign:
    """A run of months in which one plan rules."""

    first: Month
    last: Month | None
    """None: until something changes."""
    plan: Plan


@dataclass(frozen=True, slots=True)
class Timetable:
    """The plans of one country."""

    loaded: tuple[Loaded, ...]
    """All of them; of two that could rule, the later one does."""
    reigns: tuple[Reign, ...]
    """Oldest first; between two there may be months without a plan."""

    @property
    def plans(self) -> tuple[Loaded, ...]:
        """First month and plan of each reign, oldest first."""
        return tuple((reign.first, reign.plan) for reign in self.reigns)

    def in_force(self, month: Month) -> Plan | None:
        """Return the plan that rules in `month`; None where none does."""
        for reign in reversed(self.reigns):
            if reign.first <= month:
                return reign.plan if reign.last is None or month <= reign.last else None
        return None


def timetable(loaded: Sequence[Loaded]) -> Timetable:
    """Return the timetable of the plans of one country.

    A plan rules from its month on until another begins. Where it says when its rule ends, the one
    that ruled before it rules again, unless that was replaced: a version that another one
    supersedes rules no more once that one has begun.

    Args:
        loaded: in the order of their beginnings; of those that begin together, the last one goes
            before the others.
    """
    turns = sorted(
        {first for first, _ in loaded}
        | {plan.effective_to + 1 for _, plan in loaded if plan.effective_to is not None}
    )
    ruling = [(turn, _ruling(loaded, turn)) for turn in turns]
    return Timetable(tuple(loaded), tuple(_reigns(ruling)))


def _ruling(loaded: Sequence[Loaded], month: Month) -> Plan | None:
    begun = [plan for first, plan in loaded if first <= month]
    replaced = {(plan.plan_id, plan.supersedes) for plan in begun}
    standing = [
        plan
        for plan in begun
        if (plan.plan_id, plan.version) not in replaced
        and (plan.effective_to is None or month <= plan.effective_to)
    ]
    return standing[-1] if standing else None


def _reigns(ruling: Sequence[tuple[Month, Plan | None]]) -> Iterator[Reign]:
    """Yield the reigns between turns; a plan that goes on over a turn has one reign."""
    changes = [
        (turn, plan)
        for before, (turn, plan) in zip([None, *(p for _, p in ruling)], ruling, strict=False)
        if plan is not before
    ]
    for (first, plan), (after, _) in pairwise(changes):
        if plan is not None:
            yield Reign(first, after - 1, plan)
    if changes and changes[-1][1] is not None:
        yield Reign(changes[-1][0], None, changes[-1][1])
