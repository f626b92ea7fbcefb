"""A month by `drought run` and the same month by the DAGs: one warehouse, copied, run both ways."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from pipeline import wiring
from pipeline.alerts.facts import Approval
from pipeline.core.errors import InputError
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.landscapes.default import default_landscapes_file
from pipeline.local import simulated_files
from pipeline.local.data_store import DEFAULT_KEY, DataStore
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.local.simulated_climate import DEFAULT_SEED, FIRST_MONTH
from pipeline.local.store_desk import Behaviour
from pipeline.settings import Settings
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.approve import approve
from pipeline.steps.compute import compute
from pipeline.steps.golive import golive
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.status import pending_alerts
from tests.integration.conftest import NOW, TEMPLATE
from tests.integration.desk import appoint

# One worker builds the world for all of them.
pytestmark = [
    pytest.mark.postgres,
    pytest.mark.airflow,
]

MONTH = Month(2021, 2)
"""In the first months of a drought of the simulated climate: stages change."""
LANDSCAPES = {"KG-B", "KG-J", "KG-O", "TJ-DU", "TJ-GB", "TJ-KT"}
AREA = [42.5, 67.5, 36.5, 75.5]
"""Around them, for the history; the month itself is fetched for all six countries."""
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

OF_EACH_RUN = {
    *("ops.outcome", "ops.request", "ops.request_month", "ops.job", "ops.ingest"),
    *("ops.moment", "plan.evaluation"),
}
"""What is noted of a run, whether it changed anything or not."""
TIMES = {
    "computed_at",
    "fitted_at",
    "last_received_at",
    "known_from",
    "known_until",
    "received_at",
    "decided_at",
    "requested_at",
    "sent_at",
}
MADE_AT = re.compile(rb"<time datetime=.*?</time>")
WORDED = ("subject", "draft", "body", "cap_identifier")
"""Columns of messages in whose text the number of the alert may stand."""

Rows = dict[str, list[dict[str, Any]]]
"""All rows of a warehouse, by table."""
Files = dict[str, bytes]


@dataclass(frozen=True)
class Copy:
    """An installation of its own: a database, and a folder with the archive."""

    url: str
    var: Path
    environment: dict[str, str]

    def rows(self) -> Rows:
        """Every row, but for the outcomes and requests: each fetch leaves its own."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            tables = connection.execute(
                text(
                    "SELECT table_schema || '.' || table_name FROM information_schema.tables "
                    "WHERE table_type = 'BASE TABLE' AND table_schema = ANY(:schemas)"
                ),
                {"schemas": ["landscape", "series", "index", "plan", "alert", "ops"]},
            )
            held = {
                # Names from Postgres' own catalogue.
                name: list(connection.scalars(text(f"SELECT to_jsonb(t) FROM {name} AS t")))  # noqa: S608
                for name in sorted(tables.scalars())
                if name not in OF_EACH_RUN
            }
        engine.dispose()
        return held

    def files(self) -> Files:
        """What left, and what was published, but for the minute in which a page was made.

        Of bulletins only that they are there: each of their four forms writes that minute its own way.
        """
        folders = (self.var / "outgoing", self.var / "site")
        found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return {
            str(path.relative_to(self.var)): b""
            if "bulletins" in path.parts
            else MADE_AT.sub(b"", path.read_bytes())
            for path in found
        }


@dataclass(frozen=True)
class World:
    """Thirty years of history, alerts told from `MONTH` on, and a store that has the month."""

    postgres: EmbeddedPostgres
    var: Path
    rows: Rows
    environment: dict[str, str]

    def copy(self, name: str) -> Copy:
        copy_database(self.postgres, name, "world")
        var = self.var.with_name(name)
        shutil.copytree(self.var, var)
        url = self.postgres.url(name)
        ours = {"DROUGHT_VAR": str(var), "DROUGHT_DATABASE_URL": url, "HOME": str(var)}
        return Copy(url, var, {**self.environment, **ours})


@dataclass(frozen=True)
class Way:
    """A copy of the world after the month, and after the same month once more."""

    once: Rows
    again: Rows
    files: Files
    files_again: Files


def copy_database(postgres: EmbeddedPostgres, name: str, template: str) -> None:
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()


