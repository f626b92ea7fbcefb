"""Groups of rules, each case worked by hand."""

from __future__ import annotations

from itertools import count

import pytest

from pipeline.core.ids import LandUse
from pipeline.core.months import Month
from pipeline.plans.conditions import Form, Group
from pipeline.plans.rule_document import Land, Rule
from pipeline.plans.rules import RuleState
from pipeline.plans.trees import Branch, Moment, Tree, holds, path, planted, rest
from tests.unit.plans.random_ladders import SOURCES

MAY = Month(2020, 5)
ON, OFF = RuleState(MAY, active=True, heard=True), RuleState(MAY, heard=True)
UNKNOWN = RuleState(MAY, silent=5)
LIMIT = 3


def moment(*states: RuleState, previous: str = "none") -> Moment:
    return Moment(states, [LIMIT] * len(states), previous)


def group(form: Form, count: int, *, needed: int = 1, coming_from: tuple[str, ...] = ()) -> Branch:
    return Branch(form, needed, coming_from, tuple(range(count)))


@pytest.mark.parametrize(
    ("tree", "states", "expected"),
    [
        pytest.param(0, [ON], True, id="a rule that is on"),
        pytest.param(0, [OFF], False, id="a rule that is off"),
        pytest.param(0, [UNKNOWN], None, id="a rule that never heard a value"),
        pytest.param(group(Form.ANY_OF, 2), [OFF, ON], True, id="any of: one is enough"),
        pytest.param(group(Form.ANY_OF, 2), [UNKNOWN, ON], True, id="whatever the other is"),
        pytest.param(group(Form.ANY_OF, 2), [OFF, OFF], False, id="any of: none is"),
        pytest.param(group(Form.ANY_OF, 2), [OFF, UNKNOWN], None, id="or nobody knows"),
        pytest.param(group(Form.ALL_OF, 2), [ON, ON], True, id="all of: both are"),
        pytest.param(group(Form.ALL_OF, 2), [ON, OFF], False, id="all of: one is not"),
        pytest.param(group(Form.ALL_OF, 2), [UNKNOWN, OFF], False, id="whatever the other"),
        pytest.param(group(Form.ALL_OF, 2), [ON, UNKNOWN], None, id="all of: nobody knows"),
        pytest.param(group(Form.NONE_OF, 2), [OFF, OFF], True, id="none of: none is"),
        pytest.param(group(Form.NONE_OF, 2), [OFF, ON], False, id="none of: one is"),
        pytest.param(group(Form.NONE_OF, 2), [OFF, UNKNOWN], None, id="none of: nobody knows"),
        pytest.param(group(Form.AT_LEAST, 3, needed=2), [ON, OFF, ON], True, id="two of three"),
        pytest.param(group(Form.AT_LEAST, 3, needed=2), [ON, OFF, OFF], False, id="one of three"),
        pytest.param(group(Form.AT_LEAST, 3, needed=2), [ON, UNKNOWN, OFF], None, id="or two"),
        pytest.param(
            group(Form.AT_LEAST, 3, needed=2), [ON, UNKNOWN, ON], True, id="two whatever the third"
        ),
        pytest.param(
            group(Form.AT_LEAST, 3, needed=2), [OFF, UNKNOWN, OFF], False, id="not two in any case"
        ),
    ],
)
def test_what_a_condition_comes_to(
    tree: Tree, states: list[RuleState], expected: bool | None
) -> None:
    assert holds(tree, moment(*states)) is expected
    assert path(tree, moment(*states)).holds is expected


@pytest.mark.parametrize(
    ("previous", "expected"), [("watch", True), ("warning", True), ("none", False)]
)
def test_a_group_counts_only_where_the_ladder_came_from(previous: str, expected: bool) -> None:
    tree = group(Form.ANY_OF, 1, coming_from=("watch", "warning"))
    assert holds(tree, moment(ON, previous=previous)) is expected


def test_where_the_ladder_did_not_come_from_nothing_is_unknown() -> None:
    tree = group(Form.NONE_OF, 1, coming_from=("watch",))
    assert holds(tree, moment(UNKNOWN)) is False
    assert rest(tree, moment(UNKNOWN), is_on=False) == (False, 0)


def silent(months: int, *, active: bool) -> RuleState:
    return RuleState(MAY, active, silent=months, heard=True)


