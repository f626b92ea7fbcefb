from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month
from pipeline.plans.rule_document import Rule, RuleSources, Source, SourceKind
from pipeline.plans.rules import Reading, RuleState, advance, replay

SOURCE = Source(kind=SourceKind.GENERIC, reference="a test")
SOURCES = RuleSources(threshold=SOURCE, exit=SOURCE, persistence=SOURCE)
RULE = Rule(
    index=IndexCode.parse("spi_3"),
    enter_at=-1.5,
    enter_after=2,
    exit_at=-0.5,
    exit_after=2,
    source=SOURCES,
)
TABLE = Rule(
    index=IndexCode.parse("pn_3"),
    enter_at=75,
    enter_after=1,
    exit_at=75,
    exit_after=1,
    has_dead_band=False,
    source=SOURCES,
)
AREA = Rule(
    area_share=AreaShare(index=IndexCode.parse("spi_3"), at_or_below=-1.0),
    enter_at=0.5,
    enter_after=2,
    exit_at=0.3,
    exit_after=1,
    source=SOURCES,
)
AREA_TABLE = AREA.model_copy(update={"exit_at": 0.5, "enter_after": 1, "has_dead_band": False})
SEASONAL = Rule(
    index=IndexCode.parse("spi_veg"),
    enter_at=-1.0,
    enter_after=2,
    exit_at=0.0,
    exit_after=2,
    source=SOURCES,
)
GROWING_SEASON = RULE.model_copy(update={"calendar_months": frozenset(range(4, 10))})
START = RuleState(Month(2020, 12))
MISSING = Gap.NOT_PUBLISHED
BLIND = Gap.NOT_APPLICABLE

Value = float | Gap


def readings(values: list[Value], first: Month = START.month + 1) -> list[Reading]:
    return [
        Reading(first + n, None, value) if isinstance(value, Gap) else Reading(first + n, value)
        for n, value in enumerate(values)
    ]


def after(rule: Rule, start: RuleState, values: list[Value]) -> RuleState:
    *_, last = replay(rule, start, readings(values, start.month + 1))
    return last


@pytest.mark.parametrize(
    ("values", "active"),
    [
        pytest.param([-1.6], False, id="one dry month is not enough"),
        pytest.param([-1.6, -1.5], True, id="two dry months in a row begin the stage"),
        pytest.param([-1.6, 0.0, -1.6], False, id="a wet month between breaks the run"),
        pytest.param([-1.6, -1.2, -1.6], False, id="so does a month inside the dead band"),
        pytest.param([-1.6, MISSING, -1.6], True, id="a missing month does not break the run"),
        pytest.param([-1.6, *[MISSING] * 2, -1.6], True, id="nor do two"),
        pytest.param([-1.6, *[MISSING] * 3, -1.6], False, id="three missing months do"),
        pytest.param([-1.6, BLIND, -1.6], False, id="a blind month does not join two dry months"),
        pytest.param([-2, -2, -1.0, -1.4, -1.0], True, id="the dead band holds the stage"),
        pytest.param([-2, -2, 0.1, -1.0, 0.1], True, id="recovered months must be in a row"),
        pytest.param([-2, -2, 0.1, BLIND, 0.1], True, id="a blind month parts them too"),
        pytest.param([-2, -2, 0.1, *[MISSING] * 5], True, id="silence never ends a stage"),
        pytest.param([-2, -2, 0.1, *[MISSING] * 3, 0.1], False, id="a gap holds a recovering run"),
        pytest.param([-2, -2, 0.1, -0.5], False, id="two recovered months end the stage"),
    ],
)
def test_a_rule_latches(values: list[Value], active: bool) -> None:
    assert after(RULE, START, values).active is active


LETS_GO = RULE.model_copy(update={"ends_after_silence": 2, "enter_after": 1})
FORGETS = RULE.model_copy(update={"gap_breaks_run_after": 0})


