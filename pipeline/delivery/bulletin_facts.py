"""All that a bulletin says about one month, gathered before any wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse, Origin, Release
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.lateness import LateReading
from pipeline.plans.rule_document import SourceKind


@dataclass(frozen=True, slots=True)
class Standing:
    """The stage of one landscape and drought type after one month."""

    stage: str
    """The plan's name for it in English; `none` at rank 0."""
    own_words: tuple[str, ...]
    """The plan's name for it in languages of its own."""
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


@dataclass(frozen=True, slots=True)
class LandscapeFacts:
    landscape_id: str
    name: str
    land_use: LandUse
    is_derived: bool
    """Whether the land use was derived from land cover, not stated by an agency."""
    stages: Mapping[DroughtType, StageFacts]


@dataclass(frozen=True, slots=True)
class CountryFacts:
    country: Country
    plans: tuple[Plan, ...]
    """Those by which the stages of the month were decided."""
    landscapes: tuple[LandscapeFacts, ...]


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far one data source has come in one country, and what is late by its schedule."""

    country: Country
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
class BulletinFacts:
    month: Month
    """Newest month with stages."""
    made_at: datetime
    """With an offset."""
    origin: Origin | None
    source: str
    """The data source by which stages are decided."""
    calibration: str
    releases: Mapping[Release, int]
    """How many landscapes have indices of each release in the month."""
    countries: tuple[CountryFacts, ...]
    freshness: tuple[Freshness, ...]
    expected_month: Month | None
    """The newest month that `source` should have brought by now; None: it has no schedule."""
    revised: Revised | None
    """None: no stage was."""
    unfinished: Mapping[str, str]
    """Steps whose latest run did not end well, by how it ended."""
    pending: int
    """Alerts that wait for an approval."""
    late_readings: tuple[LateReading, ...] = ()
    """What is late by the plans in force."""

    @property
    def is_simulated(self) -> bool:
        return self.origin is Origin.SIMULATED


def kinds_not_national(plan: Plan) -> set[SourceKind]:
    """Return the kinds of source behind the plan's numbers that are no cited national order."""
    return {
        source.kind
        for ladder in plan.ladders.values()
        for rule in ladder.every_rule
        for source in (rule.source.threshold, rule.source.exit, rule.source.persistence)
    } - {SourceKind.NATIONAL}
