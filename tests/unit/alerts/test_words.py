from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum

import pytest

from pipeline.alerts.facts import Change
from pipeline.alerts.figures import (
    month_after_since,
    month_in_words,
    share_in_words,
    threshold_in_words,
    value_in_words,
)
from pipeline.alerts.outcomes import Outcome
from pipeline.alerts.words import LANGUAGES
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode, IndexFamily, LandUse, Release
from pipeline.core.months import Month
from pipeline.plans.document import SourceKind

EN, RU = LANGUAGES["en"], LANGUAGES["ru"]
SPI, PERCENT = IndexCode.parse("spi_3"), IndexCode.parse("pn_3")


@pytest.mark.parametrize("language", sorted(LANGUAGES))
@pytest.mark.parametrize(
    ("field", "vocabulary"),
    [
        pytest.param("countries", Country, id="every country has a name"),
        pytest.param("land_uses", LandUse, id="every land use"),
        pytest.param("drought", DroughtType, id="every drought"),
        pytest.param("of_drought", DroughtType, id="every drought after the word stage"),
        pytest.param("gaps", Gap, id="every gap"),
        pytest.param("happened", Change, id="every change has a sentence"),
        pytest.param("in_short", Change, id="every change has a subject"),
        pytest.param("indices", IndexFamily, id="every index"),
        pytest.param("outcomes", Outcome, id="every outcome"),
        pytest.param("kinds", SourceKind, id="every kind of source"),
        pytest.param("releases", Release, id="every release"),
    ],
)
def test_nothing_is_without_words(language: str, field: str, vocabulary: type[StrEnum]) -> None:
    assert set(getattr(LANGUAGES[language], field)) == set(vocabulary)


def holes(value: object) -> object:
    """Return the names in braces, wherever they stand."""
    if isinstance(value, str):
        return {name for _, name, _, _ in string.Formatter().parse(value) if name}
    return {key: holes(text) for key, text in value.items()} if isinstance(value, Mapping) else None


@pytest.mark.parametrize(
    "field",
    [field.name for field in fields(EN) if field.name not in {"references", "outcomes"}],
)
def test_both_languages_say_the_same_things(field: str) -> None:
    assert holes(getattr(EN, field)) == holes(getattr(RU, field))


def test_months_follow_the_grammar_of_the_language() -> None:
    june = Month(2021, 6)
    assert (month_in_words(june, EN), month_after_since(june, EN)) == ("June 2021", "June 2021")
    assert month_in_words(june, RU) == "июнь 2021\N{NO-BREAK SPACE}г."
    assert month_after_since(june, RU) == "июня 2021\N{NO-BREAK SPACE}г."


@pytest.mark.parametrize(
    ("value", "limits", "english", "russian"),
    [
        pytest.param(-1.324, (-1.0, 0.0), "-1.32", "-1,32", id="two decimals"),
        pytest.param(-0.996, (-1.0, 0.0), "-0.996", "-0,996", id="more beside a threshold"),
        pytest.param(-1.0, (-1.0, 0.0), "-1.00", "-1,00", id="on the threshold"),
        pytest.param(-0.0001, (-1.0,), "0.00", "0,00", id="no zero with a minus"),
    ],
)
def test_values(value: float, limits: tuple[float, ...], english: str, russian: str) -> None:
    assert value_in_words(value, SPI, EN, *limits) == english
    assert value_in_words(value, SPI, RU, *limits) == russian


def test_percent_of_normal_is_in_percent() -> None:
    assert value_in_words(51.44, PERCENT, EN, 55.0) == "51.4%"
    assert value_in_words(54.97, PERCENT, RU, 55.0) == "54,97\N{NO-BREAK SPACE}%"
    assert threshold_in_words(55.0, PERCENT, EN) == "55%"
    assert threshold_in_words(83.5, PERCENT, EN) == "83.5%"


def test_thresholds_read_as_in_the_plan() -> None:
    written = [threshold_in_words(limit, SPI, RU) for limit in (-1.0, -1.28, 0.0)]
    assert written == ["-1,0", "-1,28", "0,0"]


def test_a_share_is_in_whole_percent() -> None:
    assert (share_in_words(0.968, EN), share_in_words(1.0, RU)) == (
        "97%",
        "100\N{NO-BREAK SPACE}%",
    )
