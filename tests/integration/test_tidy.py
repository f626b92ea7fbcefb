"""What Airflow wrote long ago is forgotten; what is younger, and the newest run of each DAG, stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.airflow

AGES_IN_DAYS = {"deliver_alerts": [400, 300, 10], "publish_bulletin": [400]}
SCRIPT = """
import json, sys
from datetime import UTC, datetime, timedelta
from airflow.models.dagrun import DagRun
from airflow.utils.db import initdb
from airflow.utils.session import create_session
from airflow.utils.types import DagRunType
from pipeline.orchestration import tidy

initdb()
now = datetime.now(UTC)
with create_session() as session:
    for dag_id, ages in json.loads(sys.argv[1]).items():
        for age in ages:
            began = now - timedelta(days=age)
            run = DagRun(dag_id=dag_id, run_id=f"ran_{age}", run_type=DagRunType.SCHEDULED,
                         run_after=began, start_date=began, logical_date=began)
            session.add(run)
tidy.main(180)
with create_session() as session:
    runs = sorted((run.dag_id, run.run_id) for run in session.query(DagRun))
print("left", json.dumps(runs))
"""


@pytest.fixture(scope="module")
def tidied(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[list[str]]]:
    """The folder of Airflow after a clean-up, and the runs that are left."""
    home = tmp_path_factory.mktemp("tidy")
    long_ago = (datetime.now(UTC) - timedelta(days=400)).timestamp()
    for name, is_old in {"old/task/1.log": True, "mixed/1.log": True, "mixed/2.log": False}.items():
        log = home / "logs" / name
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("said")
        if is_old:
            os.utime(log, (long_ago, long_ago))
    for folder in ("old/task", "old"):
        os.utime(home / "logs" / folder, (long_ago, long_ago))
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW", "DROUGHT_"))}
    environment = {
        **kept,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(AGES_IN_DAYS)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    said = next(line for line in done.stdout.splitlines() if line.startswith("left "))
    return home, json.loads(said.removeprefix("left "))


def test_old_runs_are_forgotten_but_for_the_newest_of_each_dag(
    tidied: tuple[Path, list[list[str]]],
) -> None:
    assert tidied[1] == [["deliver_alerts", "ran_10"], ["publish_bulletin", "ran_400"]]


def test_old_logs_are_deleted_with_the_folders_they_leave_empty(
    tidied: tuple[Path, list[list[str]]],
) -> None:
    logs = tidied[0] / "logs"
    assert sorted(str(path.relative_to(logs)) for path in logs.rglob("*.log")) == ["mixed/2.log"]
    assert not (logs / "old" / "task").exists()
