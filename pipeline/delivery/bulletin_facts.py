"""All that a bulletin says about one month, gathered before any wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse, Origin, Release
from pipeline.core.months import Month
from pipeline.plans.document import Plan, SourceKind


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
class StageFacts:
    """One drought type in one landscape, this month and the month before."""

    now: Standing | None
    """None where no stage was worked out."""
    before: Standing | None = None
    gaps: tuple[Gap, ...] = ()
    """Why the indices of the ladder have no value this month; empty while any has one."""
    has_ladder: bool = True
    """False where the plan in force has no stages for this drought type."""


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
    """The newest month of one data source in one country."""

    country: Country
    source: str
    newest_month: Month
    release: Release
    landscapes_with_values: int
    landscapes: int


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
    unfinished: Mapping[str, str]
    """Steps whose latest run did not end well, by how it ended."""
    pending: int
    """Alerts that wait for an approval."""

    @property
    def is_simulated(self) -> bool:
        return self.origin is Origin.SIMULATED


def kinds_not_national(plan: Plan) -> set[SourceKind]:
    """Return the kinds of source behind the plan's numbers that are no cited national order."""
    return {
        source.kind
        for ladder in plan.ladders.values()
        for stage in ladder.stages
        for rule in stage.rules
        for source in (rule.source.threshold, rule.source.exit, rule.source.persistence)
    } - {SourceKind.NATIONAL}
