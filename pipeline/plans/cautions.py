"""What is no fault in a plan document, and yet its authors should know."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pydantic import BaseModel

from pipeline.core.ids import DroughtType, LandUse
from pipeline.core.languages import nearest
from pipeline.plans.document import Plan
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Rule, SourceKind, Where
from pipeline.plans.texts import LocalText


def cautions(plan: Plan) -> list[str]:
    """Return what the authors of `plan` should know, a sentence each."""
    return [
        *_on_law(plan),
        *_on_languages(plan),
        *(one for drought, ladder in plan.ladders.items() for one in _on_ladder(drought, ladder)),
    ]


def texts_of(part: object) -> Iterator[LocalText]:
    """Yield every text of a part of a plan."""
    if isinstance(part, LocalText):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from texts_of(getattr(part, name))
    elif isinstance(part, (tuple, dict)):
        for one in part.values() if isinstance(part, dict) else part:
            yield from texts_of(one)


def _on_law(plan: Plan) -> Iterator[str]:
    rules = [rule for ladder in plan.ladders.values() for rule in ladder.every_rule]
    without_law = [rule for rule in rules if not _is_law(rule)]
    if plan.status == "adopted" and without_law:
        yield (
            f"the plan is adopted, and of its {len(rules)} rules {len(without_law)} have a threshold, "
            "exit or number of months that is not national: alerts that rest on these stay drafts"
        )
    if plan.status == "adopted" and plan.issuing.legal_basis is None:
        yield "the plan is adopted, and issuing.legal_basis names no order by which the office issues"
    automatic = plan.issuing.automatic
    if automatic is not None:
        yield (
            f"alerts that lead to {', '.join(automatic.stages)} leave without a person, by "
            f"{automatic.order}"
        )
    at_once = plan.issuing.at_once
    if at_once is not None:
        yield (
            f"alerts that lead to {', '.join(at_once.stages)} may come at night and on days of rest"
            f"{'' if at_once.order is None else f', by {at_once.order}'}"
        )
    if plan.hears_forecast:
        yield (
            "a rule hears a forecast, which is reserved: nothing reads forecasts yet, so the plan can "
            "be checked and not loaded"
        )


def _is_law(rule: Rule) -> bool:
    of = rule.source
    kinds = {of.threshold.kind, of.exit.kind, of.persistence.kind}
    return kinds == {SourceKind.NATIONAL}


def _on_languages(plan: Plan) -> Iterator[str]:
    texts = list(texts_of(plan))
    unchecked = {
        language: sum(language in text.unchecked for text in texts) for language in plan.spoken
    }
    said = [f"{language} ({number})" for language, number in unchecked.items() if number]
    if said:
        yield (
            f"texts that no speaker has checked, of {len(texts)}: {', '.join(said)}; letters in these "
            "languages leave only if the approver accepts that"
        )
    more = sorted({language for text in texts for language in text.texts} - {*plan.spoken})
    if more:
        yield (
            f"some texts are in {', '.join(more)} too, which 'languages' does not name: no letter is "
            "written in that"
        )


def unchecked_languages(plan: Plan, readers: Collection[str]) -> frozenset[str]:
    """Return the languages, of those of `readers`, in which `plan` is read with unchecked words.

    Its own or, where it does not speak a language, those that stand in for them.
    """
    texts = list(texts_of(plan))
    return frozenset(
        language
        for language in readers
        if any(nearest(language, text.texts) in text.unchecked for text in texts)
    )


def _on_ladder(drought: DroughtType, ladder: Ladder) -> Iterator[str]:
    silent = [stage.stage for stage in ladder.stages if stage.review_after is None]
    if silent:
        yield (
            f"{drought}: {', '.join(silent)}: said once when the stage begins and not again while it "
            "stands; 'review_after' says after how many months it is"
        )
    ruled = {use for rule in ladder.every_rule for use in rule.land_uses}
    if unruled := [use.value for use in LandUse if use not in ruled]:
        yield f"{drought}: no rule is for {', '.join(unruled)} land: it never has a stage"
    equal = {str(rule.heard) for rule in ladder.every_rule if not rule.has_dead_band}
    if equal:
        yield (
            f"{drought}: {', '.join(sorted(equal))}: a stage begins and ends at one value, and may "
            "come and go where the measure hovers there"
        )
    if any(rule.where is Where.HEADWATER for rule in ladder.every_rule):
        yield (
            f"{drought}: a rule hears the headwater: on land whose headwater the landscape table does "
            "not name it is left out"
        )
