"""An installation of its own for Airflow live: a warehouse on its own Postgres, a store, a postbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text

from pipeline.alerts.facts import Approval
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.landscapes.default import default_landscapes_file
from pipeline.local import simulated_files
from pipeline.local.data_store import DEFAULT_KEY, DataStore
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.local.simulated_climate import DEFAULT_SEED, FIRST_MONTH
from pipeline.local.store_desk import Behaviour
from pipeline.local.supervisor import Part, read_parts
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.compute import compute
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.maps import bring_maps
from pipeline.warehouse.migrations import migrate
from pipeline.warehouse.outcomes import save_live_from
from pipeline.warehouse.plans import save_plan
from tests.integration.conftest import NOW
from tests.integration.desk import appoint
from tests.integration.postbox import Postbox, free_port, listening
from tests.integration.readers import reader, register

LANDSCAPES = {"KG-J", "KG-O"}
AREA = [42.5, 69.5, 39.0, 75.0]
HELD_UNTIL = Month(2021, 1)
"""The history ends here, when a drought of the simulated climate has just begun."""
YEAR = [HELD_UNTIL + number for number in range(1, 13)]
"""Comes by a backfill, full of stages that change."""
MONTH = HELD_UNTIL + 13
"""Alerts are told from here on, and the store has nothing newer."""
LOGIN = "karimova"
FORECASTER = Approval("A. Karimova", "Drought desk", NOW, login=LOGIN)
DROUGHT = Path(sys.executable).with_name("drought")


@dataclass
class Place:
    """The installation, and what stands around it."""

    var: Path
    postgres: EmbeddedPostgres
    postbox: Postbox
    environment: dict[str, str] = field(repr=False)
    warehouse: Engine

    def drought(self, *arguments: str, typed: str = "") -> str:
        """Run the command; return what it said."""
        done = self.try_drought(*arguments, typed=typed)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_drought(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(DROUGHT), *arguments],
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        """What the supervisor says."""
        found: dict[str, Any] = json.loads(self.drought("airflow", "status", "--json"))
        return found

    def component(self, name: str) -> Part:
        """What the supervisor wrote down of one program; a command for it would take a second."""
        (found,) = (one for one in read_parts(self.var / "airflow" / "run") if one.name == name)
        return found

    def ask_warehouse(self, question: str) -> list[Any]:
        with self.warehouse.connect() as connection:
            return list(connection.execute(text(question)))


@contextmanager
def standing(folder: Path) -> Iterator[Place]:
    """Build the installation; nothing of Airflow runs in it yet."""
    var = folder / "var"
    postgres = EmbeddedPostgres(var / "postgres")
    postgres.start()
    try:
        with (
            DataStore(MONTH, behaviour=Behaviour(queue_polls=0)) as store,
            listening(Postbox(free_port())) as postbox,
        ):
            environment = {
                **{n: v for n, v in os.environ.items() if not n.startswith(("AIRFLOW", "DROUGHT"))},
                "HOME": str(folder),
                "NO_PROXY": "127.0.0.1",
                "DROUGHT_VAR": str(var),
                "DROUGHT_SMTP_HOST": "127.0.0.1",
                "DROUGHT_SMTP_PORT": str(postbox.port),
                "CDSAPI_URL": store.url,
                "CDSAPI_KEY": DEFAULT_KEY,
                # It rests for a second otherwise, after each task.
                "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
                # A scheduler that was killed is missed sooner than after 30 seconds.
                "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "5",
                "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
            }
            postgres.ensure_database("drought")
            engine = create_engine(postgres.url("drought"), pool_pre_ping=True)
            place = Place(var, postgres, postbox, environment, engine)
            airflow = subprocess.Popen(
                [str(DROUGHT), "airflow", "setup"],
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            try:
                _fill(place, folder)
            finally:
                _, trouble = airflow.communicate()
            assert airflow.returncode == 0, trouble
            yield place
            engine.dispose()
    finally:
        postgres.stop()


def _fill(place: Place, folder: Path) -> None:
    """Bring the history in, and let alerts be told from `MONTH` on."""
    migrate(place.warehouse)
    with place.warehouse.begin() as connection:
        for plan in shipped_plans():
            save_plan(connection, plan, is_shipped=True)
    office = Installation(Settings(var=place.var), place.warehouse, clock=lambda: NOW)
    landscapes = read_landscapes(default_landscapes_file())
    load_landscapes(office, [one for one in landscapes if one.landscape_id in LANDSCAPES])
    for path in _history(folder):
        ingest_grid(office, path, source=ERA5_LAND, product="monthly-mean")
    compute(office)
    bring_maps(office)
    with place.warehouse.begin() as connection:
        # Not by `golive`, which wants the year first: here a year comes to what is live already.
        save_live_from(connection, MONTH)
    appoint(place.warehouse, FORECASTER)
    register(place.warehouse, reader("committee"))


def _history(folder: Path) -> Iterator[Path]:
    """Write what the store would have answered about `AREA` until `HELD_UNTIL`."""
    calendar = [f"{number:02d}" for number in range(1, 13)]
    years = [str(year) for year in range(FIRST_MONTH.year, HELD_UNTIL.year)]
    for asked, months in (
        (years, calendar),
        ([str(HELD_UNTIL.year)], calendar[: HELD_UNTIL.month]),
    ):
        chosen = simulated_files.selection(
            {
                "product_type": [simulated_files.MONTHS],
                "variable": list(simulated_files.VARIABLES),
                "area": AREA,
                "year": asked,
                "month": months,
            }
        )
        path = folder / f"history-{asked[-1]}.nc"
        path.write_bytes(simulated_files.answer(chosen, MONTH, DEFAULT_SEED))
        yield path
