"""What a correction rests on: the readings that are other than when the stage was told, in English."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.evidence import Replaced, Side
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.figures import month_in_words, value_in_words
from pipeline.alerts.indices_in_words import gap_in_words, short_measure
from pipeline.alerts.naming import headwater, quoted_stage
from pipeline.alerts.words import words_of
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.rule_document import Where

_LIES = {
    Side.ENTER: "where the stage begins",
    Side.BETWEEN: "between the thresholds",
    Side.EXIT: "where the stage ends",
}


def correction_in_words(facts: AlertFacts) -> Iterator[str]:
    """Yield what is read otherwise now, and that the stage outlasts its month; else nothing."""
    record = facts.evidence
    if facts.change is not Change.CORRECTED:
        return
    for one in record.replaced:
        yield _replaced(one, facts)
    if not record.replaced:
        yield (
            "No reading that was replaced is recorded with this alert; mart.revision_value holds "
            "every value that was."
        )
    if record.latched_in is not None and record.stage_after != NO_STAGE:
        month = month_in_words(Month.parse(record.latched_in), words_of("en"))
        yield (
            f"Stage {quoted_stage(record.stage_after, facts, 'en')} follows from {month}: it began "
            "then, as the data now stand, and has not ended since."
        )


def _replaced(one: Replaced, facts: AlertFacts) -> str:
    words, month = words_of("en"), Month.parse(one.month)
    name = short_measure(one.measure, month.month, words)
    if one.where is Where.HEADWATER:
        name = words.headwater_measure.format(landscape=headwater(facts, "en"), measure=name)
    before = _reading(one, facts, one.value_before, one.gap_before, one.side_before)
    now = _reading(one, facts, one.value, one.gap, one.side)
    then = "when it was told" if facts.was_told else "when the stage was decided"
    return f"{name} of {month_in_words(month, words)} was {before} {then}, and is {now} now."


def _reading(
    one: Replaced, facts: AlertFacts, value: float | None, gap: Gap | None, side: Side | None
) -> str:
    words, measure = words_of("en"), one.measure
    if value is not None:
        limits = [
            limit
            for line in facts.evidence.comparisons
            if line.measure == measure
            for limit in (line.enter_at, line.exit_at)
        ]
        return value_in_words(value, measure, words, *limits)
    if gap is not None:
        return f"missing ({gap_in_words(gap, measure, Month.parse(one.month).month, words)})"
    return "not open" if side is None else f"not open, {_LIES[side]}"
