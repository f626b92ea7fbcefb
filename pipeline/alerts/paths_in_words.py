"""Where rules count together: which of the plan's conditions are met, as a list within a letter."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.evidence import Comparison, Evidence, Step
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import threshold_in_words
from pipeline.alerts.indices_in_words import short_measure
from pipeline.alerts.naming import headwater, quoted_stage
from pipeline.alerts.records_in_words import value_or_gap
from pipeline.alerts.words import Words, words_of
from pipeline.plans.conditions import Form
from pipeline.plans.rule_document import Where


def lines_in_groups(record: Evidence) -> list[Comparison]:
    """Return the comparisons of rules that bring their stage about only together with others."""
    numbers = {
        number
        for path in record.paths
        for step in _enough(path.condition)
        if step.form is not None
        for number in _numbers(step)
    }
    return [line for number, line in enumerate(record.comparisons, start=1) if number in numbers]


def paths_in_words(facts: AlertFacts, language: str) -> list[str]:
    """Return the conditions of the stages that the alert is about, where they stand in groups."""
    words = words_of(language)
    told: list[str] = []
    for path in facts.evidence.paths:
        if path.stage in {facts.from_stage, facts.to_stage}:
            stage, state = quoted_stage(path.stage, facts, language), path.condition.holds
            told.append(f"- {words.path.format(stage=stage, state=_state(state, words))}")
            told += _listed((path.condition,), facts, language, "  ")
    return told


def _enough(condition: Step) -> tuple[Step, ...]:
    """Return what is enough by itself for a stage: of several things, any."""
    return condition.members if condition.form is Form.ANY_OF else (condition,)


def _numbers(step: Step) -> Iterator[int]:
    if step.comparison is not None:
        yield step.comparison
    for member in step.members:
        yield from _numbers(member)


def _listed(steps: tuple[Step, ...], facts: AlertFacts, language: str, indent: str) -> list[str]:
    told: list[str] = []
    for step in steps:
        told.append(f"{indent}* {step_in_words(step, facts, language)}")
        told += _listed(step.members, facts, language, f"{indent}  ")
    return told


def step_in_words(step: Step, facts: AlertFacts, language: str) -> str:
    """Return what a rule or a group asks for, without its members, and whether it is met."""
    words = words_of(language)
    if step.comparison is not None:
        line, state = facts.evidence.comparisons[step.comparison - 1], _state(step.holds, words)
        return _rule(line, state, facts, language)
    stages = ", ".join(quoted_stage(stage, facts, language) for stage in step.coming_from)
    return words.groups[step.form or Form.ANY_OF].format(
        needed=step.needed,
        after=f" {words.coming_from.format(stages=stages)}" if stages else "",
        state=_answer(step.holds, words),
    )


def _rule(line: Comparison, state: str, facts: AlertFacts, language: str) -> str:
    words = words_of(language)
    return words.path_rule.format(
        measure=measure_in_short(line, facts, language),
        value=value_or_gap(line, facts, words),
        enter=threshold_in_words(line.enter_at, line.measure, words),
        exit=threshold_in_words(line.exit_at, line.measure, words),
        state=state,
    )


def measure_in_short(line: Comparison, facts: AlertFacts, language: str) -> str:
    """Return what a rule heard in a few words, with the headwater where it heard that."""
    words = words_of(language)
    name = short_measure(line.measure, facts.month.month, words)
    if line.where is Where.LANDSCAPE:
        return name
    return words.headwater_measure.format(landscape=headwater(facts, language), measure=name)


def _state(holds: bool | None, words: Words) -> str:
    if holds is None:
        return words.states.not_known
    return words.states.met if holds else words.states.not_met


def _answer(holds: bool | None, words: Words) -> str:
    if holds is None:
        return words.states.not_known
    return words.states.yes if holds else words.states.no
