"""On which record of rain an alert stands, and whether the other one agrees, in words."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.evidence import Beside, OtherReading, Verdict
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import share_in_words, value_in_words
from pipeline.alerts.indices_in_words import gap_in_words, short_index
from pipeline.alerts.words import Words
from pipeline.core.ids import BLENDED, IndexCode


def source_in_words(facts: AlertFacts, words: Words) -> str:
    """Return the source that decided."""
    inputs = facts.evidence.inputs
    if facts.is_simulated:
        return words.simulated_source.format(source=inputs.source)
    if inputs.source == BLENDED and inputs.gauges is not None:
        return words.blended_source.format(grid=inputs.gauges.grid)
    return inputs.source


def coverage_in_words(facts: AlertFacts, words: Words) -> str:
    """Return the part of the landscape, or of its gauges, that the month rests on."""
    inputs = facts.evidence.inputs
    if inputs.coverage_fraction is None:
        return words.coverage_unknown
    said = words.gauges_reported if inputs.source == BLENDED else words.coverage
    return said.format(share=share_in_words(inputs.coverage_fraction, words))


def other_record_in_words(facts: AlertFacts, words: Words) -> list[str]:
    """Return whether the other record agrees, and what was assumed of gauges; often nothing."""
    inputs = facts.evidence.inputs
    lines = [] if inputs.beside is None else list(_beside(inputs.beside, facts, words))
    if inputs.gauges is not None and inputs.gauges.n_assumed_dry:
        lines.append(words.assumed_dry.format(days=inputs.gauges.n_assumed_dry))
    if inputs.gauges is not None and inputs.gauges.n_suspect:
        lines.append(words.suspect.format(values=inputs.gauges.n_suspect))
    return lines


def _beside(beside: Beside, facts: AlertFacts, words: Words) -> Iterator[str]:
    """Yield a line for each index, judged by the stage that the alert is about."""
    told: dict[str, OtherReading] = {}
    for stage in (facts.to_stage, facts.from_stage, None):
        ours = [one for one in beside.readings if stage in {one.stage, None}]
        told = {one.index: one for one in ours}
        if told:
            break
    says = words.gauges_beside if beside.source == BLENDED else words.grid_beside
    for reading in told.values():
        values = _values(reading, facts, words)
        yield says[reading.verdict].format(source=beside.source, values=values)


def _values(reading: OtherReading, facts: AlertFacts, words: Words) -> str:
    index, calendar_month = IndexCode.parse(reading.index), facts.month.month
    if reading.verdict is Verdict.SILENT and reading.gap is not None:
        return f" ({gap_in_words(reading.gap, index, calendar_month, words)})"
    if reading.value is None:
        return ""
    same = [line for line in facts.evidence.comparisons if line.index == reading.index]
    limits = [limit for line in same for limit in (line.enter_at, line.exit_at)]
    value = value_in_words(reading.value, index, words, *limits)
    return f": {short_index(index, calendar_month, words)} {value}"
