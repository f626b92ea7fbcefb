from __future__ import annotations

from typing import Any

import pytest

from pipeline.core.ids import LandUse
from pipeline.plans.conditions import Group
from pipeline.plans.reach import land_that_never_moves, out_of_reach, stands_when_wet
from pipeline.plans.rule_document import Land, Rule

SOURCE = {"kind": "generic", "reference": "a test"}
DRY = {
    "index": "spi_3",
    "enter_at": -1.0,
    "enter_after": 1,
    "exit_at": 0.0,
    "exit_after": 1,
    "source": {"threshold": SOURCE, "exit": SOURCE, "persistence": SOURCE},
}


def group(**said: Any) -> Group:  # noqa: ANN401 - plain values
    return Group.model_validate(said)


def after(*stages: str) -> Group:
    return group(all_of=[DRY], coming_from=stages)


def rule(**said: Any) -> Rule:  # noqa: ANN401 - plain values
    return Rule.model_validate(DRY | said)


@pytest.mark.parametrize(
    ("stages", "lost"),
    [
        pytest.param([("a", [rule()]), ("b", [after("a")])], [], id="one after the other"),
        pytest.param([("a", [after("b")]), ("b", [after("a")])], ["a", "b"], id="in a circle"),
        pytest.param([("a", [after("b"), rule()]), ("b", [after("a")])], [], id="a circle with a door"),
        pytest.param([("a", [after("none")])], [], id="from no stage"),
        pytest.param([("a", [after("c")]), ("b", [rule()]), ("c", [after("b")])], [], id="against the order of the ladder"),
        pytest.param(
            [("a", [group(all_of=[DRY, {"any_of": [DRY, DRY], "coming_from": ["a"]}])])], ["a"], id="a member asks for the impossible"
        ),
        pytest.param(
            [("a", [group(any_of=[DRY, {"all_of": [DRY], "coming_from": ["a"]}])])], [], id="another member is enough"
        ),
        pytest.param(
            [("a", [group(at_least=2, of=[DRY, DRY, {"all_of": [DRY], "coming_from": ["a"]}])])], [], id="two of three without it"
        ),
        pytest.param([("a", [group(none_of=[DRY], coming_from=["a"])])], ["a"], id="none of them, after itself"),
    ],
)  # fmt: skip
def test_a_stage_that_no_way_leads_to_is_found(
    stages: list[tuple[str, list[Rule | Group]]], lost: list[str]
) -> None:
    assert out_of_reach(stages) == lost


NONE_DRY = {"none_of": [DRY]}


@pytest.mark.parametrize(
    ("condition", "stands"),
    [
        pytest.param(rule(), False, id="a rule"),
        pytest.param(group(none_of=[DRY]), True, id="none of them"),
        pytest.param(group(none_of=[DRY], coming_from=["alert"]), False, id="after an alert"),
        pytest.param(group(none_of=[DRY], coming_from=["none"]), True, id="after no stage"),
        pytest.param(group(all_of=[NONE_DRY, DRY]), False, id="with a rule that must be on"),
        pytest.param(group(all_of=[NONE_DRY, NONE_DRY]), True, id="twice"),
        pytest.param(group(any_of=[NONE_DRY, DRY]), True, id="or a rule"),
        pytest.param(group(at_least=2, of=[NONE_DRY, DRY, DRY]), False, id="one of two needed"),
        pytest.param(group(none_of=[NONE_DRY]), False, id="denied twice"),
    ],
)
def test_a_stage_that_would_stand_in_every_wet_month_is_found(
    condition: Rule | Group, stands: bool
) -> None:
    assert stands_when_wet(condition) is stands


def test_rules_that_never_speak_together_are_found_with_their_land() -> None:
    spring, autumn = rule(calendar_months=[3, 4]), rule(calendar_months=[9, 10])
    assert land_that_never_moves([spring, rule(calendar_months=[4, 5])]) is None
    assert land_that_never_moves([spring, autumn]) == Land(LandUse.PASTORAL, has_headwater=True)
    irrigated = rule(calendar_months=[9], land_uses=["irrigated"])
    assert land_that_never_moves([spring, irrigated]) == Land(LandUse.IRRIGATED, has_headwater=True)
    elsewhere = rule(calendar_months=[3], land_uses=["rainfed"])
    assert land_that_never_moves([irrigated, elsewhere]) is None


def test_the_season_of_an_index_counts() -> None:
    assert land_that_never_moves([rule(index="spi_veg"), rule(calendar_months=[1, 2])]) is not None
