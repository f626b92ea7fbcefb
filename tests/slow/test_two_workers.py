"""The DAGs on two workers that share Postgres and an object store: the rows are those of one machine.

Each worker has a home, a folder and a name of its own; redis hands the tasks out, and moto stands
for the object store. The office takes the tasks of its own disk as well, the helper only the others.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from sqlalchemy import create_engine, text

from pipeline.core.ids import ERA5_LAND, IndexCode
from pipeline.core.months import Month
from pipeline.local.data_store import DataStore
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.local.store_desk import Behaviour
from pipeline.settings import Settings
from pipeline.sources.grid_store import FIRST_MONTH
from pipeline.steps.cell_maps import index_path
from pipeline.steps.installation import Installation
from pipeline.steps.maps import bring_maps
from pipeline.steps.source_store import CLIMATE, opened
from tests.integration.conftest import NOW
from tests.integration.monthly_world import Copy, Rows, World, monthly_world, without_times_and_ids
from tests.slow.live import Rest, eventually

REDIS = shutil.which("redis-server")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.postgres,
    pytest.mark.airflow,
    pytest.mark.skipif(REDIS is None, reason="no redis-server on PATH (Debian: redis-server)"),
]

ROOT = Path(__file__).parents[2]
NEWEST = Month(2021, 6)
"""Of the store: what is asked for is final, so that neither way asks again."""
FIRST, FILLED = [Month(2021, 2)], [Month(2021, 3), Month(2021, 4)]
"""A month as every month, and two that are brought before anything follows, as by a backfill."""
SINCE = Month(2019, 1)
"""From here on the maps of the history are not made yet."""
BUCKET = "drought"
KNOWN = re.compile(r'"known_from": "[^"]*"')
OFFICE, HELPER = "office", "helper"
AFTER_INGEST = ("compute_indices", "evaluate_plans", "deliver_alerts", "publish_bulletin")
BLOCKS = {
    f"compute_indices.{name}" for name in ("take_means", "take_climate", "make_maps", "take_shares")
}


@dataclass(frozen=True)
class Machines:
    """A scheduler, and two workers."""

    shared: Copy
    """The installation; its folder is that of the office."""
    helper: Path
    """The folder of the other worker."""
    rest: Rest
    logs: Path
    objects: Any
    """A client of the object store."""
    secret: str
    """Its key."""

    def object_store(self) -> dict[str, bytes]:
        """What lies in the object store, by path."""
        pages = self.objects.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        keys = [one["Key"] for page in pages for one in page["Contents"]]
        return {key: self.objects.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}

    def run_months(self, months: Sequence[Month], following: Sequence[str]) -> None:
        """Have the months brought, and then what follows, each when the one before is done."""
        for month in months:
            self._run("ingest_era5_land", month)
        for dag_id in following:
            self._run(dag_id, months[-1])

    def _run(self, dag_id: str, month: Month) -> None:
        count = len(self.rest.runs(dag_id))
        self.rest.trigger(dag_id, str(month))
        self.rest.well_ended(dag_id, count + 1)

    def who_ran(self) -> dict[str, set[str]]:
        """The machines that ran each task."""
        ran: dict[str, set[str]] = {}
        for dag_id in ("ingest_era5_land", *AFTER_INGEST):
            for run in self.rest.runs(dag_id):
                for task in self.rest.tasks(dag_id, run["dag_run_id"]):
                    if task["state"] == "success" and task["hostname"]:
                        ran.setdefault(f"{dag_id}.{task['task_id']}", set()).add(task["hostname"])
        return ran


@dataclass(frozen=True)
class Ways:
    """What the warehouse held after each part, on one machine and on two."""

    alone: tuple[Rows, Rows]
    together: tuple[Rows, Rows]
    alone_files: dict[str, bytes]
    alone_var: Path
    machines: Machines


@pytest.fixture(scope="module")
def world(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with monthly_world(postgres, tmp_path_factory.mktemp("workers")) as built:
        lay_maps(built)
        yield built


def lay_maps(world: World) -> None:
    """Make the maps of the history, and take what is since `SINCE` away again: enough to be handed out."""
    engine = create_engine(world.postgres.url("world"))
    place = Installation(Settings(var=world.var), engine, clock=lambda: NOW)
    bring_maps(place)
    store = opened(place, ERA5_LAND)
    assert store is not None
    # Of one index in each family: the blocks of the others find their maps made.
    sets = [
        index_path(place.settings.calibration, IndexCode.parse(one)) for one in ("spi_3", "spei_3")
    ]
    for path in (CLIMATE, *sets):
        store.forget(path, [month for month in store.fingerprints(path) if month >= SINCE])
    with engine.begin() as connection:
        for query in (
            "DELETE FROM index.share_month WHERE month >= :since",
            "UPDATE ops.grid_month SET averaged_over = NULL WHERE month >= :since",
        ):
            connection.execute(text(query), {"since": SINCE.first_day})
    engine.dispose()


@pytest.fixture(scope="module")
def ways(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ways]:
    with ExitStack() as open_until_all_is_seen:
        enter = open_until_all_is_seen.enter_context
        store = enter(DataStore(NEWEST, behaviour=Behaviour(queue_polls=0)))
        one, shared = world.copy("one_machine"), world.copy("two_machines")
        url = {"CDSAPI_URL": store.url}
        # The two share nothing but the store, and the machines wait much.
        alone = enter(ThreadPoolExecutor(1)).submit(run_alone, one, url)
        two = enter(machines(world, shared, url, tmp_path_factory.mktemp("machines")))
        two.run_months(FIRST, AFTER_INGEST[:-1])
        after_first = shared.rows()
        # What is published at last stands for all.
        two.run_months(FILLED, AFTER_INGEST)
        together = after_first, shared.rows()
        yield Ways(alone.result(), together, one.files(), one.var, two)


def run_alone(one: Copy, url: Mapping[str, str]) -> tuple[Rows, Rows]:
    """Have the same months brought and followed by commands; return the rows after each part."""
    environment = {**one.environment, **url}

    def rows_after(months: Sequence[Month]) -> Rows:
        spans = [("ingest", "era5-land", month, month) for month in months]
        for *words, start, end in [*spans, ("run", months[0], months[-1])]:
            drought([*map(str, words), "--from", str(start), "--to", str(end)], environment)
        return one.rows()

    after_first = rows_after(FIRST)
    # `run` publishes it, and the two machines do not.
    shutil.rmtree(one.var / "bulletins" / str(FIRST[0]))
    return after_first, rows_after(FILLED)


def drought(command: Sequence[str], environment: Mapping[str, str]) -> None:
    program = str(Path(sys.executable).with_name("drought"))
    run = subprocess.run(
        [program, *command],
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, f"{command}: {run.stdout[-1000:]} {run.stderr[-3000:]}"


# --- the machines -----------------------------------------------------------------------------


@contextmanager
def machines(
    world: World, shared: Copy, url: Mapping[str, str], folder: Path
) -> Iterator[Machines]:
    world.postgres.ensure_database("airflow_of_two")
    airflow = world.postgres.url("airflow_of_two").replace("+psycopg://", "+psycopg2://")
    broker, store, port = free_port(), free_port(), free_port()
    secret = secrets.token_urlsafe(48)
    keys = {"FSSPEC_S3_KEY": "trial", "FSSPEC_S3_SECRET": secrets.token_urlsafe(16)}
    common = {
        **shared.environment,
        **url,
        **keys,
        "FSSPEC_S3_ENDPOINT_URL": f"http://127.0.0.1:{store}",
        "DROUGHT_ARCHIVE_URL": f"s3://{BUCKET}/archive",
        "DROUGHT_GRIDS_URL": f"s3://{BUCKET}/grids",
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "tests.slow.named.machine",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow,
        "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{broker}/0",
        "AIRFLOW__CELERY__RESULT_BACKEND": f"db+{airflow}",
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": "2",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__SECRET_KEY": secret,
        "AIRFLOW__API_AUTH__JWT_SECRET": secret,
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "1",
        # The test says what runs when. Woken by chance after one month or two, each way would keep
        # other values that stood for a minute; `test_live` has the schedule and the waking.
        "AIRFLOW__SCHEDULER__USE_JOB_SCHEDULE": "False",
        "NAME_OF_MACHINE": "scheduler",
        "PYTHONPATH": str(ROOT),
    }
    helper = folder / "helper"
    helper.mkdir()
    logs = folder / "logs"
    logs.mkdir()
    with ExitStack() as running:

        def start(name: str, command: Sequence[str], **own: str) -> None:
            running.enter_context(started(command, {**common, **own}, logs / f"{name}.log"))

        start("redis", redis(broker, folder))
        start("s3", [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(store)])
        eventually(lambda: answers(store) and answers(broker), "redis and the object store")
        client = client_of(store, keys)
        client.create_bucket(Bucket=BUCKET)
        for part in ("archive", "grids"):
            lay_up(client, shared.var / part)
            (shared.var / part).rename(folder / part)
        drought(["airflow", "setup"], common)
        with create_engine(airflow).begin() as connection:
            connection.execute(text("UPDATE slot_pool SET slots = 4 WHERE pool = 'blocks'"))
        program = str(Path(sys.executable).with_name("drought"))
        for component in ("api-server", "scheduler", "dag-processor"):
            start(component, [program, "airflow", "run", component])
        for name, var, queues in (
            (OFFICE, shared.var, "default,office"),
            (HELPER, helper, "default"),
        ):
            start(
                name,
                [program, "airflow", "run", "celery-worker", "--queues", queues],
                DROUGHT_VAR=str(var),
                HOME=str(var),
                AIRFLOW_HOME=str(var / "airflow"),
                NAME_OF_MACHINE=name,
                AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT=str(free_port()),
            )
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: answers(port), "Airflow's API", otherwise=lambda: ends_of(logs))
        rest = Rest.from_passwords(address, shared.var / "airflow" / "passwords.json", "operator")
        rest.turn_on("ingest_era5_land", *AFTER_INGEST)
        yield Machines(shared, helper, rest, logs, client, keys["FSSPEC_S3_SECRET"])


def redis(port: int, folder: Path) -> list[str]:
    said = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    return [str(REDIS), *said]


def client_of(port: int, keys: Mapping[str, str]) -> Any:  # noqa: ANN401
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id=keys["FSSPEC_S3_KEY"],
        aws_secret_access_key=keys["FSSPEC_S3_SECRET"],
        region_name="us-east-1",
    )


def lay_up(client: Any, folder: Path) -> None:  # noqa: ANN401
    """Put the files of a folder into the object store; of maps that nobody reads, only the numbers."""
    for path in folder.rglob("*"):
        if path.is_file() and not is_of_old_map(path):
            client.upload_file(str(path), BUCKET, str(path.relative_to(folder.parent)))


def is_of_old_map(path: Path) -> bool:
    *_, above, number, row, column = path.parts
    if (above, row, column) != ("c", "0", "0") or "calibration" in path.parts:
        return False
    return FIRST_MONTH + int(number) < SINCE - 24


@contextmanager
def started(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """Run a program in a session of its own, and end all of it."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=dict(environment), stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield
    finally:
        for sign, seconds in ((signal.SIGTERM, 15), (signal.SIGKILL, 5)):
            try:
                os.killpg(process.pid, sign)
                process.wait(seconds)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def ends_of(logs: Path) -> str:
    return "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in sorted(logs.iterdir()))


