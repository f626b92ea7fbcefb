"""What became of every stage of a ladder in the month of an alert, about the one that stands."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.alerts.evidence import Comparison, StagePath
from pipeline.alerts.facts import AlertFacts
from pipeline.plans.conditions import NO_STAGE


@dataclass(frozen=True, slots=True)
class StageState:
    """One stage, with the comparisons it follows from."""

    stage: str
    is_on: bool | None
    """None: not known, for want of a rule that ever heard a value."""
    lines: tuple[Comparison, ...]
    """Of all its rules that are for this land; none: nothing is asked of it there."""
    path: StagePath | None
    """Where its rules stand in groups."""

    @property
    def active_lines(self) -> tuple[Comparison, ...]:
        return tuple(line for line in self.lines if line.is_active)


@dataclass(frozen=True, slots=True)
class StageStates:
    """The stages of a ladder, mildest first."""

    milder: tuple[StageState, ...]
    standing: StageState | None
    """None: no stage stands."""
    graver: tuple[StageState, ...]


def stage_states(facts: AlertFacts) -> StageStates:
    """Return what became of each stage; where none stands, all of them are graver."""
    names = [stage.stage for stage in facts.plan.ladders[facts.drought_type].stages]
    of_each = [_state(name, facts) for name in names]
    stands = facts.evidence.stage_after
    if stands == NO_STAGE:
        return StageStates((), None, tuple(of_each))
    rank = names.index(stands)
    return StageStates(tuple(of_each[:rank]), of_each[rank], tuple(of_each[rank + 1 :]))


def _state(stage: str, facts: AlertFacts) -> StageState:
    lines = tuple(line for line in facts.evidence.comparisons if line.stage == stage)
    path = next((path for path in facts.evidence.paths if path.stage == stage), None)
    is_on = any(line.is_active for line in lines) if path is None else path.condition.holds
    return StageState(stage, is_on, lines, path)
