from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

import pytest
from pydantic import BaseModel

from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.plans.actions import Action, Family
from pipeline.plans.document import Plan
from pipeline.plans.ladders import Stage
from pipeline.plans.reading import from_mapping
from pipeline.plans.rule_document import Rule, SourceKind, Where
from pipeline.plans.shipped import shipped_plans
from pipeline.plans.texts import LocalText

PLANS = {plan.plan_id: plan for plan in shipped_plans()}
CENTRAL_ASIA = ["kg-generic", "kz-generic", "tj-generic", "tm-generic", "uz-generic"]
NATIONAL = {
    "KZ": "kk",
    "KG": "ky",
    "TJ": "tg",
    "TM": "tk",
    "UZ": "uz",
    "TR": "tr",
}

LEACHED = [LandUse.IRRIGATED, LandUse.TREE_BASED, LandUse.HOME_GARDEN]
"""Land that people water: it can be leached, and it has drains."""
WATER_TESTED = re.compile(r"salt in|salt of|tests? of")
NEVER_SAID = re.compile(r"\b(must|shall|obliged|required by|declar\w+|emergenc\w+|storm)\b")

every_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)


def stages(plan: Plan) -> list[Stage]:
    return [stage for ladder in plan.ladders.values() for stage in ladder.stages]


def rules(plan: Plan) -> list[Rule]:
    return [rule for stage in stages(plan) for rule in stage.every_rule]


def actions(plan: Plan) -> list[Action]:
    return [action for stage in stages(plan) for action in stage.actions]


def texts(part: object) -> Iterator[LocalText]:
    if isinstance(part, LocalText):
        yield part
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from texts(getattr(part, name))
    elif isinstance(part, tuple | dict):
        for one in part.values() if isinstance(part, dict) else part:
            yield from texts(one)


def test_each_country_has_one_plan() -> None:
    assert sorted(PLANS) == [*CENTRAL_ASIA[:4], "tr-tarbil", "uz-generic"]
    assert {plan.country for plan in PLANS.values()} == set(Country)


@every_plan
def test_a_shipped_plan_replaces_the_one_that_was_shipped_before_it(plan: Plan) -> None:
    assert (plan.version, plan.supersedes, plan.effective_to) == ("2", "1", None)


@every_plan
def test_nothing_shipped_claims_to_be_law(plan: Plan) -> None:
    assert (plan.status, plan.authority, plan.issuing.legal_basis) == ("template", None, None)
    assert plan.issuing.automatic is None
    sources = [s for r in rules(plan) for s in (r.source.threshold, r.source.exit)]
    assert SourceKind.NATIONAL not in {source.kind for source in sources}
    assert plan.notes is not None
    assert "could not be found in public" in plan.notes or "could be found in public" in plan.notes
    assert "proposed" in plan.notes or "proposals" in plan.notes


@every_plan
def test_an_action_proposes_and_never_orders(plan: Plan) -> None:
    for action in actions(plan):
        assert action.who is not None
        for text in (action.do, action.who):
            assert not NEVER_SAID.search(text.texts["en"])


@every_plan
def test_a_shipped_plan_is_in_force_for_any_month_of_the_record(plan: Plan) -> None:
    assert str(plan.effective_from) == "1950-01"
    assert set(plan.ladders) == set(DroughtType)


@every_plan
def test_a_plan_stored_as_plain_values_is_read_back_the_same(plan: Plan) -> None:
    again = from_mapping(plan.as_json(), "the database")
    assert again == plan
    assert again.fingerprint == plan.fingerprint


@every_plan
def test_all_a_committee_reads_is_in_english_russian_and_its_own_language(plan: Plan) -> None:
    own = NATIONAL[plan.country.value]
    assert plan.languages == ("en", "ru", own)
    for text in texts(plan):
        assert text.texts.keys() == {"en", "ru", own}
        assert all(one == one.strip() for one in text.texts.values())
        assert len(set(text.texts.values())) > 1
        assert {"ru"} <= text.unchecked <= {"ru", own}


@every_plan
def test_only_the_words_of_the_turkish_table_need_no_check(plan: Plan) -> None:
    own = NATIONAL[plan.country.value]
    checked = {text.texts[own] for text in texts(plan) if own not in text.unchecked}
    assert checked == ({"İzlemeye başla", "Uyarı", "Acil durum"} if own == "tr" else set())


@every_plan
def test_a_proposal_says_of_which_family_it_is_who_would_do_it_and_by_when(plan: Plan) -> None:
    for action in actions(plan):
        assert action.family is not None
        assert action.who is not None
        assert action.within_days is not None
        assert 3 <= action.within_days <= 60


@every_plan
def test_each_stage_proposes_something_for_each_land_use(plan: Plan) -> None:
    for stage, use in product(stages(plan), LandUse):
        proposed = stage.actions_for(use, is_salt_affected=False)
        assert len(proposed) >= 2, (stage.stage, use)
        assert len({action.do.texts["en"] for action in proposed}) == len(proposed)


