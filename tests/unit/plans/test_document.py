from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.ids import DroughtType, IndexCode
from pipeline.core.indicators import Indicator
from pipeline.plans.reading import from_mapping, from_stored, from_yaml

PLAN = """
plan_id: xx-test
version: "1"
country: UZ
languages: [en]
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
      actions: [&a {do: {en: look}, family: monitoring, who: {en: someone}, within_days: 7}]
      rules:
        - {index: spi_3, enter_at: -1.0, enter_after: 1, exit_at: 0.0, exit_after: 1, source: &s {
            threshold: &t {kind: generic, reference: a test}, exit: *t, persistence: *t}}
    - stage: warning
      names: {en: Warning}
      cap: {severity: Moderate, urgency: Future, certainty: Likely, response_type: Prepare}
      actions: [*a]
      rules:
        - {index: spi_3, enter_at: -1.5, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *s}
    - stage: severe
      names: {en: Severe}
      cap: {severity: Severe, urgency: Expected, certainty: Observed, response_type: Prepare}
      actions: [*a]
      rules:
        - {index: spi_3, enter_at: -2.0, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *s}
"""

VERSION_1 = (
    PLAN.replace("languages: [en]\n", "")
    .replace(
        "&a {do: {en: look}, family: monitoring, who: {en: someone}, within_days: 7}", "{en: look}"
    )
    .replace("*a", "{en: act}")
)
"""As a plan was written before it had to name its languages, and of actions who does them and when."""

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


