"""Airflow live by the real command: a year that nobody hears of, a month that is approved and told.

One installation, and its story in order: each test goes on where the one before it ended.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.local.data_store import DEFAULT_KEY
from pipeline.warehouse.files import read_months_held
from tests.slow.live import Rest, eventually
from tests.slow.live_world import LOGIN, MONTH, YEAR, Place, standing

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.airflow]

INGEST, COMPUTE, DECIDE, APPROVE, DELIVER = (
    *("ingest_era5_land", "compute_indices", "evaluate_plans"),
    *("approve_alerts", "deliver_alerts"),
)
NEW_PASSWORD = "a word of her own"  # noqa: S105


@dataclass
class Live:
    """The installation with Airflow up, and who uses it."""

    place: Place
    said: str
    """What `drought airflow up` printed."""
    address: str
    operator: Rest
    viewer: Rest
    forecaster: Rest
    approved: list[dict[str, object]] = field(default_factory=list)
    """Questions that were answered with yes."""

    @property
    def users(self) -> list[Rest]:
        return [self.operator, self.viewer, self.forecaster]

    @property
    def passwords(self) -> Path:
        return self.place.var / "airflow" / "passwords.json"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with standing(tmp_path_factory.mktemp("live")) as place, socket.socket() as taken:
        place.drought("airflow", "password", LOGIN, "--role", "forecaster", "--generate")
        with suppress(OSError):  # another program may have it
            taken.bind(("127.0.0.1", 8080))
            taken.listen()
        try:
            done = place.try_drought("airflow", "up")
            assert done.returncode == 0, done.stderr + _logs(place)
            address = str(place.status()["address"])
            passwords = place.var / "airflow" / "passwords.json"
            users = ("operator", "viewer", LOGIN)
            rests = [Rest.from_passwords(address, passwords, user) for user in users]
            yield Live(place, done.stdout + done.stderr, address, *rests)
        finally:
            place.drought("airflow", "down")


def _logs(place: Place) -> str:
    found = sorted((place.var / "airflow" / "run").glob("*.log"))
    return "\n".join(f"{path.name}: {path.read_text()[-1500:]}" for path in found)


def test_a_port_that_is_taken_is_left_alone_and_it_says_so(live: Live) -> None:
    assert not live.address.endswith(":8080")
    assert f"Airflow    {live.address}" in live.said
    refused = live.place.try_drought("airflow", "up", "--port", "8080")
    assert refused.returncode == 1
    assert "runs already" in refused.stderr


def test_a_second_up_finds_what_runs(live: Live) -> None:
    before = live.place.status()
    assert f"{live.address}  (ran already)" in live.place.drought("airflow", "up")
    assert live.place.status() == before


def test_status_says_what_runs_and_since_when(live: Live) -> None:
    status = live.place.status()
    assert status["is_running"]
    assert {one["name"]: (one["state"], one["restarts"]) for one in status["components"]} == {
        "database": ("running", 0),
        "api-server": ("running", 0),
        "scheduler": ("running", 0),
        "dag-processor": ("running", 0),
    }
    assert set(status["health"].values()) == {"healthy"}
    assert all(one["since"] for one in status["components"])


def test_only_the_owner_reads_passwords_and_secrets(live: Live) -> None:
    folder = live.place.var / "airflow"
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (folder, *map(folder.joinpath, ("passwords.json", "users.json", "secret")))
    }
    assert modes == {
        "airflow": 0o700,
        "passwords.json": 0o600,
        "users.json": 0o600,
        "secret": 0o600,
    }


def test_the_pool_of_the_data_store_is_there(live: Live) -> None:
    pools = {one["name"]: one["slots"] for one in live.operator.get("/pools")["pools"]}
    assert pools["cds"] == 1


def test_the_schedule_gives_the_month_before_as_key(live: Live) -> None:
    """The DAG is turned on and makes its newest run, which is not let near the store."""
    _let_in(live.operator, 0)
    before = _month_due()
    live.operator.turn_on(INGEST)
    (run,) = eventually(
        lambda: live.operator.runs(INGEST), "the scheduled run", otherwise=lambda: _logs(live.place)
    )
    assert run["run_type"] == "scheduled"
    assert run["partition_key"] in {str(before), str(_month_due())}
    path = f"/dags/{INGEST}/dagRuns/{run['dag_run_id']}"

    def is_given_up() -> bool:
        """Airflow answers 500 where its scheduler works on the run at the same moment."""
        live.operator.ask("PATCH", f"/api/v2{path}", json={"state": "failed"})
        return bool(live.operator.get(path)["state"] == "failed")

    eventually(is_given_up, "the scheduled run is given up")
    _let_in(live.operator, 1)


def _let_in(operator: Rest, tasks: int) -> None:
    """Let so many tasks at a time have to do with the data store."""
    said = operator.ask(
        "PATCH",
        "/api/v2/pools/cds",
        params={"update_mask": "slots"},
        json={"pool": "cds", "slots": tasks, "include_deferred": False},
    )
    assert said.ok, said.text
    assert said.json()["slots"] == tasks


def _month_due() -> Month:
    """The month that the newest 7th, at six, was for."""
    back = datetime.now(UTC) - timedelta(days=6, hours=6)
    return Month(back.year, back.month) - 1


def test_a_year_comes_and_nobody_hears_of_it(live: Live) -> None:
    operator = live.operator
    operator.backfill(INGEST, str(YEAR[0]), str(YEAR[-1]))
    runs = operator.well_ended(INGEST, len(YEAR), run_type="backfill")
    assert sorted(run["partition_key"] for run in runs) == [str(month) for month in YEAR]
    for run in runs:
        states = {task["state"] for task in operator.tasks(INGEST, run["dag_run_id"])}
        assert states == {"success"}
    # What follows was off: it is not woken, and the next run does all that there is to do.
    assert operator.runs(COMPUTE) == []
    with live.place.warehouse.connect() as connection:
        assert set(YEAR) <= set(read_months_held(connection, ERA5_LAND))
    _nobody_was_told(live)


def _nobody_was_told(live: Live) -> None:
    assert live.place.ask_warehouse("SELECT * FROM alert.message") == []
    assert live.place.ask_warehouse("SELECT * FROM alert.delivery") == []
    assert live.operator.questions() == []
    assert live.place.postbox.letters == []


@pytest.mark.parametrize("user", ["viewer", "forecaster"])
def test_who_is_no_operator_starts_nothing(live: Live, user: str) -> None:
    rest: Rest = getattr(live, user)
    assert rest.get("/dags")["total_entries"] == 8
    assert rest.try_to_trigger(INGEST, str(MONTH)).status_code == 403
    assert rest.ask("PATCH", f"/api/v2/dags/{INGEST}", json={"is_paused": True}).status_code == 403
    assert rest.ask("GET", "/api/v2/connections").status_code == 403


def test_nobody_sees_anything_without_logging_in(live: Live) -> None:
    stranger = Rest(live.address)
    assert stranger.ask("GET", "/api/v2/dags").status_code == 401
    assert stranger.ask("GET", "/drought-site/index.html").status_code in {401, 403}
    assert stranger.try_to_trigger(INGEST, str(MONTH)).status_code == 401


def test_a_month_is_brought_and_decided_though_the_scheduler_is_killed(live: Live) -> None:
    """Each DAG wakes the next for the same month. The task under way when it dies is finished."""
    live.operator.turn_on(COMPUTE, DECIDE, APPROVE)
    run_id = live.operator.trigger(INGEST, str(MONTH))
    eventually(
        lambda: [one for one in live.operator.tasks(INGEST, run_id) if one["state"] == "running"],
        "a task that runs",
        otherwise=lambda: live.operator.described(INGEST),
    )
    scheduler = live.place.component("scheduler")
    assert scheduler.pid is not None
    os.kill(scheduler.pid, signal.SIGKILL)
    eventually(lambda: live.place.component("scheduler").restarts == 1, "a new scheduler")
    for dag_id in (INGEST, COMPUTE, DECIDE):
        found = eventually(
            lambda dag_id=dag_id: [
                run
                for run in live.operator.runs(dag_id)
                if run["partition_key"] == str(MONTH) and run["state"] in {"success", "failed"}
            ],
            f"{dag_id} for {MONTH}",
            otherwise=lambda dag_id=dag_id: live.operator.described(dag_id),
        )
        assert [run["state"] for run in found] == ["success"], live.operator.described(dag_id)
    log = (live.place.var / "airflow" / "run" / "supervisor.log").read_text()
    assert "scheduler: ended by signal 9" in log


def test_of_the_year_everything_is_decided_and_nothing_is_told(live: Live) -> None:
    decided = live.place.ask_warehouse("SELECT DISTINCT month FROM mart.stage_month")
    assert {str(month)[:7] for (month,) in decided} >= {str(month) for month in [*YEAR, MONTH]}
    changes = live.place.ask_warehouse(
        f"SELECT count(*) FROM alert.transition WHERE month BETWEEN '{YEAR[0]}-01' "  # noqa: S608
        f"AND '{YEAR[-1]}-01'"
    )
    assert changes[0][0] > 12
    told = live.place.ask_warehouse(
        "SELECT DISTINCT month FROM alert.message JOIN alert.transition USING (alert_id)"
    )
    assert [str(month)[:7] for (month,) in told] == [str(MONTH)]


def test_questions_outlive_a_postgres_that_is_killed(live: Live) -> None:
    asked = eventually(
        live.operator.questions, "questions", otherwise=lambda: live.operator.described(APPROVE)
    )
    assert {one["task_instance"]["dag_id"] for one in asked} == {APPROVE}
    postmaster = live.place.postgres.root / "data" / "postmaster.pid"
    os.kill(int(postmaster.read_text().splitlines()[0]), signal.SIGKILL)
    eventually(lambda: live.place.component("database").restarts == 1, "Postgres again")
    killed_at = datetime.now(UTC)

    def is_well() -> bool:
        """Whether what lives on the database has been heard since; it may outlast this or begin anew."""
        said = live.operator.ask("GET", "/api/v2/monitor/health")
        if not said.ok or said.json()["metadatabase"]["status"] != "healthy":
            return False
        beats = [
            said.json()[name][f"latest_{name}_heartbeat"] for name in ("scheduler", "dag_processor")
        ]
        return all(beat and datetime.fromisoformat(beat) > killed_at for beat in beats)

    eventually(is_well, "all well again", otherwise=lambda: _logs(live.place))
    eventually(
        lambda: live.operator.ask("GET", "/api/v2/dags/~/dagRuns/~/hitlDetails").ok,
        "the API server has a connection again",
    )
    assert len(live.operator.questions()) == len(asked)


def test_a_viewer_may_not_answer(live: Live) -> None:
    question = live.viewer.questions()[0]
    assert live.viewer.answer(question).status_code == 403
    assert live.operator.questions()


def test_the_forecaster_answers_once(live: Live) -> None:
    waiting = live.forecaster.questions()
    for question in waiting:
        said = live.forecaster.answer(question, note="Checked.", accept_unchecked=True)
        assert said.status_code == 200, said.text
        assert live.forecaster.answer(question, "Reject").status_code == 409
    live.approved += waiting
    answers = eventually(
        lambda: (
            (
                found := live.place.ask_warehouse(
                    "SELECT a.state, a.login, t.month FROM alert.approval AS a "
                    "JOIN alert.transition AS t USING (alert_id) WHERE a.state = 'approved'"
                )
            )[len(waiting) - 1 :]
            and found
        ),
        "answers written down",
        otherwise=lambda: live.operator.described(APPROVE),
    )
    assert {(row[0], row[1], str(row[2])[:7]) for row in answers} == {
        ("approved", LOGIN, str(MONTH))
    }


def test_the_letters_come_out_once(live: Live) -> None:
    """The run is the schedule's own: it is turned on and makes its newest, keyed by this month."""
    live.operator.turn_on(DELIVER)
    (run,) = live.operator.well_ended(DELIVER)[:1]
    assert (run["run_type"], run["partition_key"]) == ("scheduled", run["run_after"][:7])
    letters = live.place.postbox.letters
    assert live.approved
    assert [to for to, _ in letters] == ["committee@example.org"] * len(live.approved)
    assert sorted(live.place.postbox.message_ids) == sorted(set(live.place.postbox.message_ids))
    outgoing = live.place.var / "outgoing"
    assert [path for path in outgoing.rglob("*") if path.is_file()]
    count = len(letters)
    again = live.operator.trigger(DELIVER, str(MONTH))
    eventually(
        lambda: [
            one
            for one in live.operator.runs(DELIVER)
            if one["dag_run_id"] == again and one["state"] == "success"
        ],
        "a second delivery",
        otherwise=lambda: live.operator.described(DELIVER),
    )
    assert len(live.place.postbox.letters) == count


