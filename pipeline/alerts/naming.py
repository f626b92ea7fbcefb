"""How landscapes and stages are named in a message."""

from __future__ import annotations

from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.words import LANGUAGES, Words, words_of
from pipeline.plans.document import NO_STAGE, Stage


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


def stages_of_change(facts: AlertFacts) -> list[Stage]:
    """Return the stages the alert goes from and to, without ``none``.

    A stage that only the plan before had is left out: this plan has no words for it.
    """
    ladder = facts.plan.ladders[facts.drought_type]
    names = (facts.from_stage, facts.to_stage)
    return [stage for name in names for stage in ladder.stages if stage.stage == name]


def quoted_stage(name: str, facts: AlertFacts, language: str) -> str:
    """Return the stage in the reader's language, in quotes: it is the plan's word, not ours.

    A stage that only the plan before had keeps the name it was held under.
    """
    words, ladder = words_of(language), facts.plan.ladders[facts.drought_type]
    if name == NO_STAGE:
        return words.no_stage
    names = [stage.names.in_language(language) for stage in ladder.stages if stage.stage == name]
    return _in_quotes(names[0] if names else name, words)


def own_stage_words(facts: AlertFacts, language: str) -> dict[str, str]:
    """Return the plan's own word for each stage of the alert, by the word in `language`, quoted.

    Empty where the plan is written in no language but those of the letters.
    """
    words = words_of(language)
    return {
        _in_quotes(stage.names.in_language(language), words): _in_quotes(text, words)
        for stage in stages_of_change(facts)
        for key, text in stage.names.texts.items()
        if key not in LANGUAGES
    }


def one_line(text: str) -> str:
    """Return `text` without line breaks, which would end a subject or a headline."""
    return " ".join(text.split())


def _in_quotes(text: str, words: Words) -> str:
    before, after = words.quotes
    return f"{before}{text}{after}"
