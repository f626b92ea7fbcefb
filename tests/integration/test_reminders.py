"""A stage that still stands is said again after the plan's review period, to those who were told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from pipeline.core.ids import Country
from pipeline.core.moments import Moment
from pipeline.steps.approve import approve, reject
from pipeline.steps.check import check
from pipeline.steps.differences import Difference
from pipeline.steps.evaluate import Evaluation, evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.replay import replay
from tests.integration.conftest import NOW
from tests.integration.issuing_plan import adopted_plan
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.integration.water_plan import load
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

FEBRUARY = JANUARY + 1


def reviewed(months: int) -> dict[str, Any]:
    """A plan whose stages are said again after so many months."""
    body = adopted_plan({}, Country.UZBEKISTAN)
    for stage in body["ladders"]["meteorological"]:
        stage["review_after"] = months
    return body


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    load(warehouse, reviewed(2))
    settle(warehouse, [landscape("A")])
    return warehouse


def alerts(warehouse: Engine) -> list[tuple[object, ...]]:
    return told(
        warehouse,
        "SELECT to_char(month, 'YYYY-MM'), change, to_stage, approval FROM mart.alert "
        "ORDER BY alert_id",
    )


def month_by_month(place: Installation, values: list[float]) -> list[Evaluation]:
    """From February on, one evaluation for each month."""
    done = []
    for n, value in enumerate(values):
        say_spi_3(place.warehouse, {"A": [value]}, first=FEBRUARY + n)
        done.append(evaluate(place))
    return done


def live(place: Installation) -> None:
    say_spi_3(place.warehouse, {"A": [0.4]})
    golive(place, FEBRUARY)


class TestWhatIsTold:
    def test_once_in_each_review_period_while_the_stage_stands(
        self, world: Engine, installation: Installation
    ) -> None:
        live(installation)
        done = month_by_month(installation, [-1.2, -1.1, -1.1, -0.6, -0.4, 0.2])
        assert alerts(world) == [
            ("2021-02", "began", "watch", "pending"),
            ("2021-04", "reminded", "watch", "pending"),
            ("2021-06", "reminded", "watch", "pending"),
            ("2021-07", "ended", "none", "pending"),
        ]
        assert [one.told for one in done] == [1, 0, 1, 0, 1, 1]
        assert evaluate(installation) == Evaluation(0, 0, 0)
        ((chains,),) = told(world, "SELECT count(DISTINCT chain_id) FROM alert.transition")
        assert chains == 1
        assert check(installation)

    def test_a_graver_stage_is_reviewed_from_its_own_beginning(
        self, world: Engine, installation: Installation
    ) -> None:
        live(installation)
        month_by_month(installation, [-1.2, -1.6, -1.6, -1.6])
        assert alerts(world) == [
            ("2021-02", "began", "watch", "pending"),
            ("2021-03", "escalated", "warning", "pending"),
            ("2021-05", "reminded", "warning", "pending"),
        ]

    def test_a_letter_says_that_it_stands(self, world: Engine, installation: Installation) -> None:
        live(installation)
        month_by_month(installation, [-1.2, -1.1, -1.1])
        ((subject,),) = told(
            world,
            "SELECT subject FROM alert.message JOIN alert.transition USING (alert_id) "
            "WHERE change = 'reminded' AND language = 'en' AND form = 'letter'",
        )
        assert "Watch" in str(subject)

    def test_of_a_drought_that_was_refused_nothing_comes_back(
        self, world: Engine, installation: Installation
    ) -> None:
        live(installation)
        month_by_month(installation, [-1.2])
        reject(installation, [1], replace(APPROVAL, answered_at=NOW))
        for n, value in enumerate([-1.1, -1.1, 0.2], start=1):
            say_spi_3(world, {"A": [value]}, first=FEBRUARY + n)
            assert evaluate(installation).told == 0
        assert alerts(world)[1:] == [
            ("2021-04", "reminded", "watch", "not_needed"),
            ("2021-05", "ended", "none", "not_needed"),
        ]

    def test_of_one_that_was_approved_it_does(
        self, world: Engine, installation: Installation
    ) -> None:
        live(installation)
        month_by_month(installation, [-1.2])
        approve(installation, [1], replace(APPROVAL, answered_at=NOW), accepts_unchecked=True)
        say_spi_3(world, {"A": [-1.1, -1.1]}, first=FEBRUARY + 1)
        assert evaluate(installation).told == 1
        assert alerts(world)[-1] == ("2021-04", "reminded", "watch", "pending")


class TestBackfill:
    def test_before_going_live_nothing_is_told(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.4, *[-1.2] * 6]})
        done = evaluate(installation)
        assert (done.transitions, done.told) == (3, 0)
        assert {row[-1] for row in alerts(world)} == {"not_needed"}
        assert [row[1] for row in alerts(world)] == ["began", "reminded", "reminded"]

    def test_nor_after_it_of_months_before(self, world: Engine, installation: Installation) -> None:
        say_spi_3(world, {"A": [0.4] * 7})
        golive(installation, JANUARY + 7)
        say_spi_3(world, {"A": [0.4, *[-1.2] * 4, 0.3, 0.3]})
        done = evaluate(installation)
        assert done.transitions > 0
        assert done.told == 0

    def test_going_live_in_the_midst_tells_what_stands_and_reviews_it_from_there(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.4, *[-1.2] * 3]})
        golive(installation, JANUARY + 4)
        say_spi_3(world, {"A": [-1.2] * 2}, first=JANUARY + 4)
        assert evaluate(installation).told == 1
        assert alerts(world)[-2:] == [
            ("2021-04", "in_force", "watch", "pending"),
            ("2021-06", "reminded", "watch", "pending"),
        ]


def test_a_replay_decides_reminders_again(world: Engine, installation: Installation) -> None:
    live(installation)
    month_by_month(installation, [-1.2, -1.1, -1.1])
    ((at, transitions, tell),) = told(
        world,
        "SELECT clock_timestamp(), transitions, told FROM plan.evaluation "
        "ORDER BY evaluation_id DESC LIMIT 1",
    )
    assert isinstance(at, datetime)
    assert (transitions, tell) == (1, 1)
    differences: list[Difference] = []
    found = replay(installation, Moment(at, at, "then"), tell=differences.append)
    assert differences == []
    assert sum(found.compared.values()) > 0
