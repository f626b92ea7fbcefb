"""Each month ends in one message to the operator: it is complete, or it is not and what it lacks."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from pipeline.core.ids import Country, Origin
from pipeline.steps.approve import approve
from pipeline.steps.deliver import deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation
from pipeline.steps.months import Told, tell_of_months
from pipeline.steps.status import pending_alerts
from tests.integration.issuing_plan import adopted_plan
from tests.integration.little_world import told
from tests.integration.watched_world import FEBRUARY, OPERATOR, Watched, watched
from tests.integration.water_plan import load
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres


@pytest.fixture
def world(installation: Installation) -> Iterator[Watched]:
    with watched(installation) as world:
        yield world


class TestCompleteMonth:
    def test_without_an_alert_it_is_all_quiet_once_and_for_the_operator_alone(
        self, world: Watched
    ) -> None:
        world.whole(FEBRUARY)
        assert tell_of_months(world.on("2021-03-07")).closed == (FEBRUARY,)
        for day in ("2021-03-07", "2021-03-20", "2021-04-06"):
            assert tell_of_months(world.on(day)) == Told()
        deliver(world.on("2021-03-07"))
        deliver(world.on("2021-03-07"))
        ((recipient, mail),) = world.postbox.letters
        assert (recipient, mail["Subject"]) == (OPERATOR, "Drought monitor 2021-02: all quiet")
        said = world.body("month_closed")
        assert "No alert was raised" in said
        assert "UZ era5-land: preliminary, values for 2 of 2 landscapes" in said
        assert "UZ meteorological: none 2" in said
        assert "backup: NONE" in said
        # 31 March, 7 days by the schedule, 5 for the store, 3 for the mail.
        assert "The message about 2021-03 comes by 2021-04-15" in said
        assert "If none has come by then, the machine does not run" in said

    def test_that_comes_before_its_day_is_closed_then(self, world: Watched) -> None:
        world.whole(FEBRUARY)
        assert tell_of_months(world.on("2021-03-02")).closed == (FEBRUARY,)

    def test_that_has_not_ended_is_not(self, world: Watched) -> None:
        world.whole(FEBRUARY)
        assert tell_of_months(world.on("2021-02-27")) == Told((FEBRUARY - 1,))

    def test_with_alerts_it_says_how_many_and_waits_until_they_have_left(
        self, world: Watched
    ) -> None:
        world.whole(FEBRUARY, spi=-1.2)
        assert tell_of_months(world.on("2021-03-10")) == Told()
        (alert,) = pending_alerts(world.place)
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (approve)",)
        assert f"1 of its alerts or earlier ones wait for approval ({alert})" in world.body(
            "month_stuck"
        )
        approve(world.place, [alert], APPROVAL, accepts_unchecked=True)
        assert tell_of_months(world.on("2021-03-14")).stuck == ("2021-02 (deliver)",)
        deliver(world.on("2021-03-14"))
        assert tell_of_months(world.on("2021-03-14")).closed == (FEBRUARY,)
        assert world.notices()[-1] == (
            "month_closed",
            "Drought monitor 2021-02: 1 alert raised, 1 approved",
        )
        assert "1 raised, 1 approved, 0 refused, 0 expired unanswered. Messages sent:" in (
            world.body("month_closed")
        )

    def test_of_simulated_data_it_is_an_exercise(self, installation: Installation) -> None:
        with watched(installation, Origin.SIMULATED) as world:
            world.whole(FEBRUARY)
            tell_of_months(world.on("2021-03-07"))
            assert world.notices() == [
                ("month_closed", "[EXERCISE] Drought monitor 2021-02: all quiet")
            ]
            said = world.body("month_closed")
            assert said.startswith("EXERCISE - SIMULATED DATA")
            assert said.endswith("no real drought")

    def test_two_processes_at_once_say_it_once(self, installation: Installation) -> None:
        with watched(installation, operators=(OPERATOR, "duty@example.org")) as world:
            world.whole(FEBRUARY)
            place = world.on("2021-03-07")
            with ThreadPoolExecutor(4) as pool:
                done = list(pool.map(lambda _: tell_of_months(place), range(4)))
            assert sum(one.count for one in done) >= 1
            recipients = told(
                world.place.warehouse, "SELECT recipient_id, kind FROM alert.notice ORDER BY 1"
            )
            assert recipients == [("duty@example.org", "month_closed"), (OPERATOR, "month_closed")]


class TestStuckMonth:
    def test_it_is_told_of_once_at_each_step_and_then_closed(self, world: Watched) -> None:
        assert tell_of_months(world.on("2021-02-07")).closed == (FEBRUARY - 1,)
        # Due on 7 March; the store may take five days more.
        assert tell_of_months(world.on("2021-03-12")) == Told()
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (data)",)
        assert tell_of_months(world.on("2021-03-14")) == Told()
        assert world.notices()[-1] == (
            "month_stuck",
            "Drought monitor 2021-02: NOT complete (data)",
        )
        said = world.body("month_stuck")
        assert "Its values were expected on 2021-03-07." in said
        assert "data: no values of era5-land for 2021-02 in UZ" in said
        assert "comes by 2021-04-15" in said
        world.data(FEBRUARY)
        assert tell_of_months(world.on("2021-03-15")).stuck == ("2021-02 (compute)",)
        world.indices(FEBRUARY)
        assert tell_of_months(world.on("2021-03-15")).stuck == ("2021-02 (evaluate)",)
        evaluate(world.place)
        assert tell_of_months(world.on("2021-03-15")).closed == (FEBRUARY,)
        assert tell_of_months(world.on("2021-03-15")) == Told()

    def test_months_of_a_dead_machine_are_each_told_of_and_closed_when_they_come(
        self, world: Watched
    ) -> None:
        tell_of_months(world.on("2021-02-07"))
        found = tell_of_months(world.on("2021-06-13"))
        assert found.stuck == tuple(f"2021-{number:02d} (data)" for number in (2, 3, 4, 5))
        for months in range(4):
            world.whole(FEBRUARY + months)
        assert tell_of_months(world.on("2021-06-14")).closed == tuple(
            FEBRUARY + months for months in range(4)
        )

    def test_a_plan_that_allows_less_is_heeded_before_the_schedule(self, world: Watched) -> None:
        tell_of_months(world.on("2021-02-07"))
        load(world.place.warehouse, self.strict(8), effective_from=FEBRUARY)
        assert tell_of_months(world.on("2021-03-08")) == Told()
        assert tell_of_months(world.on("2021-03-09")).stuck == ("2021-02 (data)",)
        assert "plan: UZ plan: no value of spi_3 for 2021-02" in world.body("month_stuck")

    @staticmethod
    def strict(days: int) -> dict[str, object]:
        return adopted_plan({}, Country.UZBEKISTAN) | {"version": "2", "late_after_days": days}


class TestFailingStep:
    def fail(self, world: Watched, step: str, at: datetime, state: str = "failed") -> None:
        with world.place.warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO ops.outcome (step, state, seconds, message, ended_at) "
                    "VALUES (:step, :state, 1, 'OSError: no room', :at)"
                ),
                {"step": step, "state": state, "at": at},
            )

    def test_is_told_of_once_after_two_days(self, world: Watched) -> None:
        tell_of_months(world.on("2021-02-07"))
        begun = world.on("2021-02-08").clock()
        self.fail(world, "fetch", begun - timedelta(days=1), state="done")
        self.fail(world, "fetch", begun)
        self.fail(world, "fetch", begun + timedelta(days=1))
        assert tell_of_months(world.on("2021-02-10")) == Told()
        assert tell_of_months(world.on("2021-02-11")).failing == ("fetch",)
        self.fail(world, "fetch", begun + timedelta(days=4))
        assert tell_of_months(world.on("2021-02-13")) == Told()
        said = world.body("step_failing")
        assert "has failed since 2021-02-08, 2 times" in said
        assert "OSError: no room" in said

    def test_that_worked_since_and_fails_anew_is_told_of_anew(self, world: Watched) -> None:
        tell_of_months(world.on("2021-02-07"))
        begun = world.on("2021-02-08").clock()
        self.fail(world, "backup", begun)
        assert tell_of_months(world.on("2021-02-11")).failing == ("backup",)
        self.fail(world, "backup", begun + timedelta(days=4), state="done")
        assert tell_of_months(world.on("2021-02-15")) == Told()
        self.fail(world, "backup", begun + timedelta(days=8))
        assert tell_of_months(world.on("2021-02-20")).failing == ("backup",)

    def test_by_hand_is_not(self, world: Watched) -> None:
        tell_of_months(world.on("2021-02-07"))
        self.fail(world, "restore", world.on("2021-02-08").clock())
        assert tell_of_months(world.on("2021-02-20")) == Told()


class TestNobodyToTell:
    @pytest.mark.parametrize("lacks", ["smtp_host", "mail_operator"])
    def test_nothing_is_queued(self, world: Watched, lacks: str) -> None:
        world.whole(FEBRUARY)
        empty = None if lacks == "smtp_host" else []
        settings = world.place.settings.model_copy(update={lacks: empty})
        place = replace(world.on("2021-03-20"), settings=settings)
        assert tell_of_months(place) == Told()
        assert world.notices() == []

    def test_nor_before_anything_was_decided(self, installation: Installation) -> None:
        settings = installation.settings.model_copy(
            update={"smtp_host": "127.0.0.1", "mail_operator": [OPERATOR]}
        )
        assert tell_of_months(replace(installation, settings=settings)) == Told()
