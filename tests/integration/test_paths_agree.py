"""A month by `drought run` and the same month by the DAGs: one warehouse, copied, run both ways."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipeline import wiring
from pipeline.core.errors import InputError
from pipeline.local.postgres import EmbeddedPostgres
from tests.integration.monthly_world import (
    MONTH,
    Files,
    Rows,
    World,
    monthly_world,
    without_times_and_ids,
)

# One worker builds the world for all of them.
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.airflow,
]

DAGS = (
    *("ingest_era5_land", "ingest_stations", "compute_indices", "evaluate_plans"),
    *("deliver_alerts", "publish_bulletin", "check_warehouse"),
)
"""All but `approve_alerts`, which ends when a person has answered (`test_approval_dag`)."""
AIRFLOW_DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
RUN_DAGS = """
import json, os, sys
from datetime import UTC, datetime
from pipeline import wiring
os.environ.update(wiring.airflow_environment())
from pipeline.orchestration import rehearsal
rehearsal.prepare()
for line in sys.stdin:
    ran = rehearsal.run_dags(sys.argv[2:], sys.argv[1], datetime.now(UTC))
    print("ran", json.dumps(ran), flush=True)
"""
"""Runs the DAGs once for each line it reads."""


@dataclass(frozen=True)
class Way:
    """A copy of the world after the month, and after the same month once more."""

    once: Rows
    again: Rows
    files: Files
    files_again: Files


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with monthly_world(postgres, tmp_path_factory.mktemp("paths")) as built:
        yield built


@pytest.fixture(scope="module")
def by_command(world: World) -> Way:
    copy = world.copy("by_command")
    drought = str(Path(sys.executable).with_name("drought"))
    found: list[tuple[Rows, Files]] = []
    for _ in range(2):
        run = subprocess.run(
            [drought, "run", "--from", str(MONTH), "--to", str(MONTH)],
            env=copy.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        found.append((copy.rows(), copy.files()))
    (once, files), (again, files_again) = found
    return Way(once, again, files, files_again)


@pytest.fixture(scope="module")
def by_dags(world: World) -> Way:
    copy = world.copy("by_dags")
    log = copy.var / "dags.log"
    environment = {**copy.environment, AIRFLOW_DATABASE: f"sqlite:///{copy.var / 'airflow.db'}"}
    found: list[tuple[Rows, Files]] = []
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-c", RUN_DAGS, str(MONTH), *DAGS],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(2):
            process.stdin.write("once more\n")
            process.stdin.flush()
            said = next((line for line in process.stdout if line.startswith("ran ")), "")
            assert said, log.read_text()[-3000:]
            several = {"ingest_era5_land": 4, "ingest_stations": 3, "compute_indices": 15}
            expected = dict.fromkeys(DAGS, 1) | several | {"check_warehouse": 5}
            assert json.loads(said.removeprefix("ran ")) == expected
            found.append((copy.rows(), copy.files()))
        process.stdin.close()
    (once, files), (again, files_again) = found
    return Way(once, again, files, files_again)


def of_the_month(rows: Rows, table: str) -> list[dict[str, Any]]:
    return [row for row in rows[table] if row["month"] == str(MONTH.first_day)]


MONTHLY = ("ops.grid_month", "series.climate_month", "index.value_month", "plan.stage_month")


@pytest.mark.parametrize("table", MONTHLY)
def test_the_month_is_new_to_the_warehouse(world: World, by_dags: Way, table: str) -> None:
    assert of_the_month(world.rows, table) == []
    assert of_the_month(by_dags.once, table) != []


def test_the_month_brings_alerts_that_wait_with_their_letters(by_dags: Way) -> None:
    alerts = {row["alert_id"] for row in of_the_month(by_dags.once, "alert.transition")}
    states = {row["alert_id"]: row["state"] for row in by_dags.once["alert.approval"]}
    letters = {row["alert_id"] for row in by_dags.once["alert.message"] if row["draft"]}
    assert alerts
    assert {states[alert] for alert in alerts} == {"pending"}
    assert alerts <= letters


def test_both_ways_write_the_same_rows(by_command: Way, by_dags: Way) -> None:
    commanded, scheduled = map(without_times_and_ids, (by_command.once, by_dags.once))
    assert commanded.keys() == scheduled.keys()
    for table in commanded:
        assert commanded[table] == scheduled[table], table


def test_both_ways_send_and_publish_the_same_files(by_command: Way, by_dags: Way) -> None:
    assert any(name.startswith("outgoing/") for name in by_command.files)
    assert any(name.startswith("site/") for name in by_command.files)
    assert by_command.files == by_dags.files


@pytest.mark.parametrize("way", ["by_command", "by_dags"])
def test_the_same_month_once_more_changes_nothing(way: str, request: pytest.FixtureRequest) -> None:
    """Not even a time: no row is touched."""
    done: Way = request.getfixturevalue(way)
    for table, held in done.once.items():
        assert by_text(held) == by_text(done.again[table]), table
    assert done.files == done.files_again


def by_text(rows: Sequence[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True) for row in rows)


# --- where Airflow keeps its own tables -------------------------------------------------------


@pytest.fixture
def fresh_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pytest.MonkeyPatch]:
    """Settings are read anew in the test, and after it."""
    for name in [name for name in os.environ if name.startswith(("AIRFLOW", "DROUGHT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DROUGHT_VAR", str(tmp_path))
    wiring.settings.cache_clear()
    yield monkeypatch
    wiring.settings.cache_clear()


def test_airflow_never_gets_the_database_of_the_warehouse(
    fresh_settings: pytest.MonkeyPatch,
) -> None:
    fresh_settings.setenv("DROUGHT_DATABASE_URL", "postgresql://u:p@db.example/drought")
    with pytest.raises(InputError, match=rf"^{AIRFLOW_DATABASE}: expected a database for Airflow"):
        wiring.airflow_environment()


def test_airflow_takes_the_database_it_is_given(fresh_settings: pytest.MonkeyPatch) -> None:
    fresh_settings.setenv("DROUGHT_DATABASE_URL", "postgresql://u:p@db.example/drought")
    fresh_settings.setenv(AIRFLOW_DATABASE, "postgresql+psycopg2://u:p@db.example/airflow")
    environment = wiring.airflow_environment()
    assert environment[AIRFLOW_DATABASE] == "postgresql+psycopg2://u:p@db.example/airflow"


@pytest.mark.parametrize("way", ["_CMD", "_SECRET"])
def test_a_command_or_a_vault_may_tell_airflow_its_database(
    fresh_settings: pytest.MonkeyPatch, way: str
) -> None:
    fresh_settings.setenv("DROUGHT_DATABASE_URL", "postgresql://u:p@db.example/drought")
    fresh_settings.setenv(f"{AIRFLOW_DATABASE}{way}", "cat /run/secrets/airflow_database_url")
    # Airflow would take the variable, were it there, before the command.
    assert AIRFLOW_DATABASE not in wiring.airflow_environment()


def test_airflow_is_told_folders_that_hold_wherever_it_works(
    fresh_settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fresh_settings.chdir(tmp_path)
    fresh_settings.setenv("DROUGHT_VAR", "var/here")
    fresh_settings.setenv(AIRFLOW_DATABASE, "sqlite:////somewhere/airflow.db")
    environment = wiring.airflow_environment()
    assert environment["DROUGHT_VAR"] == str(tmp_path / "var" / "here")
    assert environment["AIRFLOW_HOME"] == str(tmp_path / "var" / "here" / "airflow")
