"""All that a bulletin says about one month and one place, gathered before any wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from pipeline.alerts.facts import Change
from pipeline.alerts.words import COMMON_LANGUAGES, LANGUAGES
from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse, Origin, Release
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.delivery.outlines import OutlineMap
from pipeline.plans.document import Plan
from pipeline.plans.lateness import LateReading
from pipeline.plans.rule_document import SourceKind
from pipeline.plans.texts import LocalText


class Region(StrEnum):
    """What a bulletin is about if it is not one country."""

    REGION = "region"
    """All countries with landscapes."""


REGION = Region.REGION
Scope = Country | Region
"""What a bulletin is about; as text ``UZ`` or ``region``."""


def scope_name(scope: Scope) -> str:
    """Return the scope as it stands in the names of files: ``uz``, ``region``."""
    return str(scope).lower()


@dataclass(frozen=True, slots=True)
class Standing:
    """The stage of one landscape and drought type after one month."""

    names: LocalText | None
    """The plan's name for it; None at rank 0."""
    rank: int
    """0 for none."""
    since: Month
    is_confirmed: bool
    silent_months: int
    plan_id: str
    plan_version: str

    @property
    def is_known(self) -> bool:
        """False where no value was heard: then `none` is not knowledge."""
        return self.rank > 0 or self.is_confirmed


@dataclass(frozen=True, slots=True)
class AreaFacts:
    """The share of a landscape's area at which an index is low, beside a threshold of the plan."""

    measure: AreaShare
    month: Month
    share: float
    """0 to 1."""
    enter_at: float


@dataclass(frozen=True, slots=True)
class StageFacts:
    """One drought type in one landscape, this month and the month before."""

    now: Standing | None
    """None where no stage was worked out."""
    before: Standing | None = None
    gaps: Mapping[Measure, Gap] = field(default_factory=dict)
    """Why what the ladder hears has no value this month; empty while any of it has one."""
    has_ladder: bool = True
    """False where the plan in force has no stages for this drought type."""
    areas: tuple[AreaFacts, ...] = ()
    """What the rules of the present stage heard of the area; empty in no stage."""

    @property
    def rank(self) -> int:
        return self.now.rank if self.now else 0

    @property
    def is_sure(self) -> bool:
        """Whether the stage, or that there is none, is known and not only held."""
        return not self.has_ladder or (self.now is not None and self.now.is_confirmed)


@dataclass(frozen=True, slots=True)
class MonthOfRain:
    """One month of one landscape."""

    month: Month
    precipitation_mm: float | None
    normal_mm: float | None
    """Mean of this calendar month in the calibration period; None where too few years have one."""


@dataclass(frozen=True, slots=True)
class LandscapeFacts:
    landscape_id: str
    names: Mapping[str, str]
    """By language; English is there."""
    land_use: LandUse
    is_salt_affected: bool
    is_derived: bool
    """Whether the land use was derived from land cover, not stated by an agency."""
    area_km2: float
    stages: Mapping[DroughtType, StageFacts]
    rain: tuple[MonthOfRain, ...] = ()
    """The last twelve months, oldest first; empty where the source has no series."""
    indices: Mapping[IndexCode, float | None] = field(default_factory=dict)
    """Those of the hydrological year, after the month; None: a gap."""
    plan: Plan | None = None
    """By which its stages were decided."""

    @property
    def rank(self) -> int:
        """The gravest stage of its droughts."""
        return max((stage.rank for stage in self.stages.values()), default=0)

    @property
    def is_sure(self) -> bool:
        return all(stage.is_sure for stage in self.stages.values())


@dataclass(frozen=True, slots=True)
class ToldAlert:
    """One alert on the month that a person let go, or that the plan let go by an order."""

    landscape_id: str
    drought_type: DroughtType
    change: Change
    before: LocalText | None
    """The stage it came from; None: none."""
    after: LocalText | None
    approved_by: str | None
    """None where the plan let it go."""
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """The alerts of one country."""

    approved: tuple[ToldAlert, ...] = ()
    """Those on the month of the bulletin."""
    refused: int = 0
    expired: int = 0
    waiting: int = 0
    """On the month of the bulletin."""
    waiting_on_others: int = 0
    """On any other month."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far one data source has come in one country, and what is late by its schedule."""

    source: str
    newest_month: Month | None
    """None where no landscape ever had a value; then `release` is None too."""
    release: Release | None
    landscapes_with_values: int
    landscapes: int
    months_late: int = 0
    oldest_late_month: Month | None = None
    late_since: date | None = None
    """The day on which that month was due."""
    preliminary_overdue: int = 0
    """Months whose final values should have come."""


