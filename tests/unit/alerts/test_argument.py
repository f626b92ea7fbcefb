"""The expected arguments are files in `expected/arguments`, read aloud and agreed: edit by hand."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.alerts.argument import WIDTH, argument, label
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.naming import quoted_stage
from pipeline.alerts.stage_states import StageState, stage_states
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.plans.document import Plan
from pipeline.plans.issuing import Automatic
from pipeline.plans.rule_document import Land, SourceKind
from tests.unit.alerts import cases, dry_area, groups, water

EXPECTED = Path(__file__).parent / "expected" / "arguments"


def eased() -> AlertFacts:
    """The last stage of TARBIL's table ends, and the one before holds."""
    return cases.alert(
        Country.TURKIYE, DroughtType.METEOROLOGICAL, Change.EASED, [80.0, 51.4, 58.2]
    )


def withheld() -> AlertFacts:
    """A document whose value is not open."""
    return water.alert([97.0, 66.0], is_open=False)


def area() -> AlertFacts:
    """A share of the area, and a record beside that says nothing."""
    return dry_area.alert([0.2, 0.62])


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        pytest.param("zafarabad", groups.zafarabad, id="a real one of April 2000 in Uzbekistan"),
        pytest.param("began", cases.began, id="an exercise"),
        pytest.param("escalated", cases.escalated, id="a graver stage"),
        pytest.param("ended", cases.ended, id="an end"),
        pytest.param("eased", eased, id="a milder stage"),
        pytest.param("corrected", groups.revised, id="a correction by a value of another month"),
        pytest.param("unexplained", cases.corrected, id="a correction without the value replaced"),
        pytest.param("in_force", groups.in_force, id="a stage that stood already"),
        pytest.param("reminded", groups.ending, id="a review while the end is being counted"),
        pytest.param("unconfirmed", cases.unconfirmed, id="a long silence"),
        pytest.param("turkish", cases.turkish, id="percent of normal by an agency's table"),
        pytest.param("adopted", cases.adopted, id="a plan that was adopted"),
        pytest.param("second_month", groups.second_month, id="months in a row"),
        pytest.param("together", groups.both_needed, id="rules that count together"),
        pytest.param("recovering", groups.recovering, id="a stage that only follows graver ones"),
        pytest.param("held", groups.held_by_memory, id="a ladder that cannot move"),
        pytest.param("headwater", groups.fed_by_headwater, id="a dry headwater"),
        pytest.param("no_headwater", groups.without_headwater, id="a headwater nobody knows"),
        pytest.param("let_go", groups.let_go, id="an end by silence"),
        pytest.param("blind", groups.blind, id="a month in which the index is blind"),
        pytest.param("withheld", withheld, id="a value that is not open"),
        pytest.param("area", area, id="a share of the area"),
        pytest.param("no_rule", groups.no_rule_left, id="an end for want of a rule"),
    ],
)
def test_the_argument_reads_as_agreed(name: str, facts: Callable[[], AlertFacts]) -> None:
    assert argument(facts()) == (EXPECTED / f"{name}.txt").read_text("utf-8")


def flat(facts: AlertFacts) -> str:
    return " ".join(argument(facts).split())


known = st.sampled_from([-3.09, -2.4, -1.6, -1.1, -0.996, -0.4, 0.0, 0.3, 2.7])
values = st.one_of(known, known, known, st.sampled_from(Gap))
simple = st.builds(
    cases.alert,
    st.sampled_from([c for c in Country if c is not Country.TURKIYE]),
    st.sampled_from(DroughtType),
    st.sampled_from(Change),
    st.lists(values, min_size=2, max_size=8),
    inputs=st.sampled_from([cases.REAL, cases.SIMULATED]),
    told_before=st.sampled_from(["none", "watch", "warning", "severe"]),
)