@pytest.mark.parametrize(
    ("rule", "values", "active"),
    [
        pytest.param(LETS_GO, [-2, *[MISSING] * 2], True, id="two silent months are borne"),
        pytest.param(LETS_GO, [-2, *[MISSING] * 3], False, id="after a third it lets go"),
        pytest.param(LETS_GO, [-2, *[BLIND] * 9], True, id="blind months are no silence"),
        pytest.param(
            LETS_GO, [-2, *[MISSING] * 2, -1, *[MISSING] * 2], True, id="a value ends the silence"
        ),
        pytest.param(LETS_GO, [-2, *[MISSING] * 3, -2], True, id="and it may begin anew"),
        pytest.param(RULE, [-2, -2, *[MISSING] * 99], True, id="other rules hold for ever"),
        pytest.param(FORGETS, [-2, MISSING, -2], False, id="a plan may let one gap break a run"),
    ],
)
def test_a_plan_says_how_a_gap_counts(rule: Rule, values: list[Value], active: bool) -> None:
    assert after(rule, START, values).active is active


@pytest.mark.parametrize(
    ("values", "active"),
    [
        pytest.param([75.0], True, id="a value on the limit counts as dry"),
        pytest.param([60.0, 75.0], True, id="and does not end the stage"),
        pytest.param([60.0, 75.1], False, id="a value above it does"),
    ],
)
def test_a_table_without_a_dead_band(values: list[Value], active: bool) -> None:
    assert after(TABLE, START, values).active is active


@pytest.mark.parametrize(
    ("rule", "values", "active"),
    [
        pytest.param(AREA, [0.49, 0.9], False, id="one month of much dry area is not enough"),
        pytest.param(AREA, [0.5, 0.62], True, id="two months at the share or above it begin"),
        pytest.param(AREA, [0.6, 0.6, 0.31], True, id="between the shares the stage holds"),
        pytest.param(AREA, [0.6, 0.6, 0.3], False, id="at the exit or below it the stage ends"),
        pytest.param(AREA_TABLE, [0.5], True, id="a share on the limit counts as dry"),
        pytest.param(AREA_TABLE, [0.7, 0.5], True, id="and does not end the stage"),
        pytest.param(AREA_TABLE, [0.7, 0.49], False, id="a smaller one does"),
    ],
)
def test_of_a_share_of_the_area_more_is_drier(
    rule: Rule, values: list[Value], active: bool
) -> None:
    assert after(rule, START, values).active is active


WINTER = [BLIND] * 6
"""October to March: there is no index of the growing season."""


def test_a_stage_of_the_growing_season_stands_over_the_winter() -> None:
    """Two years of SPI since April: begun in August, it ends in May of the year after next."""
    first = RuleState(Month(2020, 3))
    dry = [-0.5, -0.8, -0.9, -1.0, -1.4, -1.2]
    states = list(replay(SEASONAL, first, readings([*dry, *WINTER, *dry, *WINTER], Month(2020, 4))))
    by_month = {state.month: state for state in states}
    assert not by_month[Month(2020, 7)].active
    assert by_month[Month(2020, 8)].active
    over_winter = [by_month[Month(2020, 9) + n] for n in range(1, 7)]
    assert {(s.active, s.run, s.silent) for s in over_winter} == {(True, 0, 0)}
    assert {s.active for s in states[5:]} == {True}

    spring = replay(SEASONAL, states[-1], readings([0.2, 0.1], Month(2022, 4)))
    assert [state.active for state in spring] == [True, True, False]


@pytest.mark.parametrize(
    ("autumn", "spring", "active"),
    [
        pytest.param(-1.2, -1.2, False, id="dry months of two seasons are not in a row"),
        pytest.param(0.3, 0.3, True, id="nor are wet ones"),
    ],
)
def test_the_winter_parts_the_months_of_two_seasons(
    autumn: float, spring: float, active: bool
) -> None:
    august = RuleState(Month(2020, 8), active=active, heard=True)
    assert after(SEASONAL, august, [autumn, *WINTER, spring]).active is active
    assert after(SEASONAL, august, [autumn, *WINTER, spring, spring]).active is not active


