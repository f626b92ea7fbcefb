"""Why the stage stands where it stands: the comparisons of the evidence, in words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from babel.dates import format_date

from pipeline.alerts.evidence import Comparison, Document
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import month_in_words, threshold_in_words, value_in_words
from pipeline.alerts.indices_in_words import gap_in_words, index_in_words
from pipeline.alerts.naming import quoted_stage
from pipeline.alerts.outcomes import Outcome, lines_to_tell, outcome
from pipeline.alerts.words import Words, words_of
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import IndexCode
from pipeline.core.indicators import Indicator
from pipeline.core.months import Month
from pipeline.plans.rule_document import Source, SourceKind

_ON = frozenset({Outcome.ENDED, Outcome.HOLDS, Outcome.ENDING})
"""What a rule does while its exit is what counts."""


def reasons(facts: AlertFacts, language: str) -> list[str]:
    """Return each measure with its value, each comparison told, and who stands behind the numbers.

    Raises:
        InputError: there are no words in `language`.
    """
    words = words_of(language)
    told: list[str] = []
    by_measure = groupby(
        lines_to_tell(facts), key=lambda line: _measure_and_value(line, facts, words)
    )
    for text, lines in by_measure:
        group = list(lines)
        told.append(f"- {text}")
        told += [f"  * {_comparison(line, facts, language)}" for line in group]
        told += [f"  {source}" for source in _sources(group, words)]
    return told


def _measure_and_value(line: Comparison, facts: AlertFacts, words: Words) -> str:
    measure = line.measure
    if isinstance(measure, AreaShare):
        return _area(measure, line, facts, words)
    if isinstance(measure, IndexCode):
        name = _index(measure, facts, words)
    else:
        name = _indicator(measure, line.document, words)
    return f"{name}: {_value(line, facts, words)}"


def _index(index: IndexCode, facts: AlertFacts, words: Words) -> str:
    calibration = facts.evidence.inputs.calibration
    return index_in_words(index, facts.month.month, calibration, words)


def _area(measure: AreaShare, line: Comparison, facts: AlertFacts, words: Words) -> str:
    said, index = words.indices, measure.index
    has_own_source = line.mapped_by not in {None, facts.evidence.inputs.source}
    told = {
        "index": _index(index, facts, words),
        "limit": threshold_in_words(measure.at_or_below, index, words),
        "by": said.by_maps.format(source=line.mapped_by) if has_own_source else "",
    }
    if line.gap is not None:
        gap = gap_in_words(line.gap, measure, facts.month.month, words)
        return said.share_of_area.format(**told, gap=gap)
    return said.on_area.format(**told, share=_value(line, facts, words))


def _indicator(indicator: Indicator, document: Document | None, words: Words) -> str:
    name = words.indicators[indicator.code].format(unit=words.units[indicator.unit])
    if document is None:
        return name
    first, last = Month.parse(document.period_from), Month.parse(document.period_to)
    period = [month_in_words(month, words) for month in dict.fromkeys((first, last))]
    day = format_date(document.issued_on, "long", locale=words.locale)
    by = "" if document.issued_by is None else f", {document.issued_by}"
    cited = words.document.format(
        number=document.document_number, day=day, by=by, period=" - ".join(period)
    )
    return f"{name} ({cited})"


def _value(line: Comparison, facts: AlertFacts, words: Words) -> str:
    if line.gap is not None:
        gap = gap_in_words(line.gap, line.measure, facts.month.month, words)
        return words.no_value.format(gap=gap)
    if line.value is None:
        return words.withheld
    measure = line.measure
    same = [other for other in facts.evidence.comparisons if other.measure == measure]
    limits = [limit for other in same for limit in (other.enter_at, other.exit_at)]
    return value_in_words(line.value, measure, words, *limits)


def _comparison(line: Comparison, facts: AlertFacts, language: str) -> str:
    words, measure = words_of(language), line.measure
    needed = line.exit_after if line.was_active else line.enter_after
    said, reached, not_reached = _sentence(line, words)
    form = 0 if line.thresholds.has_dead_band else 1
    return said.format(
        enter=threshold_in_words(line.enter_at, measure, words),
        exit=threshold_in_words(line.exit_at, measure, words),
        reached=reached[form],
        not_reached=not_reached[form],
        runs=words.runs.format(needed=needed) if needed > 1 else "",
        run=line.run_after,
        needed=needed,
        stage=quoted_stage(line.stage, facts, language),
    )


def _sentence(line: Comparison, words: Words) -> tuple[str, tuple[str, str], tuple[str, str]]:
    """Return what the line came to, and how its value did and did not reach the exit."""
    what = outcome(line)
    if line.area_share is None:
        return words.outcomes[what], words.reached, words.not_reached
    said = words.indices.area_outcomes.get(what, words.outcomes[what])
    return said, words.indices.area_reached, words.indices.area_not_reached


def _sources(lines: Iterable[Comparison], words: Words) -> list[str]:
    """Return who stands behind the numbers of `lines`, each source once."""
    told: list[str] = []
    for line in lines:
        is_on, source = outcome(line) in _ON, line.source
        # Without a dead band the end is the threshold itself, and both have an author.
        if not (is_on and line.thresholds.has_dead_band):
            told.append(words.threshold_source.format(source=_source(source.threshold, words)))
        if is_on:
            told.append(words.exit_source.format(source=_source(source.exit, words)))
        if (line.exit_after if is_on else line.enter_after) > 1:
            persistence = _source(source.persistence, words)
            told.append(words.persistence_source.format(source=persistence))
    return list(dict.fromkeys(told))


def _source(source: Source, words: Words) -> str:
    told = [source.reference]
    if source.kind is SourceKind.AGENCY and source.note is not None:
        # Without how its table was read, the agency's name would claim too much.
        told.append(source.note)
    reference = "; ".join(words.references.get(text, text) for text in told)
    return words.kinds[source.kind].format(reference=reference)
