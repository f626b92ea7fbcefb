"""The bulletin as one page: stands alone, is read aloud, stays small, and lets no markup in."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from shapely import box

from pipeline.core.ids import LandUse
from pipeline.delivery.bulletin import bulletin_html, bulletin_text
from pipeline.delivery.bulletin.facts import BulletinFacts, LandscapeFacts
from pipeline.delivery.bulletin.page import as_page
from pipeline.delivery.outlines import outlines
from pipeline.delivery.stage_colours import colour_of_rank
from pipeline.plans.rule_document import SourceKind
from tests.unit.delivery.bulletin.cases import (
    BANNER,
    BUKHARA,
    FACTS,
    FERGANA,
    ISSUED,
    KARAKALPAKSTAN,
    MET,
    NOTE,
    SIMULATED,
    UZ_PLAN,
    UZBEKISTAN,
    adopted,
    content_of,
    landscape,
)

EVIL = '<script>alert("x")</script>\n- Another (pasture): none'


class Visible(HTMLParser):
    """Collects tags and everything that is to be read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            del self.inside[len(self.inside) - 1 - self.inside[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if data.strip() and "style" not in self.inside and "head" not in self.inside:
            self.words.append(" ".join(data.split()))


def visible(facts: BulletinFacts, language: str = "en") -> Visible:
    return Visible(bulletin_html(facts, language))


@pytest.mark.parametrize(
    ("name", "language"),
    [("a month of one country", "en"), ("issued, with a note", "kk"), ("the region", "ru")],
    ids=["one country", "issued, with a note", "the region"],
)
def test_the_page_carries_every_text(name: str, language: str) -> None:
    content = content_of(name, language)
    plain = " ".join(Visible(as_page(content)).words).replace("\N{SOFT HYPHEN}", "")
    lost = [text for text in content.texts() if " ".join(text.split()) not in plain]
    assert lost == []


def test_the_page_stands_alone() -> None:
    page = bulletin_html(FACTS, "en")
    tags = Visible(page).tags
    assert not {"script", "img", "link", "iframe", "a", "form"} & {tag for tag, _ in tags}
    assert ("html", {"lang": "en"}) in tags
    policy = [a["content"] for _, a in tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
    assert not re.search(r"(?:src|href)\s*=|@import|url\((?!#)", page)
    assert not [name for _, attrs in tags for name in attrs if name.startswith("on")]
    assert set(re.findall(r"https?://[^\s\"'<)]+", page)) == {"http://www.w3.org/2000/svg"}


def test_the_page_can_be_read_aloud() -> None:
    tags = visible(FACTS).tags
    names = [tag for tag, _ in tags]
    assert all(a["scope"] in {"col", "row"} for tag, a in tags if tag == "th")
    assert names.count("caption") == names.count("table") > 5
    headings = [int(tag[1]) for tag in names if tag in {"h1", "h2", "h3"}]
    assert (headings[0], headings.count(1)) == (1, 1)
    assert all(b - a <= 1 for a, b in pairwise(headings))
    ids = [a["id"] for _, a in tags if "id" in a]
    assert len(ids) == len(set(ids))


def test_the_map_has_its_words_and_no_colour_stands_alone() -> None:
    page = bulletin_html(FACTS, "en")
    (svg,) = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    assert 'role="img" aria-labelledby="map-title map-text"' in svg
    assert '<title id="map-title">Landscapes by their gravest stage, July 2021</title>' in svg
    assert '"Severe": 1; "Watch": 1; no stage: 1; not known: 1.' in svg
    assert re.search(r"<text[^>]*>3</text>", svg)
    assert "3: &#34;Severe&#34;" in page.split("legend", 2)[2]
    severe = colour_of_rank(3)
    cell = f'<td style="background:{severe.fill};color:{severe.text}">'
    assert re.search(re.escape(cell) + r"&#34;Severe&#34;", page)


def test_what_is_not_known_is_hatched() -> None:
    (svg,) = re.findall(r"<svg.*?</svg>", bulletin_html(FACTS, "en"), re.DOTALL)
    # Navoi is not known, and the stage of Bukhara not confirmed.
    assert svg.count('fill="url(#hatch)"') == 2


def test_the_exercise_is_said_first_last_in_the_title_and_on_the_map() -> None:
    page = visible(SIMULATED)
    assert page.words[0] == BANNER
    assert BANNER in page.words[-2:]
    source = bulletin_html(SIMULATED, "en")
    assert "<title>EXERCISE: Drought bulletin" in source
    assert ">EXERCISE</text>" in source


def test_a_name_or_a_note_cannot_bring_markup_or_lines_of_its_own() -> None:
    evil = landscape(EVIL, KARAKALPAKSTAN.stages[MET])
    plan = adopted(UZ_PLAN, SourceKind.GENERIC).model_copy(update={"authority": EVIL})
    facts = replace(
        ISSUED,
        countries=(replace(UZBEKISTAN, landscapes=(evil, FERGANA), plans=(plan,)),),
        notes=(replace(NOTE, body=f"Dry.\n\n{EVIL}", author=EVIL),),
        outlines=outlines({evil.landscape_id: box(65, 39, 66, 40)}),
    )
    page = bulletin_html(facts, "en")
    assert "script" not in {tag for tag, _ in Visible(page).tags}
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "\n- Another" not in bulletin_text(facts, "en")


def many(number: int) -> BulletinFacts:
    """So many landscapes in the worst of months, each a star of many corners."""
    landscapes: list[LandscapeFacts] = []
    shapes = {}
    for n in range(number):
        one = replace(BUKHARA, names={"en": f"Province of a long name {n}"}, landscape_id=f"L{n}")
        landscapes.append(replace(one, land_use=list(LandUse)[n % 6]))
        x, y = 50 + (n % 13), 37 + n // 13
        shapes[f"L{n}"] = box(x, y, x + 1, y + 1).segmentize(0.01)
    return replace(
        SIMULATED,
        countries=(replace(UZBEKISTAN, landscapes=tuple(landscapes)),),
        outlines=outlines(shapes, most_bytes=70_000),
    )


def test_a_page_of_129_landscapes_in_drought_stays_below_300_kilobytes() -> None:
    # Cyrillic takes two bytes a letter.
    assert 60_000 < len(bulletin_html(many(129), "ru").encode()) < 300_000
