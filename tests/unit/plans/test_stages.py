from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import DroughtType, IndexCode, LandUse
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Heard, Land
from pipeline.plans.rules import Reading
from pipeline.plans.shipped import shipped_plans
from pipeline.plans.stages import StageMonth, stage_history

PLANS = {plan.plan_id: plan for plan in shipped_plans()}
GENERIC = PLANS["uz-generic"].ladders[DroughtType.METEOROLOGICAL]
TARBIL = PLANS["tr-tarbil"].ladders[DroughtType.METEOROLOGICAL]
SPI_3 = IndexCode.parse("spi_3")
FIRST = Month(2000, 1)
MISSING = Gap.NOT_PUBLISHED

Value = float | Gap


def readings(values: list[Value]) -> list[Reading]:
    return [
        Reading(FIRST + n, None, value) if isinstance(value, Gap) else Reading(FIRST + n, value)
        for n, value in enumerate(values)
    ]


def history(
    ladder: Ladder, values: list[Value], *, land_use: LandUse = LandUse.RAINFED
) -> list[StageMonth]:
    index = ladder.stages[0].rules[0].index
    return stage_history(ladder, Land(land_use), {index: readings(values)}, hold_limit=3)


def test_the_generic_ladder_climbs_stage_by_stage_and_ends_at_zero() -> None:
    months = history(GENERIC, [0.4, -1.0, -1.5, -2.1, -1.0, -0.1, 0.0])
    assert [m.stage for m in months] == [
        "none",
        "watch",
        "warning",
        "severe",
        "severe",
        "severe",
        "none",
    ]
    assert [m.rank for m in months] == [0, 1, 2, 3, 3, 3, 0]
    assert [str(m.since) for m in months[3:]] == ["2000-04", "2000-04", "2000-04", "2000-07"]


def test_the_table_of_tarbil_eases_class_by_class() -> None:
    months = history(TARBIL, [90, 75, 65, 54.9, 60, 70, 75.1])
    assert [m.stage for m in months] == [
        "none",
        "izlemeye_basla",
        "uyari",
        "acil_durum",
        "uyari",
        "izlemeye_basla",
        "none",
    ]


def test_a_stage_is_unconfirmed_after_the_hold_limit_and_stands() -> None:
    months = history(GENERIC, [-1.2, *[MISSING] * 4, -0.5])
    assert {m.stage for m in months} == {"watch"}
    assert [m.is_confirmed for m in months] == [True, True, True, True, False, True]
    assert [m.silent_months for m in months] == [0, 1, 2, 3, 4, 0]


def test_a_blind_season_leaves_a_stage_confirmed() -> None:
    months = history(GENERIC, [-1.2, *[Gap.NOT_APPLICABLE] * 6])
    assert (months[-1].stage, months[-1].is_confirmed, months[-1].silent_months) == (
        "watch",
        True,
        0,
    )


def test_no_stage_is_not_knowledge_before_the_first_value() -> None:
    months = history(GENERIC, [MISSING, 0.5])
    assert [(m.stage, m.is_confirmed) for m in months] == [("none", False), ("none", True)]


def test_rules_for_other_land_stay_out() -> None:
    raw = GENERIC.model_dump(mode="json")
    for stage in raw:
        stage["rules"][0]["land_uses"] = ["pastoral"]
    ladder = Ladder.model_validate(raw)
    assert history(ladder, [-3.0], land_use=LandUse.PASTORAL)[0].stage == "severe"
    (month,) = history(ladder, [-3.0], land_use=LandUse.IRRIGATED)
    assert (month.stage, month.is_confirmed, month.findings) == (NO_STAGE, False, ())


def test_each_rule_leaves_a_finding_in_the_order_of_the_plan() -> None:
    month = history(GENERIC, [0.0, -1.6])[1]
    assert [(f.stage, f.before.active, f.after.active) for f in month.findings] == [
        ("watch", False, True),
        ("warning", False, True),
        ("severe", False, False),
    ]
    assert {f.reading.value for f in month.findings} == {-1.6}


def test_readings_of_another_index_do_not_do() -> None:
    series = {IndexCode.parse("spi_6"): readings([0.0])}
    with pytest.raises(InputError, match="expected readings of spi_3"):
        stage_history(GENERIC, Land(LandUse.RAINFED), series, hold_limit=3)


def test_readings_of_different_months_are_refused() -> None:
    series = {SPI_3: readings([0.0, 0.0]), IndexCode.parse("spi_6"): readings([0.0])}
    with pytest.raises(InputError, match="same months for every measure"):
        stage_history(GENERIC, Land(LandUse.RAINFED), series, hold_limit=3)


def test_no_readings_give_no_months() -> None:
    assert history(GENERIC, []) == []


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=48))
def test_a_stage_of_the_generic_ladder_needs_its_threshold_since_the_last_value_at_zero(
    values: list[float],
) -> None:
    limits = {"watch": -1.0, "warning": -1.5, "severe": -2.0}
    for n, month in enumerate(history(GENERIC, list(values))):
        wet = [i for i, value in enumerate(values[: n + 1]) if value >= 0]
        spell = values[wet[-1] + 1 if wet else 0 : n + 1]
        reached = [stage for stage, limit in limits.items() if min(spell, default=0) <= limit]
        assert month.stage == (reached[-1] if reached else NO_STAGE)


@given(st.lists(st.floats(0, 200), min_size=1, max_size=48))
def test_a_table_without_memory_gives_the_class_of_the_month(values: list[float]) -> None:
    def of_the_table(percent: float) -> int:
        return sum(percent <= limit for limit in (75, 65, 55))

    assert [m.rank for m in history(TARBIL, list(values))] == [of_the_table(v) for v in values]


@given(
    st.lists(st.sampled_from([*Gap, -2.5, -1.7, -1.2, -0.5, 0.5]), min_size=1, max_size=48),
    st.lists(st.sampled_from([Gap.NOT_PUBLISHED, -2.5, 0.5]), max_size=12),
)
def test_the_future_never_changes_the_past(past: list[Value], future: list[Value]) -> None:
    assert history(GENERIC, past + future)[: len(past)] == history(GENERIC, past)


def test_a_rule_that_is_blind_all_year_does_not_leave_the_stage_unknown() -> None:
    raw = GENERIC.model_dump(mode="json")
    for stage in raw:
        stage["rules"].append(stage["rules"][0] | {"index": "spi_1"})
    ladder = Ladder.model_validate(raw)
    series: dict[Heard, list[Reading]] = {
        SPI_3: readings([0.4, MISSING]),
        IndexCode.parse("spi_1"): readings([Gap.NOT_APPLICABLE] * 2),
    }
    months = stage_history(ladder, Land(LandUse.RAINFED), series, hold_limit=3)
    assert [(m.stage, m.is_confirmed, m.silent_months) for m in months] == [
        ("none", True, 0),
        ("none", True, 1),
    ]
    blind = {heard: readings([Gap.NOT_APPLICABLE]) for heard in series}
    (month,) = stage_history(ladder, Land(LandUse.RAINFED), blind, hold_limit=3)
    assert (month.stage, month.is_confirmed) == ("none", False)
