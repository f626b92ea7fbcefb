"""On which record of rain an alert stands, and whether the other one agrees, in words."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.evidence import Beside, Comparison, OtherReading, Verdict
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import share_in_words, value_in_words
from pipeline.alerts.indices_in_words import gap_in_words, short_index
from pipeline.alerts.words import Words
from pipeline.core.ids import BLENDED, IndexCode
from pipeline.plans.rule_document import Where


def source_in_words(facts: AlertFacts, words: Words, source: str | None = None) -> str:
    """Return the source that decided, or the one of a single value."""
    inputs = facts.evidence.inputs
    source = inputs.source if source is None else source
    if facts.is_simulated:
        return words.simulated_source.format(source=source)
    if source == BLENDED and inputs.gauges is not None:
        return words.blended_source.format(grid=inputs.gauges.grid)
    return source


def value_or_gap(line: Comparison, facts: AlertFacts, words: Words) -> str:
    """Return the value a rule heard, beside its thresholds, or why there is none to show."""
    if line.gap is not None:
        gap = gap_in_words(line.gap, line.measure, facts.month.month, words)
        return words.no_value.format(gap=gap)
    if line.value is None:
        return words.withheld
    measure = line.measure
    same = [other for other in facts.evidence.comparisons if other.measure == measure]
    limits = [limit for other in same for limit in (other.enter_at, other.exit_at)]
    return value_in_words(line.value, measure, words, *limits)


def value_data_in_words(line: Comparison, facts: AlertFacts, words: Words) -> list[str]:
    """Return what one value rests on, where that is another record than `data` of the letter says."""
    inputs = facts.evidence.inputs
    is_usual = line.data_source in {None, inputs.source} and line.release in {None, inputs.release}
    if (
        line.value is None
        or line.document is not None
        or (is_usual and line.where is Where.LANDSCAPE)
    ):
        return []
    source, share = line.data_source or inputs.source, line.coverage_fraction
    said = words.value_data.format(
        source=source_in_words(facts, words, source),
        release=words.releases[line.release or inputs.release],
        coverage=_coverage(share, source, words),
    )
    return [said]


def coverage_in_words(facts: AlertFacts, words: Words) -> str:
    """Return the part of the landscape, or of its gauges, that the month rests on."""
    inputs = facts.evidence.inputs
    return _coverage(inputs.coverage_fraction, inputs.source, words)


def _coverage(share: float | None, source: str, words: Words) -> str:
    if share is None:
        return words.coverage_unknown
    said = words.gauges_reported if source == BLENDED else words.coverage
    return said.format(share=share_in_words(share, words))


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
