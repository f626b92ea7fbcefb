"""What each line of evidence came to, and which lines a message has to tell."""

from __future__ import annotations

from enum import StrEnum

from pipeline.alerts.evidence import Comparison, Evidence, Side
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.core.gaps import Gap
from pipeline.plans.rule_document import Where


class Outcome(StrEnum):
    """What one rule did in one month."""

    BEGAN = "began"
    ENDED = "ended"
    HOLDS = "holds"
    """On, and the value does not argue against it."""
    ENDING = "ending"
    """On, and the months in a row that would end it are being counted."""
    QUIET = "quiet"
    """Off, and the value does not argue for it."""
    BEGINNING = "beginning"
    """Off, and the months in a row that would begin it are being counted."""
    SILENT = "silent"
    """No value: nothing changes."""
    LAPSED = "lapsed"
    """Off, because it let go after its months without a value."""
    OUT_OF_SEASON = "out_of_season"
    """The rule does not speak in this calendar month: nothing changes."""


def outcome(line: Comparison) -> Outcome:
    """Return what the rule of `line` did."""
    if line.is_ended_by_silence:
        return Outcome.LAPSED
    if line.is_decisive:
        return Outcome.BEGAN if line.is_active else Outcome.ENDED
    if line.gap is Gap.NOT_APPLICABLE:
        return Outcome.OUT_OF_SEASON
    if line.value is None and line.withheld is None:
        return Outcome.SILENT
    if line.run_after:
        return Outcome.ENDING if line.is_active else Outcome.BEGINNING
    if _argues_for_a_turn(line):
        # A value that argues for a turn is counted unless the rule did not speak.
        return Outcome.OUT_OF_SEASON
    return Outcome.HOLDS if line.is_active else Outcome.QUIET


def _argues_for_a_turn(line: Comparison) -> bool:
    if line.value is None:
        return line.withheld is (Side.EXIT if line.is_active else Side.ENTER)
    if line.is_active:
        return line.thresholds.argues_against(line.value)
    return line.thresholds.argues_for(line.value)


def rests_on_indicators(facts: AlertFacts) -> bool:
    """Return whether all that explains the alert is an agency's own indicator."""
    told = lines_to_tell(facts)
    return bool(told) and all(line.indicator is not None for line in told)


def rests_on_area_shares(facts: AlertFacts) -> bool:
    """Return whether all that explains the alert is the share of the area at which an index is low."""
    told = lines_to_tell(facts)
    return bool(told) and all(line.area_share is not None for line in told)


def rests_on_silence(facts: AlertFacts) -> bool:
    """Return whether all that changed is that rules let go for want of values."""
    changed = [line for line in lines_to_tell(facts) if line.is_decisive]
    return bool(changed) and all(outcome(line) is Outcome.LAPSED for line in changed)


def rests_on_conditions(facts: AlertFacts) -> bool:
    """Return whether the stage that came or went has rules in groups, which count together."""
    comes = facts.change in {Change.BEGAN, Change.ESCALATED}
    stage = facts.to_stage if comes else facts.from_stage
    return any(path.stage == stage for path in facts.evidence.paths)


def hears_only_indicators(facts: AlertFacts) -> bool:
    """Return whether no rule heard an index or an area, so that nothing rests on the grid or gauges."""
    lines = facts.evidence.comparisons
    return bool(lines) and all(line.indicator is not None for line in lines)


def hears_headwater(facts: AlertFacts) -> bool:
    """Return whether the headwater counts here: some rule heard a value of it, or it explains the alert."""
    told = lines_to_tell(facts)
    return any(
        line.where is Where.HEADWATER and (line.gap is None or line in told)
        for line in facts.evidence.comparisons
    )


def lines_to_tell(facts: AlertFacts) -> tuple[Comparison, ...]:
    """Return the comparisons that explain the alert, in the order of the plan.

    These are the decisive ones; where the stage now standing was not begun in this month, also
    those that hold it; and for a correction those of the stage that had been told. Every line,
    where nothing else explains the alert.
    """
    record = facts.evidence
    told = tuple(line for line in record.comparisons if _explains(line, record, facts))
    return told or record.comparisons


def _explains(line: Comparison, record: Evidence, facts: AlertFacts) -> bool:
    if facts.change in {Change.CORRECTED, Change.IN_FORCE, Change.REMINDED}:
        told_before = facts.change is Change.CORRECTED and line.stage == facts.from_stage
        return told_before or (line.is_active and line.stage == record.stage_after)
    holds_now = facts.change is Change.EASED and line.stage == record.stage_after
    return line.is_decisive or (holds_now and line.is_active)
