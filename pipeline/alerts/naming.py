"""How landscapes and stages are named in a message."""

from __future__ import annotations

from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.words import COMMON_LANGUAGES, Words, words_of
from pipeline.core.languages import nearest
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.ladders import Stage
from pipeline.plans.texts import LocalText


def place(facts: AlertFacts, language: str) -> str:
    """Return the landscape and its country, on one line."""
    country = words_of(language).countries[facts.country]
    return f"{landscape_name(facts, language)}, {country}"


def landscape_name(facts: AlertFacts, language: str) -> str:
    """Return the landscape's name, in `language` or what serves its readers best, on one line."""
    return one_line(facts.landscape_names[nearest(language, facts.landscape_names)])


def headwater(facts: AlertFacts, language: str) -> str:
    """Return the landscape that the irrigation water comes from, by its id if it has no name."""
    names, unnamed = facts.headwater_names, facts.evidence.headwater_landscape_id or ""
    return one_line(names[nearest(language, names)] if names else unnamed)


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


def quoted_stage(name: str, facts: AlertFacts, language: str, most: int | None = None) -> str:
    """Return the stage in the reader's language, in quotes: it is the plan's word, not ours.

    A stage that only the plan before had keeps the name it was held under. One longer than `most`
    characters is cut.
    """
    words, ladder = words_of(language), facts.plan.ladders[facts.drought_type]
    if name == NO_STAGE:
        return words.no_stage
    names = [stage.names.in_language(language) for stage in ladder.stages if stage.stage == name]
    text = names[0] if names else name
    return _in_quotes(text if most is None else cut(text, most), words)


def own_stage_words(facts: AlertFacts, language: str) -> dict[str, str]:
    """Return the plan's own word for each stage of the alert, by the word in `language`, quoted."""
    words = words_of(language)
    return {
        _in_quotes(stage.names.in_language(language), words): _in_quotes(text, words)
        for stage in stages_of_change(facts)
        for text in own_words(stage.names, language)
    }


def own_words(names: LocalText, language: str) -> tuple[str, ...]:
    """Return the names in the plan's own language, where it is not that of the reader.

    Those in English and Russian, and those that no speaker has checked, are translations.
    """
    translations = {*COMMON_LANGUAGES, *names.unchecked, language}
    return tuple(text for key, text in names.texts.items() if key not in translations)


def cut(text: str, most: int) -> str:
    """Return `text`, or its beginning with an ellipsis: never more than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def one_line(text: str) -> str:
    """Return `text` without line breaks, which would end a subject or a headline."""
    return " ".join(text.split())


def _in_quotes(text: str, words: Words) -> str:
    return words.quoted.format(text=text)
