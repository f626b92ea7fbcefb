from __future__ import annotations

import pytest

from pipeline.alerts.explanation import explanation
from pipeline.alerts.facts import AlertFacts
from pipeline.core.ids import Country, DroughtType
from tests.unit.alerts import cases, water


def rules(facts: AlertFacts) -> list[list[str]]:
    parts = explanation(facts).split("\n\n")
    return [part.splitlines() for part in parts if part.startswith("RULE")]


def test_every_rule_of_the_ladder_is_explained() -> None:
    assert [lines[0] for lines in rules(cases.began())] == [
        "RULE 1: stage watch on spi_3",
        "RULE 2: stage warning on spi_3",
        "RULE 3: stage severe on spi_3",
    ]


def test_a_rule_says_value_threshold_verdict_and_sources() -> None:
    assert rules(cases.escalated())[1] == [
        "RULE 2: stage warning on spei_6",
        "Index: SPEI-6 (precipitation less potential evapotranspiration of the last 6 months "
        "compared with the same time of year in 1991-2020; 0 is usual, less is drier)",
        "Value: -1.71",
        "Begins: at or below -1.5 for 1 month in a row",
        "Ends: at or above 0 for 1 month in a row",
        "Before: off",
        "After: on",
        "So: the rule turns on",
        "Threshold from: McKee et al. 1993; WMO-No. 1090 [generic]; class limits of the SPI, "
        "applied to the SPEI by choice of this project",
        "Exit from: McKee et al. 1993; WMO-No. 1090 [generic]; the end of an event by the SPI, "
        "applied to the SPEI by choice of this project",
        "Months in a row from: a choice of this project [generic]; McKee et al. 1993 ask for no "
        "minimum duration",
    ]


def test_percent_of_normal_is_in_percent_and_has_no_dead_band() -> None:
    last = rules(cases.turkish())[2]
    assert last[2:5] == [
        "Value: 51.4 %",
        "Begins: at or below 55 % for 1 month in a row",
        "Ends: above 55 % for 1 month in a row",
    ]


def test_silence_is_explained() -> None:
    told = explanation(cases.unconfirmed())
    assert "Value: no value (not_published: the source has not published it)" in told
    assert "Silence: 4 months without a value" in told
    assert "unconfirmed, 4 months of silence" in told


@pytest.mark.parametrize(
    "line",
    [
        "Source: era5-land, origin real, release final",
        "Calibration: 1991-2020",
        "Status: template, adopted by no authority",
        "mart.index_month_as_of(TIME), mart.stage_month_as_of(TIME), month 2021-06-01",
        "The gravest stage with a rule on is warning, since 2021-06",
    ],
)
def test_the_explanation_says(line: str) -> None:
    assert line in explanation(cases.escalated()).splitlines()


def test_the_end_of_a_drought_leaves_no_rule_on() -> None:
    assert "No rule is on: no stage, since 2021-06" in explanation(cases.ended())


def test_the_fingerprint_is_that_of_the_plan() -> None:
    plan = cases.PLANS[Country.KAZAKHSTAN]
    assert f"Fingerprint: {plan.fingerprint}" in explanation(cases.escalated())
    assert DroughtType.AGRICULTURAL in plan.ladders


def test_an_exercise_says_so_first_and_last() -> None:
    lines = explanation(cases.began()).splitlines()
    assert lines[0] == lines[-1] == "EXERCISE - SIMULATED DATA - no real drought"


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        pytest.param(
            cases.began(),
            "Headwater: no rule hears it; the indices below are of the land itself, without its "
            "irrigation water",
            id="indices",
        ),
        pytest.param(
            water.alert([97.0, 82.5]),
            "Headwater: no rule hears it; the agency's indicators below speak of the water",
            id="the agency's own numbers",
        ),
    ],
)
def test_of_irrigated_land_the_explanation_says_where_its_water_stands(
    facts: AlertFacts, line: str
) -> None:
    assert line in explanation(facts).splitlines()
    assert "Headwater" not in explanation(cases.escalated())
