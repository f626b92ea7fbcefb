"""All that the site says, gathered before any wording, and cut to what its readers may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from pipeline.alerts.facts import AlertFacts, Approval
from pipeline.alerts.public import Withheld
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse, Origin, Release
from pipeline.core.languages import nearest
from pipeline.core.months import Month, months_between
from pipeline.plans.document import Plan
from pipeline.plans.lateness import LateReading
from pipeline.plans.rule_document import Land
from pipeline.plans.timetable import Timetable

Standing = tuple[str, DroughtType]
"""Landscape id and drought type."""


@dataclass(frozen=True, slots=True)
class LandscapeFacts:
    """A landscape as it is now."""

    number: int
    """Its place in the strings of stages, from 0."""
    slug: str
    landscape_id: str
    names: Mapping[str, str]
    """By language; `en` is always there."""
    country: Country
    land_use: LandUse
    is_salt_affected: bool
    is_derived: bool
    """Whether the land use was derived from land cover."""
    area_km2: float
    aridity_index: float | None
    headwater_landscape_id: str | None
    """None also where the headwater is not among the landscapes."""
    geometry: BaseGeometry

    @property
    def land(self) -> Land:
        """What of it decides which rules are for it."""
        return Land(self.land_use, self.is_salt_affected, self.headwater_landscape_id is not None)

    def name_in(self, language: str) -> str:
        """Return its name in `language`, or in the one that serves its readers best."""
        return self.names[nearest(language, self.names)]


@dataclass(frozen=True, slots=True)
class StageAt:
    """The stage of one drought type in one month."""

    stage: str
    rank: int
    is_confirmed: bool = True

    @property
    def is_known(self) -> bool:
        """False where no value was heard: then `none` is not knowledge."""
        return self.rank > 0 or self.is_confirmed


StageHistory = Mapping[Month, StageAt]


@dataclass(frozen=True, slots=True)
class StageNow:
    """The stage that stands."""

    stage: str
    rank: int
    since: Month
    is_confirmed: bool
    silent_months: int

    @property
    def is_known(self) -> bool:
        return self.rank > 0 or self.is_confirmed


@dataclass(frozen=True, slots=True)
class IndexHistory:
    """The indices of one landscape from the source that decides it, those open to all."""

    months: Sequence[Month]
    values: Mapping[IndexCode, Sequence[float | None]]
    gaps: Sequence[Mapping[str, str]]
    """By index code, in each month."""
    sources: Sequence[str]
    releases: Sequence[Release]


@dataclass(frozen=True, slots=True)
class Told:
    """An alert and what became of it."""

    facts: AlertFacts
    state: str
    """``approved``, ``pending``, ``refused`` or ``expired``."""
    answer: Approval | None
    """None where nobody answered."""
    cap_path: str | None = None
    """Of its CAP message in the site."""


@dataclass(frozen=True, slots=True)
class BulletinOnDisk:
    """One file of a bulletin."""

    month: Month
    scope: Country | None
    """None: the region."""
    language: str
    path: Path
    number: str | None = None
    """Of an issued one; None: a working paper."""
    issued_on: date | None = None


@dataclass(frozen=True, slots=True)
class FreshnessFacts:
    """How far one data source has come in one country."""

    country: Country
    source: str
    newest_month: Month | None
    release: Release | None
    landscapes_with_values: int
    landscapes: int
    months_late: int
    oldest_late_month: Month | None
    late_since: date | None


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest values of what a plan hears besides indices."""

    shares: Mapping[tuple[str, str, float], float] = field(default_factory=dict)
    """Share of the area by landscape id, index code and class."""
    indicators: Mapping[tuple[str, str, str], tuple[float, date]] = field(default_factory=dict)
    """Value and first day of its period by landscape id, indicator and unit."""


@dataclass(frozen=True)
class SiteFacts:
    """One build of the site."""

    is_public: bool
    origin: Origin | None
    made_at: datetime
    """With an offset."""
    software: str
    month: Month | None
    """The newest with stages; None: there are none to show."""
    calibration: str
    languages: tuple[str, ...]
    unchecked: frozenset[str]
    """Languages in which words of a plan are read that no speaker has checked."""
    landscapes: tuple[LandscapeFacts, ...]
    """By number."""
    plans: Mapping[Country, Timetable]
    now: Mapping[Standing, StageNow]
    months: Sequence[Month]
    """All with stages, oldest first, without holes."""
    history: Mapping[Standing, StageHistory]
    changes: Mapping[Standing, AlertFacts]
    """The last change of each."""
    told: tuple[Told, ...]
    """Newest first."""
    indices: Mapping[str, IndexHistory]
    """By landscape id; a landscape without open values is absent."""
    newest: Newest
    freshness: tuple[FreshnessFacts, ...]
    late: tuple[LateReading, ...]
    withheld: Mapping[Country, Withheld]
    bulletins: tuple[BulletinOnDisk, ...]
    feed: Mapping[str, bytes]
    """Feed and CAP messages by path in the site."""

    @property
    def is_simulated(self) -> bool:
        return self.origin is Origin.SIMULATED

    @cached_property
    def landscape(self) -> Mapping[str, LandscapeFacts]:
        """The landscapes by id."""
        return {one.landscape_id: one for one in self.landscapes}

    @cached_property
    def countries(self) -> tuple[Country, ...]:
        """The countries with landscapes, in their order."""
        return tuple(dict.fromkeys(one.country for one in self.landscapes))

    @cached_property
    def rests_on_law(self) -> bool:
        """Whether every plan behind a stage is adopted in all its numbers."""
        plans = [self.plan_of(one) for one in self.countries]
        return all(plan is not None and plan.has_only_adopted_thresholds for plan in plans)

    def plan_of(self, country: Country) -> Plan | None:
        """Return the plan in force in the newest month."""
        timetable = self.plans.get(country)
        return None if timetable is None or self.month is None else timetable.in_force(self.month)

    def languages_of(self, country: Country) -> tuple[str, ...]:
        """Return the languages in which there are pages of landscapes of `country`."""
        plan = self.plan_of(country)
        spoken = ("en", "ru") if plan is None else plan.spoken
        return tuple(one for one in self.languages if one in spoken) or self.languages[:1]


def months_of(histories: Iterable[StageHistory], newest: Month) -> list[Month]:
    """Return the months from the first with a stage to the newest."""
    first = min((min(one) for one in histories if one), default=newest)
    return list(months_between(first, newest))


def newest_value(history: IndexHistory) -> Month | None:
    """Return the newest month in which any index has a value; None where there is none."""
    for at in range(len(history.months) - 1, -1, -1):
        if any(values[at] is not None for values in history.values.values()):
            return history.months[at]
    return None


def gap_of(history: IndexHistory, position: int, index: IndexCode) -> Gap | None:
    """Return why an index has no value; None where it has one, or nobody said why."""
    gap = history.gaps[position].get(str(index))
    return None if gap is None else Gap(gap)