# --- what came of it --------------------------------------------------------------------------


def assert_same(together: Rows, alone: Rows) -> None:
    two, one = (without_times_and_ids(rows) for rows in (together, alone))
    assert two.keys() == one.keys()
    for table in one:
        assert told(two[table]) == told(one[table]), table


def told(rows: Sequence[str]) -> list[str]:
    """The rows without the times in the evidence of a decision: since when a replaced value was known."""
    return sorted(KNOWN.sub("", row) for row in rows)


def test_a_month_comes_out_as_on_one_machine(ways: Ways, world: World) -> None:
    new = {row["month"] for row in ways.together[0]["series.climate_month"]}
    new -= {row["month"] for row in world.rows["series.climate_month"]}
    assert new == {str(FIRST[0].first_day)}
    assert ways.together[0]["index.area_share"]
    assert_same(ways.together[0], ways.alone[0])


def test_a_backfill_does_too(ways: Ways) -> None:
    held = {row["month"] for row in ways.together[1]["plan.stage_month"]}
    assert {str(month.first_day) for month in FILLED} <= held
    assert_same(ways.together[1], ways.alone[1])


def test_both_workers_helped_and_the_office_kept_what_is_its_own(ways: Ways) -> None:
    ran = ways.machines.who_ran()
    assert set().union(*ran.values()) == {OFFICE, HELPER}
    assert ran.keys() >= BLOCKS
    assert HELPER in set().union(*(ran[block] for block in BLOCKS))
    of_office = ("ingest_era5_land.collect", "deliver_alerts.", "publish_bulletin.")
    kept = [hosts for task, hosts in ran.items() if task.startswith(of_office)]
    assert len(kept) == 3
    assert all(hosts == {OFFICE} for hosts in kept)


