"""The bulletin on paper: every letter of every language, a caution on every page, nothing but data."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pypdf
import pytest

from pipeline.delivery.bulletin import bulletin_content
from pipeline.delivery.bulletin.content import Table
from pipeline.delivery.bulletin.typst import bulletin_pdf, picture_png
from tests.unit.delivery.bulletin.cases import BUKHARA, FACTS, FERGANA, UZBEKISTAN
from tests.unit.delivery.printed import DRAFT, EVIL, EXERCISE, MADE_AT, READ_OFF, SVG, document

ALPHABETS = {
    "ru": "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ",
    "kk": "АӘБВГҒДЕЁЖЗИЙКҚЛМНҢОӨПРСТУҰҮФХҺЦЧШЩЪЫІЬЭЮЯ",
    "ky": "АБВГДЕЁЖЗИЙКЛМНҢОӨПРСТУҮФХЦЧШЩЪЫЬЭЮЯ",
    "tg": "АБВГҒДЕЁЖЗИӢЙКҚЛМНОПРСТУӮФХҲЧҶШЪЭЮЯ",
    "tk": "ABÇDEÄFGHIJŽKLMNŇOÖPRSŞTUÜWYÝZ",
    "uz": "ABDEFGHIJKLMNOPQRSTUVXYZOʻGʻʼ",
    "tr": "ABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZâîû",
    "en": "№ “” «» – — ° − × ≤ ≥ ½ ’",
}
"""The alphabets as their states have adopted them; of English what a bulletin uses besides letters."""


def read(pdf: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(BytesIO(pdf))


def root_of(pdf: bytes) -> Any:  # noqa: ANN401 - pypdf does not say what an object is
    return read(pdf).trailer["/Root"]


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(pdf).pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def fonts_of(pdf: bytes) -> set[str]:
    """Names of the fonts of all pages, without the mark of a subset."""
    pages: list[Any] = list(read(pdf).pages)
    fonts = (font for page in pages for font in page["/Resources"]["/Font"].values())
    return {str(font.get_object()["/BaseFont"]).partition("+")[2] for font in fonts}


def is_accessible(pdf: bytes) -> bool:
    """Whether the file promises PDF/UA-1."""
    metadata = root_of(pdf)["/Metadata"].get_object().get_data().decode()
    return re.search(r"pdfuaid:part(>|=\")1", metadata) is not None


@pytest.mark.parametrize("language", ALPHABETS)
def test_every_letter_of_a_language_is_printed_in_one_font_and_can_be_copied(language: str) -> None:
    letters = f"{ALPHABETS[language]} {ALPHABETS[language].lower()}"
    pdf = bulletin_pdf(document(letters, language=language), MADE_AT)
    found = set(text_of(pdf))
    assert set(letters) - found == set()
    assert {name.partition("-")[0] for name in fonts_of(pdf)} == {"LibertinusSerif"}
    # Typst refuses this promise where a letter has no shape.
    assert is_accessible(pdf)
    assert root_of(pdf)["/Lang"] == language


def test_a_head_too_long_for_its_column_breaks_where_typst_knows_no_syllables() -> None:
    """It would lie over the head beside it."""
    said = bulletin_content(FACTS, "kk")
    assert any(
        "шаққандағы" in column.heading
        for section in said.sections
        for block in section.blocks
        if isinstance(block, Table)
        for column in block.columns
    )
    printed = text_of(bulletin_pdf(said, MADE_AT))
    assert "шаққандағы" not in printed
    assert re.search(r"шаққан[-\N{SOFT HYPHEN}\N{HYPHEN}]?\s*дағы", printed)


def test_a_letter_that_no_font_has_makes_no_promise_and_stops_nothing() -> None:
    pdf = bulletin_pdf(document("漢字"), MADE_AT)
    assert not is_accessible(pdf)
    assert "The forecaster writes" in text_of(pdf)


def test_a_name_that_xml_cannot_hold_stops_no_drawing() -> None:
    odd = replace(BUKHARA, names={"en": "Bukh\x1bara"})
    country = replace(UZBEKISTAN, landscapes=(odd, FERGANA))
    drawn = bulletin_content(replace(FACTS, countries=(country,)), "en").map
    assert drawn is not None
    assert "Bukh\ufffdara" in drawn.svg
    assert picture_png(drawn.svg).startswith(b"\x89PNG")


class TestEveryPage:
    def test_says_that_it_is_an_exercise_and_repeats_the_heads_of_a_table(self) -> None:
        pages = [
            page.extract_text() for page in read(bulletin_pdf(document(rows=90), MADE_AT)).pages
        ]
        assert len(pages) > 3
        for number, page in enumerate(pages, 1):
            assert EXERCISE in page
            assert DRAFT in page
            assert "working paper, not issued" in page
            assert f"{number} / {len(pages)}" in page
        with_rows = [page for page in pages if '"severe"' in page]
        assert len(with_rows) > 2
        assert all("Meteorological" in page for page in with_rows)

    def test_has_no_banner_where_nothing_is_to_be_cautioned_about(self) -> None:
        text = text_of(bulletin_pdf(document(cautions=(), is_issued=True), MADE_AT))
        assert "EXERCISE" not in text
        assert "No. 12/34" in text


class TestData:
    def test_what_looks_like_markup_is_printed_as_it_is(self) -> None:
        pdf = bulletin_pdf(document(EVIL), MADE_AT)
        # Not broken into lines by the width of a cell, as elsewhere.
        assert squeezed(text_of(pdf)).count(squeezed(f"Of 3 landscapes: {EVIL}")) == 1
        assert b"/JavaScript" not in pdf
        assert b"/JS" not in pdf

    def test_the_same_bulletin_is_the_same_bytes_and_knows_no_other_time(self) -> None:
        first, second = (bulletin_pdf(document(), at) for at in (MADE_AT, READ_OFF))
        assert first == second
        known = read(first).metadata
        assert known is not None
        assert known.creation_date == MADE_AT
        assert known.title == "Drought bulletin, Uzbekistan, A word."

    def test_headings_are_an_outline_and_the_map_is_told_in_words(self) -> None:
        pdf = bulletin_pdf(document(), MADE_AT)
        reader = read(pdf)
        top, sections = reader.outline[:2]
        assert isinstance(top, pypdf.generic.Destination)
        assert isinstance(sections, list)
        assert top.title == "Drought bulletin"
        titles = [one.title for one in sections if isinstance(one, pypdf.generic.Destination)]
        assert titles[:2] == ["Situation", "The forecaster writes"]
        assert alternatives(pdf) == ["Three landscapes, A word."]

    def test_a_drawing_becomes_a_picture(self) -> None:
        png = picture_png(SVG)
        assert png.startswith(b"\x89PNG")
        width = int.from_bytes(png[16:20], "big")
        # 170 mm at 200 dots an inch of 25.4 mm.
        assert width == pytest.approx(170 / 25.4 * 200, abs=1)


def alternatives(pdf: bytes) -> list[str]:
    """What the file says in words of its pictures."""
    found: list[str] = []
    waiting = [root_of(pdf)["/StructTreeRoot"]]
    while waiting:
        one = waiting.pop()
        one = one.get_object() if hasattr(one, "get_object") else one
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            found += [str(one["/Alt"])] if "/Alt" in one else []
            waiting += [one["/K"]] if "/K" in one else []
    return found