@every_plan
def test_each_stage_proposes_more_on_salt_affected_land(plan: Plan) -> None:
    for stage, use in product(stages(plan), LandUse):
        usual = stage.actions_for(use, is_salt_affected=False)
        more = [a for a in stage.actions_for(use, is_salt_affected=True) if a not in usual]
        assert {action.family for action in more} == {Family.SALINITY_MANAGEMENT}, (stage, use)
        assert Family.SALINITY_MANAGEMENT not in {action.family for action in usual}


@every_plan
@pytest.mark.parametrize("use", LandUse)
def test_salt_affected_land_is_told_of_leaching_drains_water_and_tolerant_plants(
    plan: Plan, use: LandUse
) -> None:
    told = "\n".join(
        action.do.texts["en"]
        for stage in stages(plan)
        for action in stage.actions_for(use, is_salt_affected=True)
        if action.salt_affected
    )
    assert "salt-tolerant" in told
    assert WATER_TESTED.search(told)
    if use in LEACHED:
        assert "leach" in told
        assert "drain" in told


@pytest.mark.parametrize("plan_id", CENTRAL_ASIA)
def test_leaching_waits_while_water_is_shortest(plan_id: str) -> None:
    for ladder in PLANS[plan_id].ladders.values():
        gravest = ladder.stages[-1].actions_for(LandUse.IRRIGATED, is_salt_affected=True)
        leaching = [a.do.texts["en"] for a in gravest if "leach" in a.do.texts["en"]]
        assert leaching == [
            "leaching put off until there is more water, and then the most saline fields first"
        ]


@every_plan
def test_the_months_and_days_that_the_documents_call_choices_of_this_project(plan: Plan) -> None:
    for ladder in plan.ladders.values():
        assert [stage.review_after for stage in ladder.stages] == [6, 3, 3]
    assert (plan.hold_limit, plan.late_after_days) == (3, 20)
    assert (plan.issuing.answer_within_days, plan.issuing.expires_after_days) == (5, 30)
    assert plan.issuing.escalate_to is not None


@every_plan
@pytest.mark.parametrize(
    ("kind", "index"),
    [
        pytest.param(DroughtType.METEOROLOGICAL, "spi_3", id="meteorological drought on SPI-3"),
        pytest.param(DroughtType.AGRICULTURAL, "spei_6", id="agricultural drought on SPEI-6"),
        pytest.param(DroughtType.HYDROLOGICAL, "spi_12", id="hydrological drought on SPI-12"),
    ],
)
def test_a_generic_ladder_follows_mckee(plan: Plan, kind: DroughtType, index: str) -> None:
    if (plan.plan_id, kind) == ("tr-tarbil", DroughtType.METEOROLOGICAL):
        return  # The table of TARBIL, below.
    ladder = plan.ladders[kind]
    of_the_land = [
        (stage.stage, rule.enter_at, rule.exit_at)
        for stage in ladder.stages
        for rule in stage.every_rule
        if rule.where is Where.LANDSCAPE
    ]
    assert of_the_land == [("watch", -1.0, 0.0), ("warning", -1.5, 0.0), ("severe", -2.0, 0.0)]
    for rule in ladder.every_rule:
        assert (str(rule.index), rule.enter_after, rule.exit_after) == (index, 1, 1)
        assert rule.source.threshold.kind is SourceKind.GENERIC
        assert "WMO-No. 1090" in rule.source.threshold.reference


@every_plan
def test_irrigated_land_hears_its_headwater_at_the_same_thresholds(plan: Plan) -> None:
    for kind, ladder in plan.ladders.items():
        upstream = [rule for rule in ladder.every_rule if rule.where is Where.HEADWATER]
        if kind is not DroughtType.HYDROLOGICAL:
            assert upstream == []
            continue
        assert [(str(rule.index), rule.enter_at, rule.exit_at) for rule in upstream] == [
            ("spi_12", -1.0, 0.0),
            ("spi_12", -1.5, 0.0),
            ("spi_12", -2.0, 0.0),
        ]
        for rule in upstream:
            assert rule.land_uses == {LandUse.IRRIGATED}
            assert rule.source.threshold.kind is SourceKind.GENERIC
            assert "choice of this project" in (rule.source.threshold.note or "")


def test_the_turkish_plan_is_the_table_of_tarbil() -> None:
    ladder = PLANS["tr-tarbil"].ladders[DroughtType.METEOROLOGICAL]
    told = [(s.names.texts["tr"], r.enter_at) for s in ladder.stages for r in s.every_rule]
    assert told == [("İzlemeye başla", 75.0), ("Uyarı", 65.0), ("Acil durum", 55.0)]
    for rule in ladder.every_rule:
        assert (str(rule.index), rule.exit_at, rule.has_dead_band) == ("pn_3", rule.enter_at, False)
        assert rule.source.threshold.kind is SourceKind.AGENCY
        assert "choice of this project" in (rule.source.threshold.note or "")
        assert rule.source.exit.kind is SourceKind.GENERIC


def test_graver_stages_are_graver_in_cap() -> None:
    grades = ["Minor", "Moderate", "Severe", "Extreme"]
    for ladder in (ladder for plan in PLANS.values() for ladder in plan.ladders.values()):
        severities = [grades.index(stage.cap.severity) for stage in ladder.stages]
        assert severities == sorted(set(severities))