def on_area(
    raw: dict[str, Any], enter_at: float = 0.5, exit_at: float = 0.3, **others: object
) -> dict[str, Any]:
    """Let a rule hear the share of the area at which SPI-3 is low in place of its index."""
    del raw["index"]
    share = {"index": "spi_3", "at_or_below": -1.0}
    raw |= {"area_share": share, "enter_at": enter_at, "exit_at": exit_at, **others}
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
            "plan.yaml: ladders.meteorological.1.rules.1: expected one of 'index', such as spi_3, "
            "'indicator' with its 'unit', such as water_availability_forecast in percent_of_norm, "
            "and 'area_share', such as {index: spi_3, at_or_below: -1.0}, got none; add one",
            id="a rule that hears nothing is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(indicator="snow_survey", unit="mm"),
            "plan.yaml: ladders.meteorological.1.rules.1: expected one of 'index', such as spi_3, "
            "'indicator' with its 'unit', such as water_availability_forecast in percent_of_norm, "
            "and 'area_share', such as {index: spi_3, at_or_below: -1.0}, got index and indicator; "
            "make a rule of each",
            id="a rule that hears two things is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(unit="mm"),
            "plan.yaml: ladders.meteorological.1.rules.1: only an indicator has a 'unit', got mm; "
            "remove it",
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
            "plan.yaml: ladders.meteorological.1.rules.1.indicator: expected "
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
            lambda raw: on_area(rule(raw, 0), 0.5, 0.6),
            "plan.yaml: ladders.meteorological.1.rules.1: exit_at must be below enter_at (0.5), "
            "got 0.6: the stage could begin and end in one month; lower exit_at, or write "
            "'has_dead_band: false' if the published table has none",
            id="of a share more is drier, and its exit lies below",
        ),
        pytest.param(
            lambda raw: on_area(rule(raw, 0), 0.5, 0.5),
            "plan.yaml: ladders.meteorological.1.rules.1: exit_at must be below enter_at (0.5), "
            "got 0.5",
            id="equal thresholds of a share have no dead band",
        ),
        pytest.param(
            lambda raw: on_area(rule(raw, 0), 50, 30),
            "plan.yaml: ladders.meteorological.1.rules.1: enter_at: expected a share of the area "
            "from 0 to 1, got 50; write 0.5 for 50 percent",
            id="a share in percent is refused with the remedy",
        ),
        pytest.param(
            lambda raw: on_area(rule(raw, 0), 0.0, 0.0, has_dead_band=False),
            "plan.yaml: ladders.meteorological.1.rules.1: enter_at: expected a share of the area "
            "above 0, got 0: none at all would do; write the least share",
            id="a stage that no dry area at all would begin is refused",
        ),
        pytest.param(
            lambda raw: on_area(rule(raw, 0)).update(
                area_share={"index": "pn_3", "at_or_below": -1.0}
            ),
            "plan.yaml: ladders.meteorological.1.rules.1.area_share.index: expected an index that "
            "is mapped, one of spi_1,",
            id="the area of an index that is not mapped is refused",
        ),
        pytest.param(
            lambda raw: on_area(rule(raw, 0)).update(
                area_share={"index": "spi_3", "at_or_below": -1.1}
            ),
            "plan.yaml: ladders.meteorological.1.rules.1.area_share.at_or_below: expected one of "
            "-0.5,",
            id="so is a class that is not counted",
        ),
        pytest.param(
            lambda raw: on_area(rule(raw, 0))["area_share"].update(below=-1.0),
            "plan.yaml: ladders.meteorological.1.rules.1.area_share.below: unknown key; remove it",
            id="and an unknown key in it",
        ),
        pytest.param(
            lambda raw: (on_area(rule(raw, 0)), on_area(rule(raw, 1), 0.4, 0.1)),
            "plan.yaml: ladders.meteorological: stage 'warning': enter_at on "
            "area_share_spi_3_at_or_below_-1.0 must be above that of the milder stage 'watch' "
            "(0.5), or equal with a longer enter_after, got 0.4; list the mildest stage first",
            id="a graver stage needs a larger share",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(index="spi_veg", calendar_months=[12, 1, 2]),
            "plan.yaml: ladders.meteorological.1.rules.1: calendar_months: expected some of [4, 5, "
            "6, 7, 8, 9], the only ones in which spi_veg exists, got [1, 2, 12]: the rule would "
            "never speak; name those, or hear another index",
            id="a rule that speaks only where its index does not exist is refused",
        ),
        pytest.param(
            lambda raw: on_area(rule(raw, 0)).update(
                area_share={"index": "spei_veg", "at_or_below": -1.0}, calendar_months=[3]
            ),
            "plan.yaml: ladders.meteorological.1.rules.1: calendar_months: expected some of [4, 5, "
            "6, 7, 8, 9], the only ones in which spei_veg exists, got [3]",
            id="so is a rule on its area",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(index="spi_veg", enter_after=7),
            "plan.yaml: ladders.meteorological.1.rules.1: enter_after: expected at most 6, got 7: "
            "the rule speaks in no more months in a row",
            id="a stage that could never begin is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(calendar_months=[11, 12, 1, 5], exit_after=4),
            "plan.yaml: ladders.meteorological.1.rules.1: exit_after: expected at most 3, got 4: "
            "the rule speaks in no more months in a row",
            id="a stage that could never end is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(enter_at=float("nan")),
            "plan.yaml: ladders.meteorological.1.rules.1.enter_at: expected a finite number",
            id="a threshold that is no number is refused",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(calendar_months=[0]),
            "plan.yaml: ladders.meteorological.1.rules.1.calendar_months.1: expected 1 "
            "or more, got 0",
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
            "plan.yaml: ladders.economic: expected 'meteorological', 'agricultural' or "
            "'hydrological', got 'economic'",
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
            "plan.yaml: line 33: the key 'version' is written twice; mend the YAML",
            id="a key written twice is refused, with the line",
        ),
        pytest.param(
            PLAN.replace("enter_after: 1,", "enter_at: -3.0,"),
            "plan.yaml: line 19: the key 'enter_at' is written twice; mend the YAML",
            id="also deep in a rule",
        ),
        pytest.param(
            "plan_id: [unclosed",
            "plan.yaml: line 1: expected ',' or ']', but got '<stream end>'; mend the YAML",
            id="what is no YAML is refused",
        ),
        pytest.param(
            "{[a]: 1}",
            "plan.yaml: line 1: expected a word as a key, got a list or keys; mend the YAML",
            id="a list as a key is refused",
        ),
        pytest.param(
            "- a list",
            "plan.yaml: expected the keys of a plan, got a list",
            id="a list is no plan",
        ),
    ],
)
def test_unreadable_yaml_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(InputError) as refusal:
        from_yaml(text, "plan.yaml")
    assert str(refusal.value) == message