def test_nothing_was_handed_over_on_a_disk(ways: Ways) -> None:
    office, helper = ways.machines.shared.var, ways.machines.helper
    held = {path.name for path in helper.iterdir()}
    assert held <= {"airflow", "weights", ".cache", ".config"}, held
    for var in (office, helper):
        assert not (var / "archive").exists()
        assert not (var / "grids").exists()
    assert ways.machines.shared.files() == ways.alone_files
    assert any(name.startswith("outgoing/") for name in ways.alone_files)


def test_the_object_store_holds_what_the_disk_of_one_machine_does(ways: Ways) -> None:
    objects = ways.machines.object_store()
    alone = {
        str(path.relative_to(ways.alone_var)): path
        for part in ("archive", "grids")
        for path in (ways.alone_var / part).rglob("*")
        if path.is_file() and not is_of_old_map(path)
    }
    assert objects.keys() == alone.keys()
    # The sidecar of a raw file says when and how it came.
    differ = [
        key
        for key, path in alone.items()
        if not (key.startswith("archive/") and key.endswith(".json"))
        and objects[key] != path.read_bytes()
    ]
    assert differ == []
    assert any("/index/" in key for key in alone)


def test_no_key_of_the_object_store_is_in_a_log(ways: Ways) -> None:
    two = ways.machines
    folders = (two.logs, two.helper / "airflow", two.shared.var / "airflow")
    said = [path.read_bytes() for folder in folders for path in folder.rglob("*.log")]
    assert len(said) > len(AFTER_INGEST)
    assert not any(two.secret.encode() in text for text in said)
