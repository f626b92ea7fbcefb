"""The DAG `ingest_era5_land` from asking to collecting, run as `make demo` runs it."""

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
from sqlalchemy import Engine, create_engine

from pipeline.core.months import Month
from pipeline.local.data_store import DataStore
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.local.store_desk import Behaviour
from tests.integration.conftest import TEMPLATE
from tests.integration.databases import copy_database
from tests.integration.fetching import arrived, rows, submissions

# One worker runs Airflow for all of them.
pytestmark = [pytest.mark.postgres, pytest.mark.airflow]

RUN_DAG = """
import json, os, sys
from datetime import UTC, datetime
from pipeline import wiring
os.environ.update(wiring.airflow_environment())
from pipeline.orchestration import rehearsal
rehearsal.prepare()
from airflow.models.taskreschedule import TaskReschedule
from airflow.utils.session import create_session
for line in sys.stdin:
    try:
        said = rehearsal.run_dags(["ingest_era5_land"], line.strip(), datetime.now(UTC))
    except rehearsal.RehearsalError as error:
        said = str(error)
    with create_session() as session:
        print("ran", json.dumps([said, session.query(TaskReschedule).count()]), flush=True)
"""
"""Runs the DAG for each month it reads; says how it ended and how often a task gave its slot back."""


@dataclass
class Scheduler:
    """Airflow in a process of its own, a warehouse, and a store."""

    process: subprocess.Popen[str]
    warehouse: Engine
    store: DataStore
    log: Path
    heard: list[str] = field(default_factory=list)
    """What Airflow logged on its output."""

    def run(self, month: str) -> tuple[Any, int]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{month}\n")
        self.process.stdin.flush()
        for said in self.process.stdout:
            if said.startswith("ran "):
                break
            self.heard.append(said)
        else:
            pytest.fail(self.log.read_text()[-3000:])
        ended, reschedules = json.loads(said.removeprefix("ran "))
        return ended, reschedules


@pytest.fixture(scope="module")
def scheduler(
    postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scheduler]:
    folder = tmp_path_factory.mktemp("fetch_dag")
    copy_database(postgres, "fetch_dag", TEMPLATE)
    url = postgres.url("fetch_dag")
    with DataStore(Month(2026, 9), behaviour=Behaviour(queue_polls=9)) as store:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NO_PROXY": "127.0.0.1",
            "PYTHONWARNINGS": "ignore",
            "CDSAPI_URL": store.url,
            "CDSAPI_KEY": store.key,
            "DROUGHT_VAR": str(folder / "var"),
            "DROUGHT_DATABASE_URL": url,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder / 'airflow.db'}",
        }
        log = folder / "log"
        engine = create_engine(url)
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [sys.executable, "-c", RUN_DAG],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            yield Scheduler(process, engine, store, log)
            assert process.stdin is not None
            process.stdin.close()
        engine.dispose()


def test_the_month_comes_and_the_wait_gives_its_slot_back_each_time(scheduler: Scheduler) -> None:
    ended, reschedules = scheduler.run("2026-09")
    assert ended == {"ingest_era5_land": 4}, scheduler.log.read_text()[-3000:]
    assert reschedules >= 3
    assert arrived(scheduler.warehouse) == [("2026-09", 1)]
    assert submissions(scheduler.store) == ["2026: 09"]


def test_a_job_that_fails_fails_the_run_with_its_reason(scheduler: Scheduler) -> None:
    desk = scheduler.store.desk
    desk.behaviour = replace(desk.behaviour, fail_jobs="RuntimeError: MARS has crashed")
    ended, _ = scheduler.run("2026-08")
    assert "'collect': 'failed'" in ended
    assert "'wait': 'success'" in ended
    assert "MARS has crashed" in "".join(scheduler.heard)
    query = "SELECT state, message FROM ops.outcome WHERE step = 'fetch' ORDER BY outcome_id DESC"
    state, message = rows(scheduler.warehouse, query)[0]
    assert state == "failed"
    assert "MARS has crashed" in message
    desk.behaviour = replace(desk.behaviour, fail_jobs="")
    assert scheduler.run("2026-08")[0] == {"ingest_era5_land": 4}
    assert arrived(scheduler.warehouse) == [("2026-08", 1), ("2026-09", 1)]
