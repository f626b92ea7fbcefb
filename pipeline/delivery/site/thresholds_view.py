"""The newest values beside the plan's thresholds, and what would end a stage or begin one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipeline.alerts.figures import threshold_in_words, value_in_words
from pipeline.alerts.indices_in_words import gap_in_words, short_measure
from pipeline.alerts.naming import one_line
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import DroughtType, IndexCode
from pipeline.core.indicators import Measure
from pipeline.delivery.site.facts import LandscapeFacts, SiteFacts, gap_of
from pipeline.delivery.site.map_page import newest
from pipeline.delivery.site.speech import Speech
from pipeline.delivery.site.standings import css_of
from pipeline.delivery.site.views import ValueRow
from pipeline.plans.conditions import Group
from pipeline.plans.ladders import Ladder, Stage
from pipeline.plans.rule_document import Rule, Where


def rules_for(stage: Stage, land: LandscapeFacts) -> list[Rule]:
    """Return the rules of a stage that are asked of a landscape."""
    return [one for one in stage.every_rule if one.forecast is None and one.applies_to(land.land)]


def value_rows(
    facts: SiteFacts, land: LandscapeFacts, drought_type: DroughtType, said: Speech
) -> Iterator[ValueRow]:
    """Yield a row for each rule of the plan that is asked of the landscape, mildest stage first."""
    ladder = ladder_of(facts, land, drought_type)
    for rank, stage in enumerate(() if ladder is None else ladder.stages, start=1):
        for rule in rules_for(stage, land):
            yield ValueRow(
                stage=said.quoted(stage.names),
                css=css_of(rank),
                measure=measure_in_words(facts, land, rule, said),
                value=_value(facts, land, rule, said),
                enter=_threshold(rule, said, is_enter=True),
                exit=_threshold(rule, said, is_enter=False),
            )


def ladder_of(facts: SiteFacts, land: LandscapeFacts, drought_type: DroughtType) -> Ladder | None:
    """Return the ladder in force; None where the plan has none."""
    plan = facts.plan_of(land.country)
    return None if plan is None else plan.ladders.get(drought_type)


def what_next(
    facts: SiteFacts, land: LandscapeFacts, drought_type: DroughtType, said: Speech
) -> tuple[str, ...]:
    """Return what would end the stage that stands, or begin the mildest: a lead, then conditions.

    Nothing where the stage is not known, or no rule is asked of the landscape; nor to the public what
    would begin one: the index may be there already, and no alert told yet.
    """
    ladder = ladder_of(facts, land, drought_type)
    now = facts.now.get((land.landscape_id, drought_type))
    if ladder is None or now is None or not now.is_known:
        return ()
    is_end = now.rank > 0
    if facts.is_public and not is_end:
        return ()
    stages = {stage.stage: stage for stage in ladder.stages}
    stage = stages.get(now.stage) if is_end else ladder.stages[0]
    if stage is None:
        return ()
    rules = rules_for(stage, land)
    if not rules:
        return ()
    named = said.quoted(stage.names)
    key = "ends" if is_end else "begins"
    if any(isinstance(one, Group) for one in stage.rules):
        return (said.say(f"next.{key}_grouped", stage=named),)
    return (said.say(f"next.{key}", stage=named), *_conditions(facts, land, rules, said, is_end))


def _conditions(
    facts: SiteFacts, land: LandscapeFacts, rules: Sequence[Rule], said: Speech, is_end: bool
) -> list[str]:
    told = (
        f"{measure_in_words(facts, land, rule, said)}: "
        f"{_threshold(rule, said, is_enter=not is_end)}"
        for rule in rules
    )
    return list(dict.fromkeys(told))


def measure_in_words(facts: SiteFacts, land: LandscapeFacts, rule: Rule, said: Speech) -> str:
    """Return what a rule hears in a few words, and of which land if not of this."""
    name = short_measure(rule.measure, newest(facts).month, said.words)
    if rule.where is Where.LANDSCAPE:
        return name
    above = facts.landscape.get(land.headwater_landscape_id or "")
    there = "" if above is None else one_line(above.name_in(said.language))
    return said.words.headwater_measure.format(landscape=there, measure=name)


def _value(facts: SiteFacts, land: LandscapeFacts, rule: Rule, said: Speech) -> str:
    """Return the newest value with its unit, or why there is none to show."""
    above = land.headwater_landscape_id
    read_of = land.landscape_id if rule.where is Where.LANDSCAPE or above is None else above
    value = _number(facts, read_of, rule.measure)
    if value is not None:
        return value_in_words(value, rule.measure, said.words, rule.enter_at, rule.exit_at)
    measure, history = rule.measure, facts.indices.get(read_of)
    if isinstance(measure, IndexCode) and history is not None:
        at = len(history.months) - 1
        gap = gap_of(history, at, measure) if history.months[at] == newest(facts) else None
        if gap is not None:
            told = gap_in_words(gap, measure, newest(facts).month, said.words)
            return said.words.no_value.format(gap=told)
    return said.texts["value.none"]


def _number(facts: SiteFacts, read_of: str, measure: Measure) -> float | None:
    if isinstance(measure, IndexCode):
        history = facts.indices.get(read_of)
        if history is None or not history.months or history.months[-1] != newest(facts):
            return None
        return history.values[measure][-1]
    if isinstance(measure, AreaShare):
        key = (read_of, str(measure.index), measure.at_or_below)
        return facts.newest.shares.get(key)
    found = facts.newest.indicators.get((read_of, str(measure.code), str(measure.unit)))
    return None if found is None else found[0]


def _threshold(rule: Rule, said: Speech, *, is_enter: bool) -> str:
    """Return at what value a rule begins or ends, and for how many months in a row."""
    limit, needed = (
        (rule.enter_at, rule.enter_after) if is_enter else (rule.exit_at, rule.exit_after)
    )
    side = "more" if rule.thresholds.is_more_drier is is_enter else "less"
    strict = "" if is_enter or rule.thresholds.has_dead_band else "_than"
    told = said.say(
        f"value.{side}{strict}", limit=threshold_in_words(limit, rule.measure, said.words)
    )
    return f"{told}, {said.words.runs.format(needed=needed)}" if needed > 1 else told
