"""`drought ingest era5-land`, killed at every step and started again: the month arrives once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine

from pipeline.core.months import Month
from pipeline.local import simulated_files
from pipeline.local.data_store import DataStore, Moment
from pipeline.local.store_desk import Behaviour
from pipeline.settings import Settings
from pipeline.sources import cds
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from tests.integration.fetching import (
    NEWEST,
    TAJIKISTAN,
    OpenStore,
    arrived,
    rows,
    stores,
    submissions,
)

pytestmark = pytest.mark.postgres

ROOT = Path(__file__).parents[2]
COMMAND = ["ingest", "era5-land", "--from", "2026-10", "--to", "2026-10", "--countries", "TJ"]
CALLS = 15
"""As many calls one month takes, the look at the notices aside; a test below counts them."""
SUBMISSION, DELETION = 4, 15
"""Those that change something at the store."""


@dataclass
class Zygote:
    """A process that runs the command in forks of itself."""

    process: subprocess.Popen[str]
    victim: int | None = None
    """The process that runs now."""
    is_running: threading.Event = field(default_factory=threading.Event)

    def run(self, environment: dict[str, str], log: Path) -> int:
        """Run the command; return its exit code, negative if it was killed."""
        assert self.process.stdin is not None
        asked = {"arguments": COMMAND, "environment": environment, "log": str(log)}
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        self.victim = self._answer()
        self.is_running.set()
        code = self._answer()
        self.is_running.clear()
        return code

    def _answer(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def kill(self) -> None:
        """Kill the command that runs now, at once and without a chance to tidy up."""
        assert self.is_running.wait(20)
        assert self.victim is not None
        os.kill(self.victim, signal.SIGKILL)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.zygote"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1", "OMP_NUM_THREADS": "1"},
    ) as process:
        yield Zygote(process)
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OpenStore]:
    yield from stores(monkeypatch, tmp_path)


@pytest.fixture
def environment(warehouse_url: str, tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "DROUGHT_VAR": str(tmp_path / "var"),
        "DROUGHT_DATABASE_URL": warehouse_url,
        "DROUGHT_CDS_PAUSE_SECONDS": "0.3",
    }


@pytest.fixture
def held(warehouse_url: str) -> Iterator[Engine]:
    engine = create_engine(warehouse_url)
    yield engine
    engine.dispose()


def asks(store: DataStore) -> dict[str, str]:
    return {"CDSAPI_URL": store.url, "CDSAPI_KEY": store.key}


@dataclass
class KillAt:
    """Kills the client at the call of this number, once."""

    zygote: Zygote
    number: int
    moment: Moment
    calls: int = 0
    has_killed: bool = False

    def __call__(self, moment: Moment, method: str, path: str) -> None:
        if path.endswith("/messages") or moment != self.moment:
            return
        self.calls += 1
        if self.calls == self.number and not self.has_killed:
            self.has_killed = True
            self.zygote.kill()
            raise ConnectionError("the client is dead")


def is_here_once(held: Engine, store: DataStore, var: Path) -> None:
    assert arrived(held) == [("2026-10", 1)]
    assert rows(held, "SELECT count(*) FROM ops.file") == [(1,)]
    assert submissions(store) == ["2026: 10"]
    assert rows(held, "SELECT state FROM ops.request") == [("received",)]
    files = [path for path in (var / "archive").rglob("*.nc") if path.is_file()]
    assert len(files) == 1
    left = [path for path in (var / "downloads").rglob("*") if path.is_file()]
    assert left == []


def test_how_many_calls_a_month_takes(
    opened: OpenStore, zygote: Zygote, environment: dict[str, str], tmp_path: Path
) -> None:
    store = opened(Behaviour(2))
    assert zygote.run(environment | asks(store), tmp_path / "log") == 0
    calls = [path for _, path in store.requests if not path.endswith("/messages")]
    assert len(calls) == CALLS
    assert calls[SUBMISSION - 1].endswith("/execution")
    assert store.requests[-1][0] == "DELETE"


@pytest.mark.parametrize(
    ("number", "moment"),
    [
        *(pytest.param(n, "acted", id=f"once call {n} has acted") for n in range(1, CALLS + 1)),
        pytest.param(SUBMISSION, "before", id="before the submission arrives"),
        pytest.param(DELETION, "before", id="before the job is deleted"),
    ],
)
def test_killed_at_a_call_it_goes_on(
    opened: OpenStore,
    held: Engine,
    zygote: Zygote,
    environment: dict[str, str],
    tmp_path: Path,
    number: int,
    moment: Moment,
) -> None:
    """Killed while the answer is on the way; and before the store has acted, where it matters."""
    store = opened(Behaviour(2))
    killer = KillAt(zygote, number, moment)
    store.on_call = killer
    log = tmp_path / "log"
    first = zygote.run(environment | asks(store), log)
    assert killer.has_killed
    assert first == -signal.SIGKILL, log.read_text()
    assert zygote.run(environment | asks(store), log) == 0, log.read_text()
    is_here_once(held, store, tmp_path / "var")


@pytest.mark.parametrize("table", ["ops.file", "ops.grid_month"])
def test_killed_with_the_file_whole_and_not_committed_it_goes_on(
    opened: OpenStore,
    held: Engine,
    zygote: Zygote,
    environment: dict[str, str],
    tmp_path: Path,
    table: str,
) -> None:
    store = opened()
    with held.begin() as connection:
        connection.exec_driver_sql(SLOW.format(table=table))
    killer = threading.Thread(target=kill_when_slow, args=(held, zygote))
    killer.start()
    log = tmp_path / "log"
    assert zygote.run(environment | asks(store), log) == -signal.SIGKILL, log.read_text()
    killer.join()
    assert arrived(held) == []
    assert [path.suffix for path in (tmp_path / "var" / "downloads").glob("*.part")] == [".part"]
    with held.begin() as connection:
        connection.exec_driver_sql(f"DROP TRIGGER slow ON {table}")
    downloads = count_downloads(store)
    assert zygote.run(environment | asks(store), log) == 0, log.read_text()
    is_here_once(held, store, tmp_path / "var")
    assert count_downloads(store) == downloads, "what was downloaded is not downloaded again"


SLOW = """
CREATE FUNCTION ops.slow() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_sleep(60); RETURN NEW; END';
CREATE TRIGGER slow BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION ops.slow()
"""


def kill_when_slow(held: Engine, zygote: Zygote) -> None:
    """Kill the command once it sleeps in the middle of its transaction, and end its session."""
    sleeping = (
        "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
        "AND datname = current_database()"
    )
    while not (found := rows(held, sleeping)):
        time.sleep(0.05)
    zygote.kill()
    rows(held, "SELECT pg_terminate_backend(:pid)", pid=found[0][0])


def count_downloads(store: DataStore) -> int:
    return sum("/cache/" in path for _, path in store.requests)


def test_killed_in_the_middle_of_a_transfer_it_resumes(
    opened: OpenStore,
    held: Engine,
    zygote: Zygote,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """Half the file is on disk, and the other half is asked for by its range."""
    store = opened(Behaviour(0, cut_downloads=1))
    asked_from: list[str] = []

    def kill(moment: Moment, method: str, path: str) -> None:
        if "/cache/" in path and moment == "before":
            asked_from.append(path)
            if len(asked_from) == 2:
                zygote.kill()
                raise ConnectionError("the client is dead")

    store.on_call = kill
    log = tmp_path / "log"
    assert zygote.run(environment | asks(store), log) == -signal.SIGKILL, log.read_text()
    (part,) = (tmp_path / "var" / "downloads").glob("*.part")
    (job,) = store.desk.jobs.values()
    assert part.read_bytes() == job.file[: len(job.file) // 2]
    assert zygote.run(environment | asks(store), log) == 0, log.read_text()
    assert len(asked_from) == 3
    is_here_once(held, store, tmp_path / "var")


# --- with a month by hand that has rain and temperature only --------------------------------------

JULY = Month(2026, 7)


@pytest.fixture
def july_by_hand(held: Engine, tmp_path: Path) -> None:
    asked = cds.request([JULY], cds.area_of(TAJIKISTAN), ["total_precipitation", "2m_temperature"])
    path = tmp_path / "july.nc"
    path.write_bytes(simulated_files.answer(simulated_files.selection(asked), NEWEST, 7))
    settings = Settings(var=tmp_path / "var")
    ingest_grid(Installation(settings, held), path, source="era5-land")


@pytest.mark.usefixtures("july_by_hand")
@pytest.mark.parametrize("number", [3, 4, 8, 11, 14])
def test_killed_at_a_call_for_the_range_it_goes_on(
    opened: OpenStore,
    held: Engine,
    zygote: Zygote,
    environment: dict[str, str],
    tmp_path: Path,
    number: int,
) -> None:
    """The range takes 14 calls after those of the month. Each comes once, by its own request."""
    store = opened(Behaviour(2))
    killer = KillAt(zygote, CALLS + number, "acted")
    store.on_call = killer
    log = tmp_path / "log"
    assert zygote.run(environment | asks(store), log) == -signal.SIGKILL, log.read_text()
    assert zygote.run(environment | asks(store), log) == 0, log.read_text()
    assert arrived(held) == [("2026-07", 2), ("2026-10", 1)]
    assert {state for (state,) in rows(held, "SELECT state FROM ops.request")} == {"received"}
    kinds = [(one["product_type"][0], one["month"]) for one in store.desk.submitted]
    assert kinds == [
        ("monthly_averaged_reanalysis", ["10"]),
        ("monthly_averaged_reanalysis_by_hour_of_day", ["07"]),
    ]
    left = [path for path in (tmp_path / "var" / "downloads").rglob("*") if path.is_file()]
    assert left == []