def test_status_names_what_is_late(live: Live) -> None:
    said = json.loads(live.place.drought("status", "--json"))
    assert any(str(MONTH + 1) in line for line in said["late"]), said["late"]


def test_no_secret_is_in_a_log_an_xcom_or_an_answer(live: Live) -> None:
    passwords = json.loads(live.passwords.read_text())
    secrets = {
        *passwords.values(),
        DEFAULT_KEY,
        (live.place.var / "airflow" / "secret").read_text(),
        (live.place.postgres.root / "password").read_text(),
    }
    assert len(secrets) == 4 + 3
    heard = "\n".join(text for user in live.users for text in user.heard)
    assert len(heard) > 10_000
    logs = [path for path in (live.place.var / "airflow").rglob("*.log*") if path.is_file()]
    assert len([path for path in logs if "task_id=" in str(path)]) > 40
    texts = {str(path): path.read_text(errors="replace") for path in logs}
    dumped = live.place.try_drought("db", "url").stdout.strip()
    xcoms = _xcoms(dumped)
    assert "return_value" in xcoms
    texts |= {"REST": heard, "XCom": xcoms, "up": live.said}
    assert [name for name, text in texts.items() if any(one in text for one in secrets)] == []


def _xcoms(url: str) -> str:
    import psycopg

    with psycopg.connect(url.rpartition("/")[0] + "/airflow") as connection:
        return "\n".join(map(str, connection.execute("SELECT key, value::text FROM xcom")))


