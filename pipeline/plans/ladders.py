"""The stages of one drought type: when each is on, how it is said, and what is proposed in it."""

from __future__ import annotations

from itertools import combinations, product
from typing import Literal, Self

from pydantic import Field, ValidationInfo, model_serializer, model_validator

from pipeline.core.errors import InputError
from pipeline.core.ids import LandUse
from pipeline.core.indicators import Measure
from pipeline.plans.actions import Action
from pipeline.plans.conditions import NO_STAGE, Condition, groups_of, rules_of
from pipeline.plans.names import StageName
from pipeline.plans.reach import land_that_never_moves, out_of_reach, stands_when_wet
from pipeline.plans.rule_document import STORED, Count, Heard, Rule, Strict
from pipeline.plans.texts import LocalText


class CapMapping(Strict):
    """How a stage is said in CAP 1.2. No WMO table maps drought stages: it is the plan's word."""

    severity: Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
    urgency: Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
    certainty: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
    response_type: Literal["Prepare", "Monitor", "Assess", "None"]


_SALT = {
    (False, True): "",
    (True,): " (salt-affected)",
    (False,): " (not salt-affected)",
}
"""What is said of land, by whether it lacks something where it is salt-affected, and where not."""


class Stage(Strict):
    """One stage of a ladder, on while any of its conditions is."""

    stage: StageName
    """Its name inside the system; no other stage of the ladder has it, and none is called `none`."""
    names: LocalText
    """Its name for people, in the plan's own words."""
    cap: CapMapping
    """How it is said in CAP 1.2."""
    review_after: Count | None = Field(default=None, ge=1)
    """Months after which a stage that still stands is said again; None: it is not."""
    actions: tuple[Action, ...] = Field(min_length=1)
    """Proposed for consideration; never orders."""
    rules: tuple[Condition, ...] = Field(min_length=1)
    """Rules, and groups of rules."""

    @property
    def every_rule(self) -> tuple[Rule, ...]:
        """The rules, those inside groups too, in the order of the document."""
        return tuple(rules_of(self.rules))

    def actions_for(self, land_use: LandUse, *, is_salt_affected: bool) -> tuple[Action, ...]:
        """Return what is proposed for land of this kind."""
        return tuple(
            action
            for action in self.actions
            if action.applies_to(land_use, is_salt_affected=is_salt_affected)
        )

    @model_validator(mode="after")
    def _proposes_something(self, info: ValidationInfo) -> Self:
        if info.context is STORED:
            return self
        ruled = {use for rule in self.every_rule for use in rule.land_uses}
        without: dict[str, list[bool]] = {}
        for use, salty in product(sorted(ruled), (False, True)):
            if not self.actions_for(use, is_salt_affected=salty):
                without.setdefault(use.value, []).append(salty)
        if without:
            named = (f"{use}{_SALT[tuple(salty)]}" for use, salty in without.items())
            raise ValueError(
                f"actions: expected one for each kind of land that has a rule, got none for "
                f"{', '.join(named)}; add one, or let one be for all land"
            )
        return self

    @model_validator(mode="after")
    def _begins_by_something(self, info: ValidationInfo) -> Self:
        if info.context is not STORED and any(stands_when_wet(one) for one in self.rules):
            raise ValueError(
                "rules: none_of alone would keep the stage on in every usual month; put it into an "
                "all_of with what begins the stage, or let it come from graver stages (coming_from)"
            )
        return self