@dataclass(frozen=True, slots=True)
class Revised:
    """Stages that changed after the month of the bulletin came, up to that month, plan apart."""

    landscapes: int
    first: Month
    last: Month
    alerts: int
    """Corrections among them that are to be told."""


@dataclass(frozen=True, slots=True)
class CountryFacts:
    country: Country
    plans: tuple[Plan, ...]
    """Those by which the stages of the month were decided."""
    landscapes: tuple[LandscapeFacts, ...]
    releases: Mapping[Release, int] = field(default_factory=dict)
    """How many landscapes have indices of each release in the month."""
    freshness: tuple[Freshness, ...] = ()
    late_readings: tuple[LateReading, ...] = ()
    """What is late by the plans in force."""
    revised: Revised | None = None
    """None: nothing was."""
    alerts: AlertCounts = field(default_factory=AlertCounts)


@dataclass(frozen=True, slots=True)
class NoteFacts:
    """The forecaster's own words in one language."""

    language: str
    body: str
    """Plain text; an empty line parts paragraphs."""
    author: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class IssueFacts:
    """Under what number a bulletin was issued, and by whom."""

    number: str
    day: date
    name: str
    office: str
    legal_basis: str
    accepts_unchecked: bool
    """Whether languages that no speaker has checked were issued too."""


@dataclass(frozen=True, slots=True)
class BulletinFacts:
    scope: Scope
    month: Month
    is_newest: bool
    """Whether no later month has stages."""
    made_at: datetime
    """With an offset."""
    software: str
    origin: Origin | None
    sources: tuple[str, ...]
    """Those by which stages are decided: the first that a landscape has."""
    calibration: str
    countries: tuple[CountryFacts, ...]
    """One, or in the order of their codes all of the region."""
    expected_month: Month | None
    """The newest month that `sources` should have brought by now; None: no schedule."""
    unfinished: Mapping[str, str]
    """Steps whose latest run did not end well, by how it ended: ``failed`` or ``not_published``."""
    outlines: OutlineMap | None = None
    """None where landscapes have no boundaries."""
    notes: tuple[NoteFacts, ...] = ()
    """At most one in a language."""
    issue: IssueFacts | None = None

    @property
    def country(self) -> Country | None:
        """The one country it is about; None: the region."""
        return self.scope if isinstance(self.scope, Country) else None

    @property
    def is_simulated(self) -> bool:
        return self.origin is Origin.SIMULATED

    @property
    def plans(self) -> tuple[Plan, ...]:
        return tuple(plan for country in self.countries for plan in country.plans)

    @property
    def landscapes(self) -> tuple[LandscapeFacts, ...]:
        return tuple(one for country in self.countries for one in country.landscapes)

    @property
    def months_overdue(self) -> int:
        """How many later months should have stages by now, by the source's schedule."""
        if self.expected_month is None or not self.is_newest:
            return 0
        return max(0, self.expected_month.ordinal - self.month.ordinal)


def languages(facts: BulletinFacts) -> tuple[str, ...]:
    """Return the languages a bulletin is written in: the plans' own, of the region English and Russian."""
    if facts.scope is REGION:
        return COMMON_LANGUAGES
    spoken = dict.fromkeys(language for plan in facts.plans for language in plan.spoken)
    return tuple(one for one in spoken if one in LANGUAGES) or COMMON_LANGUAGES


def kinds_not_national(plan: Plan) -> set[SourceKind]:
    """Return the kinds of source behind the plan's numbers that are no cited national order."""
    return {
        source.kind
        for ladder in plan.ladders.values()
        for rule in ladder.every_rule
        for source in (rule.source.threshold, rule.source.exit, rule.source.persistence)
    } - {SourceKind.NATIONAL}
