"""The evidence of a decision: every comparison, with value, threshold, source, release, version.

Stored with the transition as JSON and read back unchanged, so that `drought explain`, letters and
CAP all speak from the same record.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode, Origin, Release
from pipeline.core.indicators import IndicatorCode, IndicatorUnit, Measure, measure_of
from pipeline.plans.conditions import Form
from pipeline.plans.rule_document import RuleSources, Where
from pipeline.plans.thresholds import Thresholds


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Side(StrEnum):
    """Where a value that is not shown lies."""

    ENTER = "at_or_below_enter"
    BETWEEN = "between"
    EXIT = "at_or_above_exit"


class Document(_Record):
    """The agency's document that a value of an indicator stands in."""

    document_number: str
    issued_on: date
    issued_by: str | None
    period_from: str
    """First month the value is about, ``YYYY-MM``."""
    period_to: str


class Comparison(_Record):
    """One rule against one reading. Values are in the measure's own unit."""

    stage: str
    index: str | None = None
    """The index heard, such as `spi_3`; or else `indicator` in `unit`, or `area_share`."""
    indicator: IndicatorCode | None = None
    unit: IndicatorUnit | None = None
    area_share: AreaShare | None = None
    where: Where = Where.LANDSCAPE
    """The land whose value was heard."""
    landscape_id: str | None = None
    """Of the headwater, where that was heard."""
    data_source: str | None = None
    """The data source of this reading; None: that of the inputs."""
    release: Release | None = None
    """Of this reading; None: that of the inputs."""
    coverage_fraction: float | None = None
    """Of this reading; None: that of the inputs."""
    mapped_by: str | None = None
    """The data source whose maps the share of an area is counted on; None where none is heard."""
    document: Document | None = None
    """Of an indicator that has a value."""
    value: float | None
    """None for a gap, and where the value is not open: what is not here, nobody can show."""
    withheld: Side | None = None
    """What the comparison gave, where there is a value and it is not open."""
    gap: Gap | None
    enter_at: float
    enter_after: int
    exit_at: float
    exit_after: int
    run_before: int
    run_after: int
    was_active: bool
    is_active: bool
    silent_months: int
    source: RuleSources

    @property
    def measure(self) -> Measure:
        """What the rule heard."""
        index = None if self.index is None else IndexCode.parse(self.index)
        return measure_of(index, self.indicator, self.unit, self.area_share)

    @property
    def thresholds(self) -> Thresholds:
        """The one to enter and the one to leave."""
        return Thresholds(self.enter_at, self.exit_at, is_more_drier=self.area_share is not None)

    @property
    def is_ended_by_silence(self) -> bool:
        """Whether the rule let go for want of values."""
        return self.was_active and not self.is_active and self.gap is not None

    @property
    def is_decisive(self) -> bool:
        """Whether this rule began or ended its stage in this month."""
        return self.was_active != self.is_active


class Verdict(StrEnum):
    """What another record of the landscape's rain says to what a rule heard."""

    AGREES = "agrees"
    """Its value lies on the same side of the threshold that counted."""
    DISAGREES = "disagrees"
    SILENT = "silent"
    """It has no value."""


class OtherReading(_Record):
    """What a rule that decided would have heard from the other record."""

    stage: str
    index: str
    value: float | None
    """None for a gap, and where the record is not open."""
    gap: Gap | None
    verdict: Verdict


class Beside(_Record):
    """The record beside the one that decides: gauges beside the grid, or the grid beside both."""

    source: str
    is_open: bool
    """Whether its values may be shown."""
    readings: tuple[OtherReading, ...]


class Gauges(_Record):
    """The gauges behind the blended series, over the months of the longest window compared."""

    grid: str
    """The grid on whose normals their departures are put."""
    n_months: int
    fewest: int
    """Gauges that reported in the month with fewest."""
    n_suspect: int
    """Values that a check marks; they count all the same."""
    n_assumed_dry: int
    """Days without a report that `sparse_reporting` took as dry."""
    policies: tuple[str, ...]
    """Completeness policies by which months were made."""


