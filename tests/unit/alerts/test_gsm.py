"""How long a text is as one SMS: counted by hand after the tables of 3GPP TS 23.038."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.gsm import code_units, fits_one_sms, folded, septets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", 0, id="nothing"),
        pytest.param("drought", 7, id="plain letters"),
        pytest.param("Türkiye, Ñ, É, Å, ß, Ç", 22, id="letters with marks that the alphabet has"),
        pytest.param("a\nb", 3, id="a line feed"),
        pytest.param("[7 €]", 8, id="brackets and the euro sign count two each"),
        pytest.param("a~b", 4, id="so does a tilde"),
        pytest.param("ΔΦΓ", 3, id="ten Greek capitals are in the alphabet"),
        pytest.param("Α", None, id="the Greek capital alpha is not: it is written as a Latin A"),
        pytest.param("ç", None, id="a small c with cedilla is not in it, the capital is"),
        pytest.param("засуха", None, id="Cyrillic is not"),
        pytest.param("`", None, id="a grave accent is not"),
    ],
)  # fmt: skip
def test_septets_are_counted_by_the_tables(text: str, expected: int | None) -> None:
    assert septets(text) == expected


def test_the_alphabet_has_127_characters_and_ten_more_behind_an_escape() -> None:
    # The table has 128 places, one of them the escape; its extension nine signs and a form feed.
    alone = [chr(n) for n in range(0x110000) if chr(n).isprintable() or chr(n) in "\n\r\f"]
    assert sum(septets(one) == 1 for one in alone) == 127
    assert sum(septets(one) == 2 for one in alone) == 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("засуха", 6, id="a Cyrillic letter is one"),
        pytest.param("қўҷ", 3, id="those of Kazakh, Uzbek and Tajik too"),
        pytest.param("☀", 1, id="a sign of the basic plane"),
        pytest.param("🌧", 2, id="an emoji outside it is two"),
    ],
)
def test_code_units_are_those_of_utf_16(text: str, expected: int) -> None:
    assert code_units(text) == expected


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        pytest.param("x" * 160, True, id="160 Latin letters"),
        pytest.param("x" * 161, False, id="one more"),
        pytest.param("x" * 159 + "€", False, id="159 and the euro sign"),
        pytest.param("ж" * 70, True, id="70 Cyrillic letters"),
        pytest.param("ж" * 71, False, id="one more of them"),
        pytest.param("x" * 70 + "ж", False, id="one Cyrillic letter makes the room 70"),
        pytest.param("ж" * 69 + "🌧", False, id="69 and an emoji"),
    ],
)
def test_a_text_fits_one_sms(text: str, fits: bool) -> None:
    assert fits_one_sms(text) is fits


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Qoraqalpogʻiston, maʼlumot", "Qoraqalpog'iston, ma'lumot", id="Uzbek"),
        pytest.param("Şanlıurfa, İğdır, çöl, Çöl", "Sanliurfa, Igdir, cöl, Çöl", id="Turkish"),
        pytest.param("Daşoguz, güýç, ýyl, ňž", "Dasoguz, güyc, yyl, nz", id="Turkmen"),
        pytest.param("Qaraqalpaqstan Respublikası", "Qaraqalpaqstan Respublikasi", id="Karakalpak"),
        pytest.param("“Watch” – 3 m³ …", '"Watch" - 3 m3 ...', id="quotes, a dash, a power, dots"),
        pytest.param("№ 7, −1", "No 7, -1", id="a number sign, and a minus sign"),
        pytest.param("Нарынская область, ş", "Нарынская область, ş", id="Cyrillic stays as it is"),
    ],
)  # fmt: skip
def test_latin_letters_are_folded_to_the_nearest(text: str, expected: str) -> None:
    assert folded(text) == expected


@given(st.text())
def test_folding_gives_the_alphabet_or_leaves_a_text_alone(text: str) -> None:
    found = folded(text)
    assert found == text or septets(found) is not None
    assert folded(found) == found


@given(
    st.text(
        alphabet=st.characters(categories=["Lu", "Ll"], min_codepoint=0xC0, max_codepoint=0x17F)
    )
)
def test_every_latin_letter_with_a_mark_has_a_nearest(text: str) -> None:
    marked = "".join(one for one in text if unicodedata.decomposition(one))
    assert septets(folded(marked)) is not None
    assert all(one.isalpha() or one in "'." for one in folded(marked))
