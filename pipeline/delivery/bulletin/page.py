"""A bulletin as one HTML file that needs no other: style and map inside, no script, nothing fetched."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from pipeline.delivery.bulletin.content import (
    BulletinContent,
    Listing,
    Paragraph,
    Subheading,
    Table,
)

_KINDS = {Paragraph: "paragraph", Subheading: "subheading", Listing: "listing", Table: "table"}
_LONG = 9
"""Letters of a word that may be broken in a narrow column."""
_VOWELS = "aeiouyаеёиоуыэюяәөүұіўӣӯöüıäý"
_SYLLABLE = re.compile(rf"(?<=\w)(?=[^\W\d_{_VOWELS}ьъйʻʼ][{_VOWELS}])", re.IGNORECASE)
"""Before the last consonant that stands before a vowel, as all of our languages allow."""
_ONE_SOUND = frozenset({"sh", "ch", "th", "ph", "kh", "gh", "zh", "ng"})
_SOFT_HYPHEN = "\N{SOFT HYPHEN}"


def as_page(bulletin: BulletinContent) -> str:
    """Return the bulletin as a page; every text is escaped, and only the map is markup."""
    drawn = "" if bulletin.map is None else Markup(bulletin.map.svg)  # noqa: S704 - drawn by us, escaped
    return _template().render(bulletin=bulletin, drawn=drawn) + "\n"


def breakable(text: str) -> Markup:
    """Return the text of a narrow column, where long words may break between syllables."""
    return Markup(" ").join(map(_breakable, text.split(" ")))


def _breakable(word: str) -> Markup:
    if len(word) < _LONG:
        return escape(word)
    ends = range(3, len(word) - 2)
    found = [match.start() for match in _SYLLABLE.finditer(word) if match.start() in ends]
    cuts = [at for at in found if word[at - 1 : at + 1].lower() not in _ONE_SOUND]
    parts = [word[a:b] for a, b in zip([0, *cuts], [*cuts, len(word)], strict=True)]
    return escape(_SOFT_HYPHEN.join(parts))


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("pipeline.delivery.bulletin"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.tests["kind"] = lambda block, name: _KINDS[type(block)] == name
    return environment.get_template("bulletin.html.j2")
