"""A run by its log lines and its outcomes: both bear the same name, by the command and under Airflow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from pipeline.core.ids import Country
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.steps.installation import Installation
from tests.integration.issuing_plan import adopted_plan
from tests.integration.little_world import told
from tests.integration.watched_world import FEBRUARY, Watched, watched
from tests.integration.water_plan import load

pytestmark = pytest.mark.postgres

SECRET = "hemlock-and-nightshade"  # noqa: S105 - of nothing
RUN_DAG = """
import os
from datetime import UTC, datetime
from pipeline import wiring
os.environ.update(wiring.airflow_environment())
from pipeline.orchestration import rehearsal
rehearsal.prepare()
rehearsal.run_dags(["check_warehouse"], "2021-02", datetime.now(UTC))
"""


@pytest.fixture
def world(installation: Installation) -> Iterator[Watched]:
    with watched(installation) as world:
        yield world


def environment_of(place: Installation, url: str, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONWARNINGS": "ignore",
        "DROUGHT_VAR": str(place.settings.var),
        "DROUGHT_DATABASE_URL": url,
        **more,
    }


def drought(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = str(Path(sys.executable).with_name("drought"))
    return subprocess.run(
        [command, *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_lines_and_outcome_of_a_command_bear_its_run(world: Watched, warehouse_url: str) -> None:
    world.data(FEBRUARY)
    world.indices(FEBRUARY, spi=-1.2)
    done = drought(environment_of(world.place, warehouse_url, DROUGHT_LOG="json"), "evaluate")
    assert done.returncode == 0
    raised, ended = (json.loads(line) for line in done.stderr.splitlines())
    assert raised["event"] == "alert: meteorological began to watch"
    assert (raised["month"], raised["landscape"]) == ("2021-02", "A")
    assert ended["event"] == "done: 1 changes of stage, 1 to be told"
    for line in (raised, ended):
        assert (line["level"], line["step"], line["command"]) == ("info", "evaluate", "evaluate")
    assert raised["run"] == ended["run"]
    assert told(
        world.place.warehouse,
        "SELECT run FROM ops.outcome WHERE step = 'evaluate' ORDER BY outcome_id DESC LIMIT 1",
    ) == [(ended["run"],)]


def test_why_a_command_failed_is_a_line_too(world: Watched, warehouse_url: str) -> None:
    environment = environment_of(world.place, warehouse_url, DROUGHT_LOG="json")
    done = drought(environment, "explain", "4711")
    assert done.returncode == 1
    (line,) = (json.loads(line) for line in done.stderr.splitlines())
    assert (line["level"], line["command"]) == ("error", "explain")
    assert "4711" in line["event"]
    assert drought(environment_of(world.place, warehouse_url), "explain", "4711").stderr == (
        f"error: {line['event']}\n"
    )


@pytest.mark.airflow
def test_under_airflow_lines_and_outcomes_bear_the_run_of_the_dag(
    world: Watched, warehouse_url: str, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    impatient = adopted_plan({"answer_within_days": 1}, Country.UZBEKISTAN) | {"version": "2"}
    load(world.place.warehouse, impatient, effective_from=FEBRUARY)
    world.whole(FEBRUARY, spi=-1.2)
    with world.place.warehouse.begin() as connection:
        connection.execute(
            text("UPDATE alert.approval SET requested_at = now() - interval '2 days'")
        )
    postgres.ensure_database("airflow_of_logs")
    url = postgres.url("airflow_of_logs").replace("postgresql+psycopg://", "postgresql+psycopg2://")
    done = subprocess.run(
        [sys.executable, "-c", RUN_DAG],
        env=environment_of(
            world.place,
            warehouse_url,
            HOME=str(tmp_path),
            AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=url,
            CDSAPI_KEY=SECRET,
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-3000:]
    runs = told(
        world.place.warehouse,
        "SELECT step, run FROM ops.outcome WHERE run ~ '^check_warehouse/' ORDER BY 1",
    )
    assert [step for step, _ in runs] == ["backup", "check", "escalate"]
    ((run,),) = {(run,) for _, run in runs}
    (line,) = [line for line in said.splitlines() if "alerts unanswered" in line]
    assert str(run) in line
    assert SECRET not in said
    assert world.place.settings.metrics.is_file()


def test_a_backup_of_older_tables_leaves_its_outcome(
    postgres: EmbeddedPostgres, world: Watched
) -> None:
    """A backup is made before the tables change that would hold the run."""
    from pipeline.warehouse.outcomes import save_outcome

    with world.place.warehouse.begin() as connection:
        connection.execute(text("ALTER TABLE ops.outcome DROP COLUMN run, DROP COLUMN facts"))
        save_outcome(
            connection,
            step="backup",
            month=None,
            state="done",
            rows=1,
            seconds=timedelta(seconds=1).total_seconds(),
            message=None,
            run="r1",
            facts={"found": {}},
        )
        row = connection.execute(text("SELECT state FROM ops.outcome WHERE step = 'backup'"))
        assert row.scalar_one() == "done"
