"""Airflow in a process of its own, with people at its page: run by `test_approval_dag`.

Each line read is a scene: who does what while the DAG runs, one after the other, after so many
questions are put. Each line written says how the run ended and what everybody was told.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from pipeline import wiring

os.environ.update(wiring.airflow_environment())

from airflow.dag_processing.dagbag import DagBag

from pipeline.alerts.facts import Door
from pipeline.core.errors import DroughtError
from pipeline.orchestration import rehearsal
from pipeline.orchestration.page import (
    Page,
    somebody_answers,
    time_out_questions,
    wait_for_questions,
)
from pipeline.steps.approve import approve
from pipeline.steps.escalate import escalate
from pipeline.steps.issuers import Given, approval_of


def main() -> None:
    rehearsal.prepare()
    dag = DagBag(dag_folder=os.environ["AIRFLOW__CORE__DAGS_FOLDER"]).dags["approve_alerts"]
    for task in dag.tasks:
        task.retries, task.retry_delay = 0, timedelta(0)
    pages: dict[str, Page] = {}
    for line in sys.stdin:
        scene = json.loads(line)
        told = json.dumps(_play(dag, scene, pages), default=str)
        print("ran", told, flush=True)  # noqa: T201 - heard by the test


def _play(dag: Any, scene: dict[str, Any], pages: dict[str, Page]) -> dict[str, Any]:  # noqa: ANN401
    told: list[Any] = []
    shown: list[dict[str, Any]] = []

    def page(user: str) -> Page:
        if user not in pages:
            pages[user] = Page(user)
        return pages[user]

    def act(is_over: Event) -> None:
        if scene["questions"]:
            shown.extend(wait_for_questions(page("admin"), scene["questions"], is_over))
        told.extend(_do(one, page, shown) for one in scene["acts"])

    asking = [task for task in dag.tasks if task.task_id.endswith(".ask")]
    for task in asking:
        task.retries = scene.get("retries", 0)
    with somebody_answers(act):
        run = dag.test(logical_date=datetime.now(UTC))
    instances = [one for one in run.get_task_instances() if one.task_id.endswith(".ask")]
    return {
        "state": str(run.state),
        "run_id": run.run_id,
        "asks": {one.rendered_map_index: str(one.state) for one in instances if one.map_index >= 0},
        "shown": [{name: one[name] for name in ("subject", "body", "params")} for one in shown],
        "told": told,
    }


def _do(one: dict[str, Any], page: Any, shown: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    """Do what a scene says; return what the person was told."""
    if one["do"] == "answer":
        questions = [*shown, *page("admin").questions()]
        asked = [q for q in questions if f" {one['about']} " in q["subject"]][-1]
        return page(one["user"]).answer(asked, one["option"], one.get("form", {}))
    if one["do"] == "wait":  # for a question that is put again
        known = {q["task_instance"]["id"] for q in shown}
        while not [q for q in page("admin").questions() if q["task_instance"]["id"] not in known]:
            time.sleep(0.2)
        return None
    if one["do"] == "forge":
        task = shown[0]["task_instance"]
        taken = f"uzbekistan.take_up/xcomEntries/return_value?map_index={task['map_index']}"
        own = page(one["user"])
        path = f"/api/v2/dags/approve_alerts/dagRuns/{task['dag_run_id']}/taskInstances/{taken}"
        said = own._client.patch(path, json={"value": one["alerts"]}, headers=own._headers)
        return said.status_code, said.text
    installation = wiring.installation()
    if one["do"] == "command":
        try:
            by = approval_of(
                installation,
                [one["alert"]],
                one["user"],
                Given(),
                answered_at=installation.clock(),
                door=Door.COMMAND_LINE,
            )
            return approve(installation, [one["alert"]], by)
        except DroughtError as error:
            return str(error)
    if one["do"] == "days pass":
        later = installation.clock() + timedelta(days=one["days"])
        return str(escalate(replace(installation, clock=lambda: later)))
    assert one["do"] == "time out"
    return time_out_questions()


if __name__ == "__main__":
    main()
