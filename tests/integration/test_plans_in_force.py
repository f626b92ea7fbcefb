"""From which month a plan rules, who puts it in force, and what happens when its stages are gone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, text

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import Country
from pipeline.core.moments import Moment
from pipeline.core.months import Month
from pipeline.plans.shipped import shipped_plans
from pipeline.steps.check import check
from pipeline.steps.differences import Difference
from pipeline.steps.evaluate import Evaluation, evaluate
from pipeline.steps.explain import explain
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.plans import load_plan, load_shipped, take_shipped_plans
from pipeline.steps.replay import replay
from tests.integration.issuing_plan import adopted_plan
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.integration.water_plan import load, with_hydrological

pytestmark = pytest.mark.postgres

MARCH, APRIL, MAY = JANUARY + 2, JANUARY + 3, JANUARY + 4
UZ = next(plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    """Two rainfed districts of Uzbekistan, without values yet."""
    settle(warehouse, [landscape("A"), landscape("B")])
    return warehouse


def two_ladders(**changes: object) -> dict[str, Any]:
    """The agency's first plan: meteorological and hydrological drought, both on SPI-3."""
    return with_hydrological(adopted_plan({}, Country.UZBEKISTAN)) | changes


def one_ladder(**changes: object) -> dict[str, Any]:
    """Its second version: meteorological drought only."""
    return adopted_plan({}, Country.UZBEKISTAN) | {"version": "2", "supersedes": "1"} | changes


