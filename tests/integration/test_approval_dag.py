"""Alerts answered on Airflow's page, through its REST API, as different people.

Airflow runs in a process of its own (`answering`); nothing of it is replaced.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from pipeline.alerts.facts import Approval
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.approve import reject
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.steps.status import pending_alerts
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.databases import copy_database
from tests.integration.desk import ORDER, appoint
from tests.integration.issuing_plan import adopt
from tests.integration.little_world import JANUARY, landscape, say_spi_3, settle

# One worker runs Airflow for all of them.
pytestmark = [pytest.mark.postgres, pytest.mark.airflow, pytest.mark.xdist_group("approval_dag")]

FORECASTER = Approval("A. Karimova", "Drought desk of the page", NOW, login="forecaster")
USERS = "admin:admin,forecaster:op,deputy:op,viewer:viewer"
FEBRUARY = JANUARY + 1
LONGEST_SECONDS = 240


@dataclass
class Desk:
    """A warehouse in which alerts wait, and Airflow beside it."""

    process: subprocess.Popen[str]
    place: Installation
    log: Path
    lines: list[str] = field(default_factory=list)
    """What Airflow logged on its output."""

    def begin(self, *names: str) -> list[int]:
        """Let a drought begin in new landscapes; return the alerts that wait."""
        settle(self.place.warehouse, [landscape(name) for name in names])
        say_spi_3(self.place.warehouse, {name: [0.5, -1.2] for name in names})
        evaluate(self.place)
        return pending_alerts(self.place)

    def play(self, *acts: dict[str, object], questions: int, **more: object) -> dict[str, Any]:
        """Run `approve_alerts` while people act; return how it ended and what they were told."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.lines.clear()
        scene = {"acts": acts, "questions": questions, **more}
        self.process.stdin.write(json.dumps(scene) + "\n")
        self.process.stdin.flush()
        for said in self.process.stdout:
            if said.startswith("ran "):
                found: dict[str, Any] = json.loads(said.removeprefix("ran "))
                return found
            self.lines.append(said)
        pytest.fail(self.log.read_text()[-3000:])

    def heard(self) -> str:
        """What Airflow said during the last run."""
        return "".join(self.lines) + self.log.read_text()

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with self.place.warehouse.begin() as connection:
            return [tuple(row) for row in connection.execute(text(query))]

    def answers(self, *names: str) -> dict[object, tuple[object, ...]]:
        """Of each landscape: the answer to its alert, by whom, logged in as whom, through which door."""
        rows = self.rows(
            "SELECT landscape_id, a.state, a.name, a.login, a.door FROM alert.approval AS a "
            "JOIN mart.alert USING (alert_id) WHERE a.state <> 'not_needed'"
        )
        return {name: tuple(rest) for name, *rest in rows if name in names}


def answering(about: str, user: str, option: str = "Approve", **form: object) -> dict[str, object]:
    return {
        "do": "answer",
        "about": f"District {about}",
        "user": user,
        "option": option,
        "form": form,
    }


