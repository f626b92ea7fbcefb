"""From index values to alerts that wait: what is decided, what is told, and what stays as it was."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from pipeline import wiring
from pipeline.cli import app
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, LandUse, Release
from pipeline.core.months import Month
from pipeline.plans.shipped import shipped_plans
from pipeline.steps.approve import approve, reject
from pipeline.steps.check import check
from pipeline.steps.evaluate import Evaluation, evaluate
from pipeline.steps.explain import explain
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.plans import load_plan
from tests.integration.conftest import NOW
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle, told
from tests.unit.alerts.cases import APPROVAL

pytestmark = pytest.mark.postgres

MARCH = Month(2021, 3)
APRIL = Month(2021, 4)
MAY = Month(2021, 5)

STATE = (
    "SELECT * FROM plan.stage_month ORDER BY 1, 2, 3",
    "SELECT * FROM plan.stage_month_superseded ORDER BY 1, 2, 3, known_until",
    "SELECT * FROM alert.transition ORDER BY alert_id",
    "SELECT * FROM alert.approval ORDER BY alert_id",
    "SELECT * FROM alert.message ORDER BY message_id",
    "SELECT * FROM alert.delivery ORDER BY delivery_id",
)


@pytest.fixture
def world(warehouse: Engine) -> Engine:
    """Two rainfed districts of Uzbekistan, without values yet."""
    settle(warehouse, [landscape("A"), landscape("B")])
    return warehouse


def state(warehouse: Engine) -> list[list[tuple[Any, ...]]]:
    """All that an evaluation may write, row for row."""
    return [told(warehouse, query) for query in STATE]


def alerts(warehouse: Engine) -> list[tuple[object, ...]]:
    """Landscape, month, change, from, to and approval of every transition, oldest first."""
    return told(
        warehouse,
        "SELECT landscape_id, to_char(month, 'YYYY-MM'), change, from_stage, to_stage, approval "
        "FROM mart.alert ORDER BY alert_id",
    )


def stages(warehouse: Engine, landscape_id: str = "A") -> list[object]:
    """The meteorological stage of each month."""
    return [
        row[0]
        for row in told(
            warehouse,
            "SELECT stage FROM mart.stage_month WHERE landscape_id = :id "
            "AND drought_type = 'meteorological' ORDER BY month",
            id=landscape_id,
        )
    ]


def count(warehouse: Engine, table: str) -> object:
    return told(warehouse, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - names of ours


class TestBeforeGoingLive:
    def test_stages_and_transitions_are_kept_and_nothing_is_told(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.7, 0.1], "B": [0.5, 0.5, 0.5, 0.5]})
        done = evaluate(installation)
        assert done == Evaluation(stage_rows=2 * 3 * 4, transitions=3, told=0)
        assert stages(world) == ["none", "watch", "warning", "none"]
        assert stages(world, "B") == ["none"] * 4
        assert alerts(world) == [
            ("A", "2021-02", "began", "none", "watch", "not_needed"),
            ("A", "2021-03", "escalated", "watch", "warning", "not_needed"),
            ("A", "2021-04", "ended", "warning", "none", "not_needed"),
        ]
        assert count(world, "alert.message") == count(world, "alert.delivery") == 0

    def test_a_backfill_of_old_months_tells_nothing(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, 0.3], "B": [0.5, 0.5]}, first=APRIL)
        golive(installation, MAY + 1)
        say_spi_3(world, {"A": [-1.2, -2.5, 0.2], "B": [0.5, 0.5, 0.5]})
        assert evaluate(installation).told == 0
        assert [row[2] for row in alerts(world)] == ["began", "escalated", "ended"]
        assert count(world, "alert.message") == 0

    def test_the_evidence_names_value_threshold_and_plan(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2], "B": [0.5, 0.5]})
        evaluate(installation)
        ((alert_id, evidence),) = told(world, "SELECT alert_id, evidence FROM mart.alert")
        assert isinstance(evidence, dict)
        first = evidence["comparisons"][0]
        assert (first["index"], first["value"], first["enter_at"]) == ("spi_3", -1.2, -1.0)
        assert first["source"]["threshold"]["kind"] == "generic"
        assert (evidence["plan_id"], evidence["plan_version"]) == ("uz-generic", "2")
        assert evidence["inputs"]["calibration"] == "1991-2020"
        assert isinstance(alert_id, int)
        said = explain(installation, alert_id)
        assert "-1.20 is at or below -1.0: stage" in " ".join(said.argument.split())
        assert said.tables[0].rows[0][:4] == ("1", "watch", "spi_3", "-1.2")
        assert said.data["evidence"] == evidence

    @pytest.mark.parametrize(
        ("options", "has_argument", "has_tables"),
        [
            pytest.param([], True, True, id="as an argument and as tables"),
            pytest.param(["--argument"], True, False, id="as an argument alone"),
            pytest.param(["--table"], False, True, id="as tables alone"),
        ],
    )
    def test_the_command_explains_an_alert(
        self,
        world: Engine,
        installation: Installation,
        monkeypatch: pytest.MonkeyPatch,
        options: list[str],
        has_argument: bool,
        has_tables: bool,
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2], "B": [0.5, 0.5]})
        evaluate(installation)
        ((alert_id,),) = told(world, "SELECT alert_id FROM mart.alert")
        monkeypatch.setattr(wiring, "installation", lambda **_: installation)
        done = CliRunner().invoke(app, ["explain", str(alert_id), *options])
        assert done.exit_code == 0, done.output
        lines = done.output.rstrip().splitlines()
        assert (
            lines[0]
            == lines[-1]
            == ("NOT FOR PUBLICATION - thresholds not adopted by a cited national order")
        )
        assert ("- What was measured: " in done.output) is has_argument
        assert ("Where the numbers come from" in done.output) is has_tables
        as_json = CliRunner().invoke(app, ["explain", str(alert_id), "--json"])
        assert json.loads(as_json.output)["evidence"]["stage_after"] == "watch"


class TestGoingLive:
    def test_each_landscape_in_a_stage_gets_one_alert_and_no_other(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.7], "B": [0.5, -1.1, 0.1]})
        assert golive(installation, APRIL) == 1
        assert alerts(world)[-1] == ("A", "2021-03", "in_force", "warning", "warning", "pending")
        assert [row[-1] for row in alerts(world)[:-1]] == ["not_needed"] * 4
        ((chain,),) = told(world, "SELECT chain_id FROM mart.alert WHERE change = 'in_force'")
        assert chain == "A/meteorological/2021-02"
        assert told(world, "SELECT form, language FROM alert.message ORDER BY 1, 2") == [
            *(("brief", language) for language in ("en", "ru", "uz")),
            ("cap", "mul"),
            *((form, language) for form in ("letter", "sms") for language in ("en", "ru", "uz")),
        ]

    def test_saying_it_twice_changes_nothing(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.7], "B": [0.5, 0.5, 0.5]})
        golive(installation, APRIL)
        before = state(world)
        assert golive(installation, APRIL) == 0
        assert state(world) == before

    def test_another_month_is_refused(self, world: Engine, installation: Installation) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.7], "B": [0.5, 0.5, 0.5]})
        golive(installation, APRIL)
        before = state(world)
        with pytest.raises(ConflictError, match="told from 2021-04 on already, got 2021-03"):
            golive(installation, MARCH)
        assert state(world) == before
        assert told(world, "SELECT to_char(live_from, 'YYYY-MM') FROM ops.identity") == [
            ("2021-04",)
        ]

    def test_without_the_month_before_it_says_what_is_missing(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2], "B": [0.5, 0.5]})
        with pytest.raises(InputError, match="expected indices up to 2021-04"):
            golive(installation, MAY)
        assert told(world, "SELECT live_from FROM ops.identity") == [(None,)]
        assert count(world, "alert.message") == 0

    def test_changes_decided_before_are_told_from_the_month_on(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.7, -2.2], "B": [0.5, 0.5, 0.5, -1.4]})
        evaluate(installation)
        assert golive(installation, APRIL) == 3
        assert [row for row in alerts(world) if row[-1] == "pending"] == [
            ("A", "2021-04", "escalated", "warning", "severe", "pending"),
            ("B", "2021-04", "began", "none", "watch", "pending"),
            ("A", "2021-03", "in_force", "warning", "warning", "pending"),
        ]
        assert count(world, "alert.message") == 3 * 10

    def test_a_change_of_a_live_month_waits_for_approval(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, 0.2, 0.2], "B": [0.5, 0.5, 0.5]})
        assert golive(installation, APRIL) == 0
        say_spi_3(world, {"A": [-1.2], "B": [0.5]}, first=APRIL)
        assert evaluate(installation) == Evaluation(stage_rows=6, transitions=1, told=1)
        assert alerts(world) == [("A", "2021-04", "began", "none", "watch", "pending")]
        states = told(world, "SELECT DISTINCT state, attempts FROM alert.delivery")
        assert states == [("waiting", 0)]


class TestTwice:
    def test_evaluating_twice_changes_no_row(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.7], "B": [-2.4, 0.2, -1.0]})
        golive(installation, MARCH)
        evaluate(installation)
        before = state(world)
        assert evaluate(installation) == Evaluation(stage_rows=0, transitions=0, told=0)
        assert state(world) == before
        assert count(world, "plan.stage_month_superseded") == 0

    def test_two_at_once_decide_everything_once(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.7], "B": [0.5, 0.5, 0.5]})
        with ThreadPoolExecutor() as pool:
            done = list(pool.map(lambda _: evaluate(installation), range(2)))
        assert sorted(one.stage_rows for one in done) == [0, 2 * 3 * 3]
        assert [row[2] for row in alerts(world)] == ["began", "escalated"]

    def test_the_next_alert_gets_the_next_number(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [-1.2], "B": [0.5]})
        evaluate(installation)
        evaluate(installation)
        say_spi_3(world, {"A": [0.2], "B": [0.5]}, first=JANUARY + 1)
        evaluate(installation)
        assert told(world, "SELECT alert_id FROM mart.alert ORDER BY 1") == [(1,), (2,)]

    def test_a_value_that_keeps_the_stage_changes_only_the_value(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [-1.2], "B": [0.5]}, release=Release.PRELIMINARY)
        golive(installation, JANUARY + 1)
        before = state(world)
        assert say_spi_3(world, {"A": [-1.3], "B": [0.5]}) == 2
        assert evaluate(installation).transitions == 0
        assert state(world) == before


def correction(warehouse: Engine) -> str:
    """The English letter about the one correction, on one line."""
    ((draft,),) = told(
        warehouse,
        "SELECT draft FROM alert.message JOIN alert.transition USING (alert_id) "
        "WHERE change = 'corrected' AND form = 'letter' AND language = 'en'",
    )
    return " ".join(str(draft).split())


class TestCorrections:
    def test_a_stage_that_was_told_is_corrected_by_a_message_of_its_own(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, 0.2, 0.2], "B": [0.5, 0.5, 0.5]})
        golive(installation, APRIL)
        say_spi_3(world, {"A": [-1.2], "B": [0.5]}, first=APRIL, release=Release.PRELIMINARY)
        evaluate(installation)
        say_spi_3(world, {"A": [-0.8], "B": [0.5]}, first=APRIL)
        assert evaluate(installation).told == 1
        assert alerts(world) == [
            ("A", "2021-04", "began", "none", "watch", "pending"),
            ("A", "2021-04", "corrected", "watch", "none", "pending"),
        ]
        chains = told(world, "SELECT DISTINCT chain_id FROM mart.alert")
        assert chains == [("A/meteorological/2021-04",)]
        # The first alert has not left: nobody was told of it by an earlier message.
        assert 'by the data now at hand: before stage "Watch", now no stage' in correction(world)
        assert told(world, "SELECT stage FROM plan.stage_month_superseded") == [("watch",)]
        assert check(installation)

    def test_a_correction_cites_the_message_that_left(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, 0.2, 0.2], "B": [0.5, 0.5, 0.5]})
        golive(installation, APRIL)
        say_spi_3(world, {"A": [-1.2], "B": [0.5]}, first=APRIL, release=Release.PRELIMINARY)
        evaluate(installation)
        approve(installation, [1], APPROVAL)
        say_spi_3(world, {"A": [-0.8], "B": [0.5]}, first=APRIL)
        evaluate(installation)
        assert 'An earlier message said stage "Watch"; the data now at hand' in correction(world)

    def test_a_correction_cites_no_message_that_was_refused(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, 0.2, 0.2], "B": [0.5, 0.5, 0.5]})
        golive(installation, APRIL)
        say_spi_3(world, {"A": [-1.2], "B": [0.5]}, first=APRIL, release=Release.PRELIMINARY)
        evaluate(installation)
        reject(installation, [1], APPROVAL)
        say_spi_3(world, {"A": [-1.6], "B": [0.5]}, first=APRIL)
        evaluate(installation)
        assert 'before stage "Watch", now stage "Warning"' in correction(world)

    def test_what_was_in_force_when_telling_began_is_corrected_too(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.1], "B": [0.5, 0.5, 0.5]})
        golive(installation, APRIL)
        say_spi_3(world, {"A": [0.2, -0.3, -0.2], "B": [0.5, 0.5, 0.5]})
        assert evaluate(installation).told == 1
        assert alerts(world)[-1] == ("A", "2021-02", "corrected", "watch", "none", "pending")

    def test_history_that_was_never_told_is_corrected_in_silence(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [-1.2, 0.2, 0.2], "B": [0.5, 0.5, 0.5]})
        golive(installation, APRIL)
        say_spi_3(world, {"A": [-0.8, 0.2, 0.2], "B": [0.5, 0.5, 0.5]})
        done = evaluate(installation)
        assert (done.transitions, done.told) == (1, 0)
        assert alerts(world)[-1] == ("A", "2021-01", "corrected", "watch", "none", "not_needed")
        assert count(world, "alert.message") == 0


class TestGaps:
    def test_a_gap_holds_the_stage_and_a_long_one_unconfirms_it(
        self, world: Engine, installation: Installation
    ) -> None:
        silence = [Gap.NOT_PUBLISHED] * 4
        say_spi_3(world, {"A": [-1.2, *silence, 0.1], "B": [0.5, *silence, 0.5]})
        evaluate(installation)
        rows = told(
            world,
            "SELECT stage, is_confirmed, silent_months, to_char(since_month, 'YYYY-MM') "
            "FROM mart.stage_month WHERE landscape_id = 'A' AND drought_type = 'meteorological' "
            "ORDER BY month",
        )
        assert rows == [
            ("watch", True, 0, "2021-01"),
            ("watch", True, 1, "2021-01"),
            ("watch", True, 2, "2021-01"),
            ("watch", True, 3, "2021-01"),
            ("watch", False, 4, "2021-01"),
            ("none", True, 0, "2021-06"),
        ]
        assert [row[1:3] for row in alerts(world)] == [("2021-01", "began"), ("2021-06", "ended")]

    def test_a_landscape_that_was_never_heard_of_is_not_known_to_be_wet(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [Gap.CALIBRATION_SHORT], "B": [0.5]})
        evaluate(installation)
        rows = told(
            world,
            "SELECT landscape_id, stage, is_confirmed FROM mart.stage_month "
            "WHERE drought_type = 'meteorological' ORDER BY 1",
        )
        assert rows == [("A", "none", False), ("B", "none", True)]


def agency_plan(path: Path, **changes: object) -> Path:
    """The shipped plan of Uzbekistan as an agency's own: two stages under its own names."""
    (shipped,) = (plan for plan in shipped_plans() if plan.country is Country.UZBEKISTAN)
    body = shipped.as_json() | {"plan_id": "uz-agency", "effective_from": str(MARCH)}
    yellow, red = body["ladders"]["meteorological"][:2]
    yellow |= {"stage": "yellow", "names": {"en": "Yellow", "ru": "Жёлтая", "uz": "Sariq"}}
    red |= {"stage": "red", "names": {"en": "Red", "ru": "Красная", "uz": "Qizil"}}
    yellow["rules"][0]["enter_at"], red["rules"][0]["enter_at"] = -0.5, -1.2
    body["ladders"]["meteorological"] = [yellow, red]
    path.write_text(yaml.safe_dump(body | changes, allow_unicode=True), encoding="utf-8")
    return path


