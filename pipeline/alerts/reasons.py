"""Why the stage stands where it stands: the comparisons of the evidence, in words."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pipeline.alerts.evidence import Comparison, Document
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import (
    day_in_words,
    month_in_words,
    threshold_in_words,
)
from pipeline.alerts.indices_in_words import gap_in_words, index_in_words
from pipeline.alerts.naming import headwater, quoted_stage
from pipeline.alerts.outcomes import Outcome, lines_to_tell, outcome
from pipeline.alerts.paths_in_words import lines_in_groups, paths_in_words
from pipeline.alerts.records_in_words import value_data_in_words, value_or_gap
from pipeline.alerts.words import Words, words_of
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import IndexCode
from pipeline.core.indicators import Indicator
from pipeline.core.months import Month
from pipeline.plans.rule_document import Source, SourceKind, Where

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
        lines_to_tell(facts), key=lambda line: measure_and_value(line, facts, language)
    )
    for text, lines in by_measure:
        group = list(lines)
        told.append(f"- {text}")
        told += [f"  {data}" for data in value_data_in_words(group[0], facts, words)]
        told += [f"  * {comparison_in_words(line, facts, language)}" for line in group]
        told += [f"  {source}" for source in sources_in_words(group, words)]
    return told + paths_in_words(facts, language)


def measure_and_value(line: Comparison, facts: AlertFacts, language: str) -> str:
    words = words_of(language)
    told = _own_measure_and_value(line, facts, words)
    if line.where is Where.LANDSCAPE:
        return told
    return words.headwater_measure.format(landscape=headwater(facts, language), measure=told)


def _own_measure_and_value(line: Comparison, facts: AlertFacts, words: Words) -> str:
    measure = line.measure
    if isinstance(measure, AreaShare):
        return _area(measure, line, facts, words)
    if isinstance(measure, IndexCode):
        name = _index(measure, facts, words)
    else:
        name = _indicator(measure, line.document, words)
    return f"{name}: {value_or_gap(line, facts, words)}"


def _index(index: IndexCode, facts: AlertFacts, words: Words) -> str:
    calibration = facts.evidence.inputs.calibration
    return index_in_words(index, facts.month.month, calibration, words)


def _area(measure: AreaShare, line: Comparison, facts: AlertFacts, words: Words) -> str:
    said, index = words.indices, measure.index
    has_own_source = line.mapped_by not in {None, facts.evidence.inputs.source}
    told = {
        "index": _index(index, facts, words),
        "limit": threshold_in_words(measure.at_or_below, index, words),
        "by": f" {said.by_maps.format(source=line.mapped_by)}" if has_own_source else "",
    }
    if line.gap is not None:
        gap = gap_in_words(line.gap, measure, facts.month.month, words)
        return said.share_of_area.format(**told, gap=gap)
    return said.on_area.format(**told, share=value_or_gap(line, facts, words))


def _indicator(indicator: Indicator, document: Document | None, words: Words) -> str:
    name = words.indicators[indicator.code].format(unit=words.units[indicator.unit])
    if document is None:
        return name
    first, last = Month.parse(document.period_from), Month.parse(document.period_to)
    period = [month_in_words(month, words) for month in dict.fromkeys((first, last))]
    by = "" if document.issued_by is None else f", {document.issued_by}"
    cited = words.document.format(
        number=document.document_number,
        day=day_in_words(document.issued_on, words),
        by=by,
        period=" - ".join(period),
    )
    return f"{name} ({cited})"


def comparison_in_words(line: Comparison, facts: AlertFacts, language: str) -> str:
    words, measure = words_of(language), line.measure
    needed = line.exit_after if line.was_active else line.enter_after
    reached, not_reached = exit_words(line, words)
    return _sentence(line, facts, words).format(
        enter=threshold_in_words(line.enter_at, measure, words),
        exit=threshold_in_words(line.exit_at, measure, words),
        reached=reached,
        not_reached=not_reached,
        runs=f" {words.runs.format(needed=needed)}" if needed > 1 else "",
        run=line.run_after,
        needed=needed,
        months=words.months(line.silent_months),
        stage=quoted_stage(line.stage, facts, language),
    )


def _sentence(line: Comparison, facts: AlertFacts, words: Words) -> str:
    """Return what the line came to, and what follows from it."""
    what = outcome(line)
    is_in_group = line in lines_in_groups(facts.evidence)
    follows = (words.group_consequences if is_in_group else words.consequences)[what]
    compared = words.compared if line.area_share is None else words.indices.area_compared
    return f"{compared[what]}: {follows}" if what in compared else follows


def exit_words(line: Comparison, words: Words) -> tuple[str, str]:
    """Return how a value reaches the exit, and how it does not."""
    has_dead_band, said = line.thresholds.has_dead_band, words.indices
    if line.area_share is None:
        with_one, without = (words.reached, words.not_reached), (words.passed, words.not_passed)
    else:
        with_one = (said.area_reached, said.area_not_reached)
        without = (said.area_passed, said.area_not_passed)
    return with_one if has_dead_band else without


def sources_in_words(lines: Iterable[Comparison], words: Words) -> list[str]:
    """Return who stands behind the numbers of `lines`, each source once."""
    told: list[str] = []
    for line in lines:
        is_on, source = outcome(line) in _ON, line.source
        # Without a dead band the end is the threshold itself, and both have an author.
        if not (is_on and line.thresholds.has_dead_band):
            told.append(
                words.threshold_source.format(source=stands_behind(source.threshold, words))
            )
        if is_on:
            told.append(words.exit_source.format(source=stands_behind(source.exit, words)))
        if (line.exit_after if is_on else line.enter_after) > 1:
            persistence = stands_behind(source.persistence, words)
            told.append(words.persistence_source.format(source=persistence))
    return list(dict.fromkeys(told))


def exit_sources_in_words(lines: Iterable[Comparison], words: Words) -> list[str]:
    """Return who stands behind the ends of `lines`, where that is another than behind the begin."""
    others = [line.source for line in lines if _by(line.source.exit) != _by(line.source.threshold)]
    told = [words.exit_source.format(source=stands_behind(one.exit, words)) for one in others]
    return list(dict.fromkeys(told))


def _by(source: Source) -> tuple[str, str]:
    return source.kind, source.reference


def stands_behind(source: Source, words: Words) -> str:
    """Return who stands behind a number: its kind, with the reference."""
    told = [source.reference]
    if source.kind is SourceKind.AGENCY and source.note is not None:
        # Without how its table was read, the agency's name would claim too much.
        told.append(source.note)
    reference = "; ".join(words.references.get(text, text) for text in told)
    return words.kinds[source.kind].format(reference=reference)
