from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from pipeline.core.errors import InputError
from pipeline.core.ids import DroughtType, IndexCode
from pipeline.core.indicators import Indicator
from pipeline.plans.reading import from_mapping, from_yaml

PLAN = """
plan_id: xx-test
version: "1"
country: UZ
status: template
title: {en: A test}
authority: null
effective_from: 1950-01
hold_limit: 3
issuing: {office: {en: an office}}
ladders:
  meteorological:
    - stage: watch
      names: {en: Watch, ru: Наблюдение, unchecked: [ru]}
      cap: {severity: Minor, urgency: Future, certainty: Possible, response_type: Monitor}
      actions: [{en: look}]
      rules:
        - {index: spi_3, enter_at: -1.0, enter_after: 1, exit_at: 0.0, exit_after: 1, source: &s {
            threshold: &t {kind: generic, reference: a test}, exit: *t, persistence: *t}}
    - stage: warning
      names: {en: Warning}
      cap: {severity: Moderate, urgency: Future, certainty: Likely, response_type: Prepare}
      actions: [{en: act}]
      rules:
        - {index: spi_3, enter_at: -1.5, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *s}
    - stage: severe
      names: {en: Severe}
      cap: {severity: Severe, urgency: Expected, certainty: Observed, response_type: Prepare}
      actions: [{en: act}]
      rules:
        - {index: spi_3, enter_at: -2.0, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *s}
"""

Edit = Callable[[dict[str, Any]], object]


def edited(edit: Edit) -> dict[str, Any]:
    # The aliases of the text make the rules share objects: an edit must reach one rule only.
    raw: dict[str, Any] = yaml.safe_load(PLAN)
    for stage in raw["ladders"]["meteorological"]:
        stage["rules"] = [copy.deepcopy(rule) for rule in stage["rules"]]
    edit(raw)
    return raw


def stage(raw: dict[str, Any], position: int) -> dict[str, Any]:
    found: dict[str, Any] = raw["ladders"]["meteorological"][position]
    return found


def rule(raw: dict[str, Any], position: int) -> dict[str, Any]:
    found: dict[str, Any] = stage(raw, position)["rules"][0]
    return found


