"""The DAG files as Airflow sees them, from a process of its own: none of its settings leak here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Described:
    """What `tests.dags.description` found, and all that Airflow logged meanwhile."""

    facts: dict[str, Any]
    log: str


@pytest.fixture(scope="session")
def airflow_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with nothing of the caller's Airflow, and no warehouse that answers."""
    home = tmp_path_factory.mktemp("airflow")
    ours = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__AUTH_MANAGER": "pipeline.orchestration.logins.Logins",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin,forecaster:user,viewer:viewer",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "DROUGHT_VAR": str(home / "var"),
        "DROUGHT_DATABASE_URL": "postgresql://nobody:nothing@127.0.0.1:9/none",
        "PYTHONWARNINGS": "ignore",
    }
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW", "DROUGHT_"))}
    return {**kept, **ours}


@pytest.fixture(scope="session")
def described(
    airflow_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Described:
    """All that is asked of Airflow, asked once: importing it takes seconds."""
    target = tmp_path_factory.mktemp("described") / "dags.json"
    run = subprocess.run(
        [sys.executable, "-m", "tests.dags.description", str(target)],
        cwd=ROOT,
        env=airflow_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return Described(json.loads(target.read_text()), run.stdout + run.stderr)