def written(path: Path, body: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")
    return path


def stages(warehouse: Engine, drought_type: str = "hydrological") -> list[tuple[object, ...]]:
    """Month, plan version, stage and whether it is confirmed, of district A."""
    return told(
        warehouse,
        "SELECT to_char(month, 'YYYY-MM'), plan_version, stage, is_confirmed "
        "FROM mart.stage_month WHERE landscape_id = 'A' AND drought_type = :type ORDER BY month",
        type=drought_type,
    )


def alerts(warehouse: Engine, drought_type: str = "hydrological") -> list[tuple[object, ...]]:
    return told(
        warehouse,
        "SELECT to_char(month, 'YYYY-MM'), change, from_stage, to_stage, approval, "
        "evidence -> 'unruled' ->> 'reason' FROM mart.alert WHERE landscape_id = 'A' "
        "AND drought_type = :type ORDER BY alert_id",
        type=drought_type,
    )


def clock(warehouse: Engine) -> Moment:
    ((at,),) = told(warehouse, "SELECT clock_timestamp()")
    assert isinstance(at, datetime)
    return Moment(at, at, "then")


def replayed(place: Installation, at: Moment) -> list[Difference]:
    differences: list[Difference] = []
    replay(place, at, tell=differences.append)
    return differences


class TestALadderThatIsDropped:
    def test_a_drought_under_way_ends_and_says_why(
        self, world: Engine, installation: Installation
    ) -> None:
        load(world, two_ladders())
        load(world, one_ladder(), effective_from=APRIL)
        say_spi_3(world, {"A": [0.2, -1.2, -1.6], "B": [0.5] * 3})
        golive(installation, APRIL)
        say_spi_3(world, {"A": [-1.6], "B": [0.5]}, first=APRIL)
        assert evaluate(installation).told == 1
        assert stages(world) == [
            ("2021-01", "1", "none", True),
            ("2021-02", "1", "watch", True),
            ("2021-03", "1", "warning", True),
            ("2021-04", "2", "none", False),
        ]
        assert alerts(world)[-1] == ("2021-04", "ended", "warning", "none", "pending", "no_ladder")
        ((alert_id, evidence),) = told(
            world, "SELECT alert_id, evidence FROM mart.alert WHERE change = 'ended'"
        )
        assert isinstance(evidence, dict)
        assert isinstance(alert_id, int)
        assert evidence["comparisons"] == []
        # The words are those of the plan it stood under, the reason is the one in force.
        assert (evidence["plan_version"], evidence["unruled"]["plan_version"]) == ("1", "2")
        assert explain(installation, alert_id)
        ((chains,),) = told(
            world, "SELECT count(DISTINCT chain_id) FROM alert.transition "
            "WHERE drought_type = 'hydrological'"
        )  # fmt: skip
        assert chains == 1
        latest = told(
            world,
            "SELECT month::text, stage, is_confirmed FROM mart.latest_status "
            "WHERE landscape_id = 'A' AND drought_type = 'hydrological'",
        )
        assert latest == [("2021-04-01", "none", False)]
        droughts = told(
            world,
            "SELECT onset::text, ended::text FROM mart.drought_event "
            "WHERE drought_type = 'hydrological'",
        )
        assert droughts == [("2021-02-01", "2021-04-01")]
        assert check(installation)

    def test_it_is_said_once_and_no_row_follows(
        self, world: Engine, installation: Installation
    ) -> None:
        load(world, two_ladders())
        load(world, one_ladder(), effective_from=APRIL)
        say_spi_3(world, {"A": [0.2, -1.2, -1.6, -1.6], "B": [0.5] * 4})
        evaluate(installation)
        assert evaluate(installation) == Evaluation(0, 0, 0)
        say_spi_3(world, {"A": [-1.6], "B": [0.5]}, first=MAY)
        evaluate(installation)
        assert [row[0] for row in stages(world)] == ["2021-01", "2021-02", "2021-03", "2021-04"]
        assert [row[1] for row in alerts(world)] == ["began", "escalated", "ended"]
        assert len(stages(world, "meteorological")) == 5

    def test_loaded_after_the_month_what_was_held_is_withdrawn_and_still_seen_as_of_then(
        self, world: Engine, installation: Installation
    ) -> None:
        load(world, two_ladders())
        say_spi_3(world, {"A": [0.2, -1.2, -1.6, -1.6, -0.3], "B": [0.5] * 5})
        golive(installation, APRIL)
        evaluate(installation)
        then = clock(world)
        load(world, one_ladder(), effective_from=APRIL)
        assert evaluate(installation).told == 1
        assert stages(world)[-2:] == [
            ("2021-03", "1", "warning", True),
            ("2021-04", "2", "none", False),
        ]
        assert alerts(world)[-1] == (
            "2021-04", "corrected", "warning", "none", "pending", "no_ladder"
        )  # fmt: skip
        before = told(
            world,
            "SELECT to_char(month, 'YYYY-MM'), stage FROM mart.stage_month_as_of(:at) "
            "WHERE landscape_id = 'A' AND drought_type = 'hydrological' AND month >= '2021-04-01' "
            "ORDER BY month",
            at=then.last,
        )
        assert before == [("2021-04", "warning"), ("2021-05", "warning")]
        assert replayed(installation, then) == []
        assert replayed(installation, clock(world)) == []
        assert evaluate(installation) == Evaluation(0, 0, 0)
        areas = told(
            world,
            "SELECT DISTINCT to_char(month, 'YYYY-MM') FROM mart.area_in_drought "
            "WHERE drought_type = 'hydrological' AND country_code = 'UZ' ORDER BY 1",
        )
        assert areas == [("2021-01",), ("2021-02",), ("2021-03",), ("2021-04",)]
        assert check(installation)

    def test_a_later_version_with_the_ladder_takes_it_up_again(
        self, world: Engine, installation: Installation
    ) -> None:
        load(world, two_ladders())
        load(world, one_ladder(), effective_from=MARCH)
        say_spi_3(world, {"A": [0.2, -1.2, -1.6, -1.6], "B": [0.5] * 4})
        evaluate(installation)
        load(world, two_ladders(version="3", supersedes="2"), effective_from=APRIL)
        evaluate(installation)
        # The third version knows what went before: warning stands since March.
        assert stages(world)[-2:] == [
            ("2021-03", "2", "none", False),
            ("2021-04", "3", "warning", True),
        ]
        assert [row[1] for row in alerts(world)] == ["began", "ended", "began"]
        assert check(installation)


class TestAPlanThatEnds:
    def test_the_plan_before_it_rules_again(
        self, world: Engine, installation: Installation
    ) -> None:
        load(world, two_ladders(effective_from="2021-02", effective_to="2021-03"))
        say_spi_3(world, {"A": [0.2, -1.2, -1.2, -1.2], "B": [0.5] * 4})
        evaluate(installation)
        found = told(
            world,
            "SELECT to_char(month, 'YYYY-MM'), plan_id, stage FROM mart.stage_month "
            "WHERE landscape_id = 'A' AND drought_type = 'meteorological' ORDER BY month",
        )
        assert found == [
            ("2021-01", "uz-generic", "none"),
            ("2021-02", "uz-adopted", "watch"),
            ("2021-03", "uz-adopted", "watch"),
            ("2021-04", "uz-generic", "watch"),
        ]
        rows = told(
            world,
            "SELECT plan_id, rules_from::text, rules_until::text, effective_to::text, reigns "
            "FROM mart.plan_timeline WHERE country_code = 'UZ' ORDER BY row_key",
        )
        assert rows == [
            ("uz-generic", "1950-01-01", None, None, [["1950-01", "2021-01"], ["2021-04", None]]),
            ("uz-adopted", "2021-02-01", "2021-03-01", "2021-03-01", [["2021-02", "2021-03"]]),
        ]

    def test_with_nothing_after_it_what_stood_is_over(
        self, world: Engine, installation: Installation
    ) -> None:
        with world.begin() as connection:
            connection.execute(text("DELETE FROM plan.document WHERE country_code = 'UZ'"))
        load(world, two_ladders(effective_to="2021-03"))
        say_spi_3(world, {"A": [0.2, -1.2, -1.2], "B": [0.5] * 3})
        golive(installation, APRIL)
        say_spi_3(world, {"A": [-1.2] * 2, "B": [0.5] * 2}, first=APRIL)
        evaluate(installation)
        assert stages(world)[-2:] == [
            ("2021-03", "1", "watch", True),
            ("2021-04", "1", "none", False),
        ]
        assert alerts(world)[-1] == ("2021-04", "ended", "watch", "none", "pending", "no_plan")
        assert evaluate(installation) == Evaluation(0, 0, 0)
        assert check(installation)


class TestFromAMonth:
    def test_the_month_given_goes_before_the_one_the_document_says(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.2, -1.2], "B": [0.5] * 4})
        path = written(tmp_path / "own.yaml", two_ladders())
        plan, is_new = load_plan(installation, path, effective_from=MARCH)
        assert is_new
        assert plan.effective_from == Month(1950, 1)
        evaluate(installation)
        found = told(
            world,
            "SELECT DISTINCT ON (plan_id) plan_id, to_char(month, 'YYYY-MM') FROM mart.stage_month "
            "WHERE drought_type = 'meteorological' ORDER BY plan_id, month",
        )
        assert found == [("uz-adopted", "2021-03"), ("uz-generic", "2021-01")]

    def test_a_month_before_the_documents_own_is_refused(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "own.yaml", two_ladders(effective_from="2021-03"))
        with pytest.raises(InputError, match="expected a month from 2021-03 or later"):
            load_plan(installation, path, effective_from=JANUARY)

    def test_so_is_one_after_its_end(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "own.yaml", two_ladders(effective_to="2021-03"))
        with pytest.raises(InputError, match="from 1950-01 to 2021-03"):
            load_plan(installation, path, effective_from=APRIL)

    def test_and_another_month_than_it_was_loaded_for(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        path = written(tmp_path / "own.yaml", two_ladders())
        load_plan(installation, path, effective_from=MARCH)
        assert not load_plan(installation, path, effective_from=MARCH)[1]
        assert not load_plan(installation, path)[1]
        with pytest.raises(ConflictError, match="put in force from 2021-03 on"):
            load_plan(installation, path, effective_from=APRIL)


class TestShippedPlans:
    def forget_the_shipped(self, warehouse: Engine) -> None:
        """As in a warehouse of before: version 1 is there, this version is not."""
        with warehouse.begin() as connection:
            connection.execute(
                text(
                    "UPDATE plan.document SET version = '1', "
                    """body = (body - 'supersedes') || '{"version": "1"}'"""
                )
            )

    def take(self, warehouse: Engine) -> tuple[list[str], list[str]]:
        said: list[str] = []
        with warehouse.begin() as connection:
            return take_shipped_plans(connection, said.append), said

    def test_where_nothing_was_decided_a_newer_version_is_loaded(self, world: Engine) -> None:
        self.forget_the_shipped(world)
        new, said = self.take(world)
        assert f"uz-generic version {UZ.version}" in new
        assert (len(new), said) == (6, [])
        assert self.take(world) == ([], [])

    def test_where_something_was_decided_it_is_not_and_says_how(
        self, world: Engine, installation: Installation
    ) -> None:
        self.forget_the_shipped(world)
        say_spi_3(world, {"A": [0.2, -1.2], "B": [0.5] * 2})
        evaluate(installation)
        before = stages(world, "meteorological")
        new, said = self.take(world)
        assert len(new) == 5
        assert not any("uz-generic" in one for one in new)
        (line,) = said
        assert "`drought plans load --shipped UZ --from YYYY-MM`" in line
        assert evaluate(installation) == Evaluation(0, 0, 0)
        assert stages(world, "meteorological") == before

    def test_a_person_takes_it_from_a_month_on(
        self, world: Engine, installation: Installation
    ) -> None:
        self.forget_the_shipped(world)
        say_spi_3(world, {"A": [0.2, -1.2, -1.2], "B": [0.5] * 3})
        evaluate(installation)
        with pytest.raises(InputError, match="--from YYYY-MM"):
            load_shipped(installation, Country.UZBEKISTAN)
        assert load_shipped(installation, Country.UZBEKISTAN, effective_from=MARCH)[1]
        evaluate(installation)
        assert [row[1] for row in stages(world, "meteorological")] == ["1", "1", UZ.version]
        assert not self.take(world)[1]

    def test_under_an_agencys_own_plan_too(self, world: Engine, installation: Installation) -> None:
        self.forget_the_shipped(world)
        load(world, two_ladders())
        say_spi_3(world, {"A": [0.2], "B": [0.5]})
        evaluate(installation)
        assert len(self.take(world)[1]) == 1