def on_water(raw: dict[str, Any]) -> dict[str, Any]:
    """Let a rule hear the forecast of water in place of its index."""
    del raw["index"]
    raw |= {"indicator": "water_availability_forecast", "unit": "percent_of_norm"}
    raw |= {"enter_at": 85, "exit_at": 95}
    return raw


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        pytest.param(
            lambda raw: raw.update(owner="me"),
            "plan.yaml: owner: unknown key; remove it or correct its spelling",
            id="an unknown key is named",
        ),
        pytest.param(
            lambda raw: rule(raw, 1).update(enter_afer=2),
            "plan.yaml: ladders.meteorological.2.rules.1.enter_afer: unknown key; "
            "remove it or correct its spelling",
            id="deep in a rule it is named with its place, counted from one",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).pop("source"),
            "plan.yaml: ladders.meteorological.1.rules.1.source: missing key; add it",
            id="a threshold without a source is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(exit_at=-1.2),
            "plan.yaml: ladders.meteorological.1.rules.1: exit_at must be above enter_at (-1.0), "
            "got -1.2: the stage could begin and end in one month; raise exit_at, or write "
            "'has_dead_band: false' if the published table has none",
            id="crossed thresholds are refused with the remedy",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(has_dead_band=False),
            "plan.yaml: ladders.meteorological.1.rules.1: exit_at must equal enter_at (-1.0) where "
            "has_dead_band is false, got 0.0; drop 'has_dead_band: false' or make them equal",
            id="a dead band denied must not be there",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(index="spi_4"),
            "plan.yaml: ladders.meteorological.1.rules.1.index: index code: expected one of spi_1,",
            id="an index nobody computes is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).pop("index"),
            "plan.yaml: ladders.meteorological.1.rules.1: expected either 'index', such as spi_3, "
            "or 'indicator' with its 'unit', such as water_availability_forecast in "
            "percent_of_norm, got neither; add one",
            id="a rule that hears nothing is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(indicator="snow_survey", unit="mm"),
            "plan.yaml: ladders.meteorological.1.rules.1: expected either 'index', such as spi_3, "
            "or 'indicator' with its 'unit', such as water_availability_forecast in "
            "percent_of_norm, got both; make two rules of it",
            id="a rule that hears two things is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(unit="mm"),
            "plan.yaml: ladders.meteorological.1.rules.1: an index has no 'unit', got mm; remove "
            "it",
            id="an index with a unit is refused",
        ),
        pytest.param(
            lambda raw: on_water(rule(raw, 0)).pop("unit"),
            "plan.yaml: ladders.meteorological.1.rules.1: unit of water_availability_forecast: "
            "expected percent_of_norm, got none",
            id="an indicator without its unit is refused",
        ),
        pytest.param(
            lambda raw: on_water(rule(raw, 0)).update(unit="mm"),
            "plan.yaml: ladders.meteorological.1.rules.1: unit of water_availability_forecast: "
            "expected percent_of_norm, got 'mm'",
            id="an indicator in the unit of another is refused",
        ),
        pytest.param(
            lambda raw: on_water(rule(raw, 0)).update(indicator="river_flow"),
            "plan.yaml: ladders.meteorological.1.rules.1.indicator: Input should be "
            "'water_availability_forecast', 'snow_survey',",
            id="an indicator that is not on the list is refused",
        ),
        pytest.param(
            lambda raw: on_water(rule(raw, 0)).update(enter_at=0.85, exit_at=0.95),
            "plan.yaml: ladders.meteorological.1.rules.1: enter_at: expected 5 to 500 "
            "percent_of_norm, got 0.85; write 85 for 85 percent",
            id="a threshold the indicator cannot reach is refused",
        ),
        pytest.param(
            lambda raw: (on_water(rule(raw, 0)), on_water(rule(raw, 2)).update(enter_at=90)),
            "plan.yaml: ladders.meteorological: stage 'severe': enter_at on "
            "water_availability_forecast_percent_of_norm must be below that of the milder stage "
            "'watch' (85.0), or equal with a longer enter_after, got 90.0; list the mildest stage "
            "first",
            id="stages on an indicator in the wrong order are refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 1).update(enter_at=-0.8),
            "plan.yaml: ladders.meteorological: stage 'warning': enter_at on spi_3 must be below "
            "that of the milder stage 'watch' (-1.0), or equal with a longer enter_after, got "
            "-0.8; list the mildest stage first",
            id="stages in the wrong order are refused",
        ),
        pytest.param(
            lambda raw: (rule(raw, 1).update(index="spi_6"), rule(raw, 2).update(enter_at=-0.9)),
            "plan.yaml: ladders.meteorological: stage 'severe': enter_at on spi_3 must be below "
            "that of the milder stage 'watch' (-1.0), or equal with a longer enter_after, got "
            "-0.9; list the mildest stage first",
            id="also where another index stands between them",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(enter_at=float("nan")),
            "plan.yaml: ladders.meteorological.1.rules.1.enter_at: Input should be a finite number",
            id="a threshold that is no number is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(calendar_months=[0]),
            "plan.yaml: ladders.meteorological.1.rules.1.calendar_months.1: Input should be "
            "greater than or equal to 1",
            id="a calendar month that does not exist is refused",
        ),
        pytest.param(
            lambda raw: raw.update(authority="The Cabinet of Ministers"),
            "plan.yaml: the document: an adopted plan names its authority and a template has none; "
            "got status 'template' with authority 'The Cabinet of Ministers'",
            id="a template has no authority",
        ),
        pytest.param(
            lambda raw: raw.update(status="adopted"),
            "plan.yaml: the document: an adopted plan names its authority and a template has none; "
            "got status 'adopted' with authority None",
            id="an adopted plan has one",
        ),
        pytest.param(
            lambda raw: stage(raw, 0).update(stage="none"),
            "plan.yaml: ladders.meteorological: stage names must be unique and none may be 'none', "
            "got ['none', 'warning', 'severe']",
            id="no stage may be called none",
        ),
        pytest.param(
            lambda raw: stage(raw, 0)["names"].pop("en"),
            "plan.yaml: ladders.meteorological.1.names: expected an English text under 'en'; "
            "add one",
            id="a name without English is refused",
        ),
        pytest.param(
            lambda raw: raw.update(effective_from="1950"),
            "plan.yaml: effective_from: month: expected YYYY-MM such as 2026-09, got '1950'",
            id="a month in another form is refused",
        ),
        pytest.param(
            lambda raw: raw["ladders"].update(economic=[]),
            "plan.yaml: ladders.economic.[key]: Input should be 'meteorological', 'agricultural' "
            "or 'hydrological'",
            id="an unknown drought type is refused",
        ),
    ],
)
def test_a_faulty_plan_is_refused_with_place_and_remedy(edit: Edit, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        from_mapping(edited(edit), "plan.yaml")
    assert any(line.startswith(message) for line in str(refusal.value).splitlines())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            PLAN + 'version: "2"\n',
            "plan.yaml: line 32: the key 'version' is written twice; mend the YAML",
            id="a key written twice is refused, with the line",
        ),
        pytest.param(
            PLAN.replace("enter_after: 1,", "enter_at: -3.0,"),
            "plan.yaml: line 18: the key 'enter_at' is written twice; mend the YAML",
            id="also deep in a rule",
        ),
        pytest.param(
            "plan_id: [unclosed",
            "plan.yaml: line 1: expected ',' or ']', but got '<stream end>'; mend the YAML",
            id="what is no YAML is refused",
        ),
        pytest.param(
            "{[a]: 1}",
            "plan.yaml: line 1: found unhashable key; mend the YAML",
            id="a list as a key is refused",
        ),
        pytest.param(
            "- a list",
            "plan.yaml: expected the keys of a plan, got list",
            id="a list is no plan",
        ),
    ],
)
def test_unreadable_yaml_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        from_yaml(text, "plan.yaml")
    assert str(refusal.value) == message