def test_a_new_password_holds_at_once_and_who_leaves_is_out(live: Live) -> None:
    place, forecaster = live.place, live.forecaster
    assert forecaster.ask("GET", "/api/v2/dags").ok
    typed = f"{NEW_PASSWORD}\n{NEW_PASSWORD}\n"
    assert NEW_PASSWORD not in place.drought("airflow", "password", LOGIN, typed=typed)
    # Whoever is logged in with the old one is out as well.
    assert forecaster.ask("GET", "/api/v2/dags").status_code == 401
    successor = Rest(live.address, LOGIN, NEW_PASSWORD)
    assert successor.ask("GET", "/api/v2/dags").ok
    place.drought("airflow", "remove", LOGIN)
    assert successor.ask("GET", "/api/v2/dags").status_code == 401
    with pytest.raises(AssertionError, match="401"):
        Rest(live.address, LOGIN, NEW_PASSWORD)
    assert live.operator.ask("GET", "/api/v2/dags").ok


def test_down_leaves_nothing_running(live: Live) -> None:
    sessions = {one["pid"] for one in live.place.status()["components"] if one["pid"]}
    assert len(sessions) == 3
    live.place.drought("airflow", "down")
    left = [
        path.name
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and _session(path) in sessions
    ]
    assert left == []
    assert "nothing keeps it running" in live.place.drought("airflow", "status")


def _session(process: Path) -> int:
    with suppress(OSError):
        return int((process / "stat").read_text(errors="replace").rpartition(")")[2].split()[3])
    return -1
