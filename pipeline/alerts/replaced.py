"""What a correction is owed to: readings that were others when the stage was told, and latches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.alerts.evidence import Replaced
from pipeline.alerts.gathering import is_shown_to_all, side_of
from pipeline.core.months import Month
from pipeline.plans.rule_document import Rule, Where
from pipeline.plans.rules import Reading
from pipeline.plans.stages import Finding, StageMonth

MOST = 12
"""Readings that evidence names, the newest."""


@dataclass(frozen=True, slots=True)
class Openness:
    """Whether the indices of a land may be shown to everyone."""

    before: bool
    """Those that were read for the decision that is corrected."""
    now: bool


def replaced(
    before: Sequence[StageMonth],
    now: Sequence[StageMonth],
    month: Month,
    are_open: Mapping[Where, Openness],
    headwater: str | None,
) -> tuple[Replaced, ...]:
    """Return the readings that a correction of `month` is owed to, oldest first.

    Those which lie on another side of a threshold than before, in the months since the rules last
    stood alike: only these can have led to another stage.

    Args:
        before: the stages by the same plan from the readings of then.
        now: the same from the readings of now; both consecutive months of one piece of land.
        month: the one corrected.
        are_open: of the land itself and of its headwater; values that are not open are left out.
        headwater: its landscape id; None: it is not known.
    """
    were = {one.month: one for one in before}
    found: list[Replaced] = []
    for present in _since_alike(were, now, month):
        of_month = _turned(were[present.month].findings, present.findings)
        found += (_replaced(*pair, are_open, headwater) for pair in of_month)
        if len(found) >= MOST:
            break
    return tuple(reversed(found[:MOST]))


def _since_alike(
    were: Mapping[Month, StageMonth], now: Sequence[StageMonth], month: Month
) -> Iterator[StageMonth]:
    """Yield the months, newest first, back to the one after which the rules stood alike."""
    for present in reversed(now):
        if present.month > month:
            continue
        past = were.get(present.month)
        if past is None or len(past.findings) != len(present.findings):
            return
        if [one.after for one in past.findings] == [one.after for one in present.findings]:
            return
        yield present


def _turned(
    before: Sequence[Finding], now: Sequence[Finding]
) -> Iterator[tuple[Rule, Reading, Reading]]:
    """Yield each measure whose reading changed sides, with the first rule to which it did."""
    told = set()
    for past, present in zip(before, now, strict=True):
        rule = present.rule
        if rule.heard in told or side_of(rule, past.reading) == side_of(rule, present.reading):
            continue
        told.add(rule.heard)
        yield rule, past.reading, present.reading


def _replaced(
    rule: Rule,
    before: Reading,
    now: Reading,
    are_open: Mapping[Where, Openness],
    headwater: str | None,
) -> Replaced:
    openness = are_open[rule.where]
    return Replaced(
        where=rule.where,
        landscape_id=headwater if rule.where is Where.HEADWATER else None,
        index=None if rule.index is None else str(rule.index),
        indicator=rule.indicator,
        unit=rule.unit,
        area_share=rule.area_share,
        month=str(now.month),
        value_before=before.value if is_shown_to_all(rule, before, openness.before) else None,
        gap_before=before.gap,
        side_before=side_of(rule, before),
        value=now.value if is_shown_to_all(rule, now, openness.now) else None,
        gap=now.gap,
        side=side_of(rule, now),
    )


def latched_in(now: Sequence[StageMonth], month: Month) -> Month | None:
    """Return the month in which the rule began that holds the stage of `month`.

    None where there is no stage, or where a value of the month itself is on its side.

    Args:
        now: the stages by one plan, consecutive months.
        month: one of them.
    """
    until = [one for one in now if one.month <= month]
    stage = until[-1].stage
    places = [n for n, one in enumerate(until[-1].findings) if _holds(one, stage)]
    if any(_argues(until[-1].findings[n]) for n in places):
        return None
    return max((_began(until, n) for n in places), default=None)


def _holds(finding: Finding, stage: str) -> bool:
    return finding.stage == stage and finding.after.active


def _argues(finding: Finding) -> bool:
    value = finding.reading.value
    return value is not None and finding.rule.thresholds.argues_for(value)


def _began(until: Sequence[StageMonth], place: int) -> Month:
    """The last month in which the rule at `place` turned on; the first one if it always was on."""
    turns = (one.month for one in reversed(until) if not one.findings[place].before.active)
    return next(turns, until[0].month)