@pytest.mark.parametrize(
    ("values", "silent"),
    [
        pytest.param([MISSING, MISSING], 2, id="missing months are silence"),
        pytest.param([MISSING, BLIND], 1, id="a blind month is not"),
        pytest.param([MISSING, -1.0], 0, id="a value ends it"),
    ],
)
def test_silence_is_counted(values: list[Value], silent: int) -> None:
    assert after(RULE, START, values).silent == silent


def test_a_rule_out_of_season_neither_hears_nor_misses() -> None:
    march = RuleState(Month(2021, 3), active=False, run=1, silent=1, heard=True)
    after_winter = after(GROWING_SEASON, RuleState(Month(2020, 12)), [-2, -2, -2])
    assert after_winter == RuleState(Month(2021, 3))
    assert after(GROWING_SEASON, march, [-2]).active
    september = RuleState(Month(2021, 9), active=False, run=1, heard=True)
    six_months_later = after(GROWING_SEASON, september, [MISSING] * 6)
    assert (six_months_later.run, six_months_later.silent) == (0, 0)


def test_a_rule_remembers_that_it_has_heard_a_value() -> None:
    assert not after(RULE, START, [MISSING, BLIND]).heard
    assert after(RULE, START, [0.3, MISSING]).heard


@given(st.booleans(), st.lists(st.floats(0.301, 0.499), max_size=24))
def test_shares_inside_the_dead_band_never_change_the_stage(
    active: bool, values: list[float]
) -> None:
    states = replay(AREA, RuleState(START.month, active=active), readings(list(values)))
    assert {state.active for state in states} == {active}


@given(st.booleans(), st.lists(st.floats(-1.49, -0.51), max_size=24))
def test_values_inside_the_dead_band_never_change_the_stage(
    active: bool, values: list[float]
) -> None:
    start = RuleState(START.month, active=active)
    states = list(replay(RULE, start, readings(list(values))))
    assert {state.active for state in states} == {active}


@given(st.booleans(), st.lists(st.sampled_from(Gap), min_size=1, max_size=36))
def test_silence_never_changes_the_stage(active: bool, gaps: list[Gap]) -> None:
    last = after(RULE, RuleState(START.month, active=active), list(gaps))
    assert last.active is active
    assert last.silent == sum(gap is not BLIND for gap in gaps)


@given(
    st.lists(st.sampled_from(Gap) | st.floats(-3, 3), max_size=60),
    st.data(),
)
def test_a_replay_may_stop_and_resume_anywhere(values: list[Value], data: st.DataObject) -> None:
    history = readings(values)
    cut = data.draw(st.integers(0, len(history)))
    *before, at_cut = replay(RULE, START, history[:cut])
    assert [*before, *replay(RULE, at_cut, history[cut:])] == list(replay(RULE, START, history))


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=60))
def test_the_stage_turns_only_on_the_evidence_of_its_own_run(values: list[float]) -> None:
    states = list(replay(RULE, START, readings(list(values))))
    for n in range(1, len(states)):
        if states[n].active and not states[n - 1].active:
            assert max(values[n - 2 : n]) <= RULE.enter_at
        if states[n - 1].active and not states[n].active:
            assert min(values[n - 2 : n]) >= RULE.exit_at


def test_nan_is_not_a_reading() -> None:
    with pytest.raises(InputError, match="name the gap instead"):
        Reading(Month(2021, 1), float("nan"))


@pytest.mark.parametrize(
    ("value", "gap"),
    [
        pytest.param(None, None, id="neither value nor gap"),
        pytest.param(1.0, Gap.REJECTED, id="both value and gap"),
    ],
)
def test_a_reading_is_a_value_or_a_gap(value: float | None, gap: Gap | None) -> None:
    with pytest.raises(InputError, match="expected a value or a gap"):
        Reading(Month(2021, 1), value, gap)


def test_a_skipped_month_is_refused() -> None:
    with pytest.raises(InputError, match="expected 2021-01, got 2021-03"):
        advance(RULE, START, Reading(Month(2021, 3), -2.0))
