"""How landscapes and stages are named in a message."""

from __future__ import annotations

from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.words import LANGUAGES, Words, words_of
from pipeline.plans.document import NO_STAGE, LocalText, Stage


def place(facts: AlertFacts, language: str) -> str:
    """Return the landscape and its country, on one line."""
    name = facts.landscape_names.get(language, facts.landscape_names["en"])
    return one_line(f"{name}, {words_of(language).countries[facts.country]}")


def stage_of(facts: AlertFacts, name: str) -> Stage | None:
    """Return the stage called `name` in the ladder of this drought; None for ``none``.

    Raises:
        InputError: the ladder has no such stage.
    """
    return None if name == NO_STAGE else facts.plan.ladders[facts.drought_type].stage(name)


def quoted_stage(name: str, facts: AlertFacts, language: str) -> str:
    """Return the stage in the reader's language, in quotes: it is the plan's word, not ours."""
    words, stage = words_of(language), stage_of(facts, name)
    return words.no_stage if stage is None else _in_quotes(stage.names, language, words)


def own_stage_words(facts: AlertFacts, language: str) -> dict[str, str]:
    """Return the plan's own word for each stage of the alert, by the word in `language`, quoted.

    Empty where the plan is written in no language but those of the letters.
    """
    words = words_of(language)
    found = [stage_of(facts, name) for name in (facts.from_stage, facts.to_stage)]
    return {
        _in_quotes(stage.names, language, words): _in_quotes(stage.names, key, words)
        for stage in found
        if stage is not None
        for key in stage.names.texts
        if key not in LANGUAGES
    }


def one_line(text: str) -> str:
    """Return `text` without line breaks, which would end a subject or a headline."""
    return " ".join(text.split())


def _in_quotes(names: LocalText, language: str, words: Words) -> str:
    before, after = words.quotes
    return f"{before}{names.in_language(language)}{after}"
