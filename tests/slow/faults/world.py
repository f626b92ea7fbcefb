"""The installation before the month, built once, and copies of it for each case.

Three landscapes of Tajikistan with thirty years of simulated history, indices and maps; alerts are told
from `MONTH` on; two recipients are written to by mail, one of them in digests. Two alerts are approved
and have not left; what there is is published. It is built in a Postgres of its own: a stopped copy of that is what cases get whose
server is to suffer; the other cases share one server, which waits for no disk.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

from pipeline.alerts.facts import Approval
from pipeline.commands.account import logged_in_account
from pipeline.core.ids import ERA5_LAND
from pipeline.landscapes.default import default_landscapes_file
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.sources.landscape_files import read_landscapes
from pipeline.steps.approve import approve
from pipeline.steps.compute import compute
from pipeline.steps.golive import golive
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.maps import bring_maps
from pipeline.steps.publish import publish
from pipeline.steps.status import pending_alerts
from pipeline.warehouse.migrations import migrate
from pipeline.warehouse.plans import save_plan
from tests.integration.databases import copy_database
from tests.integration.desk import appoint
from tests.integration.monthly_world import MONTH, history
from tests.integration.readers import reader, register

LANDSCAPES = {"TJ-DU", "TJ-GB", "TJ-KT"}
DATABASE = "drought"
POSTGRES = "postgres"
"""The folder of the embedded Postgres in `DROUGHT_VAR`."""
OPERATOR = "operator@hydromet.example"
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
_COUNT_ON = "ALTER TABLE alert.transition ALTER COLUMN alert_id RESTART WITH 730000001"
"""Alerts from the month on bear numbers that no value, size or colour looks like: they differ from case to
case, and are taken out of what is compared."""
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Place:
    """One copy: where its files and its rows are."""

    name: str
    var: Path
    """As its commands see it."""
    seen: Path
    """The same, as the harness sees it: its commands may have mounts of their own."""
    has_own_server: bool
    has_own_disk: bool
    """Whether something is mounted at `var` that only its commands see."""
    _url: str | None

    @property
    def url(self) -> str:
        """The database as it can be reached now."""
        return self._url or EmbeddedPostgres(self.seen / POSTGRES).url(DATABASE)

    def environment(self) -> dict[str, str]:
        """What its commands are told."""
        ours = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.var),
            "DROUGHT_VAR": str(self.var),
            "DROUGHT_MAIL_OPERATOR": OPERATOR,
            "DROUGHT_MAIL_FROM": "Drought desk <drought@hydromet.example>",
            "DROUGHT_CDS_PAUSE_SECONDS": "0.05",
            "DROUGHT_CDS_WAIT_SECONDS": "20",
            "NO_PROXY": "127.0.0.1",
            "OMP_NUM_THREADS": "1",
            "PYTHONWARNINGS": "ignore",
        }
        return ours if self._url is None else {**ours, "DROUGHT_DATABASE_URL": self._url}


@dataclass(frozen=True)
class World:
    """What is copied."""

    folder: Path
    server: EmbeddedPostgres

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def cluster(self) -> Path:
        """A stopped server that has the database."""
        return self.folder / "cluster"

    def place(
        self, through: Path, *, has_own_server: bool = False, has_own_disk: bool = False
    ) -> Place:
        """Return a new place of which nothing is there but the database, if it is a shared one.

        `through` leads from here to the root of its commands.
        """
        name = f"place_{os.getpid()}_{next(_numbers)}"
        var = self.folder / name
        url = None
        if not has_own_server:
            copy_database(self.server, name, DATABASE)
            url = self.server.url(name)
        var.mkdir()
        seen = through / var.relative_to("/") if has_own_disk else var
        return Place(name, var, seen, has_own_server, has_own_disk, url)

    def fill(self, place: Place) -> None:
        """Lay the files of the world into a place, whatever is mounted there by now."""
        _copy(self.files, place.seen, *([] if place.has_own_disk else ["--link"]))
        if place.has_own_server:
            _copy(self.cluster, place.seen / POSTGRES)

    def drop(self, place: Place) -> None:
        """Take a place away whose mounts and server are gone."""
        shutil.rmtree(place.var, ignore_errors=True)
        if place.has_own_server:
            return
        admin = create_engine(self.server.url("postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {place.name} WITH (FORCE)"))
        admin.dispose()


def _copy(folder: Path, to: Path, *how: str) -> None:
    """Copy what a folder holds. With ``--link`` files get a second name: ours are replaced, not changed."""
    to.mkdir(exist_ok=True)
    subprocess.run(
        ["cp", "--archive", *how, f"{folder}/.", str(to)], check=True, capture_output=True
    )


def login() -> str:
    """The account by which commands answer alerts here."""
    return logged_in_account(environment={})


def _build(files: Path, url: str, scratch: Path) -> None:
    engine = create_engine(url)
    migrate(engine)
    with engine.begin() as connection:
        for plan in shipped_plans():
            save_plan(connection, plan, is_shipped=True)
    installation = Installation(Settings(var=files), engine)
    landscapes = read_landscapes(default_landscapes_file())
    load_landscapes(installation, [one for one in landscapes if one.landscape_id in LANDSCAPES])
    for path in history(scratch):
        ingest_grid(installation, path, source=ERA5_LAND, product="monthly-mean")
    compute(installation)
    bring_maps(installation)
    register(engine, reader("committee"), replace(reader("ministry", "ru"), digest_from=3))
    golive(installation, MONTH)
    now = datetime.now(UTC)
    by = Approval("A. Forecaster", "Drought desk", answered_at=now, login=login())
    appoint(engine, by)
    approve(installation, pending_alerts(installation)[:2], by, accepts_unchecked=True)
    publish(installation)
    with engine.begin() as connection:
        connection.execute(text(_COUNT_ON))
    engine.dispose()


@contextmanager
def small_world(folder: Path) -> Iterator[World]:
    """Build the world in a folder unless it is there, and run the server that most cases share."""
    world = World(folder, EmbeddedPostgres(folder / "shared"))
    if not (folder / "built").exists():
        _build_in(world)
        (folder / "built").touch()
    world.server.start()
    try:
        _forget_durability(world.server)
        yield world
    finally:
        world.server.stop()


def _build_in(world: World) -> None:
    shutil.rmtree(world.folder, ignore_errors=True)
    scratch = world.folder / "scratch"
    for new in (world.files, scratch):
        new.mkdir(parents=True)
    builder = EmbeddedPostgres(world.cluster)
    builder.start()
    try:
        builder.ensure_database(DATABASE)
        _forget_durability(builder)
        _build(world.files, builder.url(DATABASE), scratch)
        _remember_durability(builder)
    finally:
        builder.stop()
    # Copies must not take another one's server for their own before they have started one.
    (world.cluster / "port").unlink()
    shutil.rmtree(scratch)
    shutil.copytree(world.cluster, world.server.root)


def _forget_durability(server: EmbeddedPostgres) -> None:
    """Wait for no disk: nobody will pull the plug of what is thrown away."""
    _alter(server, *(f"SET {setting} = off" for setting in _DURABLE))


def _remember_durability(server: EmbeddedPostgres) -> None:
    _alter(server, "RESET ALL")


def _alter(server: EmbeddedPostgres, *changes: str) -> None:
    admin = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for change in changes:
            connection.execute(text(f"ALTER SYSTEM {change}"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()
