"""Irrigated land follows the landscape its water comes from, and says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, LandUse, Release
from pipeline.core.moments import Moment
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.stations.observations import Disclosure
from pipeline.steps.check import check
from pipeline.steps.compute import compute
from pipeline.steps.differences import Difference
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.replay import replay
from pipeline.steps.stations import disclose
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.gauged_world import (
    EAST,
    GAUGES,
    add_gauge,
    database,
    settle_under_grid,
    spi_3,
)
from tests.integration.little_world import JANUARY, SOURCE, landscape, say_spi_3, settle, told
from tests.integration.water_plan import LOWER, UPPER, irrigated, load, upstream, water_plan

pytestmark = pytest.mark.postgres

MARCH = JANUARY + 2


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    """Irrigated land in Uzbekistan under a headwater in Kyrgyzstan."""
    load(warehouse, water_plan())
    settle(warehouse, [upstream(), irrigated()])
    return warehouse


def stages(warehouse: Engine, landscape_id: str = LOWER) -> list[tuple[object, ...]]:
    return told(
        warehouse,
        "SELECT stage, is_confirmed, silent_months FROM mart.stage_month "
        "WHERE landscape_id = :id AND drought_type = 'meteorological' ORDER BY month",
        id=landscape_id,
    )


def alerts(warehouse: Engine, landscape_id: str = LOWER) -> list[tuple[Any, ...]]:
    """Month, change, stage and evidence of the alerts, oldest decision first."""
    return told(
        warehouse,
        "SELECT to_char(month, 'YYYY-MM'), change, to_stage, evidence FROM mart.alert "
        "WHERE landscape_id = :id AND drought_type = 'meteorological' ORDER BY alert_id",
        id=landscape_id,
    )


def replayed(place: Installation, at: datetime) -> list[Difference]:
    differences: list[Difference] = []
    replay(place, Moment(at, at, "then"), tell=differences.append)
    return differences


def clock(warehouse: Engine) -> datetime:
    ((at,),) = told(warehouse, "SELECT clock_timestamp()")
    assert isinstance(at, datetime)
    return at


class TestWhatIsHeard:
    def test_the_headwater_is_dry_while_the_land_is_not(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {UPPER: [0.3, -1.2, -1.6], LOWER: [1.1, 1.2, 1.3]})
        evaluate(installation)
        assert [stage for stage, _, _ in stages(world)] == ["none", "watch", "warning"]
        # The Kyrgyz landscape is decided by the Kyrgyz plan, on the same values.
        assert [stage for stage, _, _ in stages(world, UPPER)] == ["none", "watch", "warning"]
        began = alerts(world)[0][3]
        assert (began["headwater_landscape_id"], began["lacks_headwater"]) == (UPPER, False)
        line = began["comparisons"][0]
        assert (line["where"], line["landscape_id"], line["value"]) == ("headwater", UPPER, -1.2)
        assert (line["data_source"], line["release"]) == (SOURCE, "final")
        assert check(installation)

    def test_the_land_is_dry_while_its_headwater_is_not(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {UPPER: [0.3, 0.2], LOWER: [-2.1, -2.2]})
        evaluate(installation)
        assert [stage for stage, _, _ in stages(world)] == ["none", "none"]
        assert alerts(world) == []

    def test_a_month_that_the_headwater_lacks_is_a_gap_and_holds_the_stage(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {UPPER: [-1.2]})
        say_spi_3(world, {LOWER: [0.1, 0.2]})
        evaluate(installation)
        assert stages(world) == [("watch", True, 0), ("watch", True, 1)]
        say_spi_3(world, {UPPER: [0.4]}, first=JANUARY + 1)
        evaluate(installation)
        assert stages(world) == [("watch", True, 0), ("none", True, 0)]

    def test_a_blind_month_of_the_headwater_is_no_silence(
        self, world: Engine, installation: Installation
    ) -> None:
        blind = [Gap.NOT_APPLICABLE] * 4
        say_spi_3(world, {UPPER: [-1.2, *blind], LOWER: [0.1] * 5})
        evaluate(installation)
        assert stages(world) == [("watch", True, 0)] * 5

    def test_it_does_not_wait_for_the_stage_of_the_headwater(
        self, installation: Installation
    ) -> None:
        """The land comes before its headwater in every order there is."""
        warehouse = installation.warehouse
        load(warehouse, water_plan())
        before = replace(irrigated("Z"), landscape_id="A")
        settle(warehouse, [before, landscape("Z", Country.KYRGYZSTAN)])
        say_spi_3(warehouse, {"A": [0.3, 0.3], "Z": [0.3, -1.2]})
        evaluate(installation)
        assert [stage for stage, _, _ in stages(warehouse, "A")] == ["none", "watch"]


class TestNotKnown:
    @pytest.mark.parametrize(
        "headwater",
        [
            pytest.param(None, id="nobody said where the water comes from"),
            pytest.param("ELSEWHERE", id="the headwater is no landscape of ours"),
            pytest.param(LOWER, id="the headwater is the land itself, which is a slip"),
        ],
    )
    def test_rules_on_it_are_not_asked(
        self, installation: Installation, headwater: str | None
    ) -> None:
        warehouse = installation.warehouse
        body = water_plan()
        for stage in body["ladders"]["meteorological"]:
            stage["rules"][0]["land_uses"] = [str(use) for use in LandUse]
        load(warehouse, body)
        settle(warehouse, [irrigated(headwater)])
        say_spi_3(warehouse, {LOWER: [0.2, -1.2]})
        evaluate(installation)
        ((_, change, _, evidence),) = alerts(warehouse)
        assert change == "began"
        assert (evidence["headwater_landscape_id"], evidence["lacks_headwater"]) == (None, True)
        assert [line["where"] for line in evidence["comparisons"]] == ["landscape"] * 2

    def test_where_no_other_rule_asks_nothing_is_known(self, installation: Installation) -> None:
        load(installation.warehouse, water_plan())
        settle(installation.warehouse, [upstream(), irrigated()])
        # It is a landscape of ours, and there are no indices of it yet.
        say_spi_3(installation.warehouse, {LOWER: [-2.2, -2.2]})
        evaluate(installation)
        assert [row[:2] for row in stages(installation.warehouse)] == [("none", False)] * 2

    def test_that_it_is_not_known_any_more_ends_what_was_told(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {UPPER: [0.3, -1.2], LOWER: [0.1, 0.1]})
        golive(installation, MARCH)
        load_landscapes(installation, [irrigated(None)])
        say_spi_3(world, {UPPER: [-1.2], LOWER: [0.1]}, first=MARCH)
        evaluate(installation)
        *_, (month, change, stage, evidence) = alerts(world)
        # The land has no headwater in any month of its record, as it is known now.
        assert (month, change, stage) == ("2021-02", "corrected", "none")
        assert evidence["unruled"]["reason"] == "no_rule"


class TestLater:
    def test_a_revised_headwater_corrects_the_land_below_it(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {UPPER: [0.3, 0.2], LOWER: [0.1, 0.1]})
        golive(installation, MARCH)
        say_spi_3(world, {UPPER: [-1.2], LOWER: [0.1]}, first=MARCH, release=Release.PRELIMINARY)
        evaluate(installation)
        assert alerts(world)[-1][3]["comparisons"][0]["release"] == "preliminary"
        then = clock(world)
        say_spi_3(world, {UPPER: [-0.4]}, first=MARCH)
        assert evaluate(installation).told == 2  # the headwater itself has one of its own
        month, change, stage, evidence = alerts(world)[-1]
        assert (month, change, stage) == ("2021-03", "corrected", "none")
        (replaced,) = evidence["replaced"]
        assert (replaced["where"], replaced["landscape_id"]) == ("headwater", UPPER)
        assert (replaced["index"], replaced["month"]) == ("spi_3", "2021-03")
        assert (replaced["value_before"], replaced["side_before"]) == (-1.2, "at_or_below_enter")
        assert (replaced["value"], replaced["side"]) == (-0.4, "between")
        # Asked again as of before, the decision of then comes out as it did.
        assert replayed(installation, then) == []
        assert replayed(installation, clock(world)) == []


def test_a_headwater_decided_by_gauges_that_are_not_open_shows_no_value(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """West has two gauges, of which one is closed; east is irrigated from the west."""
    folder = tmp_path_factory.mktemp("water")
    with database(postgres, TEMPLATE) as (_, engine):
        by_both = Settings(var=folder / "var", source="blended")
        place = Installation(by_both, engine, clock=lambda: NOW)
        load(engine, water_plan())
        settle_under_grid(place, folder)
        below = replace(irrigated("west"), landscape_id="below", geometry=EAST)
        load_landscapes(place, [below])
        for station_id in GAUGES:
            add_gauge(place, station_id)
        compute(place)
        disclose(place, ["G2"], Disclosure.RESTRICTED, by="A. Karimova", reason="asked for")
        compute(place)
        evaluate(place)
        decisive: list[Mapping[str, Any]] = [
            line
            for *_, evidence in alerts(engine, "below")
            for line in evidence["comparisons"]
            if line["was_active"] != line["is_active"]
        ]
        assert decisive
        assert {line["value"] for line in decisive} == {None}
        assert {line["data_source"] for line in decisive} == {"blended"}
        assert {line["withheld"] for line in decisive} <= {
            "at_or_below_enter",
            "at_or_above_exit",
        }
        assert spi_3(place, "west", "blended") == {}
        assert replayed(place, clock(engine)) == []
