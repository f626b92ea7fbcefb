"""The condition of a stage on one piece of land, and what it comes to in a month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.plans.conditions import Form, Group
from pipeline.plans.rule_document import Land, Rule
from pipeline.plans.rules import RuleState


@dataclass(frozen=True, slots=True)
class Branch:
    """A group with the members that are for the land."""

    form: Form
    needed: int
    """Of `at_least`; else 1."""
    coming_from: tuple[str, ...]
    members: tuple[Tree, ...]


Tree = int | Branch
"""A rule, by its place among the rules of the ladder that are for the land; or a group of them."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a condition is judged by in one month."""

    states: Sequence[RuleState]
    """Of each rule of the ladder that is for the land, after the month."""
    limits: Sequence[int]
    """Months of silence after which what rests on the rule is unconfirmed."""
    previous: str
    """The stage of the ladder after the month before."""


def planted(
    conditions: Sequence[Rule | Group], land: Land, numbers: Iterator[int]
) -> tuple[Tree | None, list[Rule]]:
    """Return the tree of a stage on `land`, and its rules in the order of their places.

    Args:
        conditions: of the stage, any of which is enough.
        land: rules that are not for it are left out; what needs one of them cannot come true.
        numbers: gives each rule its place.

    Returns:
        None for the tree where nothing is left.
    """
    rules: list[Rule] = []
    members = [_tree(one, land, numbers, rules) for one in conditions]
    kept = tuple(member for member in members if member is not None)
    if len(kept) == 1:
        return kept[0], rules
    return (Branch(Form.ANY_OF, 1, (), kept) if kept else None), rules


def _tree(
    condition: Rule | Group, land: Land, numbers: Iterator[int], rules: list[Rule]
) -> Tree | None:
    if isinstance(condition, Rule):
        if not condition.applies_to(land):
            return None
        rules.append(condition)
        return next(numbers)
    if not _can_be_asked(condition, land):
        return None
    members = [_tree(one, land, numbers, rules) for one in condition.members]
    kept = tuple(member for member in members if member is not None)
    return Branch(condition.form, condition.at_least or 1, condition.coming_from, kept)


def _can_be_asked(condition: Rule | Group, land: Land) -> bool:
    """Whether enough of it is for the land."""
    if isinstance(condition, Rule):
        return condition.applies_to(land)
    asked = sum(_can_be_asked(one, land) for one in condition.members)
    needed = len(condition.members) if condition.form is Form.ALL_OF else condition.at_least or 1
    return asked >= needed


def holds(tree: Tree, now: Moment) -> bool | None:
    """Return whether a condition holds; None: unknown, for want of a rule that ever heard a value."""
    if isinstance(tree, int):
        state = now.states[tree]
        return state.active if state.heard else None
    if tree.coming_from and now.previous not in tree.coming_from:
        return False
    of_each = [holds(member, now) for member in tree.members]
    on, unknown = of_each.count(True), of_each.count(None)
    if tree.form is Form.ALL_OF:
        return None if unknown and on + unknown == len(of_each) else on == len(of_each)
    found = _reached(on, unknown, tree.needed)
    if tree.form is Form.NONE_OF:
        return None if found is None else not found
    return found


def _reached(on: int, unknown: int, needed: int) -> bool | None:
    if on >= needed:
        return True
    return None if on + unknown >= needed else False


Rest = tuple[bool, int]
"""Whether it is unconfirmed, and for how many months those rules were silent; less is better."""


def rest(tree: Tree, now: Moment, *, is_on: bool) -> Rest:
    """Return what the knowledge that a condition is on, or that it is off, rests on.

    Of what would be enough, the best confirmed; of what is all needed, the worst.
    """
    if isinstance(tree, int):
        state = now.states[tree]
        # One that never spoke, as of an index that is blind here all year, was never silent either.
        was_missed = not state.heard and state.silent > 0
        return (was_missed or state.silent > now.limits[tree]), state.silent
    if tree.coming_from and now.previous not in tree.coming_from:
        return False, 0
    if tree.form is Form.NONE_OF:
        is_on = not is_on
    saying = [
        rest(member, now, is_on=is_on)
        for member in tree.members
        if holds(member, now) in {is_on, None}
    ]
    needed = _needed(tree, is_on=is_on)
    return sorted(saying)[min(needed, len(saying)) - 1] if saying else (True, 0)


def _needed(tree: Branch, *, is_on: bool) -> int:
    """How many members must be on (or off) for the branch to be."""
    count = len(tree.members)
    if tree.form is Form.ALL_OF:
        return count if is_on else 1
    return tree.needed if is_on else count - tree.needed + 1


@dataclass(frozen=True, slots=True)
class Node:
    """What a rule or a group came to: one step of the path to a decision."""

    holds: bool | None
    finding: int | None = None
    """Of a rule: its place among the findings of the month."""
    form: Form | None = None
    """Of a group."""
    needed: int = 1
    coming_from: tuple[str, ...] = ()
    members: tuple[Node, ...] = ()


def path(tree: Tree, now: Moment) -> Node:
    """Return what every part of a condition came to."""
    if isinstance(tree, int):
        return Node(holds(tree, now), finding=tree)
    return Node(
        holds(tree, now),
        form=tree.form,
        needed=tree.needed,
        coming_from=tree.coming_from,
        members=tuple(path(member, now) for member in tree.members),
    )
