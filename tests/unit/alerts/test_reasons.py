"""Why a stage stands, where an agency's own indicator is the reason."""

from __future__ import annotations

import pytest

from pipeline.alerts.cap_info import parameters
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.letters import letter
from pipeline.alerts.reasons import reasons
from pipeline.alerts.words import LANGUAGES, words_of
from pipeline.core.gaps import Gap
from pipeline.core.indicators import IndicatorCode, IndicatorUnit
from tests.unit.alerts import cases, water


def plain(lines: list[str]) -> list[str]:
    spaces = str.maketrans(dict.fromkeys("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", " "))
    return [line.translate(spaces) for line in lines]


def test_an_open_value_is_told_with_its_document() -> None:
    assert reasons(water.alert([97.0, 82.5]), "en")[:2] == [
        "- Water availability forecast of the agency, in percent of the norm (document 3/21 of "
        "10 March 2021, Uzhydromet; for April 2021 - September 2021): 82.5%",
        '  * at or below 85%: stage "Watch" begins',
    ]


def test_the_same_in_russian() -> None:
    assert plain(reasons(water.alert([97.0, 82.5], issued_by=None), "ru"))[:2] == [
        "- Прогноз водности по данным ведомства, в процентах от нормы (документ 3/21 от 10 марта "
        "2021 г.; период: апрель 2021 г. - сентябрь 2021 г.): 82,5 %",
        "  * не выше 85 %: стадия «Наблюдение» начинается",
    ]


def test_a_value_that_is_not_open_is_told_by_its_document_and_what_it_came_to() -> None:
    assert reasons(water.alert([97.0, 82.5], is_open=False), "en")[:2] == [
        "- Water availability forecast of the agency, in percent of the norm (document 3/21 of "
        "10 March 2021, Uzhydromet; for April 2021 - September 2021): the value is not open to "
        "everyone",
        '  * at or below 85%: stage "Watch" begins',
    ]


def test_a_value_near_a_threshold_keeps_its_side() -> None:
    assert reasons(water.alert([97.0, 84.96]), "en")[0].endswith(": 84.96%")


def test_a_month_without_an_issue_is_a_gap_with_no_document() -> None:
    told = reasons(water.alert([82.5, Gap.NOT_PUBLISHED]), "en")[0]
    assert told == (
        "- Water availability forecast of the agency, in percent of the norm: no value: the source "
        "has not published it"
    )


@pytest.mark.parametrize(
    ("indicator", "unit", "thresholds", "exit_at", "value", "told"),
    [
        pytest.param(
            "reservoir_storage", "million_m3", (3000, 2000, 1500.5), 4000, 1900.04,
            ["1900.0 million m³", "at or below 2000 million m³"], id="million cubic metres",
        ),
        pytest.param(
            "snow_survey", "mm", (200, 150, 100), 250, 140.0, ["140.0 mm", "at or below 150 mm"],
            id="millimetres",
        ),
    ],
)  # fmt: skip
def test_an_amount_has_its_unit(
    indicator: str,
    unit: str,
    thresholds: tuple[float, ...],
    exit_at: float,
    value: float,
    told: list[str],
) -> None:
    plan = water.plan_on(indicator, unit, thresholds, exit_at)
    text = " ".join(plain(reasons(water.alert([5000.0, value], plan=plan), "en")))
    for words in told:
        assert words in text


@pytest.mark.parametrize(
    ("facts", "subject"),
    [
        pytest.param(water.alert([97.0, 82.5]), "the agency's indicator has crossed", id="water"),
        pytest.param(cases.escalated(), "the index has crossed", id="an index"),
    ],
)
def test_the_first_sentence_names_what_crossed(facts: AlertFacts, subject: str) -> None:
    assert subject in " ".join(letter(facts, "en").body.split())


def test_water_of_the_headwaters_is_not_called_unseen_where_it_is_the_reason() -> None:
    note = "the index sees only the rain, snow and soil of the land itself"
    assert note not in " ".join(letter(water.alert([97.0, 82.5]), "en").body.split())
    assert note in " ".join(letter(cases.began(), "en").body.split())


def test_every_language_has_words_for_every_indicator_and_unit() -> None:
    for words in map(words_of, LANGUAGES):
        assert set(words.indicators) == set(IndicatorCode)
        assert set(words.units) == set(IndicatorUnit)
        without_sign = {unit for unit in IndicatorUnit if not unit.is_percent}
        assert set(words.amounts) == without_sign - {IndicatorUnit.STANDARD_DEVIATIONS}


def test_cap_cites_the_document_and_withholds_what_is_not_open() -> None:
    name = "water_availability_forecast_percent_of_norm"
    shown = dict(parameters(water.alert([97.0, 82.5])))
    assert shown[f"value:{name}"] == "82.5; document 3/21 of 2021-03-10"
    assert shown[f"threshold:watch:{name}"].startswith("enter_at 85 for 1, exit_at 95 for 1; ")
    closed = dict(parameters(water.alert([97.0, 82.5], is_open=False)))
    assert closed[f"value:{name}"] == "withheld; document 3/21 of 2021-03-10"
    silent = dict(parameters(water.alert([82.5, Gap.NOT_PUBLISHED])))
    assert silent[f"value:{name}"] == "gap not_published"
