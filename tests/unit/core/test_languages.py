"""Which language stands in for another."""

from __future__ import annotations

import pytest

from pipeline.core.languages import nearest


@pytest.mark.parametrize(
    ("language", "there", "found"),
    [
        pytest.param("uz", ["en", "ru", "uz"], "uz", id="the reader's own where it is there"),
        pytest.param("uz", ["en", "ru", "kk"], "ru", id="Russian for a reader of Uzbek"),
        pytest.param("kaa", ["en", "ru"], "ru", id="Russian for a reader of Karakalpak"),
        pytest.param("uz", ["tr", "en"], "en", id="English where there is no Russian"),
        pytest.param("tr", ["en", "ru"], "en", id="English for a reader of Turkish"),
        pytest.param("ru", ["uz", "en"], "en", id="English for a reader of Russian"),
        pytest.param("tr", ["uz", "kk"], "uz", id="the first where there is none of these"),
    ],
)
def test_a_reader_gets_the_language_that_serves_best(
    language: str, there: list[str], found: str
) -> None:
    assert nearest(language, there) == found
