"""The plans behind the stages: who adopted them, who may issue, where their numbers come from."""

from __future__ import annotations

from pipeline.core.ids import Country
from pipeline.delivery.site.facts import SiteFacts
from pipeline.delivery.site.speech import Speech
from pipeline.delivery.site.views import PlanView
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import Source


def plan_view(facts: SiteFacts, country: Country, said: Speech) -> PlanView | None:
    """Return the plan in force in a country; None where none is."""
    plan = facts.plan_of(country)
    if plan is None:
        return None
    words = said.words
    adopted = words.template if plan.authority is None else words.adopted.format(
        authority=plan.authority
    )  # fmt: skip
    status = [adopted]
    if not plan.has_only_adopted_thresholds:
        status.append(said.texts["plan.not_law"])
    return PlanView(
        country=words.countries[country],
        title=plan.title.in_language(said.language),
        named=said.say("plan.named", plan_id=plan.plan_id, version=plan.version),
        status=tuple(status),
        office=said.say("plan.office", office=plan.issuing.office.in_language(said.language)),
        sources=_sources(plan, said),
    )


def _sources(plan: Plan, said: Speech) -> tuple[str, ...]:
    """Return who stands behind the thresholds, the ends and the months in a row, each once."""
    words = said.words
    told: dict[str, None] = {}
    for ladder in plan.ladders.values():
        for rule in ladder.every_rule:
            told[words.threshold_source.format(source=_source(rule.source.threshold, said))] = None
            told[words.exit_source.format(source=_source(rule.source.exit, said))] = None
            if max(rule.enter_after, rule.exit_after) > 1:
                source = _source(rule.source.persistence, said)
                told[words.persistence_source.format(source=source)] = None
    return tuple(sorted(told))


def _source(source: Source, said: Speech) -> str:
    words = said.words
    reference = words.references.get(source.reference, source.reference)
    return words.kinds[source.kind].format(reference=reference)
