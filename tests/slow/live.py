"""Airflow live, as its users see it: the REST API over the wire, and what is waited for there."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import requests

T = TypeVar("T")
OVER = {"success", "failed"}
LONGEST_WAIT_SECONDS = 900.0
"""Far longer than anything takes: a quiet machine needs seconds, one that does much else minutes."""


def eventually(
    said: Callable[[], T | None],
    what: str,
    seconds: float = LONGEST_WAIT_SECONDS,
    otherwise: Callable[[], object] = lambda: "",
) -> T:
    """Return what `said` gives as soon as it is something.

    Args:
        said: asked again and again; nothing (None, False, empty) means not yet.
        what: is waited for, for the failure.
        seconds: after which it fails.
        otherwise: what to show then.
    """
    deadline = time.monotonic() + seconds
    while not (found := said()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s. {otherwise()}"
        time.sleep(0.2)
    return found


@dataclass
class Rest:
    """Airflow's REST API as one user, or as nobody where no password is given."""

    address: str
    user: str = ""
    password: str = field(default="", repr=False)
    heard: list[str] = field(default_factory=list, repr=False)
    """Every answer, but for the token."""
    _session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self._session.trust_env = False
        if self.password:
            self.log_in()

    @classmethod
    def from_passwords(cls, address: str, passwords: Path, user: str) -> Rest:
        """Log in with the password that lies in Airflow's file."""
        return cls(address, user, json.loads(passwords.read_text(encoding="utf-8"))[user])

    def log_in(self) -> None:
        said = self._session.post(
            f"{self.address}/auth/token",
            json={"username": self.user, "password": self.password},
            timeout=60,
        )
        assert said.status_code == 201, f"{self.user}: {said.status_code} {said.text}"
        self._session.headers["Authorization"] = f"Bearer {said.json()['access_token']}"

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:  # noqa: ANN401
        """Return any answer, good or bad."""
        said = self._session.request(method, f"{self.address}{path}", timeout=60, **more)
        self.heard.append(said.text)
        return said

    def get(self, path: str, **params: Any) -> Any:  # noqa: ANN401
        said = self.ask("GET", f"/api/v2{path}", params=params)
        assert said.ok, f"{path}: {said.status_code} {said.text}"
        return said.json()

    def turn_on(self, *dag_ids: str, is_on: bool = True) -> None:
        """Turn DAGs on, once the DAG processor has found them."""
        for dag_id in dag_ids:

            def turned(dag_id: str = dag_id) -> bool:
                said = self.ask("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": not is_on})
                assert said.ok or said.status_code == 404, said.text
                return said.ok

            eventually(turned, f"{dag_id} is found")

    def try_to_trigger(self, dag_id: str, month: str) -> requests.Response:
        return self.ask(
            "POST",
            f"/api/v2/dags/{dag_id}/dagRuns",
            json={"logical_date": None, "partition_key": month},
        )

    def trigger(self, dag_id: str, month: str) -> str:
        """Start a run for a month; return its id."""
        said = self.try_to_trigger(dag_id, month)
        assert said.ok, f"{dag_id} {month}: {said.status_code} {said.text}"
        return str(said.json()["dag_run_id"])

    def backfill(self, dag_id: str, first: str, last: str) -> None:
        """Start a run for each month from `first` to `last`."""
        said = self.ask(
            "POST",
            "/api/v2/backfills",
            json={
                "dag_id": dag_id,
                "from_date": f"{first}-01T00:00:00Z",
                "to_date": f"{last}-28T00:00:00Z",
                "max_active_runs": 3,
                "reprocess_behavior": "none",
            },
        )
        assert said.ok, said.text

    def runs(self, dag_id: str, **params: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Return the runs of a DAG, oldest first."""
        said = self.get(f"/dags/{dag_id}/dagRuns", limit=100, order_by="id", **params)
        return list(said["dag_runs"])

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        said = self.get(f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances", limit=100)
        return list(said["task_instances"])

    def ended(self, dag_id: str, count: int = 1, **params: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Wait until so many runs of a DAG have ended; return them, whatever became of them."""

        def found() -> list[dict[str, Any]]:
            over = [run for run in self.runs(dag_id, **params) if run["state"] in OVER]
            return over if len(over) >= count else []

        return eventually(
            found, f"{count} ended runs of {dag_id}", otherwise=lambda: self.described(dag_id)
        )

    def well_ended(self, dag_id: str, count: int = 1, **params: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        """Wait until so many runs of a DAG have ended, all well; return them."""
        over = self.ended(dag_id, count, **params)
        assert {run["state"] for run in over} == {"success"}, self.described(dag_id)
        return over

    def described(self, dag_id: str) -> str:
        """Say how the runs of a DAG stand, for a failure."""
        lines = []
        for run in self.runs(dag_id):
            states = {
                f"{task['task_id']}[{task['map_index']}]": (task["state"], task["try_number"])
                for task in self.tasks(dag_id, run["dag_run_id"])
            }
            lines.append(f"{run['dag_run_id']} {run['partition_key']} {run['state']} {states}")
        return f"{dag_id}: " + ("\n".join(lines) or "no run")

    def questions(self, dag_id: str = "approve_alerts") -> list[dict[str, Any]]:
        """Return the questions that wait for an answer, oldest first."""
        said = self.get(
            f"/dags/{dag_id}/dagRuns/~/hitlDetails",
            state="awaiting_input",
            response_received=False,
            limit=100,
        )
        return sorted(said["hitl_details"], key=lambda one: str(one["created_at"]))

    def answer(
        self,
        question: Mapping[str, Any],
        option: str = "Approve",
        **filled_in: Any,  # noqa: ANN401
    ) -> requests.Response:
        """Answer a question; fields that are not named stay as they are."""
        task = question["task_instance"]
        form = {name: one["value"] for name, one in question["params"].items()}
        return self.ask(
            "PATCH",
            f"/api/v2/dags/{task['dag_id']}/dagRuns/{quote(task['dag_run_id'], safe='')}"
            f"/taskInstances/{task['task_id']}/{task['map_index']}/hitlDetails",
            json={"chosen_options": [option], "params_input": {**form, **filled_in}},
        )
