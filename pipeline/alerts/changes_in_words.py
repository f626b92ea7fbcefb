"""What happened to the stage, in a sentence and in a few words; and how sure the stage is."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.naming import quoted_stage, stage_of
from pipeline.alerts.outcomes import (
    rests_on_area_shares,
    rests_on_conditions,
    rests_on_indicators,
    rests_on_silence,
)
from pipeline.alerts.words import Words, words_of
from pipeline.plans.conditions import NO_STAGE


def change_in_words(facts: AlertFacts, language: str) -> str:
    """Return the sentence on what happened, by what the stage rests on; it has no capital.

    Raises:
        InputError: there are no words in `language`.
    """
    words = words_of(language)
    old, new = (quoted_stage(s, facts, language) for s in (facts.from_stage, facts.to_stage))
    return _sentence(facts, words).format(
        drought=words.of_drought[facts.drought_type],
        measure=_measure(facts, words),
        old=old,
        new=new,
        a_old=_a_stage(facts.from_stage, facts, words),
        a_new=_a_stage(facts.to_stage, facts, words),
    )


def change_in_short(facts: AlertFacts, language: str) -> str:
    """Return what happened in a few words, such as ``stage "Watch" begins``.

    Raises:
        InputError: there are no words in `language`.
    """
    words = words_of(language)
    return words.in_short[facts.change].format(
        old=quoted_stage(facts.from_stage, facts, language),
        new=quoted_stage(facts.to_stage, facts, language),
        a_new=_a_stage(facts.to_stage, facts, words),
    )


def standing_in_words(facts: AlertFacts, words: Words) -> Iterator[str]:
    """Yield how sure the stage is, and whether the plan has it reviewed."""
    record, stage = facts.evidence, stage_of(facts, facts.to_stage)
    if not is_sure(facts):
        yield words.unconfirmed.format(months=words.months(record.silent_months))
    if record.is_held:
        yield words.held
    if facts.change is Change.REMINDED and stage is not None and stage.review_after is not None:
        yield words.reviewed.format(months=words.months(stage.review_after))


def is_sure(facts: AlertFacts) -> bool:
    """Return whether the stage rests on values; else it is held for want of them."""
    return facts.evidence.is_confirmed or facts.evidence.unruled is not None


def as_sure(said: str, facts: AlertFacts, words: Words) -> str:
    """Return `said`, a stage in few words, with the word that it is held, not known, where it is."""
    return said if is_sure(facts) else f"{said} ({words.short.unconfirmed})"


def _sentence(facts: AlertFacts, words: Words) -> str:
    if facts.evidence.unruled is not None:
        return words.unruled
    if facts.change in words.untold and not facts.was_told:
        return words.untold[facts.change]
    if facts.change in words.let_go and rests_on_silence(facts):
        return words.let_go[facts.change]
    if facts.change in words.by_conditions and rests_on_conditions(facts):
        return words.by_conditions[facts.change]
    return words.happened[facts.change]


def _measure(facts: AlertFacts, words: Words) -> str:
    if rests_on_area_shares(facts):
        return words.an_area_share
    return words.an_indicator if rests_on_indicators(facts) else words.an_index


def _a_stage(stage: str, facts: AlertFacts, words: Words) -> str:
    said = quoted_stage(stage, facts, words.language)
    return said if stage == NO_STAGE else words.a_stage.format(stage=said)