def history(folder: Path) -> list[Path]:
    """Write what the store would have answered until the month before."""
    asked = {"product_type": [simulated_files.MONTHS], "area": AREA}
    asked["variable"] = list(simulated_files.VARIABLES)
    calendar = [f"{number:02d}" for number in range(1, 13)]
    years = [str(year) for year in range(FIRST_MONTH.year, MONTH.year)]
    parts = ((years, calendar), ([str(MONTH.year)], calendar[: MONTH.month - 1]))
    paths = []
    for these_years, months in parts:
        chosen = simulated_files.selection({**asked, "year": these_years, "month": months})
        path = folder / f"history-{these_years[-1]}.nc"
        path.write_bytes(simulated_files.answer(chosen, MONTH, DEFAULT_SEED))
        paths.append(path)
    return paths


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("paths")
    var = folder / "world"
    copy_database(postgres, "world", TEMPLATE)
    engine = create_engine(postgres.url("world"))
    installation = Installation(Settings(var=var), engine, clock=lambda: NOW)
    landscapes = read_landscapes(default_landscapes_file())
    load_landscapes(installation, [one for one in landscapes if one.landscape_id in LANDSCAPES])
    for path in history(folder):
        ingest_grid(installation, path, source=ERA5_LAND, product="monthly-mean")
    compute(installation)
    golive(installation, MONTH)
    # Something approved and not sent yet: both ways deliver it.
    by = Approval("A. Forecaster", "Drought desk", answered_at=NOW, login="forecaster")
    appoint(engine, by)
    approve(installation, pending_alerts(installation)[:2], by, accepts_unchecked=True)
    engine.dispose()
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "PYTHONWARNINGS": "ignore"}
    with DataStore(MONTH, behaviour=Behaviour(queue_polls=0)) as store:
        environment |= {"CDSAPI_URL": store.url, "CDSAPI_KEY": DEFAULT_KEY}
        rows = Copy(postgres.url("world"), var, {}).rows()
        yield World(postgres, var, rows, environment)


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
            several = {"ingest_era5_land": 4, "ingest_stations": 3, "compute_indices": 4}
            expected = dict.fromkeys(DAGS, 1) | several | {"check_warehouse": 5}
            assert json.loads(said.removeprefix("ran ")) == expected
            found.append((copy.rows(), copy.files()))
        process.stdin.close()
    (once, files), (again, files_again) = found
    return Way(once, again, files, files_again)


def without_times_and_ids(rows: Rows) -> dict[str, list[str]]:
    """Return the rows as sorted text, each surrogate id replaced by what it stands for."""
    alerts = {
        row["alert_id"]: f"{row['chain_id']} {row['month']} {row['change']}"
        for row in rows["alert.transition"]
    }
    messages = {
        row["message_id"]: f"{alerts[row['alert_id']]} {row['form']} {row['language']}"
        for row in rows["alert.message"]
    }
    names: dict[str, dict[Any, str]] = {
        "file_id": {row["file_id"]: row["sha256"] for row in rows["ops.file"]},
        "alert_id": alerts,
        "message_id": messages,
    }
    for column, named in names.items():
        assert len(set(named.values())) == len(named), f"{column}: two of them look the same"
    return {
        table: sorted(
            json.dumps(_named(row, names), ensure_ascii=False, sort_keys=True) for row in held
        )
        for table, held in rows.items()
    }


def _named(row: dict[str, Any], names: dict[str, dict[Any, str]]) -> dict[str, Any]:
    kept = {key: value for key, value in row.items() if key not in TIMES | {"delivery_id"}}
    for key in kept.keys() & names.keys():
        kept[key] = names[key][row[key]] if row[key] is not None else None
    if "alert_id" in row:
        number = re.compile(
            rf"((?:[Aa]lert|Сообщение|explain) |№|\.\d{{4}}-\d\d\.){row['alert_id']}\b"
        )
        for key in kept.keys() & WORDED:
            kept[key] = kept[key] and number.sub(r"\1N", kept[key])
    if isinstance(kept.get("request"), dict):
        kept["request"] = {**kept["request"], "job_id": "the store's"}
    return kept


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


def test_airflow_is_told_folders_that_hold_wherever_it_works(
    fresh_settings: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fresh_settings.chdir(tmp_path)
    fresh_settings.setenv("DROUGHT_VAR", "var/here")
    fresh_settings.setenv(AIRFLOW_DATABASE, "sqlite:////somewhere/airflow.db")
    environment = wiring.airflow_environment()
    assert environment["DROUGHT_VAR"] == str(tmp_path / "var" / "here")
    assert environment["AIRFLOW_HOME"] == str(tmp_path / "var" / "here" / "airflow")