class Inputs(_Record):
    """What the values rest on."""

    source: str
    """The data source, such as `era5-land`; `blended`: gauges on the normals of a grid."""
    origin: Origin
    release: Release
    calibration: str
    coverage_fraction: float | None
    """Share of the landscape's area under cells with values, in the month itself; of `blended`
    the share of its gauges that reported."""
    landscape_version: int
    beside: Beside | None = None
    """None: there is no other record to compare with, or nobody compared yet."""
    gauges: Gauges | None = None
    """Where either of the two records is `blended`."""


class Replaced(_Record):
    """A reading on another side of a threshold of the plan than when its stage was told."""

    where: Where = Where.LANDSCAPE
    landscape_id: str | None = None
    """Of the headwater, where that was heard."""
    index: str | None = None
    """The index read; or else `indicator` in `unit`, or `area_share`."""
    indicator: IndicatorCode | None = None
    unit: IndicatorUnit | None = None
    area_share: AreaShare | None = None
    month: str
    """``YYYY-MM``, the month corrected or an earlier one."""
    value_before: float | None = None
    """As it was read for the decision that is corrected; None for a gap, and where it is not open."""
    gap_before: Gap | None = None
    side_before: Side | None = None
    """Where the value lies between the thresholds of the rule that counts; None for a gap."""
    value: float | None = None
    """As it is read now; None likewise."""
    gap: Gap | None = None
    side: Side | None = None
    known_from: datetime | None = None
    """Since when this installation holds the value of the index read now."""

    @property
    def measure(self) -> Measure:
        """What was read."""
        index = None if self.index is None else IndexCode.parse(self.index)
        return measure_of(index, self.indicator, self.unit, self.area_share)


class NoRule(StrEnum):
    """Why nothing is asked of a landscape any more."""

    NO_PLAN = "no_plan"
    """No plan is in force."""
    NO_LADDER = "no_ladder"
    """The plan in force has no stages for the drought type."""
    NO_RULE = "no_rule"
    """The plan in force has stages, and no rule in them is for this land."""


class Unruled(_Record):
    """That a stage ended because no rule asks any more, not because of any value."""

    reason: NoRule
    plan_id: str | None = None
    """The plan in force; None where there is none."""
    plan_version: str | None = None


class Step(_Record):
    """What a rule or a group of rules came to, on the way to a stage."""

    holds: bool | None
    """None: not known, for want of a rule that ever heard a value."""
    comparison: int | None = None
    """Of a rule: the number of its line among the comparisons, from 1."""
    form: Form | None = None
    """Of a group: how its members count."""
    needed: int = 1
    """Of a group in which so many are enough."""
    coming_from: tuple[str, ...] = ()
    """The stages the ladder must have stood in the month before; empty: any."""
    members: tuple[Step, ...] = ()


class StagePath(_Record):
    """What the condition of a stage came to."""

    stage: str
    condition: Step


class Evidence(_Record):
    """Why the stage of a landscape changed (or stands) in one month."""

    stage_before: str
    stage_after: str
    since: str
    """First month of the present stage, ``YYYY-MM``."""
    is_confirmed: bool
    silent_months: int
    plan_id: str
    plan_version: str
    plan_fingerprint: str
    engine: str
    """Version of this software that decided."""
    inputs: Inputs
    comparisons: tuple[Comparison, ...]
    paths: tuple[StagePath, ...] = ()
    """Of stages whose rules stand in groups."""
    is_held: bool = False
    """Whether the ladder, which remembers its stage, could not move for want of a value."""
    headwater_landscape_id: str | None = None
    """Where the irrigation water of the landscape comes from."""
    lacks_headwater: bool = False
    """Whether rules on the headwater were not asked, because it is not known."""
    unruled: Unruled | None = None
    """Where no rule asks any more: then there is no comparison, and the plan named here is the one
    that the drought stood under until now."""
    replaced: tuple[Replaced, ...] = ()
    """Of a correction: what is read otherwise now, oldest first. Empty where no reading is the
    reason, but another plan, or a stage that follows from what was not known then."""
    latched_in: str | None = None
    """Of a correction to a stage: the month in which the rule behind it began, ``YYYY-MM``, where
    it is an earlier one."""