@pytest.mark.parametrize(
    ("tree", "states", "is_on", "expected"),
    [
        pytest.param(0, [silent(3, active=True)], True, (False, 3), id="within the hold limit"),
        pytest.param(0, [silent(4, active=True)], True, (True, 4), id="beyond it"),
        pytest.param(0, [UNKNOWN], False, (True, 5), id="never heard is never confirmed"),
        pytest.param(
            group(Form.ANY_OF, 2),
            [silent(1, active=True), silent(9, active=True)],
            True,
            (False, 1),
            id="one of two is enough to stand on: the fresher",
        ),
        pytest.param(
            group(Form.ANY_OF, 2),
            [silent(1, active=False), silent(9, active=False)],
            False,
            (True, 9),
            id="that neither is rests on both: the staler",
        ),
        pytest.param(
            group(Form.ALL_OF, 2),
            [silent(1, active=True), silent(9, active=True)],
            True,
            (True, 9),
            id="that both are rests on both",
        ),
        pytest.param(
            group(Form.ALL_OF, 2),
            [silent(1, active=False), silent(9, active=True)],
            False,
            (False, 1),
            id="that not both are rests on the one that is not",
        ),
        pytest.param(
            group(Form.ALL_OF, 2),
            [silent(1, active=False), silent(9, active=False)],
            False,
            (False, 1),
            id="where neither is, on the fresher of them",
        ),
        pytest.param(
            group(Form.AT_LEAST, 3, needed=2),
            [silent(9, active=True), silent(0, active=True), silent(2, active=True)],
            True,
            (False, 2),
            id="two of three: the staler of the two freshest",
        ),
        pytest.param(
            group(Form.AT_LEAST, 3, needed=2),
            [silent(9, active=False), silent(0, active=False), silent(2, active=True)],
            False,
            (True, 9),
            id="that not two are rests on both that are off",
        ),
        pytest.param(
            group(Form.NONE_OF, 2),
            [silent(1, active=False), silent(9, active=False)],
            True,
            (True, 9),
            id="that none is rests on all",
        ),
    ],
)
def test_what_the_knowledge_rests_on(
    tree: Tree, states: list[RuleState], is_on: bool, expected: tuple[bool, int]
) -> None:
    assert rest(tree, moment(*states), is_on=is_on) == expected


def rule(**others: object) -> Rule:
    said = {
        "index": "spi_3",
        "enter_at": -1.0,
        "enter_after": 1,
        "exit_at": 0.0,
        "exit_after": 1,
        "source": SOURCES,
    }
    return Rule.model_validate(said | others)


OWN, HEADWATER = rule(), rule(where="headwater")
PASTURE = rule(land_uses=["pastoral"])
DRY_FIELD = Land(LandUse.RAINFED)
CANAL = Land(LandUse.IRRIGATED, has_headwater=True)


@pytest.mark.parametrize(
    ("condition", "land", "asked"),
    [
        pytest.param(OWN, DRY_FIELD, [OWN], id="a rule for all land"),
        pytest.param(PASTURE, DRY_FIELD, None, id="a rule for other land"),
        pytest.param(HEADWATER, DRY_FIELD, None, id="a rule on a headwater that is not known"),
        pytest.param(HEADWATER, CANAL, [HEADWATER], id="and where it is"),
        pytest.param(
            Group(any_of=(OWN, HEADWATER)), DRY_FIELD, [OWN], id="any of: the rest is asked"
        ),
        pytest.param(
            Group(all_of=(OWN, HEADWATER)), DRY_FIELD, None, id="all of: it cannot come true"
        ),
        pytest.param(
            Group(at_least=2, of=(OWN, OWN, HEADWATER)), DRY_FIELD, [OWN, OWN], id="two are left"
        ),
        pytest.param(
            Group(at_least=2, of=(OWN, HEADWATER)), DRY_FIELD, None, id="one is left of two needed"
        ),
        pytest.param(
            Group(all_of=(OWN, Group(any_of=(OWN, HEADWATER)))),
            DRY_FIELD,
            [OWN, OWN],
            id="a group inside is asked for what is left of it",
        ),
        pytest.param(
            Group(all_of=(OWN, Group(all_of=(OWN, HEADWATER)))),
            DRY_FIELD,
            None,
            id="a group inside that cannot come true",
        ),
    ],
)
def test_what_is_for_the_land_is_asked(
    condition: Rule | Group, land: Land, asked: list[Rule] | None
) -> None:
    tree, rules = planted([condition], land, count())
    assert (rules if tree is not None else None) == asked


def test_rules_are_numbered_in_the_order_of_the_document() -> None:
    conditions: list[Rule | Group] = [
        OWN,
        Group(all_of=(PASTURE, PASTURE)),
        Group(any_of=(OWN, HEADWATER)),
        OWN,
    ]
    numbers = count(4)
    tree, rules = planted(conditions, CANAL, numbers)
    assert rules == [OWN, OWN, HEADWATER, OWN]
    assert tree == Branch(Form.ANY_OF, 1, (), (4, Branch(Form.ANY_OF, 1, (), (5, 6)), 7))
    assert next(numbers) == 8


@pytest.mark.parametrize(
    ("is_salt_affected", "said", "expected"),
    [(True, None, True), (True, True, True), (True, False, False), (False, True, False)],
)
def test_salinity_decides_like_land_use(
    is_salt_affected: bool, said: bool | None, expected: bool
) -> None:
    land = Land(LandUse.RAINFED, is_salt_affected)
    assert rule(salt_affected=said).applies_to(land) is expected