def test_every_fault_is_named_at_once() -> None:
    def spoil(raw: dict[str, Any]) -> None:
        raw.update(owner="me", hold_limit=-1)

    with pytest.raises(InputError) as refusal:
        from_mapping(edited(spoil), "plan.yaml")
    assert len(str(refusal.value).splitlines()) == 2


@pytest.mark.parametrize(
    "edit",
    [
        pytest.param(
            lambda raw: rule(raw, 1).update(enter_at=-1.0, enter_after=3),
            id="the same threshold for longer makes a graver stage",
        ),
        pytest.param(
            lambda raw: (
                rule(raw, 0).update(land_uses=["pastoral"]),
                rule(raw, 1).update(enter_at=-0.8, land_uses=["rainfed"]),
            ),
            id="rules for different land are not compared",
        ),
        pytest.param(
            lambda raw: (
                rule(raw, 0).update(calendar_months=[4, 5]),
                rule(raw, 1).update(enter_at=-0.8, calendar_months=[6, 7]),
            ),
            id="nor are rules for different seasons",
        ),
    ],
)
def test_a_sound_order_is_accepted(edit: Edit) -> None:
    assert from_mapping(edited(edit), "plan.yaml").plan_id == "xx-test"


def test_a_plan_on_an_indicator_is_kept_as_it_was_read() -> None:
    plan = from_mapping(edited(lambda raw: on_water(rule(raw, 0))), "plan.yaml")
    heard = plan.ladders[DroughtType.METEOROLOGICAL].stages[0].rules[0].measure
    assert heard == Indicator.parse("water_availability_forecast", "percent_of_norm")
    assert plan.measures == {heard, IndexCode.parse("spi_3")}
    again = from_mapping(plan.as_json(), "the warehouse")
    assert (again, again.fingerprint) == (plan, plan.fingerprint)


def test_the_fingerprint_follows_the_content_and_not_the_layout() -> None:
    plan = from_yaml(PLAN, "plan.yaml")
    again = from_mapping(plan.as_json(), "the database")
    assert again.fingerprint == plan.fingerprint
    changed = from_mapping(edited(lambda raw: rule(raw, 0).update(enter_at=-1.1)), "plan.yaml")
    assert changed.fingerprint != plan.fingerprint


def test_a_ladder_knows_its_stages() -> None:
    (ladder,) = from_yaml(PLAN, "plan.yaml").ladders.values()
    assert [ladder.rank(name) for name in ("none", "watch", "severe")] == [0, 1, 3]
    assert ladder.stage("warning").names.in_language("en") == "Warning"


@pytest.mark.parametrize("name", ["none", "alarm"])
def test_a_stage_that_is_not_on_the_ladder_is_refused(name: str) -> None:
    (ladder,) = from_yaml(PLAN, "plan.yaml").ladders.values()
    with pytest.raises(InputError, match=f"watch, warning, severe, got '{name}'"):
        ladder.stage(name)


def test_a_text_falls_back_to_english() -> None:
    (ladder,) = from_yaml(PLAN, "plan.yaml").ladders.values()
    names = ladder.stage("watch").names
    assert names.in_language("ru") == "Наблюдение"
    assert names.in_language("kk") == "Watch"
    assert names.unchecked == {"ru"}
