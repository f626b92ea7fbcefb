from __future__ import annotations

import pytest

from pipeline.alerts.letter_case import capitalised, capitals


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        pytest.param("Veri", "tr", "VERİ", id="Turkish keeps the dot"),
        pytest.param("dayanıklı", "tr", "DAYANIKLI", id="and has none where there is none"),
        pytest.param("Sebäbi", "tk", "SEBÄBI", id="Turkmen does not"),
        pytest.param("Eʼtibor bering", "uz", "EʼTIBOR BERING", id="Uzbek does not"),
        pytest.param("Нақша", "tg", "НАҚША", id="Tajik"),
    ],
)
def test_capitals(text: str, language: str, expected: str) -> None:
    assert capitals(text, language) == expected


def test_a_capital_at_the_beginning() -> None:
    assert capitalised("ilk ay", "tr") == "İlk ay"
    assert capitalised("irrigated land", "en") == "Irrigated land"
    assert capitalised("", "en") == ""