class Ladder(Strict):
    """The stages of one drought type, mildest first."""

    stages: tuple[Stage, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _bare_list(cls, value: object) -> object:
        return {"stages": value} if isinstance(value, list) else value

    @model_serializer
    def _as_written(self) -> list[dict[str, object]]:
        return [stage.model_dump(mode="json", exclude_defaults=True) for stage in self.stages]

    @model_validator(mode="after")
    def _is_ordered(self) -> Self:
        names = [stage.stage for stage in self.stages]
        if NO_STAGE in names or len(set(names)) < len(names):
            raise ValueError(f"stage names must be unique and none may be 'none', got {names}")
        for milder, graver in combinations(self.stages, 2):
            _check_order(milder, graver)
        return self

    @model_validator(mode="after")
    def _comes_from_its_own_stages(self) -> Self:
        known = {NO_STAGE, *(stage.stage for stage in self.stages)}
        for stage in self.stages:
            unknown = {s for g in groups_of(stage.rules) for s in g.coming_from} - known
            if unknown:
                raise ValueError(
                    f"stage {stage.stage!r}: coming_from: expected stages of this ladder "
                    f"({', '.join(sorted(known))}), got {', '.join(sorted(unknown))}; correct its "
                    "spelling"
                )
        return self

    @model_validator(mode="after")
    def _can_reach_its_stages(self, info: ValidationInfo) -> Self:
        lost = out_of_reach((stage.stage, stage.rules) for stage in self.stages)
        if lost and info.context is not STORED:
            raise ValueError(
                f"stage {', '.join(map(repr, lost))}: no way leads there from none: every condition "
                "asks for a stage before it (coming_from) that cannot be reached itself; let it "
                "begin from a stage that can"
            )
        land = land_that_never_moves(self.every_rule) if self.has_memory else None
        if land is not None and info.context is not STORED:
            raise ValueError(
                "calendar_months: a ladder with coming_from moves only in months in which all its rules "
                f"speak, and on {land.land_use} land there is none; expected one month or more; let the "
                "rules speak together"
            )
        return self

    @property
    def every_rule(self) -> tuple[Rule, ...]:
        """The rules of all stages, in the order of the document."""
        return tuple(rule for stage in self.stages for rule in stage.every_rule)

    @property
    def measures(self) -> set[Measure]:
        """All that its rules hear, wherever."""
        return {rule.measure for rule in self.every_rule if rule.forecast is None}

    @property
    def heard(self) -> set[Heard]:
        """All that its rules hear, and of which land."""
        return {rule.heard for rule in self.every_rule}

    @property
    def has_memory(self) -> bool:
        """Whether a stage depends on the one before."""
        return any(g.coming_from for stage in self.stages for g in groups_of(stage.rules))

    def rank(self, stage: str) -> int:
        """Return 0 for `none`, 1 for the mildest stage, and so on.

        Raises:
            InputError: the ladder has no such stage.
        """
        return 0 if stage == NO_STAGE else self.stages.index(self.stage(stage)) + 1

    def stage(self, name: str) -> Stage:
        """Return the stage called `name`; `none` is not one.

        Raises:
            InputError: the ladder has no such stage.
        """
        for stage in self.stages:
            if stage.stage == name:
                return stage
        known = ", ".join(stage.stage for stage in self.stages)
        raise InputError(f"ladder: expected one of the stages {known}, got {name!r}")


def _check_order(milder: Stage, graver: Stage) -> None:
    of_each = ([one for one in s.rules if isinstance(one, Rule)] for s in (milder, graver))
    for mild, grave in product(*of_each):
        if _speak_together(mild, grave) and _depth(grave) <= _depth(mild):
            side = "above" if grave.thresholds.is_more_drier else "below"
            raise ValueError(
                f"stage {graver.stage!r}: enter_at on {grave.heard} must be {side} that of the "
                f"milder stage {milder.stage!r} ({mild.enter_at}), or equal with a longer "
                f"enter_after, got {grave.enter_at}; list the mildest stage first"
            )


def _speak_together(one: Rule, other: Rule) -> bool:
    """Whether both rules hear one measure in some month on some land."""
    return (
        one.heard == other.heard
        and (one.salt_affected is None or other.salt_affected in {None, one.salt_affected})
        and not one.land_uses.isdisjoint(other.land_uses)
        and not one.calendar_months.isdisjoint(other.calendar_months)
    )


def _depth(rule: Rule) -> tuple[float, int]:
    """Order rules by how much they ask for: a drier value, then more months in a row."""
    sign = 1 if rule.thresholds.is_more_drier else -1
    return (sign * rule.enter_at, rule.enter_after)
