"""Evidence gathered from what the rules heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.alerts.evidence import (
    Comparison,
    Document,
    Evidence,
    Inputs,
    Side,
    StagePath,
    Step,
)
from pipeline.core.ids import Release
from pipeline.plans.issues import Issue
from pipeline.plans.rule_document import Rule, Where
from pipeline.plans.rules import Reading
from pipeline.plans.stages import Finding, StageMonth
from pipeline.plans.trees import Node


@dataclass(frozen=True, slots=True)
class PlanVersion:
    plan_id: str
    version: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the readings of a headwater in one month rest on, which the inputs do not say."""

    landscape_id: str
    data_source: str
    """By which the headwater is decided; shares of its area are counted on maps of the grid."""
    release: Release | None
    """None: there are no indices of the month."""
    coverage_fraction: float | None
    are_indices_open: bool


def comparison(
    finding: Finding,
    *,
    are_indices_open: bool = True,
    mapped_by: str | None = None,
    headwater: Grounds | None = None,
) -> Comparison:
    """Return the line of evidence that `finding` leaves.

    Args:
        finding: what a rule heard.
        are_indices_open: whether the indices of the landscape may be shown. Maps are of the grid
            alone, so the share of an area is open to everyone.
        mapped_by: the data source of the maps that shares of the area are counted on.
        headwater: what is read of the headwater, for a rule that hears it.
    """
    rule, reading = finding.rule, finding.reading
    is_on_area = rule.area_share is not None
    grounds = headwater if rule.where is Where.HEADWATER else None
    is_shown = is_shown_to_all(
        rule, reading, are_indices_open if grounds is None else grounds.are_indices_open
    )
    return Comparison(
        stage=finding.stage,
        index=None if rule.index is None else str(rule.index),
        indicator=rule.indicator,
        unit=rule.unit,
        area_share=rule.area_share,
        where=rule.where,
        **_rests_on(rule, grounds),
        mapped_by=mapped_by if is_on_area else None,
        document=None if reading.issue is None else _document(reading.issue),
        value=reading.value if is_shown else None,
        withheld=None if is_shown else side_of(rule, reading),
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


def _rests_on(rule: Rule, grounds: Grounds | None) -> dict[str, Any]:
    """What a line says of the headwater; of indicators and areas not what its indices rest on."""
    if grounds is None:
        return {}
    is_index = rule.index is not None
    return {
        "landscape_id": grounds.landscape_id,
        "data_source": grounds.data_source if is_index else None,
        "release": grounds.release if is_index else None,
        "coverage_fraction": grounds.coverage_fraction if is_index else None,
    }


def is_shown_to_all(rule: Rule, reading: Reading, are_indices_open: bool) -> bool:
    """Return whether the value of a reading may be shown to everyone."""
    if reading.issue is not None:
        return reading.issue.is_open
    return rule.area_share is not None or are_indices_open


def side_of(rule: Rule, reading: Reading) -> Side | None:
    """Return where the value of a reading lies between the thresholds of `rule`; None for a gap."""
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
    headwater: Grounds | None = None,
    lacks_headwater: bool = False,
) -> Evidence:
    """Return the evidence for the stage `now`, which followed the stage `before`.

    Values of indices that rest on gauges which are not open are left out. `mapped_by` is the data
    source of the maps that shares of the area are counted on; `headwater` is told where rules on it
    were asked, and `lacks_headwater` where they could not be.
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
            comparison(
                finding,
                are_indices_open=are_indices_open,
                mapped_by=mapped_by,
                headwater=headwater,
            )
            for finding in now.findings
        ),
        paths=tuple(StagePath(stage=one.stage, condition=_step(one.node)) for one in now.paths),
        is_held=now.is_held,
        headwater_landscape_id=None if headwater is None else headwater.landscape_id,
        lacks_headwater=lacks_headwater,
    )


def _step(node: Node) -> Step:
    return Step(
        holds=node.holds,
        comparison=None if node.finding is None else node.finding + 1,
        form=node.form,
        needed=node.needed,
        coming_from=node.coming_from,
        members=tuple(_step(member) for member in node.members),
    )
