"""The words of the site in one language: its own catalogue, and the words of letters beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pipeline.alerts.catalogue import Counted, Domain, shipped_catalogue
from pipeline.alerts.words import LANGUAGES, Words, words_of
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.document import Plan
from pipeline.plans.texts import LocalText

OWN_NAMES = {
    "en": "English",
    "ru": "Русский",
    "kk": "Қазақша",
    "ky": "Кыргызча",
    "tg": "Тоҷикӣ",
    "tk": "Türkmençe",
    "uz": "Oʻzbekcha",
    "tr": "Türkçe",
}
"""Of each language, as its speakers write it."""


@dataclass(frozen=True, slots=True)
class Speech:
    """One language of the site."""

    language: str
    texts: Mapping[str, str]
    """Of the site's catalogue, by key."""
    counted: Mapping[str, Counted]
    words: Words
    """Of letters: names of countries, land uses, months, and how numbers are written."""
    has_unchecked: bool
    """Whether no speaker has checked some of either."""

    def say(self, key: str, **values: object) -> str:
        """Return the text `key` with its placeholders filled in."""
        return self.texts[key].format(**values)

    def quoted(self, names: LocalText) -> str:
        """Return a plan's own word, in quotes."""
        return self.words.quoted.format(text=names.in_language(self.language))

    def stage(self, name: str, plan: Plan | None, drought_type: str) -> str:
        """Return a stage as the plan calls it, in quotes; as it was stored where the plan has it not."""
        if name == NO_STAGE:
            return self.words.no_stage
        for known, ladder in ({} if plan is None else plan.ladders).items():
            for stage in ladder.stages if known == drought_type else ():
                if stage.stage == name:
                    return self.quoted(stage.names)
        return self.words.quoted.format(text=name)


@cache
def speech(language: str) -> Speech:
    """Return the words of the site in `language`.

    Raises:
        InputError: there is no such catalogue, or it does not fit the English.
    """
    words, found = words_of(language), shipped_catalogue(language, Domain.SITE)
    has_unchecked = bool(found.unchecked) or words.has_unchecked
    return Speech(language, found.texts, found.counted, words, has_unchecked)


def built_languages(spoken: set[str], *, accepts_unchecked: bool) -> tuple[str, ...]:
    """Return the languages of a build: English, Russian, and those that plans speak.

    Without `accepts_unchecked` only those that speakers have checked.
    """
    wanted = [one for one in LANGUAGES if one in spoken | {"en", "ru"}]
    return tuple(one for one in wanted if accepts_unchecked or not speech(one).has_unchecked)
