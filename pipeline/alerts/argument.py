"""The argument for an alert in plain words, for a reader who is no climatologist.

It speaks from the stored evidence alone, in English: the letters carry the languages of the plan.
What is simulated, or rests on thresholds that nobody adopted, says so first and last.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pipeline.alerts.argued_certainty import how_sure, what_is_open
from pipeline.alerts.argued_stages import (
    EN,
    also_on,
    can_begin_from_none,
    conditions,
    lines_in_words,
    listed,
    measure_in_short,
    sentence,
    what_begins,
    what_ends,
    what_follows,
    why_it_is_off,
)
from pipeline.alerts.corrections_in_words import correction_in_words
from pipeline.alerts.evidence import Comparison, NoRule
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.figures import month_after_since
from pipeline.alerts.letters import plan_in_words, what_happened
from pipeline.alerts.naming import quoted_stage
from pipeline.alerts.outcomes import Outcome, lines_to_tell, outcome
from pipeline.alerts.paths_in_words import lines_in_groups
from pipeline.alerts.rarity import rarity
from pipeline.alerts.reasons import exit_sources_in_words, measure_and_value, sources_in_words
from pipeline.alerts.records_in_words import value_data_in_words
from pipeline.alerts.stage_states import StageState, StageStates, stage_states
from pipeline.alerts.words import words_of
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE

WIDTH = 80

_NOT_ADOPTED = "NOT FOR PUBLICATION - thresholds not adopted by a cited national order"
_WITHOUT_A_WORD = frozenset({Outcome.SILENT, Outcome.OUT_OF_SEASON, Outcome.LAPSED})
_NOTHING_ASKED = {
    NoRule.NO_PLAN: "No plan is in force in this month",
    NoRule.NO_LADDER: "The plan in force ({plan}) has no stages for this kind of drought",
    NoRule.NO_RULE: "The plan in force ({plan}) has no rule for this land",
}


def argument(facts: AlertFacts) -> str:
    """Return step by step why an alert was raised, for a member of a drought committee.

    Lines of at most 80 columns that Markdown shows as a list; ends with a newline.
    """
    states = stage_states(facts)
    stands = states.standing is not None
    steps = {
        f"Alert {facts.alert_id} says": _says(facts),
        "What was measured": _measured(facts),
        "What was corrected": correction_in_words(facts),
        "What the plan says": _plan(facts),
        "Why it did not move": _held(facts),
        "Why not milder": _milder(states, facts),
        "Why not graver" if stands else "Why no stage stands": _graver(states, facts),
        "What would end it" if stands else "What would begin one": _next(states, facts),
        "How sure it is": how_sure(facts),
        "Who may issue it": _issuing(facts),
        "What remains open": what_is_open(facts),
    }
    body = [line for name, told in steps.items() for line in _step(name, list(told))]
    first = label(facts)
    return "\n".join([first, "", *body, "", first] if first else body) + "\n"


def label(facts: AlertFacts) -> str:
    """Return what every reader must know before the rest and after it; often nothing."""
    if facts.is_simulated:
        return words_of(EN).banner
    return "" if facts.has_only_adopted_thresholds else _NOT_ADOPTED


def _step(name: str, told: list[str]) -> list[str]:
    """Return one step as a paragraph; what begins with a star is a line of a list below it."""
    listed_below = [text for text in told if _is_listed(text)]
    sentences = " ".join(text for text in told if text and not _is_listed(text))
    lines = _filled(f"- {name}: {sentences}", 2) if sentences else []
    for text in listed_below:
        lines += _filled(text, len(text) - len(text.lstrip()) + 2)
    return lines


def _is_listed(text: str) -> bool:
    return text.lstrip().startswith("* ")


def _filled(text: str, hanging: int) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=" " * hanging, break_on_hyphens=False)


def _says(facts: AlertFacts) -> Iterator[str]:
    """Yield what the letter says first; since when a stage stands only if that is not this month."""
    words, month = words_of(EN), Month.parse(facts.evidence.since)
    told = words.none_since if facts.to_stage == NO_STAGE else words.since
    stage = quoted_stage(facts.to_stage, facts, EN)
    since = told.format(stage=stage, month=month_after_since(month, words))
    for text in what_happened(facts, EN):
        if text != since or month != facts.month:
            yield text


def _measured(facts: AlertFacts) -> Iterator[str]:
    """Yield each measure that explains the alert, with its value and what that means."""
    words, calibration = words_of(EN), facts.evidence.inputs.calibration
    stands = facts.evidence.stage_after
    together = [x for x in lines_in_groups(facts.evidence) if x.is_active and x.stage == stands]
    heard = {(line.where, line.measure): line for line in [*lines_to_tell(facts), *together]}
    for line in heard.values():
        yield sentence(measure_and_value(line, facts, EN))
        if line.value is not None:
            yield rarity(line.value, line.measure, calibration, words)
        yield from value_data_in_words(line, facts, words)


def _plan(facts: AlertFacts) -> Iterator[str]:
    """Yield what the plan's rules came to, and who stands behind their numbers."""
    yield plan_in_words(facts, EN)[0]
    unruled = facts.evidence.unruled
    if unruled is not None:
        plan = f"{unruled.plan_id}, version {unruled.plan_version}"
        why = _NOTHING_ASKED[unruled.reason].format(plan=plan)
        yield f"{why}: the stage ends for want of a rule, not because of any value."
    grouped = lines_in_groups(facts.evidence)
    alone = [line for line in _argued(facts) if line not in grouped]
    yield from (sentence(text) for text in lines_in_words(alone, facts))
    if _is_latched(facts):
        yield (
            "Such a value would not begin the stage; but a stage that has begun holds until its end, "
            "so that it does not come and go from month to month."
        )
    yield from conditions(facts)
    yield from sources_in_words(lines_to_tell(facts), words_of(EN))


