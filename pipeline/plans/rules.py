"""How a plan's rule moves from month to month: it begins, holds and ends, and it latches.

A rule becomes active after `enter_after` months in a row at `enter_at` or drier, and ends only
after `exit_after` months in a row at `exit_at` or wetter. Values between the two change nothing, so
an index hovering at a threshold cannot toggle a stage (McKee et al. 1993; WMO-No. 1090).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.plans.issues import Issue
from pipeline.plans.rule_document import Rule
from pipeline.plans.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Reading:
    """A value of an index or indicator for one month, or the reason why there is none."""

    month: Month
    value: float | None
    gap: Gap | None = None
    issue: Issue | None = None
    """The issue of an agency's indicator that the value stands in; None for an index."""

    def __post_init__(self) -> None:
        if (self.value is None) == (self.gap is None):
            raise InputError(
                f"{self.month}: expected a value or a gap, got {self.value} and {self.gap}"
            )
        if self.value is not None and not math.isfinite(self.value):
            raise InputError(f"{self.month}: the value is {self.value}; name the gap instead")


@dataclass(frozen=True, slots=True)
class RuleState:
    """Where a rule stands after `month`."""

    month: Month
    active: bool = False
    run: int = 0
    """Months in a row arguing for the opposite of `active`."""
    silent: int = 0
    """Months since the rule last heard a value; months in which it does not speak do not count."""
    heard: bool = False
    """Whether the rule has ever heard a value: before that, not active is not the same as wet."""


def speaks(rule: Rule, reading: Reading) -> bool:
    """Return whether the rule speaks in the month of `reading`, with a value or without one.

    It does not out of its season, nor where its index is blind.
    """
    in_season = reading.month.month in rule.calendar_months
    return in_season and reading.gap is not Gap.NOT_APPLICABLE


def advance(rule: Rule, state: RuleState, reading: Reading) -> RuleState:
    """Return the rule's state after one more month.

    A gap is no evidence either way: it holds the stage, and the run too unless an entering run has
    been silent for more than the rule allows. A month in which the rule does not speak (out of season,
    or the index is blind there) is not silence, but it breaks a run: the two dry months at its
    sides were not in a row. Only a rule that says so lets go of its stage after long silence.

    Raises:
        InputError: `reading` is not of the month after `state`.
    """
    return _advanced(rule, rule.thresholds, state, reading)


def _advanced(rule: Rule, thresholds: Thresholds, state: RuleState, reading: Reading) -> RuleState:
    month = reading.month
    if month.ordinal != state.month.ordinal + 1:
        raise InputError(
            f"{rule.measure}: expected {state.month + 1}, got {month}; "
            "replay the rule from its first month"
        )
    if not speaks(rule, reading):
        return RuleState(month, state.active, 0, state.silent, state.heard)
    if reading.value is None:
        return _after_silence(rule, state, month)
    turning = thresholds.argues_against if state.active else thresholds.argues_for
    needed = rule.exit_after if state.active else rule.enter_after
    run = state.run + 1 if turning(reading.value) else 0
    if run < needed:
        return RuleState(month, state.active, run, 0, heard=True)
    return RuleState(month, not state.active, 0, 0, heard=True)


def _after_silence(rule: Rule, state: RuleState, month: Month) -> RuleState:
    silent = state.silent + 1
    if not state.active:
        run = 0 if silent > rule.gap_breaks_run_after else state.run
        return RuleState(month, False, run, silent, state.heard)
    lets_go = rule.ends_after_silence is not None and silent > rule.ends_after_silence
    return RuleState(month, not lets_go, 0 if lets_go else state.run, silent, state.heard)


def replay(rule: Rule, start: RuleState, readings: Iterable[Reading]) -> Iterator[RuleState]:
    """Yield `start` and the state after each reading: the same answer as going month by month."""
    thresholds = rule.thresholds  # once for the many months of a history
    return accumulate(
        readings,
        lambda state, reading: _advanced(rule, thresholds, state, reading),
        initial=start,
    )
