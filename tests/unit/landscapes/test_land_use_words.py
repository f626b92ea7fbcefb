from __future__ import annotations

import unicodedata

import pytest

from pipeline.core.ids import LandUse
from pipeline.landscapes.land_use_words import HEADWATER, land_use_words

CYRILLIC = {"ru", "kk", "ky", "tg"}
LANGUAGES = {"en", "ru", "kk", "ky", "tg", "tk", "uz", "tr"}


def test_every_language_of_the_six_countries_has_every_word() -> None:
    assert land_use_words().words.keys() == LANGUAGES
    for words in land_use_words().words.values():
        assert words.keys() == {*LandUse, HEADWATER}
        assert len(set(words.values())) == len(words)


def test_only_english_was_checked() -> None:
    assert land_use_words().unchecked == LANGUAGES - {"en"}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_words_are_written_in_the_letters_of_their_language(language: str) -> None:
    script = "CYRILLIC" if language in CYRILLIC else "LATIN"
    for word in land_use_words().words[language].values():
        letters = [unicodedata.name(letter) for letter in word if letter.isalpha()]
        # The Uzbek turned comma is a letter of no script.
        assert [n for n in letters if script not in n and "TURNED COMMA" not in n] == []
        assert unicodedata.is_normalized("NFC", word)


def test_a_word_stands_behind_the_name() -> None:
    names = {"en": "Asht district", "tg": "Ашт"}
    assert land_use_words().names(names, LandUse.RAINFED) == {
        "en": "Asht district: rainfed land",
        "tg": "Ашт: заминҳои лалмӣ",
    }


def test_a_language_without_words_is_left_out() -> None:
    assert land_use_words().names({"kaa": "Nókis"}, LandUse.PASTORAL) == {}
