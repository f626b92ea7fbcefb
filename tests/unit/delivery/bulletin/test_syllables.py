"""Where the words of narrow columns break."""

from __future__ import annotations

import pytest

from pipeline.delivery.bulletin.syllables import breakable


@pytest.mark.parametrize(
    ("word", "broken"),
    [
        pytest.param("Meteorological", "Meteo-ro-lo-gi-cal", id="between syllables"),
        pytest.param("Метеорологическая", "Метео-ро-ло-ги-чес-кая", id="in Cyrillic too"),
        pytest.param("qurgʻoqchilik", "qurgʻoqchi-lik", id="never inside one sound"),
        pytest.param("Warning", "Warning", id="a short word stays whole"),
    ],
)
def test_long_words_may_break(word: str, broken: str) -> None:
    assert breakable(word).replace("\N{SOFT HYPHEN}", "-") == broken