def with_rules_for(land_use: LandUse, path: Path) -> Path:
    """The agency's plan with a meteorological ladder for one land use only."""
    body = yaml.safe_load(agency_plan(path).read_text(encoding="utf-8"))
    for stage in body["ladders"]["meteorological"]:
        for rule in stage["rules"]:
            rule["land_uses"] = [str(land_use)]
    path.write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")
    return path


class TestAnAgencysPlan:
    def test_it_rules_from_its_month_on_and_knows_what_went_before(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        say_spi_3(world, {"A": [0.2, -0.7, -0.6, -1.3], "B": [0.5, -0.2, -0.2, 0.5]})
        load_plan(installation, agency_plan(tmp_path / "uz.yaml"))
        evaluate(installation)
        rows = told(
            world,
            "SELECT plan_id, stage, to_char(since_month, 'YYYY-MM') FROM mart.stage_month "
            "WHERE landscape_id = 'A' AND drought_type = 'meteorological' ORDER BY month",
        )
        assert rows == [
            ("uz-generic", "none", "2021-01"),
            ("uz-generic", "none", "2021-01"),
            ("uz-agency", "yellow", "2021-02"),
            ("uz-agency", "red", "2021-04"),
        ]
        assert [row[1:5] for row in alerts(world)] == [
            ("2021-03", "began", "none", "yellow"),
            ("2021-04", "escalated", "yellow", "red"),
        ]

    def test_a_stage_named_by_the_plan_before_is_quoted_as_it_was(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.4], "B": [0.5, 0.5]})
        golive(installation, MARCH)
        load_plan(installation, agency_plan(tmp_path / "uz.yaml"))
        say_spi_3(world, {"A": [-1.3], "B": [0.5]}, first=MARCH)
        assert evaluate(installation).told == 1
        assert alerts(world)[-1] == ("A", "2021-03", "escalated", "watch", "red", "pending")
        ((alert_id, subject),) = told(
            world,
            "SELECT alert_id, subject FROM alert.message JOIN alert.transition USING (alert_id) "
            "WHERE change = 'escalated' AND form = 'letter' AND language = 'en'",
        )
        assert 'stage rises from "watch" to "Red"' in str(subject)
        assert isinstance(alert_id, int)
        approve(installation, [alert_id], replace(APPROVAL, answered_at=NOW))

    def test_loaded_after_the_month_it_corrects_what_was_told_under_the_old_one(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        say_spi_3(world, {"A": [0.2, 0.2, -1.4], "B": [0.5, 0.5, 0.5]})
        golive(installation, MARCH)
        evaluate(installation)
        load_plan(installation, agency_plan(tmp_path / "uz.yaml"))
        assert evaluate(installation).told == 1
        assert alerts(world) == [
            ("A", "2021-03", "began", "none", "watch", "pending"),
            ("A", "2021-03", "corrected", "watch", "red", "pending"),
        ]

    def test_without_a_ladder_for_a_drought_type_it_says_once_that_nothing_is_known_of_it(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        path = agency_plan(tmp_path / "uz.yaml")
        body = yaml.safe_load(path.read_text(encoding="utf-8"))
        body["ladders"] = {"meteorological": body["ladders"]["meteorological"]}
        path.write_text(yaml.safe_dump(body, allow_unicode=True), encoding="utf-8")
        load_plan(installation, path)
        say_spi_3(world, {"A": [0.2, 0.2, -1.4], "B": [0.5, 0.5, 0.5]})
        assert golive(installation, APRIL) == 1
        assert alerts(world)[-1] == ("A", "2021-03", "in_force", "red", "red", "pending")
        say_spi_3(world, {"A": [-1.4], "B": [0.5]}, first=APRIL)
        evaluate(installation)
        rows = told(
            world,
            "SELECT drought_type, to_char(month, 'YYYY-MM'), stage, is_confirmed "
            "FROM mart.stage_month WHERE landscape_id = 'A' AND month >= '2021-02-01' "
            "AND drought_type <> 'hydrological' ORDER BY 1, 2",
        )
        assert rows == [
            ("agricultural", "2021-02", "none", True),
            ("agricultural", "2021-03", "none", False),
            ("meteorological", "2021-02", "none", True),
            ("meteorological", "2021-03", "red", True),
            ("meteorological", "2021-04", "red", True),
        ]

    def test_without_rules_for_a_land_use_the_drought_that_was_told_there_is_over(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        settle(world, [landscape("P", land_use=LandUse.PASTORAL)])
        say_spi_3(world, {"A": [0.2, -1.4], "P": [0.2, -1.4]})
        golive(installation, MARCH)
        load_plan(installation, with_rules_for(LandUse.PASTORAL, tmp_path / "uz.yaml"))
        say_spi_3(world, {"A": [-1.4], "P": [-1.4]}, first=MARCH)
        assert evaluate(installation).told == 2
        assert alerts(world)[-2:] == [
            ("A", "2021-03", "ended", "watch", "none", "pending"),
            ("P", "2021-03", "escalated", "watch", "red", "pending"),
        ]
        ((unruled, lines),) = told(
            world,
            "SELECT evidence -> 'unruled', jsonb_array_length(evidence -> 'comparisons') "
            "FROM mart.alert WHERE change = 'ended'",
        )
        assert unruled == {"reason": "no_rule", "plan_id": "uz-agency", "plan_version": "2"}
        assert lines == 0

    def test_of_the_same_month_it_goes_before_the_shipped_one(
        self, world: Engine, installation: Installation, tmp_path: Path
    ) -> None:
        say_spi_3(world, {"A": [-0.6], "B": [0.5]})
        load_plan(installation, agency_plan(tmp_path / "uz.yaml", effective_from="1950-01"))
        evaluate(installation)
        assert stages(world) == ["yellow"]


class TestFromAMonth:
    def test_earlier_months_are_not_added(self, world: Engine, installation: Installation) -> None:
        say_spi_3(world, {"A": [-1.2, -1.7, 0.1], "B": [0.5, 0.5, 0.5]})
        evaluate(installation, first=MARCH)
        assert told(world, "SELECT DISTINCT to_char(month, 'YYYY-MM') FROM mart.stage_month") == [
            ("2021-03",)
        ]
        assert alerts(world) == [("A", "2021-03", "ended", "warning", "none", "not_needed")]

    def test_held_months_before_it_are_corrected_all_the_same(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [-1.2, 0.1], "B": [0.5, 0.5]})
        evaluate(installation)
        say_spi_3(world, {"A": [0.3, 0.1], "B": [0.5, 0.5]})
        evaluate(installation, first=MARCH)
        assert stages(world) == ["none", "none"]
        assert [row[2] for row in alerts(world)] == ["began", "ended", "corrected"]

    def test_months_after_the_last_one_wait(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, -1.2, -1.7], "B": [0.5, 0.5, 0.5]})
        evaluate(installation, to=JANUARY + 1)
        assert stages(world) == ["none", "watch"]
        evaluate(installation)
        assert stages(world) == ["none", "watch", "warning"]
        assert [row[2] for row in alerts(world)] == ["began", "escalated"]


