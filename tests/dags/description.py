"""``python -m tests.dags.description FILE``: what Airflow makes of our DAG files, as JSON.

A process of its own: Airflow reads its environment on import, and warns about itself. Tests read
the file; what Airflow logs goes to the output.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.api_fastapi.app import create_app
from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
from airflow.dag_processing.dagbag import DagBag
from airflow.models.pool import Pool
from airflow.sdk import DAG
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.exceptions import AirflowFailException
from airflow.serialization.encoders import coerce_to_core_timetable
from airflow.timetables.base import TimeRestriction
from pendulum import instance
from starlette.testclient import TestClient

from pipeline.orchestration import rehearsal

FETCHING = "ingest_era5_land"
CHECKING = "check_warehouse"
COMPUTING = "compute_indices"
NOW = datetime(2026, 11, 7, 6, tzinfo=UTC)
BEFORE_START = datetime(2020, 1, 7, tzinfo=UTC)


def main(target: Path) -> None:
    rehearsal.prepare()
    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    described = {
        "import_errors": bag.import_errors,
        "dags": {dag_id: _dag(dag) for dag_id, dag in bag.dags.items()},
        "pools": [pool.pool for pool in Pool.get_pools()],
        "first_runs": {
            dag_id: [_first_run(dag, year, month) for year, month in ((2027, 1), (2027, 3))]
            for dag_id, dag in bag.dags.items()
            if _timetable_name(dag) == "CronPartitionTimetable"
        },
        "before_start": _refusal(BEFORE_START),
        "without_month": _without_month(bag.dags[FETCHING]),
        "without_blocks": _compute(bag.dags[COMPUTING]),
        "failed_blocks": _compute(bag.dags[COMPUTING], of_hand_out=_one_block, block=_fail),
        "without_indices": _compute(bag.dags[COMPUTING], indices=_fail),
        "without_backup": _without_backup(bag.dags[CHECKING]),
        "site": _site(Path(os.environ["DROUGHT_VAR"])),
        "logins": _logins(),
    }
    target.write_text(json.dumps(described, default=str))


def _dag(dag: DAG) -> dict[str, Any]:
    return {
        "file": Path(dag.fileloc).name,
        "doc": dag.doc_md or "",
        "max_active_runs": dag.max_active_runs,
        "catchup": dag.catchup,
        "tags": sorted(dag.tags),
        "timetable": _timetable_name(dag),
        "wakes_on": sorted(asset.name for asset in _awaited(dag)),
        "tasks": {
            task.task_id: {
                "retries": task.retries,
                "first_pause_seconds": task.retry_delay.total_seconds(),
                "backoff": task.retry_exponential_backoff,
                "pool": task.pool,
                "queue": task.queue,
                "holds_no_slot": getattr(task, "mode", None) == "reschedule",
                "waits_seconds": getattr(task, "timeout", None),
                "tells": sorted(asset.name for asset in task.outlets),
                "trigger_rule": str(task.trigger_rule),
                "after": sorted(task.upstream_task_ids),
                "arguments": getattr(task, "op_kwargs", {}),
            }
            for task in dag.tasks
        },
    }


def _timetable_name(dag: DAG) -> str:
    return type(dag.timetable).__name__


def _awaited(dag: DAG) -> list[Any]:
    condition = coerce_to_core_timetable(dag.timetable).asset_condition
    return [asset for _, asset in condition.iter_assets()]


def _first_run(dag: DAG, year: int, month: int) -> tuple[str, str]:
    """When the first run of that month starts, and its partition key."""
    earliest = instance(datetime(year, month, 1, tzinfo=UTC))
    info = coerce_to_core_timetable(dag.timetable).next_dagrun_info_v2(
        last_dagrun_info=None,
        restriction=TimeRestriction(earliest=earliest, latest=None, catchup=True),
    )
    return f"{info.run_after:%Y-%m-%d %H:%M}", info.partition_key


def _refusal(logical_date: datetime) -> str:
    try:
        rehearsal.run_dags([FETCHING], "2026-10", logical_date)
    except rehearsal.RehearsalError as error:
        return str(error)
    return ""


def _without_month(dag: DAG) -> dict[str, Any]:
    """How a run ends that was told no month. It may be tried again, at once."""
    for task in dag.tasks:
        task.retries = 1
        task.retry_delay = timedelta(0)
    run = dag.test(logical_date=NOW)
    return {
        "state": str(run.state),
        "tries": {one.task_id: one.try_number for one in run.get_task_instances()},
    }


def _without_backup(dag: DAG) -> dict[str, Any]:
    """How a morning ends in which all goes well but the backup: its warehouse does not answer."""
    for task in dag.tasks:
        task.retries = 0
        if task.task_id in ("end_long_questions", "tell_of_unanswered", "run_checks"):
            task.python_callable = list
    run = dag.test(logical_date=NOW)
    states = {one.task_id: str(one.state) for one in run.get_task_instances()}
    return {"state": str(run.state), "tasks": states}


def _compute(
    dag: DAG,
    *,
    of_hand_out: Callable[..., list[str]] = lambda work: [],
    block: Callable[..., int] = lambda block: 0,
    indices: Callable[..., int] = lambda: 0,
) -> dict[str, str]:
    """How the tasks end where each does no more than it is given here."""
    for task in dag.tasks:
        task.retries = 0
        if task.task_id.startswith("hand_out"):
            task.python_callable = of_hand_out
        elif isinstance(task, MappedOperator):
            task.partial_kwargs |= {"python_callable": block, "retries": 0}
        elif task.task_id == "bring_up_to_date":
            task.python_callable = indices
        elif task.task_id == "bring_maps":
            task.python_callable = lambda: 0
    run = dag.test(logical_date=NOW)
    return {one.task_id: str(one.state) for one in run.get_task_instances()}


def _one_block(work: str) -> list[str]:
    return [f"{work} 2020-01"]


def _fail(*_: object, **__: object) -> int:
    raise AirflowFailException("as the test wants it")


def _site(var: Path) -> dict[str, Any]:
    """What the page in Airflow's menu answers, to a stranger and to who is logged in."""
    client = TestClient(create_app(apps="core"))
    kept = Path(SimpleAuthManager.get_generated_password_file())
    password = json.loads(kept.read_text(encoding="utf-8"))["admin"]
    said = client.post("/auth/token", json={"username": "admin", "password": password})
    token = said.json()["access_token"]
    bearer, cookie = {"Authorization": f"Bearer {token}"}, {"Cookie": f"_token={token}"}

    def asked(path: str, headers: Mapping[str, str]) -> dict[str, Any]:
        answer = client.get(f"/drought-site/{path}", headers=headers)
        return {
            "status": answer.status_code,
            "text": answer.text,
            "policy": answer.headers.get("Content-Security-Policy", ""),
        }

    before = asked("index.html", bearer)
    (var / "site" / "uz").mkdir(parents=True)
    (var / "secret.txt").write_text("secret")
    for name in ("index.html", "uz/index.html"):
        (var / "site" / name).write_text(f"<!DOCTYPE html>{name}")
    plugins = client.get("/api/v2/plugins", headers=bearer).json()["plugins"]
    return {
        "before": before,
        "stranger": asked("index.html", {}),
        "forged": asked("index.html", {"Cookie": "_token=e30.e30.e30"}),
        "by_header": asked("index.html", bearer),
        "by_cookie": asked("uz/", cookie),
        "missing": asked("nothing.html", cookie),
        "outside": asked("..%2fsecret.txt", cookie),
        "menu": [view for plugin in plugins for view in plugin["external_views"]],
    }


