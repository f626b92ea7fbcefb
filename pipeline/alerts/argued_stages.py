"""Why a stage is on or off, and what would turn it, in sentences of an argument, in English."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from pipeline.alerts.evidence import Comparison, Step
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import threshold_in_words
from pipeline.alerts.indices_in_words import short_measure
from pipeline.alerts.naming import headwater, quoted_stage
from pipeline.alerts.outcomes import Outcome, outcome
from pipeline.alerts.paths_in_words import lines_in_groups, step_in_words
from pipeline.alerts.reasons import comparison_in_words, exit_words
from pipeline.alerts.records_in_words import value_or_gap
from pipeline.alerts.stage_states import StageState, StageStates
from pipeline.alerts.words import words_of
from pipeline.core.ids import IndexCode
from pipeline.plans.conditions import NO_STAGE, Form
from pipeline.plans.rule_document import Where

EN = "en"
_MANY = 4
"""Rules of one stage; more are left to the table."""


def why_it_is_off(states: Sequence[StageState], facts: AlertFacts) -> Iterator[str]:
    """Yield why each stage is off; those that one value does not reach are said together."""
    for what, group in groupby(states, key=lambda state: _said_together(state, facts)):
        off = list(group)
        if what is Outcome.QUIET:
            yield _not_reached([line for state in off for line in state.lines], facts)
        elif what is Outcome.SILENT:
            names = listed([quoted_stage(state.stage, facts, EN) for state in off])
            yield f"without a value {names} {'stays' if len(off) == 1 else 'stay'} off"
        else:
            for state in off:
                yield from _why_off(state, facts)


def also_on(states: Sequence[StageState], facts: AlertFacts) -> str:
    """Return that these milder stages are on, and why they do not count."""
    names = listed([quoted_stage(state.stage, facts, EN) for state in states])
    are = "is" if len(states) == 1 else "are"
    return f"{names} {are} on as well; of all stages that are on the gravest stands"


def lines_in_words(lines: Sequence[Comparison], facts: AlertFacts) -> Iterator[str]:
    """Yield what each rule came to; stages that one value ends are said together."""
    for key, group in groupby(lines, key=lambda line: _ended_by(line, facts)):
        of_group = list(group)
        if key is None or len(of_group) == 1:
            yield from (line_in_words(line, facts) for line in of_group)
        else:
            first = of_group[0]
            compared = line_in_words(first, facts).partition(": stage ")[0]
            names = listed([quoted_stage(line.stage, facts, EN) for line in of_group])
            yield f"{compared}: stages {names} end"


def line_in_words(line: Comparison, facts: AlertFacts) -> str:
    """Return what one rule came to, beginning with its value."""
    told = comparison_in_words(line, facts, EN)
    if outcome(line) not in words_of(EN).compared:
        return told if is_alone(facts) else f"{measure_in_short(line, facts)}: {told}"
    return f"{_subject(line, facts)} is {told}"


def what_ends(state: StageState, facts: AlertFacts) -> str:
    """Return what would end a stage that stands."""
    stage = quoted_stage(state.stage, facts, EN)
    ends = list(dict.fromkeys(_end(line, facts) for line in state.active_lines))
    if state.path is not None:
        each = f" Its rules that are on let go one by one: {'; '.join(ends)}." if ends else ""
        return f"Stage {stage} ends when what the plan asks for it is no longer met.{each}"
    if len(ends) == 1:
        return f"Stage {stage} ends when {ends[0]}; until then it stands."
    return f"Stage {stage} ends when each of its rules has let go: {'; '.join(ends)}."


def what_follows(states: StageStates, facts: AlertFacts) -> str:
    """Return what stands when the present stage has ended."""
    standing = states.standing
    below = [state for state in states.milder if state.is_on]
    if standing is None or not below:
        return ""
    ends = [_turning(line) for line in standing.active_lines]
    together = all(_turning(line) in ends for state in below for line in state.active_lines)
    grouped = any(state.path for state in (*below, standing))
    names = listed([quoted_stage(state.stage, facts, EN) for state in below])
    if together and not grouped and len({*ends}) == 1:
        return f"{names} {'ends' if len(below) == 1 else 'end'} with it."
    own = "its" if len(below) == 1 else "their"
    return f"Then {names} may still stand, until {own} own end."


def what_begins(state: StageState, facts: AlertFacts) -> str:
    """Return what would begin a stage that is off."""
    stage = quoted_stage(state.stage, facts, EN)
    begins = list(dict.fromkeys(_begin(line, facts) for line in state.lines))
    if state.path is not None or not begins:
        return f"Stage {stage} begins when what the plan asks for it is met (see the rule path)."
    return f"Stage {stage} begins when {' or '.join(begins)}."


def can_begin_from_none(state: StageState) -> bool:
    """Return whether a stage can come where none stands: a recovery, say, follows other stages."""
    return state.path is None or _is_open_from_none(state.path.condition)


def _is_open_from_none(step: Step) -> bool:
    if step.coming_from and NO_STAGE not in step.coming_from:
        return False
    if step.form is Form.ANY_OF:
        return any(map(_is_open_from_none, step.members))
    return step.form is not Form.ALL_OF or all(map(_is_open_from_none, step.members))


def is_alone(facts: AlertFacts) -> bool:
    """Return whether all rules hear one measure of one land, so that it needs no naming."""
    return len({(line.where, line.measure) for line in facts.evidence.comparisons}) == 1


def measure_in_short(line: Comparison, facts: AlertFacts) -> str:
    """Return what a rule heard in a few words, and where if that was the headwater."""
    name = short_measure(line.measure, facts.month.month, words_of(EN))
    if not isinstance(line.measure, IndexCode):
        name = f"the {name[:1].lower()}{name[1:]}"
    of_headwater = f" of the headwater {headwater(facts, EN)}"
    return name + of_headwater * (line.where is Where.HEADWATER)


def conditions(facts: AlertFacts) -> Iterator[str]:
    """Yield as a list what the stages of the alert ask for, where their rules stand in groups."""
    for path in facts.evidence.paths:
        if path.stage in {facts.from_stage, facts.to_stage}:
            stage, met = quoted_stage(path.stage, facts, EN), _met(path.condition.holds)
            yield f"  * {words_of(EN).path.format(stage=stage, state=met)}"
            yield from _tree((path.condition,), facts, "    ")


def _tree(steps: Iterable[Step], facts: AlertFacts, indent: str) -> Iterator[str]:
    for step in steps:
        yield f"{indent}* {_rule_or_group(step, facts)}"
        yield from _tree(step.members, facts, f"{indent}  ")


def _rule_or_group(step: Step, facts: AlertFacts) -> str:
    if step.comparison is None:
        return step_in_words(step, facts, EN)
    line, met = facts.evidence.comparisons[step.comparison - 1], _met(step.holds)
    name, what = measure_in_short(line, facts), outcome(line)
    if what in words_of(EN).compared:
        told = comparison_in_words(line, facts, EN)
        return f"{_subject(line, facts)} is {told.partition(': ')[0]}: {met}"
    if what is Outcome.LAPSED:
        return f"{name} has had no value for too long: {met}"
    why = "is not asked in this month" if what is Outcome.OUT_OF_SEASON else "has no value"
    return f"{name} {why}: {met}" if step.holds is None else f"{name} {why}: {met} as before"


def _met(holds: bool | None) -> str:
    states = words_of(EN).states
    if holds is None:
        return states.not_known
    return states.met if holds else states.not_met


def listed(names: Sequence[str]) -> str:
    """Return names as a list within a sentence."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def sentence(text: str) -> str:
    """Return `text` with a capital at its beginning and a full stop at its end."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _ended_by(line: Comparison, facts: AlertFacts) -> tuple[object, ...] | None:
    """What a rule that ended its stage by itself has in common with others that did."""
    is_grouped = line in lines_in_groups(facts.evidence)
    return None if outcome(line) is not Outcome.ENDED or is_grouped else _turning(line)


def _said_together(state: StageState, facts: AlertFacts) -> Outcome | None:
    """What the one rule of a stage came to, where that can be said of several stages at once."""
    if state.path is not None or len(state.lines) != 1 or not is_alone(facts):
        return None
    what = outcome(state.lines[0])
    return what if what in {Outcome.QUIET, Outcome.SILENT} else None


def _not_reached(lines: Sequence[Comparison], facts: AlertFacts) -> str:
    said = words_of(EN)
    compared = said.compared if lines[0].area_share is None else said.indices.area_compared
    limits = [
        f"{compared[Outcome.QUIET].format(enter=_limit(line.enter_at, line))}, where stage "
        f"{quoted_stage(line.stage, facts, EN)} begins"
        for line in lines
    ]
    return f"{_subject(lines[0], facts)} is {', and '.join(limits)}"


def _why_off(state: StageState, facts: AlertFacts) -> Iterator[str]:
    stage = quoted_stage(state.stage, facts, EN)
    if not state.lines:
        yield f"stage {stage} has no rule that is asked of this land"
    elif state.path is not None:
        known = "is not met" if state.is_on is False else "is not known to be met"
        why = _why_not_met(state.path.condition, facts)
        yield f"what the plan asks for stage {stage} {known} ({why})"
    elif len(state.lines) > _MANY:
        yield f"none of the {len(state.lines)} rules of stage {stage} is on (see the table)"
    else:
        yield from (line_in_words(line, facts) for line in state.lines)


def _why_not_met(condition: Step, facts: AlertFacts) -> str:
    """Name the rules of a group that are off or unknown; what is many or inverted is in the tree."""
    steps = list(_every(condition))
    missing = [step for step in steps if step.comparison is not None and not step.holds]
    if len(missing) > _MANY or any(step.form is Form.NONE_OF for step in steps):
        return "see the rule path"
    if not missing:  # then it is where the ladder comes from
        return step_in_words(condition, facts, EN)
    return "; ".join(_rule_or_group(step, facts) for step in missing)


def _every(step: Step) -> Iterator[Step]:
    yield step
    for member in step.members:
        yield from _every(member)


def _subject(line: Comparison, facts: AlertFacts) -> str:
    value = "the value" if line.value is None else value_or_gap(line, facts, words_of(EN))
    return value if is_alone(facts) else f"{measure_in_short(line, facts)} at {value}"


def _limit(limit: float, line: Comparison) -> str:
    return threshold_in_words(limit, line.measure, words_of(EN))


def _end(line: Comparison, facts: AlertFacts) -> str:
    reached, _ = exit_words(line, words_of(EN))
    counted = f" ({line.run_after} so far)" if line.run_after else ""
    runs = _runs(line.exit_after)
    return (
        f"{measure_in_short(line, facts)} is {reached} {_limit(line.exit_at, line)}{runs}{counted}"
    )


def _begin(line: Comparison, facts: AlertFacts) -> str:
    side = "at least" if line.area_share is not None else "at or below"
    counted = f" ({line.run_after} so far)" if line.run_after else ""
    limit = f"{_limit(line.enter_at, line)}{_runs(line.enter_after)}"
    return f"{measure_in_short(line, facts)} is {side} {limit}{counted}"


def _runs(needed: int) -> str:
    return f" {words_of(EN).runs.format(needed=needed)}" if needed > 1 else ""


def _turning(line: Comparison) -> tuple[object, ...]:
    """What has to come about for a rule that is on to let go."""
    return line.where, line.measure, line.exit_at, line.exit_after, line.run_after
