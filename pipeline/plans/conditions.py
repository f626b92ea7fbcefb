"""When a stage is on: rules, or groups of rules, with the memory of where the ladder stood.

Each rule latches for itself; a group puts the states of its members together in three values, as
Kleene's logic does: on, off, and unknown for a rule that never heard a value. What is unknown
brings no stage about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Discriminator, Field, Tag, ValidationInfo, model_validator

from pipeline.plans.rule_document import STORED, Count, Rule, Strict

NO_STAGE = "none"


class Form(StrEnum):
    """How the members of a group count."""

    ANY_OF = "any_of"
    ALL_OF = "all_of"
    NONE_OF = "none_of"
    AT_LEAST = "at_least"


def _tag(value: object) -> str:
    if isinstance(value, Group):
        return "group"
    if not isinstance(value, dict) or {"enter_at", "exit_at"} & value.keys():
        return "rule"
    # A group by a word that the language has not is refused as a group.
    holds_parts = any(isinstance(one, list) and dict in map(type, one) for one in value.values())
    return "group" if holds_parts or {*Form, "of", "coming_from"} & value.keys() else "rule"


class Group(Strict):
    """Several rules or groups that count together; exactly one form is written."""

    any_of: Members | None = None
    """On where one of them is."""
    all_of: Members | None = None
    """On where each of them is."""
    none_of: Members | None = None
    """On where none of them is, and each has heard a value."""
    at_least: Count | None = Field(default=None, ge=1)
    """On where so many of the members in `of` are."""
    of: Members | None = None
    """The members of `at_least`."""
    coming_from: tuple[str, ...] = ()
    """The group counts only where the ladder stood in one of these stages the month before."""

    @property
    def form(self) -> Form:
        """How its members count."""
        return next(form for form in Form if getattr(self, form) is not None)

    @property
    def members(self) -> Members:
        """Rules and groups, as written."""
        found = self.of if self.form is Form.AT_LEAST else getattr(self, self.form)
        return tuple(found or ())

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        written = [form for form in Form if getattr(self, form) is not None]
        if len(written) != 1:
            got = " and ".join(written) or "none"
            raise ValueError(
                f"expected one of any_of, all_of, none_of, and at_least with of, got {got}; put a "
                "group into a group to say both"
            )
        if (self.at_least is None) != (self.of is None):
            raise ValueError(
                "at_least and of belong together: 'at_least: 2' with the rules under 'of'"
            )
        return self

    @model_validator(mode="after")
    def _has_enough_members(self) -> Self:
        least = 1 if self.coming_from or self.form is Form.NONE_OF else 2
        found = len(self.members)
        if found < least:
            raise ValueError(
                f"{self.form}: expected {least} members or more, got {found}; a rule that stands alone "
                "needs no group"
            )
        if self.at_least is not None and found < self.at_least:
            raise ValueError(
                f"at_least: expected {found} at most, as many as 'of' has, got {self.at_least}: that "
                "could never be; lower it"
            )
        return self

    @model_validator(mode="after")
    def _is_for_one_land(self, info: ValidationInfo) -> Self:
        lands = {(rule.land_uses, rule.salt_affected) for rule in rules_of([self])}
        if info.context is not STORED and len(lands) > 1:
            raise ValueError(
                f"{self.form}: expected all its rules to be for the same land_uses and "
                "salt_affected: what should count where only some of them apply? write a group for "
                "each kind of land"
            )
        return self

    @model_validator(mode="after")
    def _silence_brings_nothing_about(self) -> Self:
        if self.form is Form.NONE_OF:
            for rule in rules_of(self.members):
                if rule.ends_after_silence is not None:
                    raise ValueError(
                        "none_of: a rule inside it must not have ends_after_silence: missing data "
                        "would begin a stage; take it out"
                    )
        return self


Condition = Annotated[
    Annotated[Rule, Tag("rule")] | Annotated[Group, Tag("group")], Discriminator(_tag)
]
Members = tuple[Condition, ...]
Group.model_rebuild()


def rules_of(conditions: Iterable[Rule | Group]) -> Iterator[Rule]:
    """Yield every rule of `conditions`, in the order of the document."""
    for one in conditions:
        if isinstance(one, Rule):
            yield one
        else:
            yield from rules_of(one.members)


def groups_of(conditions: Iterable[Rule | Group]) -> Iterator[Group]:
    """Yield every group of `conditions`, outer ones first."""
    for one in conditions:
        if isinstance(one, Group):
            yield one
            yield from groups_of(one.members)
