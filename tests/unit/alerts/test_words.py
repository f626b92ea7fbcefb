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
from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import (
    Country,
    DroughtType,
    IndexCode,
    IndexFamily,
    LandUse,
    Release,
    Season,
)
from pipeline.core.months import Month
from pipeline.plans.rule_document import SourceKind

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
        pytest.param("outcomes", Outcome, id="every outcome"),
        pytest.param("kinds", SourceKind, id="every kind of source"),
        pytest.param("releases", Release, id="every release"),
    ],
)
def test_nothing_is_without_words(language: str, field: str, vocabulary: type[StrEnum]) -> None:
    assert set(getattr(LANGUAGES[language], field)) == set(vocabulary)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_index_is_without_words(language: str) -> None:
    said = LANGUAGES[language].indices
    assert set(said.full) == set(said.short) == set(said.blind) == set(IndexFamily)
    assert set(said.season_labels) == set(said.short_season_labels) == set(Season)
    as_ever = {Outcome.SILENT, Outcome.OUT_OF_SEASON}
    assert set(said.area_outcomes) == set(Outcome) - as_ever


def holes(value: object) -> object:
    """Return the names in braces, wherever they stand."""
    if isinstance(value, str):
        return {name for _, name, _, _ in string.Formatter().parse(value) if name}
    return {key: holes(text) for key, text in value.items()} if isinstance(value, Mapping) else None


@pytest.mark.parametrize(
    "field",
    [field.name for field in fields(EN) if field.name not in {"references", "outcomes", "indices"}],
)
def test_both_languages_say_the_same_things(field: str) -> None:
    assert holes(getattr(EN, field)) == holes(getattr(RU, field))


@pytest.mark.parametrize("field", ["full", "short", "label", "blind", "on_area", "share_of_area"])
def test_both_languages_say_the_same_of_an_index(field: str) -> None:
    assert holes(getattr(EN.indices, field)) == holes(getattr(RU.indices, field))


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


@pytest.mark.parametrize(
    ("share", "limits", "english", "russian"),
    [
        pytest.param(0.6183, (0.5, 0.3), "62%", "62\N{NO-BREAK SPACE}%", id="whole percent"),
        pytest.param(0.4996, (0.5, 0.3), "49.96%", "49,96\N{NO-BREAK SPACE}%", id="its own side"),
        pytest.param(0.29, (0.29,), "29%", "29\N{NO-BREAK SPACE}%", id="on the threshold"),
    ],
)
def test_shares_of_the_area_are_in_percent(
    share: float, limits: tuple[float, ...], english: str, russian: str
) -> None:
    measure = AreaShare(index=SPI, at_or_below=-1.0)
    assert value_in_words(share, measure, EN, *limits) == english
    assert value_in_words(share, measure, RU, *limits) == russian
    assert threshold_in_words(0.29, measure, EN) == "29%"
    assert threshold_in_words(0.125, measure, EN) == "12.5%"


def test_thresholds_read_as_in_the_plan() -> None:
    written = [threshold_in_words(limit, SPI, RU) for limit in (-1.0, -1.28, 0.0)]
    assert written == ["-1,0", "-1,28", "0,0"]


def test_a_share_is_in_whole_percent() -> None:
    assert (share_in_words(0.968, EN), share_in_words(1.0, RU)) == (
        "97%",
        "100\N{NO-BREAK SPACE}%",
    )
