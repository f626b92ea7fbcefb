"""How sure an alert is, and what it leaves open, in sentences of an argument, in English."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.argued_stages import EN, is_alone, listed, measure_in_short
from pipeline.alerts.evidence import Comparison
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import threshold_in_words
from pipeline.alerts.letters import data_in_words, notes
from pipeline.alerts.naming import quoted_stage
from pipeline.alerts.outcomes import Outcome, lines_to_tell, outcome, rests_on_silence
from pipeline.alerts.rarity import SAMPLING_ERROR, is_scaled
from pipeline.alerts.records_in_words import other_record_in_words
from pipeline.alerts.stage_states import StageState, stage_states
from pipeline.alerts.words import words_of

_SHORTEST = 0.01
_ONLY_DOCUMENTS = "All of it stands in documents of the agency; no reading of the grid counts here."
_UNHEARD = frozenset({Outcome.SILENT, Outcome.LAPSED})


def how_sure(facts: AlertFacts) -> Iterator[str]:
    """Yield the release and coverage of the data, what another record says, and what is near."""
    words, record = words_of(EN), facts.evidence
    yield from data_in_words(facts, words) or [_ONLY_DOCUMENTS]
    yield from other_record_in_words(facts, words)
    if record.inputs.beside is None:
        yield "There was no other record to compare with."
    yield from _nearest_threshold(facts)
    if record.silent_months and record.is_confirmed and not rests_on_silence(facts):
        months = words.months(record.silent_months)
        yield f"There has been no value for {months}; what was heard before still counts."


def what_is_open(facts: AlertFacts) -> Iterator[str]:
    """Yield the limits a reader must know of, and who has not spoken yet."""
    words = words_of(EN)
    said_elsewhere = {words.not_adopted, words.unchecked}
    limits = (text.removeprefix("- ") for text in notes(facts, EN))
    yield from (text for text in limits if text not in said_elsewhere)
    unknown = [state for state in stage_states(facts).graver if _may_be_on(state)]
    if unknown and not facts.evidence.is_held:
        names = listed([quoted_stage(state.stage, facts, EN) for state in unknown])
        yield f"Whether {names} would be on is not known, for want of a value."
    if facts.plan.authority is None:
        yield "The plan is a template: no authority has said that its thresholds fit this land."
    elif not facts.has_only_adopted_thresholds:
        yield "Not all of these thresholds are adopted by a cited order."
    yield "What to do is for the committee to decide."


def _nearest_threshold(facts: AlertFacts) -> Iterator[str]:
    """Say how near the value lies to a threshold, if nearer than thirty years can tell apart."""
    words = words_of(EN)
    near = [
        (
            abs(line.value - limit),
            _named(line, facts),
            threshold_in_words(limit, line.measure, words),
        )
        for line, limit in _limits_that_counted(facts)
        if line.value is not None and is_scaled(line.measure)
    ]
    distance, name, limit = min(near, default=(SAMPLING_ERROR, "", ""))
    if distance < SAMPLING_ERROR:
        short = f"{distance:.2f}" if distance >= _SHORTEST else f"less than {_SHORTEST}"
        yield (
            f"{name} lies {short} from the threshold of {limit}; thirty years of data make an "
            f"index sure to about {SAMPLING_ERROR} only."
        )


def _named(line: Comparison, facts: AlertFacts) -> str:
    return "The value" if is_alone(facts) else measure_in_short(line, facts)


def _limits_that_counted(facts: AlertFacts) -> Iterator[tuple[Comparison, float]]:
    """Yield the thresholds that were crossed, and those of graver stages that were not."""
    for line in lines_to_tell(facts):
        if line.is_decisive:
            yield line, line.enter_at if line.is_active else line.exit_at
    for state in stage_states(facts).graver:
        yield from ((line, line.enter_at) for line in state.lines if not line.was_active)


def _may_be_on(state: StageState) -> bool:
    """Whether a stage that is not on might be, if all its rules had a value."""
    if state.path is not None:
        return state.is_on is None
    return not state.is_on and any(outcome(line) in _UNHEARD for line in state.lines)
