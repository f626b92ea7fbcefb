"""One month through the DAGs themselves, all in one process, for `make demo` and for tests.

`dag.test()` runs the tasks as the scheduler would, without one. A logical date before the start
date would run no task and call that a success, so every task is counted.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from pipeline.core.errors import DroughtError
from pipeline.orchestration.set_up import make_tables_and_pools

_WELL = {"success", "skipped"}
_LONGEST_WAIT_SECONDS = 600
"""A sensor that waits longer fails."""


class RehearsalError(DroughtError):
    """A DAG did not run as it should; its own log above says why."""


def prepare() -> None:
    """Set Airflow's database and pools up; its environment is `wiring.airflow_environment`."""
    _keep_secrets()
    make_tables_and_pools()


def _keep_secrets() -> None:
    """Make what Airflow would make by itself, and show to everybody: a secret, and its users' passwords."""
    home = Path(os.environ["AIRFLOW_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    os.environ.setdefault("AIRFLOW__API_AUTH__JWT_SECRET", secrets.token_urlsafe(48))
    kept = os.environ.get("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE")
    if kept is None or Path(kept).exists():
        return
    users = os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"].split(",")
    made = {user.partition(":")[0]: secrets.token_urlsafe(12) for user in users}
    Path(kept).touch(mode=0o600)
    Path(kept).write_text(json.dumps(made), encoding="utf-8")


def run_dags(dag_ids: Sequence[str], month: str, now: datetime) -> dict[str, int]:
    """Run these DAGs for `month`, in order; return how many tasks each ran.

    Raises:
        RehearsalError: a DAG cannot be loaded, or a task did not succeed.
    """
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"])
    if bag.import_errors:
        raise RehearsalError(f"dags: expected all to load, got {bag.import_errors}")
    return {dag_id: _run(bag.dags[dag_id], month, now) for dag_id in dag_ids}


def _run(dag: object, month: str, now: datetime) -> int:
    for task in dag.tasks:  # type: ignore[attr-defined]
        task.retries = 0  # it would sleep through the delays
        if hasattr(task, "poke_interval"):
            task.poke_interval, task.timeout = 0, _LONGEST_WAIT_SECONDS
    run = dag.test(run_conf={"month": month}, logical_date=now)  # type: ignore[attr-defined]
    states: dict[str, str] = {}
    for task in run.get_task_instances():  # of a mapped task there are many: one that failed counts
        if states.get(task.task_id, "success") in _WELL:
            states[task.task_id] = str(task.state)
    expected = len(dag.tasks)  # type: ignore[attr-defined]
    if len(states) != expected or set(states.values()) - _WELL:
        raise RehearsalError(
            f"{run.dag_id}: expected its {expected} task{'s' if expected > 1 else ''} to succeed for "
            f"{month}, got {states or f'none run: see that {now:%Y-%m-%d} is after its start date'}"
        )
    return expected
