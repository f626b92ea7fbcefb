"""The expected tables are files in `expected/tables`, as a terminal of 80 columns shows them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from rich.console import Console

from pipeline.alerts.comparison_table import rule_path, sections
from pipeline.alerts.evidence import Beside, Gauges, OtherReading, Verdict
from pipeline.alerts.facts import AlertFacts
from pipeline.steps.explain import explained
from pipeline.terminal import print_evidence
from tests.unit.alerts import cases, groups, water
from tests.unit.alerts.test_argument import alerts, area, withheld

EXPECTED = Path(__file__).parent / "expected" / "tables"


def shown(facts: AlertFacts, width: int = 80) -> str:
    """What a terminal of so many columns shows, without the blanks at the ends of lines."""
    console = Console(width=width, file=io.StringIO(), color_system=None)
    print_evidence(console, explained(facts))
    assert isinstance(console.file, io.StringIO)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        pytest.param("zafarabad", groups.zafarabad, id="a real one of April 2000 in Uzbekistan"),
        pytest.param("headwater", groups.fed_by_headwater, id="a headwater and a group"),
        pytest.param("recovering", groups.recovering, id="groups, and memory"),
        pytest.param("corrected", groups.revised, id="a correction"),
        pytest.param("withheld", withheld, id="a document whose value is not open"),
        pytest.param("area", area, id="a share of the area"),
        pytest.param("let_go", groups.let_go, id="an end by silence"),
    ],
)
def test_the_tables_read_as_agreed(name: str, facts: Callable[[], AlertFacts]) -> None:
    assert shown(facts()) == (EXPECTED / f"{name}.txt").read_text("utf-8")


def numbers(value: object) -> Iterator[str]:
    """Every number of the evidence, as it is stored; switches are none."""
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield repr(value)


@given(alerts)
@settings(deadline=None)
def test_no_number_of_the_evidence_is_missing_or_cut(facts: AlertFacts) -> None:
    text = shown(facts)
    words = {word.strip(",;:()%") for word in text.split()}
    stored = facts.evidence.model_dump(exclude={"paths"})  # those count lines, not months or rain
    assert [
        n for n in numbers(stored) if n not in words and n.removesuffix(".0") not in words
    ] == []
    assert max(map(len, text.splitlines())) <= 80


def test_what_gauges_rest_on_and_say_is_there() -> None:
    facts = cases.escalated()
    gauges = Gauges(
        grid="era5-land",
        n_months=6,
        fewest=2,
        n_suspect=3,
        n_assumed_dry=41,
        policies=("sparse_reporting",),
    )
    other = OtherReading(
        stage="warning", index="spei_6", value=-1.2345678901, gap=None, verdict=Verdict.DISAGREES
    )
    beside = Beside(source="blended", is_open=True, readings=(other,))
    inputs = facts.evidence.inputs.model_copy(update={"gauges": gauges, "beside": beside})
    record = facts.evidence.model_copy(update={"inputs": inputs})
    text = " ".join(shown(replace(facts, evidence=record)).split())
    assert "warning spei_6 -1.2345678901 disagrees" in text
    assert "on the normals of era5-land, over 6 months; in the month with fewest 2 reported" in text
    assert (
        "completeness by sparse_reporting; days taken as dry: 41; suspect values counted: 3" in text
    )


@given(alerts)
@settings(deadline=None)
def test_every_comparison_has_its_line_and_its_place_in_the_path(facts: AlertFacts) -> None:
    (first, *_) = sections(facts)
    count = len(facts.evidence.comparisons)
    assert [row[0] for row in first.rows] == [str(n) for n in range(1, count + 1)]
    tree = [line.strip() for line in rule_path(facts)]
    assert sorted(line.split(":")[0] for line in tree if line.startswith("line")) == sorted(
        f"line {n}" for n in range(1, count + 1)
    )


def test_a_number_of_many_figures_stays_whole_on_a_narrow_screen() -> None:
    assert "-2.1415686460861814" in shown(groups.zafarabad(), width=60)


def test_the_tree_says_how_members_count_and_where_the_ladder_must_come_from() -> None:
    assert rule_path(groups.recovering()) == [
        "stage recovery: yes",
        "  all of, coming from watch or warning or recovery: yes",
        "    line 1: yes",
        "    line 2: yes",
        "stage watch: no",
        "  line 3: no",
        "stage warning: no",
        "  all of: no",
        "    line 4: no",
        "    line 5: no",
    ]
    assert rule_path(groups.fed_by_headwater())[:4] == [
        "stage watch: yes",
        "  any of: yes",
        "    line 1: no",
        "    line 2: yes",
    ]


def test_a_withheld_value_stands_in_no_form() -> None:
    secret = explained(water.alert([97.0, 66.789], is_open=False))
    assert "66.7" not in str(secret)
    assert "66.789" in str(explained(water.alert([97.0, 66.789])))


def test_the_tables_say_where_to_look_the_readings_up() -> None:
    *_, decision = sections(water.alert([97.0, 82.5]))
    (where,) = [is_ for what, is_ in decision.rows if what == "look it up"]
    assert "mart.indicator_as_of(TIME)" in where
    *_, decision = sections(cases.escalated())
    assert "indicator" not in str(decision.rows)


def test_for_programs_the_stored_evidence_comes_with_the_argument() -> None:
    facts = cases.escalated()
    data = explained(facts).data
    assert data["evidence"] == facts.evidence.model_dump(mode="json")
    assert data["argument"].startswith("NOT FOR PUBLICATION")
    assert (data["alert_id"], data["month"], data["change"]) == (17, "2021-06", "escalated")
