"""The share of the area that is dry, from the table of shares to the stage, the letter, the bulletin."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from shapely import box
from sqlalchemy import Engine, text

from pipeline.alerts.argument import argument
from pipeline.alerts.letters import letter
from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, IndexCode
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_mapping
from pipeline.plans.shipped import shipped_plans
from pipeline.steps.check import check
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.warehouse.alerts import read_alerts
from pipeline.warehouse.area_shares import read_area_shares
from pipeline.warehouse.landscapes import read_landscape_keys, save_landscapes
from pipeline.warehouse.outcomes import save_live_from
from pipeline.warehouse.plans import read_plan, save_plan
from tests.integration.bulletin import bulletin
from tests.integration.little_world import (
    JANUARY,
    PERIOD,
    SOURCE,
    landscape,
    say_spi_3,
    settle,
    told,
)
from tests.integration.said_shares import say_shares

pytestmark = pytest.mark.postgres


def plan_on(index: str) -> Plan:
    """The shipped plan of Uzbekistan, its meteorological ladder on the area at which it is dry."""
    plan = next(plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)
    raw: dict[str, Any] = copy.deepcopy(plan.as_json())
    raw |= {"plan_id": f"uz-area-{index.replace('_', '-')}", "effective_from": "1950-02"}
    ladder = raw["ladders"]["meteorological"]
    for stage, enter_at in zip(ladder, (0.5, 0.7, 0.9), strict=True):
        for rule in stage["rules"]:
            del rule["index"]
            rule |= {
                "area_share": {"index": index, "at_or_below": -1.0},
                "enter_at": enter_at,
                "exit_at": 0.3,
            }
    return from_mapping(raw, "the test")


@pytest.fixture
def world(installation: Installation) -> Installation:
    """Two landscapes with usual rain over all of them together, live from January 2021."""
    settle(installation.warehouse, [landscape("A"), landscape("B")])
    with installation.warehouse.begin() as connection:
        save_plan(connection, plan_on("spi_3"), is_shipped=False)
        save_live_from(connection, JANUARY)
    return installation


def stages(warehouse: Engine, landscape_id: str = "A") -> list[str]:
    rows = told(
        warehouse,
        "SELECT stage FROM mart.stage_month WHERE landscape_id = :id "
        "AND drought_type = 'meteorological' ORDER BY month",
        id=landscape_id,
    )
    return [str(stage) for (stage,) in rows]


def flat(text_: str) -> str:
    return " ".join(text_.replace("\N{NO-BREAK SPACE}", " ").split())


def test_shares_of_an_older_boundary_are_not_heard(world: Installation) -> None:
    share = AreaShare(index=IndexCode.parse("spi_3"), at_or_below=-1.0)
    say_shares(world.warehouse, {"A": [0.62], "B": [0.2]})
    changed = replace(landscape("A"), geometry=box(66.0, 38.0, 67.5, 39.0))
    with world.warehouse.begin() as connection:
        keys = read_landscape_keys(connection)
        before = read_area_shares(connection, SOURCE, PERIOD, [share])
        save_landscapes(connection, [changed])
        after = read_area_shares(connection, SOURCE, PERIOD, [share])
    assert before.keys() == {keys["A"], keys["B"]}
    assert after == {keys["B"]: before[keys["B"]]}


def test_a_stage_begins_holds_and_ends_by_the_share_of_its_area(world: Installation) -> None:
    warehouse = world.warehouse
    dry = [0.1, 0.62, 0.42, 0.71, Gap.LOW_COVERAGE, 0.31, 0.3]
    say_spi_3(warehouse, {"A": [0.3] * 8, "B": [-2.5] * 8})
    say_shares(warehouse, {"A": dry, "B": [0.2] * 7})  # August was not mapped
    evaluate(world)
    assert stages(warehouse) == [
        "none", "watch", "watch", "warning", "warning", "warning", "none", "none",
    ]  # fmt: skip
    assert stages(warehouse, "B") == ["none"] * 8

    with warehouse.connect() as connection:
        began, rose, ended = read_alerts(connection)
    assert [a.change for a in (began, rose, ended)] == ["began", "escalated", "ended"]
    line = began.evidence.comparisons[0]
    assert (str(line.measure), line.value, line.enter_at, line.exit_at, line.mapped_by) == (
        "area_share_spi_3_at_or_below_-1.0", 0.62, 0.5, 0.3, SOURCE,
    )  # fmt: skip
    assert line.source.threshold.reference == "McKee et al. 1993; WMO-No. 1090"

    english, russian = (flat(letter(began, language).body) for language in ("en", "ru"))
    assert "At 62% of the area SPI-3 (precipitation of the last 3 months" in english
    assert "is at or below -1.0 * at least the plan's threshold of 50%: stage" in english
    assert "На 62 % территории SPI-3 (осадки за последние 3 месяца" in russian
    assert "не выше -1,0 * не меньше порога плана (50 %): стадия" in russian
    assert "at most the plan's threshold of 30% for ending: stage" in flat(letter(ended, "en").body)
    assert "62% is at least the plan's threshold of 50%: stage" in flat(argument(began))
    queued = told(warehouse, "SELECT draft FROM alert.message WHERE language = 'en'")
    assert any("62% of the area" in flat(str(draft)) for (draft,) in queued)


def test_a_month_that_was_not_mapped_is_silence_and_the_stage_is_held(world: Installation) -> None:
    warehouse = world.warehouse
    say_spi_3(warehouse, {"A": [0.3] * 6, "B": [0.3] * 6})
    say_shares(warehouse, {"A": [0.8], "B": [0.1]})
    evaluate(world)
    assert stages(warehouse) == ["warning"] * 6
    silent = told(
        warehouse,
        "SELECT silent_months, is_confirmed FROM mart.stage_month WHERE landscape_id = 'A' "
        "AND drought_type = 'meteorological' ORDER BY month DESC LIMIT 1",
    )
    assert silent == [(5, False)]
    shown = bulletin(world)
    assert (
        "There is no map of this month (meteorological drought): District A, District B." in shown
    )


def test_the_bulletin_says_at_how_much_of_the_area(world: Installation) -> None:
    warehouse = world.warehouse
    say_spi_3(warehouse, {"A": [0.3] * 2, "B": [0.3] * 2})
    say_shares(warehouse, {"A": [0.1, 0.6183], "B": [0.1, 0.45]})
    evaluate(world)
    shown = bulletin(world)
    assert (
        '"Watch", since February 2021, at 62% of the area SPI-3 is at or below -1.0 (the plan\'s '
        "threshold is 50%), new"
    ) in shown
    assert "45%" not in shown


def test_later_maps_correct_what_was_told(world: Installation) -> None:
    warehouse = world.warehouse
    say_spi_3(warehouse, {"A": [0.3] * 2, "B": [0.3] * 2})
    say_shares(warehouse, {"A": [0.1, 0.62], "B": [0.1, 0.1]})
    evaluate(world)
    assert evaluate(world).transitions == 0
    say_shares(warehouse, {"A": [0.1, 0.49], "B": [0.1, 0.1]})
    evaluate(world)
    changes = told(warehouse, "SELECT change FROM mart.alert ORDER BY alert_id")
    assert changes == [("began",), ("corrected",)]


def test_a_stage_on_the_growing_season_stands_over_the_winter_without_silence(
    world: Installation,
) -> None:
    warehouse = world.warehouse
    with warehouse.begin() as connection:
        plan = plan_on("spi_veg")
        raw = plan.as_json() | {"effective_from": "1950-03"}
        save_plan(connection, from_mapping(raw, "the test"), is_shipped=False)
    say_spi_3(warehouse, {"A": [0.3] * 18, "B": [0.3] * 18})
    summer = [0.1, 0.2, 0.3, 0.55, 0.6, 0.4]
    say_shares(warehouse, {"A": summer, "B": [0.0] * 6}, "spi_veg", Month(2021, 4))
    say_shares(warehouse, {"A": [0.4, 0.2, 0.1], "B": [0.0] * 3}, "spi_veg", Month(2022, 4))
    evaluate(world)
    spring, stands, ended = ["none"] * 6, ["watch"] * 10, ["none"] * 2
    assert stages(warehouse) == spring + stands + ended
    winter = told(
        warehouse,
        "SELECT DISTINCT silent_months, is_confirmed FROM mart.stage_month "
        "WHERE landscape_id = 'A' AND drought_type = 'meteorological' "
        "AND month BETWEEN '2021-10-01' AND '2022-03-01'",
    )
    assert winter == [(0, True)]


def test_the_plan_comes_back_from_the_warehouse_as_it_went(world: Installation) -> None:
    plan = plan_on("spi_3")
    with world.warehouse.connect() as connection:
        again = read_plan(connection, plan.plan_id, plan.version)
    assert (again, again.fingerprint) == (plan, plan.fingerprint)


@pytest.mark.parametrize(
    ("headwater", "is_known"),
    [
        pytest.param("B", True, id="a landscape of ours"),
        pytest.param("Pamir", False, id="no landscape of ours"),
        pytest.param("A", False, id="the landscape itself"),
    ],
)
def test_a_headwater_that_is_no_landscape_is_found(
    world: Installation, headwater: str, is_known: bool
) -> None:
    with world.warehouse.begin() as connection:
        save_landscapes(connection, [replace(landscape("A"), headwater_landscape_id=headwater)])
    if is_known:
        assert check(world)["headwaters_without_landscape"].count == 0
        return
    with pytest.raises(InputError, match=r"headwaters_without_landscape: 1, e\.g\.") as refused:
        check(world)
    assert headwater in str(refused.value)


def test_the_table_of_shares_is_what_the_rules_read(world: Installation) -> None:
    """As SQL writes it: the second class after the covered part of another index counts nothing."""
    say_spi_3(world.warehouse, {"A": [0.3], "B": [0.3]})
    with world.warehouse.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO index.area_share (landscape_key, month, source, calibration, "
                "landscape_version, spi_3, spi_6, gaps, release, origin) "
                "SELECT landscape_key, '2021-01-01', :source, :period, 1, "
                "'{1, 0.95, 0.9, 0.7, 0.4, 0.2, 0.1, 0}', '{1, 1, 1, 1, 1, 1, 1, 1}', '{}', "
                "'final', 'real' FROM landscape.landscape WHERE landscape_id = 'A'"
            ),
            {"source": SOURCE, "period": str(PERIOD)},
        )
    evaluate(world)
    assert stages(world.warehouse) == ["warning"]  # 0.7 at or below -1.0, which is 70 %
    assert stages(world.warehouse, "B") == ["none"]
