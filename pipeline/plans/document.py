"""The national drought plan as a document: strict YAML, versioned, each threshold with its source.

An unknown key or a contradiction refuses the whole document (`plans.reading` says where). Stages
stand mildest first; rank 0 is always `none`. What a rule may say stands in `rule_document`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from itertools import combinations, product
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    model_serializer,
    model_validator,
)

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.rule_document import Rule, Strict, in_order

NO_STAGE = "none"


def _month(value: object) -> object:
    try:
        return Month.parse(value) if isinstance(value, str) else value
    except InputError as error:
        raise ValueError(str(error)) from error


PlanMonth = Annotated[Month, BeforeValidator(_month), PlainSerializer(str, return_type=str)]
Languages = Annotated[frozenset[str], PlainSerializer(in_order)]


class CapMapping(Strict):
    """How a stage is said in CAP 1.2. No WMO table maps drought stages: it is the plan's word."""

    severity: Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
    urgency: Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
    certainty: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
    response_type: Literal["Prepare", "Monitor", "Assess", "None"]


class LocalText(Strict):
    """One text in several languages, with the languages no speaker has checked."""

    texts: dict[str, str] = Field(min_length=1)
    unchecked: Languages = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: object) -> object:
        """Read ``{en: …, ru: …, unchecked: [ru]}``: the form a person writes."""
        if not isinstance(value, dict) or "texts" in value:
            return value
        texts = {key: text for key, text in value.items() if key != "unchecked"}
        return {"texts": texts, "unchecked": value.get("unchecked", ())}

    @model_serializer
    def _as_written(self) -> dict[str, object]:
        unchecked = {"unchecked": sorted(self.unchecked)} if self.unchecked else {}
        return {**self.texts, **unchecked}

    @model_validator(mode="after")
    def _has_english(self) -> Self:
        if "en" not in self.texts:
            raise ValueError("expected an English text under 'en'; add one")
        if not self.unchecked <= self.texts.keys():
            raise ValueError(f"'unchecked' names a language without a text: {set(self.unchecked)}")
        return self

    def in_language(self, language: str) -> str:
        """Return the text in `language`, or in English where there is none."""
        return self.texts.get(language, self.texts["en"])


class Stage(Strict):
    """One stage of a ladder, entered when any of its rules is active."""

    stage: str = Field(pattern=r"^[a-z][a-z_]*$")
    names: LocalText
    cap: CapMapping
    actions: tuple[LocalText, ...] = Field(min_length=1)
    """Proposed for consideration; never orders."""
    rules: tuple[Rule, ...] = Field(min_length=1)


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

    @property
    def measures(self) -> set[Measure]:
        """All that its rules hear."""
        return {rule.measure for stage in self.stages for rule in stage.rules}

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
    for mild, grave in product(milder.rules, graver.rules):
        if _speak_together(mild, grave) and _depth(grave) <= _depth(mild):
            side = "above" if grave.thresholds.is_more_drier else "below"
            raise ValueError(
                f"stage {graver.stage!r}: enter_at on {grave.measure} must be {side} that of the "
                f"milder stage {milder.stage!r} ({mild.enter_at}), or equal with a longer "
                f"enter_after, got {grave.enter_at}; list the mildest stage first"
            )


def _speak_together(one: Rule, other: Rule) -> bool:
    """Whether both rules hear one measure in some month on some land."""
    return (
        one.measure == other.measure
        and not one.land_uses.isdisjoint(other.land_uses)
        and not one.calendar_months.isdisjoint(other.calendar_months)
    )


def _depth(rule: Rule) -> tuple[float, int]:
    """Order rules by how much they ask for: a drier value, then more months in a row."""
    sign = 1 if rule.thresholds.is_more_drier else -1
    return (sign * rule.enter_at, rule.enter_after)


class Issuing(Strict):
    """Who may issue, by which order. Nothing leaves without an approval."""

    office: LocalText
    legal_basis: str | None = None
    """The order that names the office; null where none could be found in public."""


class Plan(Strict):
    """A national drought plan, one version."""

    plan_id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    version: str = Field(min_length=1)
    country: Country
    status: Literal["template", "adopted"]
    title: LocalText
    authority: str | None
    """The authority that adopted the plan; null for a template."""
    effective_from: PlanMonth
    supersedes: str | None = None
    """The version this one replaces."""
    hold_limit: int = Field(ge=0)
    """Months of silence after which a stage is shown as unconfirmed."""
    issuing: Issuing
    notes: str | None = None
    ladders: dict[DroughtType, Ladder] = Field(min_length=1)

    @model_validator(mode="after")
    def _adopted_by_someone(self) -> Self:
        if (self.status == "adopted") != (self.authority is not None):
            raise ValueError(
                "an adopted plan names its authority and a template has none; "
                f"got status {self.status!r} with authority {self.authority!r}"
            )
        return self

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content, whatever the layout of the file."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def measures(self) -> set[Measure]:
        """All that its rules hear."""
        return {measure for ladder in self.ladders.values() for measure in ladder.measures}

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain values, readable again by `plans.reading`.

        Keys at their default are left out, so a plan keeps its fingerprint when the language of
        plans gains a key.
        """
        return self.model_dump(mode="json", exclude_defaults=True)
