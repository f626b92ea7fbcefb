from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.alerts.actions_in_words import proposals
from pipeline.alerts.letters import letter
from pipeline.core.ids import LandUse
from tests.unit.alerts import cases, together


def test_an_action_says_its_kind_who_and_by_when() -> None:
    assert proposals(together.alert(), "en") == [
        "These are proposals by the plan, not orders:",
        "- a review of the water use plans of the season, with turns of watering agreed (water "
        "management; proposed: water users' associations; within 14 days)",
        "- leaching of the most saline fields only, in the cold season and with water to spare "
        "(salinity management; proposed: land reclamation expeditions with water users' "
        "associations; within 45 days)",
        "Days are counted from the day this message is issued.",
    ]


@pytest.mark.parametrize(
    ("is_salt_affected", "land_use", "words"),
    [
        pytest.param(True, LandUse.IRRIGATED, ["turns of watering", "leaching"], id="salty fields"),
        pytest.param(False, LandUse.IRRIGATED, ["turns of watering"], id="fields without salt"),
        pytest.param(False, LandUse.PASTORAL, ["turns of watering", "stocking"], id="pasture"),
    ],
)
def test_only_what_is_for_the_land_is_proposed(
    is_salt_affected: bool, land_use: LandUse, words: list[str]
) -> None:
    facts = replace(together.alert(), is_salt_affected=is_salt_affected, land_use=land_use)
    told = proposals(facts, "en")[1:-1]
    assert [word in line for word, line in zip(words, told, strict=True)] == [True] * len(words)


def test_an_action_of_before_says_what_to_do_and_no_more() -> None:
    told = proposals(cases.began(), "en")
    assert told[1:] == [
        "- closer observation of rain, snow cover and soil moisture",
        "- a check of stocks of fodder, seed and drinking water for livestock",
    ]


def test_without_a_stage_nothing_is_proposed() -> None:
    assert proposals(cases.ended(), "en") == []
    assert "PROPOSED" not in letter(cases.ended(), "en").body