def _by(plan: Plan) -> st.SearchStrategy[AlertFacts]:
    heard = [str(one) for one in plan.ladders[DroughtType.METEOROLOGICAL].heard]
    months = st.integers(2, 6).flatmap(
        lambda n: st.fixed_dictionaries(
            {name: st.lists(values, min_size=n, max_size=n) for name in heard}
        )
    )
    land = st.builds(Land, st.just(LandUse.IRRIGATED), st.just(False), st.booleans())
    return st.builds(groups.alert, st.just(plan), months, st.sampled_from(Change), land=land)


shares = st.builds(
    dry_area.alert,
    st.lists(st.sampled_from([*Gap, 0.0, 0.3, 0.5, 0.7, 1.0]), min_size=2, max_size=5),
    change=st.sampled_from(Change),
    are_indices_open=st.booleans(),
)
issues = st.builds(
    water.alert,
    st.lists(st.sampled_from([Gap.NOT_PUBLISHED, 45.0, 70.0, 95.0, 120.0]), min_size=2, max_size=5),
    change=st.sampled_from(Change),
    is_open=st.booleans(),
)
PLANS = (groups.MEMORY, groups.HEADWATER, groups.PATIENT, groups.LETTING_GO)
alerts = st.one_of(simple, shares, issues, *map(_by, PLANS))


@given(alerts)
@settings(deadline=None)
def test_any_evidence_is_argued_within_80_columns(facts: AlertFacts) -> None:
    lines = argument(facts).splitlines()
    assert max(map(len, lines)) <= WIDTH == 80
    assert not set("{}") & set("".join(lines))
    steps = [line.split(":")[0] for line in lines if line.startswith("- ")]
    assert steps[0] == f"- Alert {facts.alert_id} says"
    assert steps[-3:] == ["- How sure it is", "- Who may issue it", "- What remains open"]


@given(alerts)
@settings(deadline=None)
def test_what_is_simulated_or_not_adopted_says_so_first_and_last(facts: AlertFacts) -> None:
    lines = argument(facts).splitlines()
    word = "SIMULATED" if facts.is_simulated else "not adopted by a cited national order"
    assert word in lines[0]
    assert lines[0] == lines[-1] == label(facts)


def test_what_is_real_and_adopted_needs_no_label() -> None:
    assert argument(cases.adopted()).startswith("- Alert 17 says: ")
    assert "NOT FOR PUBLICATION" not in argument(cases.adopted())


@given(alerts)
@settings(deadline=None)
def test_a_generic_number_is_never_called_national(facts: AlertFacts) -> None:
    told = flat(facts)
    kinds = {
        source.kind
        for line in facts.evidence.comparisons
        for source in (line.source.threshold, line.source.exit, line.source.persistence)
    }
    assert SourceKind.NATIONAL not in kinds
    assert re.search(r"national \(", told) is None
    assert told.count("generic (") == told.count("), not adopted by national law")


@given(alerts)
@settings(deadline=None)
def test_what_is_said_of_the_other_stages_agrees_with_the_comparisons(facts: AlertFacts) -> None:
    states = stage_states(facts)
    for state in (*states.milder, *states.graver):
        if state.path is None:
            assert state.is_on == any(line.is_active for line in state.lines)
    if facts.evidence.is_held:
        return
    assert not [state for state in states.graver if state.is_on]
    assert states.standing is None or states.standing.is_on
    told = flat(facts)
    on = _said_to_be_on(told)
    assert on == {_quoted(state, facts) for state in states.milder if state.is_on}
    for state in (*states.milder, *states.graver):
        if not state.is_on:
            assert f"stage {_quoted(state, facts)} holds" not in told
            assert f"stage {_quoted(state, facts)} begins." not in told.replace("where stage", "")


def _quoted(state: StageState, facts: AlertFacts) -> str:
    return quoted_stage(state.stage, facts, "en")


def _said_to_be_on(told: str) -> set[str]:
    said = re.search(r"Why not milder: ([^;.]*) (?:is|are) on as well", told)
    return set(re.findall(r'"[^"]*"', said[1])) if said else set()