class TestAllOrNothing:
    def test_a_failure_while_wording_leaves_neither_stage_nor_transition(
        self, world: Engine, installation: Installation
    ) -> None:
        say_spi_3(world, {"A": [0.2, 0.2], "B": [0.5, 0.5]})
        golive(installation, MARCH)
        say_spi_3(world, {"A": [-1.2], "B": [-1.2]}, first=MARCH)
        before = state(world)
        with world.begin() as connection:
            connection.execute(
                text(
                    "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$; "
                    "CREATE TRIGGER fail BEFORE INSERT ON alert.message FOR EACH ROW "
                    "WHEN (NEW.form = 'cap') EXECUTE FUNCTION fail()"
                )
            )
        with pytest.raises(DBAPIError, match="the disk is full"):
            evaluate(installation)
        assert state(world) == before
        ((step, outcome, message),) = told(
            world, "SELECT step, state, message FROM ops.outcome ORDER BY outcome_id DESC LIMIT 1"
        )
        assert (step, outcome) == ("evaluate", "failed")
        assert "the disk is full" in str(message)

        with world.begin() as connection:
            connection.execute(text("DROP FUNCTION fail CASCADE"))
        assert evaluate(installation).told == 2

    def test_without_indices_it_says_what_to_do(
        self, world: Engine, installation: Installation
    ) -> None:
        with pytest.raises(InputError, match="run `drought compute` first"):
            evaluate(installation)