def _argued(facts: AlertFacts) -> list[Comparison]:
    """Return the lines that made the stage, or that ended the one before."""
    stands = facts.evidence.stage_after
    return [line for line in lines_to_tell(facts) if line.is_decisive or line.stage == stands]


def _is_latched(facts: AlertFacts) -> bool:
    """Whether no value of this month would begin the stage that stands."""
    stands = facts.evidence.stage_after
    active = [x for x in facts.evidence.comparisons if x.is_active and x.stage == stands]
    return bool(active) and all(
        line.value is not None and not line.thresholds.argues_for(line.value) for line in active
    )


def _milder(states: StageStates, facts: AlertFacts) -> Iterator[str]:
    if states.standing is None or facts.evidence.is_held:
        return
    on = [state for state in states.milder if state.is_on]
    off = [state for state in states.milder if not state.is_on]
    if on:
        yield sentence(also_on(on, facts))
    yield from (sentence(text) for text in why_it_is_off(off, facts))
    if not states.milder:
        stage = quoted_stage(states.standing.stage, facts, EN)
        yield f"{stage} is the mildest stage of this plan."


def _graver(states: StageStates, facts: AlertFacts) -> Iterator[str]:
    """Yield why each graver stage is off, but for those the step before has told."""
    if facts.evidence.comparisons and not facts.evidence.is_held:
        left = [state for state in states.graver if not _is_told(state, facts)]
        yield from (sentence(text) for text in why_it_is_off(left, facts))
        if states.standing is not None and not states.graver:
            stage = quoted_stage(states.standing.stage, facts, EN)
            yield f"{stage} is the gravest stage of this plan."


def _is_told(state: StageState, facts: AlertFacts) -> bool:
    """Whether the plan's step has said already what became of a stage."""
    if state.path is not None:
        return state.stage in {facts.from_stage, facts.to_stage}
    argued = _argued(facts)
    return bool(state.lines) and all(line in argued for line in state.lines)


def _held(facts: AlertFacts) -> Iterator[str]:
    if facts.evidence.is_held:
        yield f"Nothing was decided in this month for want of {_missing(facts)}."


def _missing(facts: AlertFacts) -> str:
    without = [x for x in facts.evidence.comparisons if outcome(x) in _WITHOUT_A_WORD]
    names = list(dict.fromkeys(measure_in_short(line, facts) for line in without))
    return listed(names) if names else "a value of each measure"


def _next(states: StageStates, facts: AlertFacts) -> Iterator[str]:
    """Yield what would end the stage that stands, or begin one."""
    if states.standing is not None:
        yield what_ends(states.standing, facts)
        yield what_follows(states, facts)
        yield from exit_sources_in_words(states.standing.active_lines, words_of(EN))
        return
    asked = [state for state in states.graver if state.lines and can_begin_from_none(state)]
    if asked:
        yield what_begins(asked[0], facts)


def _issuing(facts: AlertFacts) -> Iterator[str]:
    issuing = facts.plan.issuing
    yield sentence(issuing.office.texts[EN])
    basis = issuing.legal_basis
    yield "The plan cites no order for it." if basis is None else f"Legal basis: {basis}."
    automatic = issuing.automatic
    if automatic is not None and facts.to_stage in automatic.stages:
        yield f"Alerts to this stage leave without a person's approval, as {automatic.order} allows."
    else:
        yield "Nothing leaves without its approval."
