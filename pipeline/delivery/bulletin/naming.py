"""How places and stages are named in a bulletin."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.alerts.naming import one_line, own_words
from pipeline.core.ids import Country
from pipeline.core.languages import nearest
from pipeline.delivery.bulletin.facts import LandscapeFacts, Scope, Standing
from pipeline.delivery.bulletin.words import BulletinWords
from pipeline.plans.texts import LocalText

SHOWN = 8
"""How many names stand in a sentence."""


def scope_in_words(scope: Scope, words: BulletinWords) -> str:
    """Return the country, or what the region is called."""
    return words.letters.countries[scope] if isinstance(scope, Country) else words.head.region


def landscape_name(landscape: LandscapeFacts, words: BulletinWords) -> str:
    """Return the name in the bulletin's language or what serves its readers best, on one line."""
    return one_line(landscape.names[nearest(words.language, landscape.names)])


def quoted_stage(names: LocalText, words: BulletinWords) -> str:
    """Return the plan's name for a stage in quotes, with the one in the plan's own language."""
    quoted = words.quoted(names.in_language(words.language))
    own = ", ".join(map(words.quoted, own_words(names, words.language)))
    return f"{quoted} ({own})" if own else quoted


def stage_or_none(names: LocalText | None, words: BulletinWords) -> str:
    return words.letters.no_stage if names is None else quoted_stage(names, words)


def state(standing: Standing | None, words: BulletinWords) -> str:
    """Return a stage, no stage, or that it is not known; `none` only where a value was heard."""
    if standing is None or not standing.is_known:
        return words.stages.not_known
    named = stage_or_none(standing.names, words)
    return named if standing.is_confirmed else words.stages.unconfirmed.format(stage=named)


def listed(names: Iterable[str], words: BulletinWords, shown: int | None = None) -> str:
    """Return names with commas, of which at most `shown`; the others are counted."""
    told = list(names)
    if shown is None or len(told) <= shown + 1:
        return ", ".join(told)
    more = words.situation.and_more.format(number=len(told) - shown)
    return f"{', '.join(told[:shown])} {more}"
