"""The bulletin to edit: opened again as a word processor would."""

from __future__ import annotations

from io import BytesIO

import docx
import pytest
from docx.document import Document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery.bulletin.content import BulletinContent
from pipeline.delivery.bulletin.docx import bulletin_docx
from tests.unit.delivery.printed import DRAFT, EVIL, EXERCISE, MADE_AT, READ_OFF, document


def opened(content: BulletinContent) -> Document:
    return docx.Document(BytesIO(bulletin_docx(content, MADE_AT)))


def words(found: Document) -> str:
    cells = [c.text for table in found.tables for row in table.rows for c in row.cells]
    return "\n".join([*(line.text for line in found.paragraphs), *cells])


@pytest.fixture(scope="module")
def found() -> Document:
    return opened(document())


def test_headings_are_headings(found: Document) -> None:
    told = [
        (line.style.name, line.text)
        for line in found.paragraphs
        if line.style and line.text.strip()
    ]
    assert [text for style, text in told if style == "Title"] == ["Drought bulletin"]
    assert [text for style, text in told if style == "Heading 2"] == [
        "Situation", "The forecaster writes", "Map, A word.", "Stages", "Actions", "Issued",
    ]  # fmt: skip
    assert ("Heading 3", "Below, A word.") in told
    assert ("List Bullet", "Pastures. A word.") in told


def test_the_head_of_the_pages_cautions(found: Document) -> None:
    lines = [line.text for line in found.sections[0].header.paragraphs]
    assert lines == [
        "Drought bulletin · Uzbekistan · October 2026 · working paper, not issued", EXERCISE, DRAFT,
    ]  # fmt: skip


def test_the_head_of_a_table_is_repeated_and_no_row_is_broken(found: Document) -> None:
    table = found.tables[0]
    properties = [row._tr.trPr for row in table.rows]
    assert [one.find(qn("w:tblHeader")) is not None for one in properties] == [
        True, False, False, False,
    ]  # fmt: skip
    assert all(one.find(qn("w:cantSplit")) is not None for one in properties)
    assert [cell.text for cell in table.rows[1].cells] == [
        "A word. 0", '"severe"\nsince May 2026 · new', "not known", "-1.23",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("language", "tag"),
    [("en", "en-GB"), ("tg", "tg-Cyrl-TJ"), ("uz", "uz-Latn-UZ"), ("kaa", "kaa")],
)
def test_every_run_says_its_language(language: str, tag: str) -> None:
    found = opened(document(language=language))
    runs = list(found.element.body.iter(qn("w:r")))
    assert len(runs) > 30
    assert {run.rPr.find(qn("w:lang")).get(qn("w:val")) for run in runs} == {tag}
    assert found.core_properties.language == tag


def test_the_map_is_a_picture_told_in_words(found: Document) -> None:
    (picture,) = found.inline_shapes
    properties = picture._inline.docPr
    assert properties.get("descr") == "Three landscapes, A word."
    assert picture.width.mm == pytest.approx(170, abs=0.1)


def test_the_same_bulletin_is_the_same_bytes_and_knows_no_other_time(found: Document) -> None:
    assert bulletin_docx(document(), MADE_AT) == bulletin_docx(document(), READ_OFF)
    known = found.core_properties
    assert (known.created, known.modified) == (MADE_AT, MADE_AT)
    assert (known.author, known.title) == ("", "Drought bulletin, Uzbekistan, A word.")


def test_what_looks_like_markup_stands_there_as_it_is() -> None:
    assert f"Of 3 landscapes: {EVIL}" in words(opened(document(EVIL)))


ORDER = {
    "pPr": "pStyle keepNext keepLines pBdr shd tabs spacing ind contextualSpacing jc rPr",
    "rPr": "rFonts b i color sz szCs bdr shd lang",
    "tcPr": "tcW gridSpan shd vAlign",
}
"""ISO/IEC 29500-1, of CT_PPr, CT_RPr and CT_TcPr those that may occur here."""


@pytest.mark.parametrize("parent", ORDER)
def test_properties_stand_in_the_order_of_the_standard(found: Document, parent: str) -> None:
    """A word processor may call a document damaged in which they do not."""
    order = [qn(f"w:{name}") for name in ORDER[parent].split()]
    told = [found.element, found.sections[0].header._element, found.sections[0].footer._element]
    met = [[child.tag for child in one] for part in told for one in part.iter(qn(f"w:{parent}"))]
    assert max(map(len, met)) > 1
    assert all(one == sorted(one, key=order.index) for one in met)


@settings(max_examples=12, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_no_text_makes_a_document_that_cannot_be_opened(said: str) -> None:
    assert "Another paragraph." in words(opened(document(said, rows=1)))
