from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from pipeline.alerts.words import LANGUAGES, words_of
from pipeline.delivery.letter_html import letter_html

LETTERS = sorted((Path(__file__).parents[1] / "alerts" / "expected").glob("*.txt"))
BODY = """EXERCISE - SIMULATED DATA - no real drought

A sentence that is longer than a line holds, so that it was wrapped at
its seventy-second column.
Another one.

WHY
- a reason that is longer than a line of this letter could ever hold, and
  so goes on in the next one
  * at or below -1.0
  Threshold: generic.
- another

EXERCISE - SIMULATED DATA - no real drought
"""


def page(subject: str, body: str, language: str = "en") -> html.HtmlElement:
    return html.fromstring(letter_html(subject, body, language))


def letters() -> list[object]:
    """The letters that a person has read, by name."""
    return [pytest.param(path, id=path.stem) for path in LETTERS]


def test_paragraphs_headings_and_lists_are_those_of_the_letter() -> None:
    found = page("Subject", BODY)
    assert [one.text for one in found.findall(".//h2")] == ["WHY"]
    assert [one.text for one in found.findall(".//p")] == [
        "EXERCISE - SIMULATED DATA - no real drought",
        "A sentence that is longer than a line holds, so that it was wrapped at its seventy-second "
        "column.",
        "Another one.",
        "Threshold: generic.",
        "EXERCISE - SIMULATED DATA - no real drought",
    ]
    outer = found.find(".//ul")
    assert outer is not None
    assert [item.text for item in outer.findall("li")] == [
        "a reason that is longer than a line of this letter could ever hold, and so goes on in the "
        "next one",
        "another",
    ]
    assert [item.text for item in outer.findall("li/ul/li")] == ["at or below -1.0"]


@pytest.mark.parametrize(
    ("block", "heading"),
    [
        pytest.param("WHY\n- a reason", "WHY", id="capitals"),
        pytest.param("ПОЧЕМУ\nтекст", "ПОЧЕМУ", id="capitals of another script"),
        pytest.param("KYRGYZSTAN, hydrological drought\n- Chuy", "KYRGYZSTAN, hydrological drought",
                     id="a line above a list"),
        pytest.param("These are proposals:\n- one", None, id="a sentence above a list"),
        pytest.param("SPI-3", None, id="a word alone"),
        pytest.param("- ABC\n- DEF", None, id="items in capitals"),
    ],
)  # fmt: skip
def test_what_is_a_heading(block: str, heading: str | None) -> None:
    found = page("Subject", f"First.\n\n{block}\n").find(".//h2")
    assert (None if found is None else found.text) == heading


def test_the_banner_is_seen_first_and_last() -> None:
    notes = page("Subject", BODY).xpath("//body/*[@role='note']")
    assert len(notes) == 2
    siblings = notes[0].getparent().getchildren()
    assert siblings.index(notes[0]) == 1
    assert siblings.index(notes[1]) == len(siblings) - 1


@pytest.mark.parametrize("path", letters())
def test_it_says_the_words_of_the_letter_and_no_others(path: Path) -> None:
    head, body = path.read_text(encoding="utf-8").split("\n\n", 1)
    subject = " ".join(head.removeprefix("Subject: ").split())
    text = letter_html(subject, body, path.suffixes[0].removeprefix("."))
    shown = re.sub(r"<[^>]*>", " ", text.partition("<body>")[2])
    marks = re.compile(r"^ *[-*] ", re.MULTILINE)
    assert unescape(shown).split() == [*subject.split(), *marks.sub("", body).split()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_tells_its_language_and_fits_a_telephone(language: str) -> None:
    text = letter_html("Subject", f"{words_of(language).banner}\n\nBody\n", language)
    assert f'<html lang="{language}">' in text
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in text
    assert text.count('role="note"') == 1


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "a & b < c > \"d\" 'e'",
        "</title><img src=https://example.org/x.png onerror=alert(1)>",
        "- <a href='javascript:alert(1)'>x</a>",
        "{subject} {content}",
    ],
)
def test_no_name_becomes_markup(hostile: str) -> None:
    found = page(hostile, f"{hostile}\n\n{hostile.upper()}\n{hostile}\n")
    assert not found.xpath("//script | //img | //a")
    assert hostile in "".join(found.find(".//h1").itertext())


@given(subject=st.text(), body=st.text())
def test_any_text_gives_a_page_that_fetches_nothing(subject: str, body: str) -> None:
    text = letter_html(subject, body, "en")
    tags = set(re.findall(r"<(\w+)", text))
    assert tags <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li"}
    assert text.count("<ul>") == text.count("</ul>")
    assert not re.search(r"<[^>]*\s(src|href|on\w+)=", text)