def test_a_refused_alert_says_so_and_its_messages_are_withdrawn(
    world: Engine, installation: Installation
) -> None:
    say_spi_3(world, {"A": [-1.2], "B": [0.5]})
    golive(installation, JANUARY + 1)
    reject(installation, [2], replace(APPROVAL, answered_at=NOW))
    assert alerts(world)[-1][-1] == "refused"
    assert told(world, "SELECT DISTINCT state FROM mart.delivery") == [("cancelled",)]


def test_a_corrected_old_drought_is_not_told_though_a_present_one_is(
    installation: Installation,
) -> None:
    old, present = [-1.2, -1.2, 0.5, 0.5], [-1.3, -1.3]
    settle(installation.warehouse, [landscape("A")])
    say_spi_3(installation.warehouse, {"A": [*old, *present]})
    assert golive(installation, JANUARY + 6) == 1
    say_spi_3(installation.warehouse, {"A": [-1.2, -1.7, 0.5, 0.5, *present]})
    done = evaluate(installation)
    assert (done.transitions, done.told) == (1, 0)
    chains = told(
        installation.warehouse,
        "SELECT change, chain_id FROM alert.transition ORDER BY alert_id",
    )
    assert chains[-1] == ("corrected", "A/meteorological/2021-01")
    assert ("in_force", "A/meteorological/2021-05") in chains
