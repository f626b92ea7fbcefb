from __future__ import annotations

import pytest

from pipeline.core.ids import Country, DroughtType
from pipeline.plans.document import Plan, Stage
from pipeline.plans.reading import from_mapping
from pipeline.plans.rule_document import Rule, SourceKind
from pipeline.plans.shipped import shipped_plans

PLANS = {plan.plan_id: plan for plan in shipped_plans()}
CENTRAL_ASIA = ["kg-generic", "kz-generic", "tj-generic", "tm-generic", "uz-generic"]

every_plan = pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)


def stages(plan: Plan) -> list[Stage]:
    return [stage for ladder in plan.ladders.values() for stage in ladder.stages]


def rules(plan: Plan) -> list[Rule]:
    return [rule for stage in stages(plan) for rule in stage.rules]


def test_each_country_has_one_plan() -> None:
    assert sorted(PLANS) == [*CENTRAL_ASIA[:4], "tr-tarbil", "uz-generic"]
    assert {plan.country for plan in PLANS.values()} == set(Country)


@every_plan
def test_nothing_shipped_claims_to_be_law(plan: Plan) -> None:
    assert (plan.status, plan.authority, plan.issuing.legal_basis) == ("template", None, None)
    sources = [s for r in rules(plan) for s in (r.source.threshold, r.source.exit)]
    assert SourceKind.NATIONAL not in {source.kind for source in sources}
    assert plan.notes is not None
    assert "could not be found in public" in plan.notes or "could be found in public" in plan.notes


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
def test_every_stage_can_be_told_in_english_and_russian(plan: Plan) -> None:
    for text in [plan.title, plan.issuing.office, *(stage.names for stage in stages(plan))]:
        assert {"en", "ru"} <= text.texts.keys()
        assert "ru" in text.unchecked
    for action in (action for stage in stages(plan) for action in stage.actions):
        assert {"en", "ru"} <= action.texts.keys()
        assert "ru" in action.unchecked


@pytest.mark.parametrize("plan_id", CENTRAL_ASIA)
@pytest.mark.parametrize(
    ("kind", "index"),
    [
        pytest.param(DroughtType.METEOROLOGICAL, "spi_3", id="meteorological drought on SPI-3"),
        pytest.param(DroughtType.AGRICULTURAL, "spei_6", id="agricultural drought on SPEI-6"),
        pytest.param(DroughtType.HYDROLOGICAL, "spi_12", id="hydrological drought on SPI-12"),
    ],
)
def test_the_generic_ladder_follows_mckee(plan_id: str, kind: DroughtType, index: str) -> None:
    ladder = PLANS[plan_id].ladders[kind]
    told = [(s.stage, r.enter_at, r.exit_at) for s in ladder.stages for r in s.rules]
    assert told == [("watch", -1.0, 0.0), ("warning", -1.5, 0.0), ("severe", -2.0, 0.0)]
    for rule in (rule for stage in ladder.stages for rule in stage.rules):
        assert (str(rule.index), rule.enter_after, rule.exit_after) == (index, 1, 1)
        assert rule.source.threshold.kind is SourceKind.GENERIC
        assert "WMO-No. 1090" in rule.source.threshold.reference


def test_the_turkish_plan_is_the_table_of_tarbil() -> None:
    ladder = PLANS["tr-tarbil"].ladders[DroughtType.METEOROLOGICAL]
    told = [(s.names.texts["tr"], r.enter_at) for s in ladder.stages for r in s.rules]
    assert told == [("İzlemeye başla", 75.0), ("Uyarı", 65.0), ("Acil durum", 55.0)]
    for rule in (rule for stage in ladder.stages for rule in stage.rules):
        assert (str(rule.index), rule.exit_at, rule.has_dead_band) == ("pn_3", rule.enter_at, False)
        assert rule.source.threshold.kind is SourceKind.AGENCY
        assert "choice of this project" in (rule.source.threshold.note or "")
        assert rule.source.exit.kind is SourceKind.GENERIC


def test_the_words_of_the_turkish_table_need_no_check() -> None:
    ladder = PLANS["tr-tarbil"].ladders[DroughtType.METEOROLOGICAL]
    assert all("tr" not in stage.names.unchecked for stage in ladder.stages)


def test_graver_stages_are_graver_in_cap() -> None:
    grades = ["Minor", "Moderate", "Severe", "Extreme"]
    for ladder in (ladder for plan in PLANS.values() for ladder in plan.ladders.values()):
        severities = [grades.index(stage.cap.severity) for stage in ladder.stages]
        assert severities == sorted(set(severities))
