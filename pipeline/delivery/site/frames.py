"""What surrounds every page: cautions, menu, languages, and what build this is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC

from babel.dates import format_datetime

from pipeline.alerts.figures import day_in_words
from pipeline.delivery.site.facts import SiteFacts
from pipeline.delivery.site.speech import OWN_NAMES, Speech
from pipeline.delivery.site.views import Frame, LanguageLink, NavLink

PAGES = {
    "map": "index.html",
    "alerts": "alerts.html",
    "bulletins": "bulletins.html",
    "data": "data.html",
}
"""Of each language, by the key of the menu."""


def frame(
    facts: SiteFacts,
    said: Speech,
    page: str,
    title: str,
    *,
    elsewhere: Mapping[str, str] | None = None,
) -> Frame:
    """Return the frame of a page.

    Args:
        facts: of the build.
        said: the words of the page's language.
        page: its key in the menu; one that is not there stands a folder deeper.
        title: of the page.
        elsewhere: where the same page lies in each language, from the root; a language that is not
            there leads to its map. None: the name of the page in every language.
    """
    root = "../" if page in PAGES else "../../"
    name = PAGES.get(page, "index.html")
    places = {one: f"{one}/{name}" for one in facts.languages} if elsewhere is None else elsewhere
    return Frame(
        language=said.language,
        title=with_exercise(title, facts, said),
        root=root,
        languages=language_links(facts, said.language, root, places),
        nav=_menu(facts, said, page, root),
        is_public=facts.is_public,
        cautions=cautions(facts, said),
        is_exercise=facts.is_simulated,
        kind_note=said.say("kind.public" if facts.is_public else "kind.internal"),
        made=_made(facts, said),
        made_at=facts.made_at.isoformat(timespec="seconds"),
    )


def with_exercise(title: str, facts: SiteFacts, said: Speech) -> str:
    """Return a title that says an exercise itself."""
    return f"[{said.words.exercise}] {title}" if facts.is_simulated else title


def language_links(
    facts: SiteFacts, current: str, root: str, places: Mapping[str, str]
) -> tuple[LanguageLink, ...]:
    """Return a link to each language of the build."""
    return tuple(
        LanguageLink(
            one,
            OWN_NAMES.get(one, one),
            f"{root}{places.get(one, f'{one}/index.html')}",
            is_current=one == current,
        )
        for one in facts.languages
    )


def cautions(facts: SiteFacts, said: Speech) -> tuple[str, ...]:
    """Return what must be known before anything else, the gravest first."""
    told = {
        said.words.banner: facts.is_simulated,
        said.words.not_adopted: not (facts.is_simulated or facts.rests_on_law),
        said.texts["unchecked"]: said.has_unchecked or said.language in facts.unchecked,
    }
    return tuple(text for text, holds in told.items() if holds)


def _menu(facts: SiteFacts, said: Speech, page: str, root: str) -> tuple[NavLink, ...]:
    if facts.month is None:
        return ()
    return tuple(
        NavLink(key, said.texts[f"nav.{key}"], f"{root}{said.language}/{name}", key == page)
        for key, name in PAGES.items()
    )


def _made(facts: SiteFacts, said: Speech) -> str:
    at = facts.made_at.astimezone(UTC)
    clock = format_datetime(at, "HH:mm", locale=said.words.locale)
    time = f"{day_in_words(at.date(), said.words)}, {clock} UTC"
    return said.say("made", time=time, software=facts.software)
