"""Airflow's page in this process, with somebody logged in: who answers there in rehearsals.

`dag.test()` waits for ever on a question that nobody answers.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

from pipeline.orchestration.rehearsal import RehearsalError

_PAUSE_SECONDS = 0.3
_LONGEST_WAIT_SECONDS = 120


class Page:
    """The REST API, as one user sees it."""

    def __init__(self, user: str) -> None:
        """Log in with the password that Airflow keeps for `user`.

        Raises:
            RehearsalError: it does not let the user in.
        """
        from airflow.api_fastapi.app import create_app
        from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
        from starlette.testclient import TestClient

        # It warns of being used in production, and this is a rehearsal.
        logging.getLogger(SimpleAuthManager.__module__).setLevel(logging.ERROR)
        self._client = TestClient(create_app(apps="core"))
        kept = Path(SimpleAuthManager.get_generated_password_file())
        password = json.loads(kept.read_text(encoding="utf-8"))[user]
        said = self._client.post("/auth/token", json={"username": user, "password": password})
        if said.is_error:
            raise RehearsalError(f"Airflow: {user}: expected to be let in, got {said.text}")
        self._headers = {"Authorization": f"Bearer {said.json()['access_token']}"}

    def questions(self, dag_id: str = "approve_alerts") -> list[dict[str, Any]]:
        """Return the questions that wait for an answer, oldest first."""
        said = self._client.get(
            f"/api/v2/dags/{dag_id}/dagRuns/~/hitlDetails",
            params={"state": "awaiting_input", "response_received": False, "limit": 100},
            headers=self._headers,
        )
        said.raise_for_status()
        found: list[dict[str, Any]] = said.json()["hitl_details"]
        return sorted(found, key=lambda one: str(one["created_at"]))

    def answer(
        self, question: Mapping[str, Any], option: str, filled_in: Mapping[str, Any]
    ) -> tuple[int, Any]:
        """Answer a question; return the status code and what was said.

        Args:
            question: one of `questions`.
            option: ``Approve`` or ``Reject``.
            filled_in: fields of the form; the others stay as they are.
        """
        task = question["task_instance"]
        form = {name: one["value"] for name, one in question["params"].items()}
        said = self._client.patch(
            f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}/taskInstances/"
            f"{task['task_id']}/{task['map_index']}/hitlDetails",
            json={"chosen_options": [option], "params_input": {**form, **filled_in}},
            headers=self._headers,
        )
        return said.status_code, said.json()


@contextmanager
def somebody_answers(act: Callable[[Event], None]) -> Iterator[None]:
    """Let somebody act on the page while the block runs a DAG; what went wrong is raised afterwards.

    What is left unanswered then times out, so that the block ends. `act` is given what is set when
    the block is over.
    """
    trouble: list[Exception] = []
    is_over = Event()

    def acting() -> None:
        try:
            act(is_over)
        except Exception as error:  # noqa: BLE001 - raised by who waits for the thread
            trouble.append(error)
        while not is_over.wait(_PAUSE_SECONDS):
            time_out_questions()

    thread = Thread(target=acting, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        if trouble:
            raise trouble[0]


def time_out_questions() -> None:
    """Let the time of every open question run out, as the scheduler does."""
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        waiting = update(TaskInstance).where(TaskInstance.state == "awaiting_input")
        session.execute(waiting.values(trigger_timeout=datetime(2000, 1, 1, tzinfo=UTC)))
    SchedulerJobRunner(job=Job()).check_awaiting_input_timeouts()


def wait_for_questions(page: Page, count: int, is_over: Event) -> list[dict[str, Any]]:
    """Return the open questions as soon as there are so many.

    Raises:
        RehearsalError: there never are.
    """
    deadline = time.monotonic() + _LONGEST_WAIT_SECONDS
    while time.monotonic() < deadline and not is_over.wait(_PAUSE_SECONDS):
        found = page.questions()
        if len(found) >= count:
            return found
    raise RehearsalError(f"approve_alerts: expected {count} questions, got fewer")
