"""Each month ends in one message to the operator: it is complete, or it is not and what it lacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.files import RawFile
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, Origin, Release
from pipeline.core.months import Month
from pipeline.steps.approve import approve
from pipeline.steps.compute import compute
from pipeline.steps.deliver import deliver
from pipeline.steps.escalate import escalate
from pipeline.steps.evaluate import evaluate
from pipeline.steps.ingest_indicator import ingest_indicator
from pipeline.steps.installation import Installation
from pipeline.steps.maps import bring_maps
from pipeline.steps.months import Told, tell_of_months
from pipeline.steps.publish import publish_one
from pipeline.steps.sessions import end_long_questions
from pipeline.steps.status import pending_alerts, status
from pipeline.warehouse.files import save_file, save_grid_months
from tests.integration.issuing_plan import adopted_plan
from tests.integration.little_world import told
from tests.integration.said_shares import say_shares
from tests.integration.watched_world import FEBRUARY, OPERATOR, Watched, watched
from tests.integration.water_plan import load
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres


@pytest.fixture
def world(installation: Installation) -> Iterator[Watched]:
    with watched(installation) as world:
        yield world


def fail(
    world: Watched, step: str, at: datetime, state: str = "failed", month: Month | None = None
) -> None:
    with world.place.warehouse.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO ops.outcome (step, month, state, seconds, message, ended_at) "
                "VALUES (:step, :month, :state, 1, 'OSError: no room', :at)"
            ),
            {"step": step, "month": month and month.first_day, "state": state, "at": at},
        )


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

    def test_changes_that_nobody_is_told_of_are_counted(self, world: Watched) -> None:
        world.whole(FEBRUARY, spi=-1.2)
        with world.place.warehouse.begin() as connection:
            connection.execute(text("UPDATE alert.approval SET state = 'not_needed'"))
        assert tell_of_months(world.on("2021-03-10")).closed == (FEBRUARY,)
        said = world.body("month_closed")
        assert "No alert was raised. Told to nobody: 1 change of stage." in said
        assert "no stage changed" not in said

    def test_what_the_checks_found_is_in_the_subject(self, world: Watched) -> None:
        world.whole(FEBRUARY)
        with world.place.warehouse.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO ops.outcome (step, state, seconds, ended_at, facts) VALUES "
                    "('check', 'done', 1, '2021-03-07', '{\"found\": {}, \"not_run\": 2}')"
                )
            )
        tell_of_months(world.on("2021-03-07"))
        assert world.notices() == [
            ("month_closed", "Drought monitor 2021-02: all quiet, but see the checks")
        ]
        assert "0 rows in error on 2021-03-07, and 2 could not be run" in world.body("month_closed")

    def test_alerts_that_are_raised_for_it_later_are_told_of_once(self, world: Watched) -> None:
        world.whole(FEBRUARY)
        assert tell_of_months(world.on("2021-03-07")) == Told((FEBRUARY,))
        world.indices(FEBRUARY, spi=-1.2)
        world.decide()
        assert tell_of_months(world.on("2021-03-08")) == Told(more=(FEBRUARY,))
        assert world.notices()[-1] == (
            "month_closed",
            "Drought monitor 2021-02: 1 alert raised since it was closed",
        )
        assert tell_of_months(world.on("2021-03-09")) == Told()

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
        world.decide()
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

    def test_a_machine_that_was_off_since_alerts_are_told_tells_of_each_month(
        self, world: Watched
    ) -> None:
        world.whole(FEBRUARY)
        found = tell_of_months(world.on("2021-04-13"))
        assert found == Told((FEBRUARY,), ("2021-03 (data)",))

    @staticmethod
    def strict(days: int) -> dict[str, object]:
        return adopted_plan({}, Country.UZBEKISTAN) | {"version": "2", "late_after_days": days}


class TestPartOfACountry:
    """One landscape that has all it takes does not stand for the others."""

    def test_a_landscape_without_values_is_counted_and_named(self, world: Watched) -> None:
        world.data(FEBRUARY, only="A")
        world.indices(FEBRUARY)
        world.decide()
        assert tell_of_months(world.on("2021-03-12")) == Told()
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (data)",)
        said = world.body("month_stuck")
        assert "no values of era5-land for 2021-02 in 1 of 2 landscapes of UZ (District B)" in said
        world.data(FEBRUARY, only="B")
        assert tell_of_months(world.on("2021-03-14")).closed == (FEBRUARY,)

    def test_nor_does_it_for_indices_and_stages(self, world: Watched) -> None:
        world.data(FEBRUARY)
        world.indices(FEBRUARY, only="B")
        world.decide()
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (compute)",)
        assert "no indices in 1 of 2 landscapes of UZ (District A)" in world.body("month_stuck")
        world.indices(FEBRUARY, only="A")
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (evaluate)",)
        world.decide()
        assert tell_of_months(world.on("2021-03-13")).closed == (FEBRUARY,)

    def test_what_the_source_says_is_a_gap_is_there_and_named_when_it_is_new(
        self, world: Watched
    ) -> None:
        world.data(FEBRUARY, gaps={"B": Gap.LOW_COVERAGE})
        world.indices(FEBRUARY)
        world.decide()
        assert tell_of_months(world.on("2021-03-10")).closed == (FEBRUARY,)
        assert world.notices()[-1] == (
            "month_closed",
            "Drought monitor 2021-02: all quiet, 1 landscape without values",
        )
        said = world.body("month_closed")
        assert "values for 1 of 2 landscapes" in said
        assert "UZ: gaps in 1 of 2 landscapes (District B: low_coverage)" in said
        world.data(FEBRUARY + 1, gaps={"B": Gap.LOW_COVERAGE})
        world.indices(FEBRUARY + 1)
        world.decide()
        assert tell_of_months(world.on("2021-04-10")).closed == (FEBRUARY + 1,)
        assert world.notices()[-1] == ("month_closed", "Drought monitor 2021-03: all quiet")

    def test_what_the_source_has_not_published_has_not_come(self, world: Watched) -> None:
        world.data(FEBRUARY, gaps={"B": Gap.NOT_PUBLISHED})
        world.indices(FEBRUARY)
        world.decide()
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (data)",)

    @pytest.mark.parametrize("other", [Gap.OUTSIDE_GRID, Gap.NOT_PUBLISHED, Gap.REJECTED])
    def test_a_file_that_does_not_reach_a_country_is_no_month(
        self, world: Watched, other: Gap
    ) -> None:
        world.data(FEBRUARY, gaps={"A": Gap.OUTSIDE_GRID, "B": other})
        world.indices(FEBRUARY)
        world.decide()
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (data)",)

    def test_one_that_reaches_it_and_has_gaps_alone_is(self, world: Watched) -> None:
        world.data(FEBRUARY, gaps={"A": Gap.REJECTED, "B": Gap.LOW_COVERAGE})
        world.indices(FEBRUARY)
        world.decide()
        assert tell_of_months(world.on("2021-03-10")).closed == (FEBRUARY,)
        assert world.notices()[-1] == (
            "month_closed",
            "Drought monitor 2021-02: all quiet, 2 landscapes without values",
        )
        said = world.body("month_closed")
        assert "UZ era5-land: preliminary, values for 0 of 2 landscapes" in said
        assert "gaps in 2 of 2 landscapes (District A: rejected, District B: low_coverage)" in said

    def test_where_gauges_decide_the_indices_of_the_grid_are_not_enough(
        self, world: Watched
    ) -> None:
        world.data(FEBRUARY)
        world.indices(FEBRUARY)
        world.decide()
        self.blend(world, "A")
        blended = world.place.settings.model_copy(update={"source": "blended"})
        world.place = replace(world.place, settings=blended)
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (compute)",)
        assert "no indices in 1 of 2 landscapes of UZ (District A)" in world.body("month_stuck")

    def test_where_no_gauge_has_reported_it_is_quiet_so_far_alone(self, world: Watched) -> None:
        world.whole(FEBRUARY)
        self.blend(world, "A")
        with world.place.warehouse.begin() as connection:
            for statement in (
                "UPDATE series.climate_month SET precipitation_mm = NULL, "
                "gap = 'too_few_observations' WHERE source = 'blended' AND month = '2021-02-01'",
                "INSERT INTO index.calibration SELECT (jsonb_populate_record(c, "
                '\'{"source": "blended"}\')).* FROM index.calibration AS c',
                "INSERT INTO index.value_month SELECT (jsonb_populate_record(v, "
                '\'{"source": "blended"}\')).* FROM index.value_month AS v',
            ):
                connection.execute(text(statement))
        blended = world.place.settings.model_copy(update={"source": "blended"})
        world.place = replace(world.place, settings=blended)
        assert tell_of_months(world.on("2021-03-10")).closed == (FEBRUARY,)
        said = "Drought monitor 2021-02: quiet so far, 1 landscape without values"
        assert world.notices() == [("month_closed", f"{said}; still expected: gauges")]
        assert "no gauge has reported in 1 of 2 landscapes of UZ (District A)" in world.body(
            "month_closed"
        )

    @staticmethod
    def blend(world: Watched, name: str) -> None:
        """The gauges of a landscape suffice: it has a blended series, and no indices of it yet."""
        with world.place.warehouse.begin() as connection:
            for statement in (
                "INSERT INTO series.climate_month (landscape_key, month, source, landscape_version, "
                "precipitation_mm, coverage_fraction, release, origin) SELECT landscape_key, month, "
                "'blended', landscape_version, precipitation_mm, coverage_fraction, release, origin "
                "FROM series.climate_month JOIN landscape.landscape USING (landscape_key) "
                "WHERE landscape_id = :name",
                "INSERT INTO series.agreement (landscape_key, source, landscape_version, calibration, "
                "gauges, n_months) SELECT landscape_key, 'era5-land', 1, '1991-2020', '{G1}', 300 "
                "FROM landscape.landscape WHERE landscape_id = :name",
            ):
                connection.execute(text(statement), {"name": name})


class TestFailedStepOfTheMonth:
    """What a run could not do is no end of a month, though every landscape has its stage."""

    @pytest.mark.parametrize("step", ["compute", "maps", "evaluate", "publish"])
    def test_it_waits_for_the_step(self, world: Watched, step: str) -> None:
        world.whole(FEBRUARY)
        fail(world, step, datetime.now(UTC) + timedelta(hours=1))
        assert tell_of_months(world.on("2021-03-08")) == Told()
        assert tell_of_months(world.on("2021-03-13")).stuck == (f"2021-02 ({step})",)
        assert f"{step}: failed, and has not ended well since: OSError: no room" in world.body(
            "month_stuck"
        )
        fail(world, step, datetime.now(UTC) + timedelta(hours=2), state="done")
        assert tell_of_months(world.on("2021-03-13")).closed == (FEBRUARY,)

    def test_what_a_person_tried_for_another_month_is_none_of_it(self, world: Watched) -> None:
        """As `drought bulletins 1980-01` may be refused."""
        world.whole(FEBRUARY)
        later = datetime.now(UTC) + timedelta(hours=1)
        fail(world, "bulletins", later, month=FEBRUARY - 1)
        fail(world, "evaluate", later, month=FEBRUARY)
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (evaluate)",)
        assert "bulletins" not in world.body("month_stuck")
        fail(world, "evaluate", later + timedelta(hours=1), state="done", month=FEBRUARY)
        assert tell_of_months(world.on("2021-03-13")).closed == (FEBRUARY,)

    def test_nor_is_another_calibration_or_a_site_elsewhere(
        self, installation: Installation, tmp_path: Path
    ) -> None:
        """Refused, it has failed under a name of its own."""
        other = CalibrationPeriod(1981, 2010)
        steps = (
            lambda: compute(installation, calibration=other),
            lambda: bring_maps(installation, calibration=other),
            lambda: publish_one(
                installation, public=False, to=tmp_path / "stick", accepts_unchecked=False
            ),
        )
        for step in steps:
            with pytest.raises(InputError):
                step()
        rows = told(
            installation.warehouse, "SELECT step, state FROM ops.outcome ORDER BY outcome_id"
        )
        names = ("compute_beside", "maps_beside", "publish_one")
        assert rows == [(name, "failed") for name in names]
        assert status(installation).failing == []

    def test_it_waits_for_shares_of_area_that_the_plan_hears(self, world: Watched) -> None:
        load(world.place.warehouse, self.of_areas(), effective_from=FEBRUARY)
        world.whole(FEBRUARY)
        assert tell_of_months(world.on("2021-03-10")) == Told()
        say_shares(world.place.warehouse, {"A": [0.1]}, first=FEBRUARY)
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (maps)",)
        said = world.body("month_stuck")
        assert "no shares of area in 1 of 2 landscapes of UZ (District B)" in said
        # A gap is data: the maps were looked at.
        say_shares(world.place.warehouse, {"B": [Gap.LOW_COVERAGE]}, first=FEBRUARY)
        assert tell_of_months(world.on("2021-03-13")).closed == (FEBRUARY,)

    @staticmethod
    def of_areas() -> dict[str, Any]:
        plan = adopted_plan({}, Country.UZBEKISTAN) | {"version": "2"}
        for stage, enter_at in zip(plan["ladders"]["meteorological"], (0.5, 0.7), strict=True):
            (rule,) = stage["rules"]
            del rule["index"]
            rule |= {
                "area_share": {"index": "spi_3", "at_or_below": -1.0},
                "enter_at": enter_at,
                "exit_at": 0.3,
            }
        return plan


class TestWhatReadersGet:
    """What is decided and not written nobody can read: a publishing may be late, or was killed."""

    @pytest.fixture
    def decided(self, world: Watched) -> Watched:
        world.data(FEBRUARY)
        world.indices(FEBRUARY)
        evaluate(world.place)
        return world

    def test_a_month_is_not_complete_before_its_bulletin_and_site_are_written(
        self, decided: Watched
    ) -> None:
        assert tell_of_months(decided.on("2021-03-10")) == Told()
        assert tell_of_months(decided.on("2021-03-13")).stuck == ("2021-02 (publish)",)
        said = decided.body("month_stuck")
        assert "publish: bulletin and site were not written since it was decided, at 20" in said
        decided.published()
        assert tell_of_months(decided.on("2021-03-13")).closed == (FEBRUARY,)

    def test_a_publishing_that_began_before_knows_nothing_of_it(self, decided: Watched) -> None:
        decided.published(seconds=3600)
        assert tell_of_months(decided.on("2021-03-13")).stuck == ("2021-02 (publish)",)

    def test_nor_one_that_began_before_the_decision_was_committed(self, decided: Watched) -> None:
        decided.published()
        with decided.place.warehouse.begin() as connection:
            connection.execute(text("UPDATE ops.moment SET committed_at = now() + interval '1 s'"))
        assert tell_of_months(decided.on("2021-03-13")).stuck == ("2021-02 (publish)",)


class TestLateByPlan:
    """One message a month and plan: that a part of what lacked came is no news."""

    def test_a_measure_that_came_is_no_reason_to_tell_the_rest_anew(
        self, world: Watched, tmp_path: Path
    ) -> None:
        self.rule(world, 8, 8)
        assert tell_of_months(world.on("2021-03-10")).late == ("2021-02 UZ",)
        assert "no value of reservoir_storage" in world.body("late_by_plan")
        self.came(world, tmp_path)
        assert tell_of_months(world.on("2021-03-11")) == Told()

    def test_another_that_is_late_too_is(self, world: Watched, tmp_path: Path) -> None:
        self.rule(world, 8, 12)
        assert tell_of_months(world.on("2021-03-10")).late == ("2021-02 UZ",)
        assert tell_of_months(world.on("2021-03-12")) == Told()
        assert tell_of_months(world.on("2021-03-13")).late == ("2021-02 UZ",)
        self.came(world, tmp_path)
        assert tell_of_months(world.on("2021-03-14")) == Told()

    def test_what_is_not_due_yet_is_still_expected(self, world: Watched) -> None:
        self.rule(world, 40, 50)
        assert world.notices() == [
            (
                "month_closed",
                "Drought monitor 2021-02: quiet so far; still expected: "
                "reservoir_storage_percent_of_full, water_availability_forecast_percent_of_norm",
            )
        ]
        said = world.body("month_closed")
        assert (
            "Still expected - UZ plan: no value of reservoir_storage_percent_of_full for 2021-02"
            in said
        )
        assert "until 2021-04-09" in said

    def test_what_came_is_expected_no_more(self, world: Watched, tmp_path: Path) -> None:
        self.heard(world, 40, 50)
        world.data(FEBRUARY)
        world.indices(FEBRUARY)
        self.came(world, tmp_path)
        world.decide()
        tell_of_months(world.on("2021-03-07"))
        assert world.notices()[0][1] == (
            "Drought monitor 2021-02: quiet so far; still expected: "
            "water_availability_forecast_percent_of_norm"
        )

    def test_a_document_is_told_of_while_the_data_lack(self, world: Watched) -> None:
        self.heard(world, 20, 20)
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (data)",)
        assert tell_of_months(world.on("2021-03-21")).late == ("2021-02 UZ",)
        assert tell_of_months(world.on("2021-03-22")) == Told()

    def test_it_is_told_while_the_month_stands_at_another_step(self, world: Watched) -> None:
        self.heard(world, 20, 20)
        world.data(FEBRUARY)
        world.indices(FEBRUARY)
        evaluate(world.place)
        assert tell_of_months(world.on("2021-03-13")).stuck == ("2021-02 (publish)",)
        assert tell_of_months(world.on("2021-03-20")) == Told()
        assert tell_of_months(world.on("2021-03-21")).late == ("2021-02 UZ",)
        assert tell_of_months(world.on("2021-03-22")) == Told()

    @classmethod
    def rule(cls, world: Watched, *days: int) -> None:
        """February is complete by a plan that hears documents, which nobody has brought."""
        cls.heard(world, *days)
        world.whole(FEBRUARY)
        assert tell_of_months(world.on("2021-03-07")).closed == (FEBRUARY,)

    @staticmethod
    def heard(world: Watched, *days: int) -> None:
        plan = adopted_plan({}, Country.UZBEKISTAN) | {"version": "2"}
        watch, warning = plan["ladders"]["meteorological"]
        heard = [
            ("reservoir_storage", "percent_of_full"),
            ("water_availability_forecast", "percent_of_norm"),
        ]
        for stage, (indicator, unit), late in zip((watch, warning), heard, days, strict=True):
            (rule,) = stage["rules"]
            del rule["index"]
            rule |= {"indicator": indicator, "unit": unit, "enter_at": 50, "exit_at": 90}
            rule |= {"late_after_days": late}
        load(world.place.warehouse, plan, effective_from=FEBRUARY)

    @staticmethod
    def came(world: Watched, folder: Path) -> None:
        document = folder / "reservoirs.csv"
        rows = [f"reservoir_storage;{name};2021-03-01;2021-02;2021-02;80" for name in "AB"]
        head = "indicator;landscape_id;issued_on;period_from;period_to;value;unit;document_number;issued_by;disclosure"
        tail = ";percent_of_full;1/21;Uzhydromet;open"
        document.write_text("\n".join([head, *(row + tail for row in rows), ""]), encoding="utf-8")
        ingest_indicator(world.place, document)


class TestTroubleInTelling:
    """What keeps the operator from being told is itself an outcome, until it has worked again."""

    def test_it_is_a_failure_and_a_success_ends_it(self, world: Watched) -> None:
        world.whole(FEBRUARY)
        self.say(world, "REVOKE INSERT ON alert.notice FROM drought_watch")
        with pytest.raises(ProgrammingError):
            tell_of_months(world.on("2021-03-07"))
        assert self.outcomes(world) == ["failed"]
        (failing,) = [row for row in status(world.place).failing if row["step"] == "tell_of_months"]
        assert "permission denied for table notice" in failing["message"]
        self.say(world, "GRANT INSERT ON alert.notice TO drought_watch")
        assert tell_of_months(world.on("2021-03-07")).closed == (FEBRUARY,)
        assert self.outcomes(world) == ["failed", "done"]

    def test_a_success_that_tells_nothing_ends_it_too_and_is_noted_once(
        self, world: Watched
    ) -> None:
        tell_of_months(world.on("2021-02-07"))
        fail(world, "tell_of_months", world.on("2021-02-08").clock())
        for _ in range(2):
            assert tell_of_months(world.on("2021-02-20")) == Told()
        assert self.outcomes(world) == ["done", "failed", "done"]

    @pytest.mark.parametrize(
        ("step", "right"),
        [
            (escalate, "SELECT ON alert.approval {} drought_decide"),
            (
                end_long_questions,
                "EXECUTE ON FUNCTION ops.end_long_questions(interval) {} drought_watch",
            ),
        ],
        ids=["escalate", "end_long_questions"],
    )
    def test_so_are_the_other_steps_that_mostly_find_nothing(
        self, world: Watched, step: Callable[[Installation], object], right: str
    ) -> None:
        step(world.place)
        self.say(world, f"REVOKE {right.format('FROM')}")
        with pytest.raises(ProgrammingError):
            step(world.place)
        assert self.outcomes(world, step.__name__) == ["failed"]
        self.say(world, f"GRANT {right.format('TO')}")
        step(world.place)
        step(world.place)
        assert self.outcomes(world, step.__name__) == ["failed", "done"]

    @staticmethod
    def say(world: Watched, statement: str) -> None:
        with world.place.warehouse.begin() as connection:
            connection.execute(text(statement))

    @staticmethod
    def outcomes(world: Watched, step: str = "tell_of_months") -> list[object]:
        rows = told(
            world.place.warehouse,
            "SELECT state FROM ops.outcome WHERE step = :step ORDER BY outcome_id",
            step=step,
        )
        return [state for (state,) in rows]


class TestFailingStep:
    def test_is_told_of_once_after_two_days(self, world: Watched) -> None:
        tell_of_months(world.on("2021-02-07"))
        begun = world.on("2021-02-08").clock()
        fail(world, "fetch", begun - timedelta(days=1), state="done")
        fail(world, "fetch", begun)
        fail(world, "fetch", begun + timedelta(days=1))
        assert tell_of_months(world.on("2021-02-10")) == Told()
        assert tell_of_months(world.on("2021-02-11")).failing == ("fetch",)
        fail(world, "fetch", begun + timedelta(days=4))
        assert tell_of_months(world.on("2021-02-13")) == Told()
        said = world.body("step_failing")
        assert "has failed since 2021-02-08, 2 times" in said
        assert "OSError: no room" in said

    def test_that_worked_since_and_fails_anew_is_told_of_anew(self, world: Watched) -> None:
        tell_of_months(world.on("2021-02-07"))
        begun = world.on("2021-02-08").clock()
        fail(world, "backup", begun)
        assert tell_of_months(world.on("2021-02-11")).failing == ("backup",)
        fail(world, "backup", begun + timedelta(days=4), state="done")
        assert tell_of_months(world.on("2021-02-15")) == Told()
        fail(world, "backup", begun + timedelta(days=8))
        assert tell_of_months(world.on("2021-02-20")).failing == ("backup",)

    def test_by_hand_is_not(self, world: Watched) -> None:
        tell_of_months(world.on("2021-02-07"))
        fail(world, "restore", world.on("2021-02-08").clock())
        assert tell_of_months(world.on("2021-02-20")) == Told()


class TestNoSourceDecides:
    def test_it_is_told_of_once_a_month_with_what_to_do(self, world: Watched) -> None:
        with world.place.warehouse.begin() as connection:
            raw = RawFile("second.nc", f"{2:064x}", 1000, "grid/second.nc")
            file_id, _ = save_file(
                connection, raw, kind="grid", source="chirps", product="monthly", origin=Origin.REAL
            )
            save_grid_months(connection, file_id, "chirps", {FEBRUARY: Release.FINAL})
        assert tell_of_months(world.on("2021-03-13")) == Told(failing=("no source decides",))
        for day in ("2021-03-14", "2021-04-01"):
            assert tell_of_months(world.on(day)) == Told()
        assert world.notices() == [("step_failing", "Drought monitor: no source decides")]
        said = world.body("step_failing")
        assert "holds several sources (chirps, era5-land)" in said
        assert "Set DROUGHT_SOURCE to the source that is to decide" in said
        assert "has failed since" not in said
        assert tell_of_months(world.on("2021-04-13")).failing == ("no source decides",)


class TestNobodyToTell:
    @pytest.mark.parametrize("lacks", ["smtp_host", "mail_operator"])
    def test_nothing_is_queued(self, world: Watched, lacks: str) -> None:
        world.whole(FEBRUARY)
        empty: list[str] | None = None if lacks == "smtp_host" else []
        settings = world.place.settings.model_copy(update={lacks: empty})
        place = replace(world.on("2021-03-20"), settings=settings)
        assert tell_of_months(place) == Told()
        assert world.notices() == []

    def test_nor_before_anything_was_decided(self, installation: Installation) -> None:
        settings = installation.settings.model_copy(
            update={"smtp_host": "127.0.0.1", "mail_operator": [OPERATOR]}
        )
        assert tell_of_months(replace(installation, settings=settings)) == Told()