@pytest.fixture(scope="module")
def airflow(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Airflow, started once, beside a live warehouse in which nothing waits."""
    folder = tmp_path_factory.mktemp("approval_dag")
    copy_database(postgres, "approval_dag", TEMPLATE)
    url = postgres.url("approval_dag")
    engine = create_engine(url)
    adopt(engine, {"expires_after_days": 30})
    appoint(engine, FORECASTER)
    settle(engine, [landscape("quiet")])
    say_spi_3(engine, {"quiet": [0.5, 0.5]})
    place = Installation(Settings(var=folder / "var"), engine, clock=lambda: NOW)
    golive(place, FEBRUARY)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONWARNINGS": "ignore",
        "DROUGHT_VAR": str(folder / "var"),
        "DROUGHT_DATABASE_URL": url,
        "DROUGHT_TRUST_CLOCK": "true",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": USERS,
    }
    log = folder / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.integration.answering"],
            env=environment,
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        yield Desk(process, place, log)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=LONGEST_SECONDS)
    engine.dispose()


@pytest.fixture
def desk(airflow: Desk) -> Iterator[Desk]:
    yield airflow
    left = pending_alerts(airflow.place)
    if left:
        reject(airflow.place, left, replace(FORECASTER, answered_at=NOW))


def test_with_nothing_to_answer_the_run_ends_at_once(desk: Desk) -> None:
    ended = desk.play(questions=0)
    assert (ended["state"], ended["asks"]) == ("success", {})


def test_who_may_issue_approves_one_alert_and_refuses_another(desk: Desk) -> None:
    desk.begin("A1", "A2")
    ended = desk.play(
        answering(
            "A1",
            "forecaster",
            protocol="12",
            protocol_date="2026-11-08",
            note="Told the committee.",
            page_checksum="AB" * 32,
            accept_unchecked=True,
        ),
        answering("A2", "forecaster", "Reject", note="gauge at fault"),
        questions=2,
    )
    assert [status for status, _ in ended["told"]] == [200, 200]
    assert ended["state"] == "success"
    assert ended["asks"] == {
        "District A1 2021-02 meteorological: watch": "success",
        "District A2 2021-02 meteorological: watch": "success",
    }
    answered = ("A. Karimova", "forecaster", "airflow")
    assert desk.answers("A1", "A2") == {
        "A1": ("approved", *answered),
        "A2": ("refused", *answered),
    }
    assert desk.rows(
        "SELECT office, legal_basis, protocol, protocol_date::text, note, page_checksum, "
        "accepts_unchecked FROM alert.approval JOIN alert.transition USING (alert_id) "
        "JOIN landscape.landscape USING (landscape_key) WHERE landscape_id = 'A1'"
    ) == [
        (
            "Drought desk of the page",
            ORDER,
            "12",
            "2026-11-08",
            "Told the committee.",
            "ab" * 32,
            True,
        )
    ]
    assert desk.rows(
        "SELECT landscape_id, language, d.state FROM mart.delivery AS d JOIN mart.alert "
        "USING (alert_id) WHERE landscape_id IN ('A1', 'A2') ORDER BY 1, 2"
    ) == [
        *(("A1", language, "queued") for language in ("en", "mul", "ru")),
        *(("A2", language, "cancelled") for language in ("en", "mul", "ru")),
    ]


def test_a_question_shows_the_letters_the_argument_and_who_may_answer(desk: Desk) -> None:
    (alert,) = desk.begin("B1")
    ended = desk.play(answering("B1", "forecaster"), questions=1)
    (shown,) = ended["shown"]
    assert shown["subject"] == "UZ District B1 2021-02 meteorological: watch"
    assert "May be answered by: A. Karimova (forecaster), A. Karimova (karimova)." in shown["body"]
    drafts = desk.rows(
        "SELECT language, draft FROM alert.message "  # noqa: S608
        f"WHERE alert_id = {alert} AND form = 'letter' ORDER BY language"
    )
    assert [language for language, _ in drafts] == ["en", "ru"]
    for _, draft in drafts:
        assert f"```text\n{draft}\n```" in shown["body"]
    assert "### The letter in `en`\n" in shown["body"]
    assert "### The letter in `ru`, which leaves only if you accept" in shown["body"]
    assert "### Why" in shown["body"]
    assert set(shown["params"]) == {
        *("protocol", "protocol_date", "legal_basis", "note", "page_checksum", "accept_unchecked")
    }


def test_a_viewer_may_look_and_not_answer(desk: Desk) -> None:
    desk.begin("C1")
    ended = desk.play(
        answering("C1", "viewer"), answering("C1", "forecaster", "Reject"), questions=1
    )
    assert [status for status, _ in ended["told"]] == [403, 200]
    assert desk.answers("C1") == {"C1": ("refused", "A. Karimova", "forecaster", "airflow")}


def test_the_second_answer_is_told_that_it_is_the_second(desk: Desk) -> None:
    desk.begin("D1")
    ended = desk.play(
        answering("D1", "forecaster"), answering("D1", "forecaster", "Reject"), questions=1
    )
    (first, _), (second, said) = ended["told"]
    assert (first, second) == (200, 409)
    assert "is not allowed to write again" in said["detail"]
    assert desk.answers("D1") == {"D1": ("approved", "A. Karimova", "forecaster", "airflow")}


def test_an_answer_by_who_may_not_issue_is_not_written_down_and_it_is_asked_again(
    desk: Desk,
) -> None:
    desk.begin("E1")
    ended = desk.play(answering("E1", "deputy"), questions=1)
    assert [status for status, _ in ended["told"]] == [200]
    assert (ended["state"], [*ended["asks"].values()]) == ("failed", ["failed"])
    assert desk.answers("E1") == {"E1": ("pending", None, None, None)}
    assert desk.rows("SELECT DISTINCT d.state FROM mart.delivery AS d JOIN mart.alert USING "
                     "(alert_id) WHERE landscape_id = 'E1'") == [("waiting",)]  # fmt: skip
    assert "deputy: expected an account that holds the issuing role for UZ" in desk.heard()


def test_after_such_an_answer_the_question_is_put_again(desk: Desk) -> None:
    desk.begin("F1")
    ended = desk.play(
        answering("F1", "deputy"),
        {"do": "wait"},
        answering("F1", "forecaster"),
        questions=1,
        retries=2,
    )
    assert ended["state"] == "success"
    assert desk.answers("F1") == {"F1": ("approved", "A. Karimova", "forecaster", "airflow")}


def test_what_cannot_be_meant_is_asked_again(desk: Desk) -> None:
    desk.begin("G1")
    ended = desk.play(
        answering("G1", "forecaster", protocol="12", protocol_date="the 8th"),
        {"do": "wait"},
        answering("G1", "forecaster", page_checksum="page 1"),
        {"do": "wait"},
        answering("G1", "forecaster", protocol="12", protocol_date="2026-11-08"),
        questions=1,
        retries=3,
    )
    assert ended["state"] == "success"
    assert desk.answers("G1")["G1"][0] == "approved"
    assert "page_checksum: expected 64 hexadecimal digits" in desk.heard()


def test_answered_by_command_meanwhile_the_later_one_learns_whose_it_was(desk: Desk) -> None:
    (alert,) = desk.begin("H1")
    ended = desk.play(
        {"do": "command", "user": "forecaster", "alert": alert},
        answering("H1", "forecaster", "Reject"),
        questions=1,
        retries=3,
    )
    assert ended["state"] == "failed"
    assert desk.answers("H1") == {"H1": ("approved", "A. Karimova", "forecaster", "command line")}
    assert f"alert {alert}: expected it to be pending, got approved by A. Karimova" in desk.heard()


def test_answered_by_command_it_is_not_asked_again(desk: Desk) -> None:
    (alert,) = desk.begin("I1")
    ended = desk.play(
        {"do": "command", "user": "forecaster", "alert": alert},
        {"do": "time out"},
        questions=1,
        retries=3,
    )
    assert (ended["state"], [*ended["asks"].values()]) == ("success", ["skipped"])


def test_too_late_it_stays_expired(desk: Desk) -> None:
    (alert,) = desk.begin("J1")
    ended = desk.play(
        {"do": "days pass", "days": 31}, answering("J1", "forecaster"), questions=1, retries=3
    )
    assert ended["told"][0] == f"expired: {alert}"
    assert ended["state"] == "failed"
    assert desk.answers("J1") == {"J1": ("expired", None, None, None)}
    assert f"alert {alert}: expected it to be pending, got expired" in desk.heard()


def test_without_an_answer_in_time_the_question_is_put_again_and_the_alert_waits(
    desk: Desk,
) -> None:
    desk.begin("K1")
    ended = desk.play({"do": "time out"}, questions=1)
    assert (ended["state"], [*ended["asks"].values()]) == ("failed", ["failed"])
    assert desk.answers("K1") == {"K1": ("pending", None, None, None)}


def test_one_alert_approved_answers_no_other(desk: Desk) -> None:
    desk.begin("M1", "M2")
    ended = desk.play(answering("M2", "forecaster"), questions=2)
    assert sorted(ended["asks"].values()) == ["failed", "success"]  # M1: nobody answered
    assert desk.answers("M1", "M2") == {
        "M1": ("pending", None, None, None),
        "M2": ("approved", "A. Karimova", "forecaster", "airflow"),
    }


def test_who_may_edit_xcoms_cannot_turn_an_answer_to_another_alert(desk: Desk) -> None:
    alerts = desk.begin("N1", "N2")
    ended = desk.play(
        {"do": "forge", "user": "deputy", "alerts": alerts[::-1]},
        answering("N1", "forecaster"),
        answering("N2", "forecaster", "Reject"),
        questions=2,
    )
    forged, *answered = ended["told"]
    assert forged[0] == 200, forged
    assert [status for status, _ in answered] == [200, 200]
    assert {name: row[0] for name, row in desk.answers("N1", "N2").items()} == {
        "N1": "approved",
        "N2": "refused",
    }


def test_an_alert_is_asked_about_by_one_run(desk: Desk) -> None:
    """One that gave up keeps its alerts for two days; then another run takes them up."""
    desk.begin("L1")
    first = desk.play(questions=1)
    assert first["state"] == "failed"  # nobody answered
    second = desk.play(questions=0)
    assert (second["state"], second["asks"]) == ("success", {})
    desk.rows("UPDATE alert.approval SET asked_at = asked_at - interval '49 hours' "
              "WHERE state = 'pending' RETURNING 1")  # fmt: skip
    third = desk.play(answering("L1", "forecaster"), questions=1)
    assert third["state"] == "success"
    assert desk.rows("SELECT DISTINCT asked_in FROM alert.approval JOIN alert.transition USING "
                     "(alert_id) JOIN landscape.landscape USING (landscape_key) "
                     "WHERE landscape_id = 'L1'") == [(third["run_id"],)]  # fmt: skip