@pytest.mark.parametrize("key", ["enter_after", "exit_after"])
def test_a_stored_plan_is_read_though_a_rule_could_never_come_to_its_end(key: str) -> None:
    raw = edited(lambda raw: rule(raw, 0).update({"calendar_months": [6], key: 2}))
    with pytest.raises(InputError, match=f"{key}: expected at most 1, got 2"):
        from_mapping(raw, "p.yaml")
    assert from_stored(raw, "plan p version 1").as_json() == raw


def test_of_a_stored_plan_anything_else_is_refused_as_before() -> None:
    with pytest.raises(InputError, match=r"plan p version 1: .* exit_at must be above enter_at"):
        from_stored(edited(lambda raw: rule(raw, 0).update(exit_at=-3.0)), "plan p version 1")


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
        pytest.param(
            lambda raw: (on_area(rule(raw, 0), 0.5), on_area(rule(raw, 1), 0.7)),
            id="a graver stage on a larger share",
        ),
        pytest.param(
            lambda raw: (
                on_area(rule(raw, 0), 0.5),
                on_area(rule(raw, 1), 0.2, 0.1)["area_share"].update(at_or_below=-2.0),
            ),
            id="shares of different classes are not compared",
        ),
        pytest.param(
            lambda raw: on_area(rule(raw, 0), 0.5, 0.5, has_dead_band=False),
            id="a share without a dead band, if it says so",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(index="spi_veg", calendar_months=[1, 2, 3, 4]),
            id="a rule needs to speak in one month of its index's season only",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(calendar_months=[11, 12, 1], enter_after=3),
            id="months in a row go over the new year",
        ),
        pytest.param(
            lambda raw: rule(raw, 0).update(enter_after=24, exit_after=18),
            id="a rule that speaks all year may ask for more than a year",
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


def test_a_plan_on_a_share_of_the_area_is_kept_as_it_was_read() -> None:
    plan = from_mapping(edited(lambda raw: on_area(rule(raw, 2))), "plan.yaml")
    first = plan.ladders[DroughtType.METEOROLOGICAL].stages[2].rules[0]
    heard = AreaShare(index=IndexCode.parse("spi_3"), at_or_below=-1.0)
    assert first.measure == heard
    assert plan.measures == {heard, IndexCode.parse("spi_3")}
    raw = plan.as_json()["ladders"]["meteorological"][2]["rules"][0]
    assert raw["area_share"] == {"index": "spi_3", "at_or_below": -1.0}
    again = from_mapping(json.loads(json.dumps(plan.as_json())), "the warehouse")
    assert (again, again.fingerprint) == (plan, plan.fingerprint)


def test_a_plan_keeps_its_fingerprint_when_the_language_of_plans_grows() -> None:
    fingerprint = "75825f9b6b479a9eadf225f66c80bbc6b48925d7b6d19ab029ecc12a437fb994"
    stored = from_stored(yaml.safe_load(VERSION_1), "plan xx-test version 1")
    assert stored.fingerprint == fingerprint
    assert from_stored(stored.as_json(), "plan xx-test version 1") == stored


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


def test_a_text_falls_back_to_what_serves_its_readers() -> None:
    (ladder,) = from_yaml(PLAN, "plan.yaml").ladders.values()
    names = ladder.stage("watch").names
    assert names.in_language("ru") == "Наблюдение"
    assert names.in_language("kk") == "Наблюдение"
    assert names.in_language("tr") == "Watch"
    assert names.unchecked == {"ru"}
