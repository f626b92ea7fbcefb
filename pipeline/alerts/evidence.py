"""The evidence of a decision: every comparison, with value, threshold, source, release, version.

Stored with the transition as JSON and read back unchanged, so that `drought explain`, letters and
CAP all speak from the same record.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from pipeline.core.gaps import Gap
from pipeline.core.ids import Origin, Release
from pipeline.plans.document import RuleSources
from pipeline.plans.stages import Finding, StageMonth


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Comparison(_Record):
    """One rule against one reading. Values are in the index's own unit."""

    stage: str
    index: str
    value: float | None
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
    def is_decisive(self) -> bool:
        """Whether this rule began or ended its stage in this month."""
        return self.was_active != self.is_active


class Inputs(_Record):
    """What the values rest on."""

    source: str
    """The data source, such as `era5-land`."""
    origin: Origin
    release: Release
    calibration: str
    coverage_fraction: float | None
    """Share of the landscape's area under cells with values, in the month itself."""
    landscape_version: int


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


def comparison(finding: Finding) -> Comparison:
    """Return the line of evidence that `finding` leaves."""
    rule = finding.rule
    return Comparison(
        stage=finding.stage,
        index=str(rule.index),
        value=finding.reading.value,
        gap=finding.reading.gap,
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


def evidence(
    before: str, now: StageMonth, plan: PlanVersion, inputs: Inputs, engine: str
) -> Evidence:
    """Return the evidence for the stage `now`, which followed the stage `before`."""
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
        comparisons=tuple(comparison(finding) for finding in now.findings),
    )
