"""The national drought plan as a document: strict YAML, versioned, each threshold with its source.

An unknown key or a contradiction refuses the whole document (`plans.reading` says where). Stages
stand mildest first; rank 0 is always `none`. What a rule may say stands in `rule_document`, how rules
are put together in `conditions`, what a stage proposes in `actions`.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    PlainSerializer,
    model_validator,
)

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.issuing import Issuing
from pipeline.plans.ladders import Ladder
from pipeline.plans.names import PlanId, is_language
from pipeline.plans.rule_document import Count, Strict
from pipeline.plans.texts import LocalText


def _month(value: object) -> object:
    try:
        return value if isinstance(value, Month) else Month.parse(str(value))
    except InputError as error:
        raise ValueError(str(error)) from error


PlanMonth = Annotated[Month, BeforeValidator(_month), PlainSerializer(str, return_type=str)]


class Plan(Strict):
    """A national drought plan, one version."""

    plan_id: PlanId
    """The name of the plan; all its versions have the same."""
    version: str = Field(min_length=1)
    """A loaded version never changes: a changed document has a new one."""
    country: Country
    languages: tuple[str, ...] = ()
    """The languages of all its texts and of its letters; none in documents of before."""
    status: Literal["template", "adopted"]
    """An adopted plan names its authority; a template claims nothing."""
    title: LocalText
    authority: str | None
    """The authority that adopted the plan; null for a template."""
    effective_from: PlanMonth
    """The first month it may rule."""
    effective_to: PlanMonth | None = None
    """The last month it rules; None: until another plan does."""
    supersedes: str | None = None
    """The version this one replaces."""
    hold_limit: Count = Field(ge=0)
    """Months of silence after which a stage is shown as unconfirmed."""
    late_after_days: Count | None = Field(default=None, ge=0)
    """Days after the end of a month by which its values are to be there."""
    issuing: Issuing
    """Who may issue alerts, and what becomes of those that nobody answers."""
    notes: str | None = None
    """What readers of the document should know; English."""
    ladders: dict[DroughtType, Ladder] = Field(min_length=1)
    """The stages of each drought type, mildest first."""

    @model_validator(mode="after")
    def _adopted_by_someone(self) -> Self:
        if (self.status == "adopted") != (self.authority is not None):
            raise ValueError(
                "an adopted plan names its authority and a template has none; "
                f"got status {self.status!r} with authority {self.authority!r}; correct one of them"
            )
        return self

    @model_validator(mode="after")
    def _names_languages(self) -> Self:
        odd = [one for one in self.languages if not is_language(one)]
        if odd or len(set(self.languages)) < len(self.languages):
            raise ValueError(
                "languages: expected each language once by its code, such as en, uz or kaa, got "
                f"{', '.join(self.languages)}"
            )
        return self

    @model_validator(mode="after")
    def _rules_some_time(self) -> Self:
        if self.effective_to is not None and self.effective_to < self.effective_from:
            raise ValueError(
                f"effective_to: expected {self.effective_from} or later, as the plan begins then, got "
                f"{self.effective_to}; correct one of them"
            )
        if self.supersedes == self.version:
            raise ValueError(
                f"supersedes: a version cannot replace itself, got {self.version!r}; name an older one"
            )
        return self

    @model_validator(mode="after")
    def _issues_by_an_order(self) -> Self:
        automatic = self.issuing.automatic
        if automatic is None:
            return self
        if self.status != "adopted":
            raise ValueError(
                "issuing.automatic: only an adopted plan may let alerts leave without a person; "
                "take it out of the template"
            )
        unknown = sorted({*automatic.stages} - self.stage_names - {NO_STAGE})
        if unknown:
            raise ValueError(
                "issuing.automatic.stages: expected stages of the plan "
                f"({', '.join(sorted(self.stage_names))}) or none, got {', '.join(unknown)}"
            )
        return self

    @model_validator(mode="after")
    def _tells_at_once_of_its_stages(self) -> Self:
        at_once = self.issuing.at_once
        unknown = sorted({*(at_once.stages if at_once else ())} - self.stage_names)
        if unknown:
            raise ValueError(
                "issuing.at_once.stages: expected stages of the plan "
                f"({', '.join(sorted(self.stage_names))}), got {', '.join(unknown)}; correct its "
                "spelling, or take it out"
            )
        return self

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content, whatever the layout of the file."""
        text = json.dumps(self.as_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def stage_names(self) -> frozenset[str]:
        """The stages of all its ladders, without `none`."""
        return frozenset(one.stage for ladder in self.ladders.values() for one in ladder.stages)

    @property
    def measures(self) -> set[Measure]:
        """All that its rules hear, wherever."""
        return {measure for ladder in self.ladders.values() for measure in ladder.measures}

    @property
    def has_only_adopted_thresholds(self) -> bool:
        """Whether it is adopted, with every threshold, exit and run of every rule."""
        rules = (rule for ladder in self.ladders.values() for rule in ladder.every_rule)
        return self.status == "adopted" and all(rule.source.are_national for rule in rules)

    @property
    def hears_forecast(self) -> bool:
        """Whether a rule hears a forecast, which nothing reads yet."""
        rules = (rule for ladder in self.ladders.values() for rule in ladder.every_rule)
        return any(rule.forecast is not None for rule in rules)

    @property
    def spoken(self) -> tuple[str, ...]:
        """The languages its letters are written in."""
        return self.languages or ("en", "ru")

    def as_json(self) -> dict[str, Any]:
        """Return the plan as plain values, readable again by `plans.reading`.

        Keys at their default are left out, so a plan keeps its fingerprint when the language of
        plans gains a key.
        """
        return self.model_dump(mode="json", exclude_defaults=True)