def test_a_withheld_value_stands_nowhere_in_the_argument() -> None:
    assert "66.0%" in argument(water.alert([97.0, 66.0]))
    assert "66" not in argument(withheld())


def test_a_recovery_is_not_said_to_begin_where_no_stage_stands() -> None:
    told = flat(groups.recovered())
    assert 'What would begin one: Stage "Watch" begins when SPI-3 is at or below -1.0.' in told
    assert 'Stage "Recovery" begins' not in told


def test_an_automatic_issue_cites_the_order_that_allows_it() -> None:
    facts = cases.adopted()
    by_itself = Automatic(stages=("warning",), order="Order No. 12, art. 4 (invented)")
    issuing = facts.plan.issuing.model_copy(update={"automatic": by_itself})
    plan = facts.plan.model_copy(update={"issuing": issuing})
    told = flat(replace(facts, plan=plan))
    assert "leave without a person's approval, as Order No. 12, art. 4 (invented) allows" in told
    assert "Nothing leaves without its approval" in flat(facts)


def test_a_rule_whose_end_is_from_elsewhere_says_from_where() -> None:
    facts = cases.adopted()
    generic = cases.escalated().evidence.comparisons[0].source.exit
    lines = tuple(
        line.model_copy(update={"source": line.source.model_copy(update={"exit": generic})})
        for line in facts.evidence.comparisons
    )
    record = facts.evidence.model_copy(update={"comparisons": lines})
    told = flat(replace(facts, evidence=record))
    assert "Threshold: national (Order No. 1 (invented for this test))." in told
    assert "Threshold for ending: generic (McKee et al. 1993; WMO-No. 1090)" in told
    assert "NOT FOR PUBLICATION" in told


def test_many_rules_of_a_stage_are_left_to_the_table() -> None:
    indices = ["spi_1", "spi_3", "spi_6", "spi_9", "spi_12"]
    plan = groups.plan_of(
        {
            "watch": [groups.rule("spi_3", -1.0)],
            "warning": [groups.rule(index, -1.5) for index in indices],
        }
    )
    heard = {index: [0.2, -1.2] for index in indices}
    told = flat(groups.alert(plan, heard, Change.BEGAN))
    assert 'none of the 5 rules of stage "Warning" is on (see the table)' in told.replace(
        "None", "none"
    )


@pytest.mark.parametrize(
    ("group", "why"),
    [
        pytest.param(
            {"all_of": [groups.rule("spi_3", -1.0)], "coming_from": ["severe"]},
            'all of these hold (only after a month in: "Severe"): no',
            id="the ladder does not come from the stage that is asked",
        ),
        pytest.param(
            {
                "all_of": [
                    groups.rule("spi_3", -1.0),
                    {"none_of": [groups.rule("spi_12", -1.0), groups.rule("spei_6", -1.0)]},
                ]
            },
            "see the rule path",
            id="one of those that must not hold does",
        ),
        pytest.param(
            {"all_of": [groups.rule("spi_3", -1.0), groups.rule("spei_6", -2.0)]},
            "SPEI-6 at -1.20 is above -2.0: not met",
            id="one of two is off",
        ),
    ],
)
def test_a_group_that_is_not_met_says_what_is_missing(group: dict[str, object], why: str) -> None:
    plan = groups.plan_of(
        {
            "watch": [groups.rule("spi_3", -1.0), groups.rule("spi_12", -3.0, -2.0)],
            "warning": [group],
            "severe": [groups.rule("spei_6", -3.0)],
        }
    )
    heard = {"spi_3": [0.2, -1.2], "spi_12": [0.2, -1.2], "spei_6": [0.2, -1.2]}
    told = flat(groups.alert(plan, heard, Change.BEGAN))
    assert f'What the plan asks for stage "Warning" is not met ({why}).' in told
