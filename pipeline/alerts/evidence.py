"""The evidence of a decision: every comparison, with value, threshold, source, release, version.

Stored with the transition as JSON and read back unchanged, so that `drought explain`, letters and
CAP all speak from the same record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode, Origin, Release
from pipeline.core.indicators import IndicatorCode, IndicatorUnit, Measure, measure_of
from pipeline.plans.issues import Issue
from pipeline.plans.rule_document import Rule, RuleSources
from pipeline.plans.rules import Reading
from pipeline.plans.stages import Finding, StageMonth
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


@dataclass(frozen=True, slots=True)
class PlanVersion:
    plan_id: str
    version: str
    fingerprint: str


def comparison(
    finding: Finding, *, are_indices_open: bool = True, mapped_by: str | None = None
) -> Comparison:
    """Return the line of evidence that `finding` leaves.

    Maps are of the grid alone, so the share of an area is open to everyone.
    """
    rule, reading = finding.rule, finding.reading
    is_on_area = rule.area_share is not None
    is_shown = is_on_area or are_indices_open
    if reading.issue is not None:
        is_shown = reading.issue.is_open
    return Comparison(
        stage=finding.stage,
        index=None if rule.index is None else str(rule.index),
        indicator=rule.indicator,
        unit=rule.unit,
        area_share=rule.area_share,
        mapped_by=mapped_by if is_on_area else None,
        document=None if reading.issue is None else _document(reading.issue),
        value=reading.value if is_shown else None,
        withheld=None if is_shown else _side(rule, reading),
        gap=reading.gap,
        enter_at=rule.enter_at,
        enter_after=rule.enter_after,
        exit_at=rule.exit_at,
        exit_after=rule.exit_after,
        run_before=finding.before.run,
        run_after=finding.after.run,
        was_active=finding.before.active,
        is_active=finding.after.active,
        silent_months=finding.after.silent,
        source=rule.source,
    )


def _document(issue: Issue) -> Document:
    return Document(
        document_number=issue.document_number,
        issued_on=issue.issued_on,
        issued_by=issue.issued_by,
        period_from=str(issue.period_from),
        period_to=str(issue.period_to),
    )


def _side(rule: Rule, reading: Reading) -> Side | None:
    if reading.value is None:
        return None
    if rule.thresholds.argues_for(reading.value):
        return Side.ENTER
    return Side.EXIT if rule.thresholds.argues_against(reading.value) else Side.BETWEEN


def evidence(
    before: str,
    now: StageMonth,
    plan: PlanVersion,
    inputs: Inputs,
    engine: str,
    *,
    are_indices_open: bool = True,
    mapped_by: str | None = None,
) -> Evidence:
    """Return the evidence for the stage `now`, which followed the stage `before`.

    Values of indices that rest on gauges which are not open are left out. `mapped_by` is the data
    source of the maps that shares of the area are counted on.
    """
    return Evidence(
        stage_before=before,
        stage_after=now.stage,
        since=str(now.since),
        is_confirmed=now.is_confirmed,
        silent_months=now.silent_months,
        plan_id=plan.plan_id,
        plan_version=plan.version,
        plan_fingerprint=plan.fingerprint,
        engine=engine,
        inputs=inputs,
        comparisons=tuple(
            comparison(finding, are_indices_open=are_indices_open, mapped_by=mapped_by)
            for finding in now.findings
        ),
    )
