"""The national drought plan as a document: strict YAML, versioned, each threshold with its source.

An unknown key or a contradiction refuses the whole document (`plans.reading` says where). Stages
stand mildest first; rank 0 is always `none`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from itertools import combinations, product
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    model_serializer,
    model_validator,
)

from pipeline.core.errors import InputError
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse
from pipeline.core.indicators import Indicator, IndicatorCode, IndicatorUnit, Measure, measure_of
from pipeline.core.months import Month

NO_STAGE = "none"


class _Strict(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, allow_inf_nan=False
    )


class SourceKind(StrEnum):
    """Who stands behind a number."""

    NATIONAL = "national"
    """Adopted by the country, with the citation."""
    AGENCY = "agency"
    """An agency's operational table, not an article of the plan."""
    GENERIC = "generic"
    """International guidance or a choice of this project; never national law."""


class Source(_Strict):
    """Where a number comes from."""

    kind: SourceKind
    reference: str = Field(min_length=1)
    note: str | None = None


class RuleSources(_Strict):
    """The threshold, the exit and the months in a row each have a source of their own."""

    threshold: Source
    exit: Source
    persistence: Source


def _index_code(value: object) -> object:
    try:
        return IndexCode.parse(value) if isinstance(value, str) else value
    except InputError as error:
        raise ValueError(str(error)) from error


def _month(value: object) -> object:
    try:
        return Month.parse(value) if isinstance(value, str) else value
    except InputError as error:
        raise ValueError(str(error)) from error


def _sorted(values: frozenset[int] | frozenset[str]) -> Sequence[object]:
    """Give a set one order, so that equal plans have equal fingerprints."""
    return sorted(values)


_AS_TEXT = PlainSerializer(str, return_type=str)
_IN_ORDER = PlainSerializer(_sorted)
PlanMonth = Annotated[Month, BeforeValidator(_month), _AS_TEXT]
PlanIndex = Annotated[IndexCode, BeforeValidator(_index_code), _AS_TEXT]
CalendarMonths = Annotated[frozenset[Annotated[int, Field(ge=1, le=12)]], _IN_ORDER]
LandUses = Annotated[frozenset[LandUse], _IN_ORDER]
Languages = Annotated[frozenset[str], _IN_ORDER]


class Rule(_Strict):
    """One latching rule: an index or indicator, a threshold to enter, one to leave, and time."""

    index: PlanIndex | None = None
    """The index it hears; a rule names either this or `indicator`."""
    indicator: IndicatorCode | None = None
    """The agency's indicator it hears, in `unit`."""
    unit: IndicatorUnit | None = None
    enter_at: float
    """The rule argues for its stage at this value or below (in the measure's own unit)."""
    enter_after: int = Field(ge=1)
    """Months in a row."""
    exit_at: float
    """The rule argues against its stage at this value or above."""
    exit_after: int = Field(ge=1)
    """Months in a row."""
    has_dead_band: bool = True
    """False allows `exit_at` equal to `enter_at`, for published tables without a dead band;
    the stage then ends above the threshold, and a value on it still counts as dry."""
    calendar_months: CalendarMonths = Field(default=frozenset(range(1, 13)), min_length=1)
    """Calendar months in which the rule speaks."""
    land_uses: LandUses = Field(default=frozenset(LandUse), min_length=1)
    """Land uses the rule applies to."""
    source: RuleSources

    @property
    def measure(self) -> Measure:
        """What the rule hears."""
        return measure_of(self.index, self.indicator, self.unit)

    @model_validator(mode="after")
    def _hears_one_measure(self) -> Self:
        try:
            measure = self.measure
            if isinstance(measure, Indicator):
                measure.demand("enter_at", self.enter_at)
                measure.demand("exit_at", self.exit_at)
        except InputError as error:
            raise ValueError(str(error)) from error
        return self

    @model_validator(mode="after")
    def _thresholds_do_not_cross(self) -> Self:
        if self.has_dead_band and self.exit_at <= self.enter_at:
            raise ValueError(
                f"exit_at must be above enter_at ({self.enter_at}), got {self.exit_at}: the stage "
                "could begin and end in one month; raise exit_at, or write "
                "'has_dead_band: false' if the published table has none"
            )
        if not self.has_dead_band and self.exit_at != self.enter_at:
            raise ValueError(
                f"exit_at must equal enter_at ({self.enter_at}) where has_dead_band is false, "
                f"got {self.exit_at}; drop 'has_dead_band: false' or make them equal"
            )
        return self

    def argues_for(self, value: float) -> bool:
        return value <= self.enter_at

    def argues_against(self, value: float) -> bool:
        return value >= self.exit_at if self.has_dead_band else value > self.exit_at


class CapMapping(_Strict):
    """How a stage is said in CAP 1.2. No WMO table maps drought stages: it is the plan's word."""

    severity: Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
    urgency: Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
    certainty: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]
    response_type: Literal["Prepare", "Monitor", "Assess", "None"]


class LocalText(_Strict):
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


class Stage(_Strict):
    """One stage of a ladder, entered when any of its rules is active."""

    stage: str = Field(pattern=r"^[a-z][a-z_]*$")
    names: LocalText
    cap: CapMapping
    actions: tuple[LocalText, ...] = Field(min_length=1)
    """Proposed for consideration; never orders."""
    rules: tuple[Rule, ...] = Field(min_length=1)


class Ladder(_Strict):
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
            raise ValueError(
                f"stage {graver.stage!r}: enter_at on {grave.measure} must be below that of the "
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
    """Order rules by how much they ask for: a lower value, then more months in a row."""
    return (-rule.enter_at, rule.enter_after)


class Issuing(_Strict):
    """Who may issue, by which order. Nothing leaves without an approval."""

    office: LocalText
    legal_basis: str | None = None
    """The order that names the office; null where none could be found in public."""


class Plan(_Strict):
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