def _logins() -> dict[str, Any]:
    """What each user may do, by status code; and what becomes of a token when the password does."""
    client = TestClient(create_app(apps="core"))
    kept = Path(SimpleAuthManager.get_generated_password_file())
    passwords = json.loads(kept.read_text(encoding="utf-8"))

    def logged_in(user: str, password: str) -> dict[str, str]:
        said = client.post("/auth/token", json={"username": user, "password": password})
        return {"Authorization": f"Bearer {said.json().get('access_token')}"}

    run = f"/api/v2/dags/{CHECKING}/dagRuns"
    answer = f"{run}/none/taskInstances/none/-1/hitlDetails"
    question: dict[str, Any] = {"chosen_options": ["Approve"], "params_input": {}}
    may = {}
    for user, password in passwords.items():
        as_user = logged_in(user, password)
        may[user] = {
            "read": client.get("/api/v2/dags", headers=as_user).status_code,
            "connections": client.get("/api/v2/connections", headers=as_user).status_code,
            "run": client.post(run, json={"logical_date": "never"}, headers=as_user).status_code,
            "pause": client.patch(
                f"/api/v2/dags/{CHECKING}", json={"is_paused": "?"}, headers=as_user
            ).status_code,
            "answer": client.patch(answer, json=question, headers=as_user).status_code,
        }
    token = logged_in("viewer", passwords["viewer"])
    codes = [client.get("/api/v2/dags", headers=token).status_code]
    for left in ({**passwords, "viewer": "another"}, {"admin": passwords["admin"]}):
        kept.write_text(json.dumps(left), encoding="utf-8")
        codes.append(client.get("/api/v2/dags", headers=token).status_code)
    kept.write_text(json.dumps(passwords), encoding="utf-8")
    return {"may": may, "with_a_token_of_before": codes}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
