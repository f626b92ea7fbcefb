"""A real Postgres for integration tests: one server, a fresh warehouse for each test that asks."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from pipeline.local.postgres import EmbeddedPostgres
from pipeline.plans.shipped import shipped_plans
from pipeline.settings import Settings
from pipeline.steps.installation import Installation
from pipeline.warehouse.migrations import migrate
from pipeline.warehouse.plans import save_plan

TEMPLATE = "template_warehouse"
NOW = datetime(2026, 11, 8, 6, 0, tzinfo=UTC)
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The embedded Postgres, with a migrated warehouse to copy from."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    _forget_durability(server)
    server.ensure_database(TEMPLATE)
    engine = create_engine(server.url(TEMPLATE))
    migrate(engine)
    with engine.begin() as connection:
        for plan in shipped_plans():
            save_plan(connection, plan, is_shipped=True)
    engine.dispose()
    yield server
    server.stop()


def _forget_durability(server: EmbeddedPostgres) -> None:
    """Wait for no disk: the data end with the run, and dropping a database would write it all."""
    admin = create_engine(server.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        for setting in _DURABLE:
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    admin.dispose()


@pytest.fixture(scope="session")
def admin(postgres: EmbeddedPostgres) -> Iterator[Connection]:
    """Who makes and drops the warehouses of the tests."""
    engine = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def warehouse_url(postgres: EmbeddedPostgres, admin: Connection) -> Iterator[str]:
    """The URL of a fresh warehouse: all migrations, the shipped plans, nothing else."""
    name = f"warehouse_{next(_numbers)}"
    # Files are copied in half the time that it takes to write all pages into the log.
    admin.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy"))
    yield postgres.url(name)
    admin.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def warehouse(warehouse_url: str) -> Iterator[Engine]:
    """A fresh warehouse."""
    engine = create_engine(warehouse_url)
    yield engine
    engine.dispose()


@pytest.fixture
def installation(warehouse: Engine, tmp_path: Path) -> Installation:
    """An installation on a fresh warehouse, with its files in a folder of the test."""
    return Installation(Settings(var=tmp_path / "var"), warehouse, clock=lambda: NOW)
