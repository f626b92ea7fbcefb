"""The stage of a landscape, month by month, from the rules of one ladder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.core.errors import InputError
from pipeline.core.ids import LandUse
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.document import NO_STAGE, Ladder
from pipeline.plans.rule_document import Rule
from pipeline.plans.rules import Reading, RuleState, replay


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule heard and how it stood before and after: a line of evidence."""

    stage: str
    rule: Rule
    reading: Reading
    before: RuleState
    after: RuleState


@dataclass(frozen=True, slots=True)
class StageMonth:
    """The stage after one month."""

    month: Month
    stage: str
    rank: int
    """0 for none."""
    since: Month
    """First month of this stage, or of the record where nothing came before."""
    is_confirmed: bool
    """False once the rules behind the stage have been silent for more than the hold limit, or
    where none has ever heard a value: then `none` is not knowledge."""
    silent_months: int
    findings: tuple[Finding, ...]


def stage_history(
    ladder: Ladder,
    land_use: LandUse,
    readings: Mapping[Measure, Sequence[Reading]],
    *,
    hold_limit: int,
) -> list[StageMonth]:
    """Return the stage of every month of `readings`, oldest first.

    Args:
        ladder: the stages; a stage is on while any of its rules is active, and the gravest wins.
        land_use: rules for other land uses stay out.
        readings: consecutive months of every index and indicator the ladder names, all of the same
            months.
        hold_limit: months of silence after which a stage is unconfirmed.

    Raises:
        InputError: a measure of the ladder has no readings, or their months differ.
    """
    tracks = [
        (rank, stage.stage, rule, series, _track(rule, series))
        for rank, stage in enumerate(ladder.stages, start=1)
        for rule in stage.rules
        if land_use in rule.land_uses
        for series in (_series(rule, readings),)
    ]
    history: list[StageMonth] = []
    for position, month in enumerate(_months(readings)):
        found = [
            (rank, Finding(stage, rule, series[position], *states[position : position + 2]))
            for rank, stage, rule, series, states in tracks
        ]
        history.append(_stage_month(month, found, history[-1] if history else None, hold_limit))
    return history


def _series(rule: Rule, readings: Mapping[Measure, Sequence[Reading]]) -> Sequence[Reading]:
    if rule.measure not in readings:
        raise InputError(
            f"ladder: expected readings of {rule.measure}, got {sorted(map(str, readings))}"
        )
    return readings[rule.measure]


def _track(rule: Rule, series: Sequence[Reading]) -> list[RuleState]:
    return list(replay(rule, RuleState(series[0].month - 1), series)) if series else []


def _months(readings: Mapping[Measure, Sequence[Reading]]) -> list[Month]:
    of_each = {tuple(reading.month for reading in series) for series in readings.values()}
    if len(of_each) > 1:
        raise InputError("readings: expected the same months for every measure; pad with gaps")
    return list(of_each.pop()) if of_each else []


def _stage_month(
    month: Month, found: list[tuple[int, Finding]], previous: StageMonth | None, hold_limit: int
) -> StageMonth:
    rank = max((rank for rank, finding in found if finding.after.active), default=0)
    behind = [f for r, f in found if (r == rank and f.after.active) or rank == 0]
    stage = behind[0].stage if rank else NO_STAGE
    silent = min((f.after.silent for f in behind), default=0)
    heard = any(f.after.heard for f in behind)
    unchanged = previous is not None and previous.stage == stage
    return StageMonth(
        month,
        stage,
        rank,
        since=previous.since if previous is not None and unchanged else month,
        is_confirmed=heard and silent <= hold_limit,
        silent_months=silent,
        findings=tuple(f for _, f in found),
    )
