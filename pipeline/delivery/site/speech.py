"""The words of the site in one language: its own catalogue, and the words of letters beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache

from pipeline.alerts.catalogue import Counted, Domain, shipped_catalogue
from pipeline.alerts.figures import month_in_words
from pipeline.alerts.words import LANGUAGES, Words, words_of
from pipeline.core.languages import nearest
from pipeline.core.months import Month
from pipeline.delivery.site.views import MonthName, Named
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

    def foreign(self, texts: Iterable[str]) -> str:
        """Return the language of a text that is in these languages; empty where it is this one."""
        found = nearest(self.language, texts)
        return "" if found == self.language else found

    def named(self, names: LocalText) -> Named:
        """Return a plan's own word, in quotes, with its language where it is another."""
        return Named(self.quoted(names), self.foreign(names.texts))

    def stage(self, name: str, plan: Plan | None, drought_type: str) -> Named:
        """Return a stage as the plan calls it, in quotes; as it was stored where the plan has it not."""
        if name == NO_STAGE:
            return Named(self.words.no_stage)
        for known, ladder in ({} if plan is None else plan.ladders).items():
            for stage in ladder.stages if known == drought_type else ():
                if stage.stage == name:
                    return self.named(stage.names)
        return Named(self.words.quoted.format(text=name))


@cache
def speech(language: str) -> Speech:
    """Return the words of the site in `language`.

    Raises:
        InputError: there is no such catalogue, or it does not fit the English.
    """
    words, found = words_of(language), shipped_catalogue(language, Domain.SITE)
    has_unchecked = bool(found.unchecked) or words.has_unchecked
    return Speech(language, found.texts, found.counted, words, has_unchecked)


def month_name(month: Month, said: Speech) -> MonthName:
    """Return a month by code and name."""
    return MonthName(str(month), month_in_words(month, said.words))


def built_languages(
    spoken: Set[str], unchecked: Set[str], *, accepts_unchecked: bool
) -> tuple[str, ...]:
    """Return the languages of a build: English, Russian, and those that plans speak.

    Args:
        spoken: those that plans speak.
        unchecked: those in which words of plans are read that no speaker has checked.
        accepts_unchecked: also languages in which these or the words of the site are unchecked.
    """
    wanted = [one for one in LANGUAGES if one in {*spoken, "en", "ru"}]
    return tuple(
        one
        for one in wanted
        if accepts_unchecked or not (one in unchecked or speech(one).has_unchecked)
    )
