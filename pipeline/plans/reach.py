"""Ladders that could not work: a stage never begins, never ends, or the ladder never moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from pipeline.core.ids import LandUse
from pipeline.plans.conditions import NO_STAGE, Form, Group
from pipeline.plans.rule_document import ALL_YEAR, Land, Rule


def out_of_reach(stages: Iterable[tuple[str, Sequence[Rule | Group]]]) -> list[str]:
    """Return the stages that no way leads to from `none`, in their order.

    Args:
        stages: names with their conditions. Of rules it is assumed that any could be on or off.
    """
    waiting = list(stages)
    reached = {NO_STAGE}
    while found := {name for name, conditions in waiting if _can_begin(conditions, reached)}:
        reached |= found
        waiting = [one for one in waiting if one[0] not in found]
    return [name for name, _ in waiting]


def _can_begin(conditions: Sequence[Rule | Group], reached: set[str]) -> bool:
    return any(_can_hold(one, reached) for one in conditions)


def _can_hold(condition: Rule | Group, reached: set[str]) -> bool:
    if isinstance(condition, Rule):
        return True
    if condition.coming_from and reached.isdisjoint(condition.coming_from):
        return False
    if condition.form is Form.NONE_OF:
        return True
    holding = sum(_can_hold(one, reached) for one in condition.members)
    every = condition.form is Form.ALL_OF
    return holding >= (len(condition.members) if every else condition.at_least or 1)


def stands_when_wet(condition: Rule | Group) -> bool:
    """Return whether a condition holds after `none` while each of its rules is off."""
    if isinstance(condition, Rule):
        return False
    if condition.coming_from and NO_STAGE not in condition.coming_from:
        return False
    holding = sum(stands_when_wet(one) for one in condition.members)
    if condition.form is Form.NONE_OF:
        return holding == 0
    every = condition.form is Form.ALL_OF
    return holding >= (len(condition.members) if every else condition.at_least or 1)


def land_that_never_moves(rules: Sequence[Rule]) -> Land | None:
    """Return land for which the rules of a ladder never all speak in one calendar month.

    A ladder with a memory moves only in months in which they all have a value.
    """
    for use, is_salty in product(LandUse, (False, True)):
        land = Land(use, is_salty, has_headwater=True)
        months = [rule.speaking_months for rule in rules if rule.applies_to(land)]
        if months and not ALL_YEAR.intersection(*months):
            return land
    return None
