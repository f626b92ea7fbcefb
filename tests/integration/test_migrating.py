"""Migrations beside others at work: nobody is waited for without end, and nothing is left half."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text

from pipeline.warehouse import migrations
from pipeline.warehouse.holders import BusyWarehouseError
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.migrations import migrate, pending, sql_folder
from tests.integration.beside import until
from tests.integration.little_world import told

pytestmark = pytest.mark.postgres

NEXT = "9999_next.sql"
NEXT_SQL = """
ALTER TABLE landscape.landscape ADD COLUMN nickname text;
CREATE TABLE ops.next_thing (thing integer);
"""
BROKEN_SQL = "CREATE TABLE ops.next_thing (thing integer); SELECT 1 / 0;"
REVISION = """
from pipeline.warehouse.migrations import apply_beside

revision = "9999"
down_revision = "{newest}"


def upgrade() -> None:
    apply_beside(__file__)
"""


@pytest.fixture
def software(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder `sql` of a version that has one migration more than the warehouse."""
    folder = tmp_path / "sql"
    shutil.copytree(sql_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    newest = sorted((folder / "migrations").glob("*.sql"))[-1].name[:4]
    script = (folder / "migrations" / NEXT).with_suffix(".py")
    script.write_text(REVISION.format(newest=newest))
    (folder / "migrations" / NEXT).write_text(NEXT_SQL)
    monkeypatch.setattr(migrations, "sql_folder", lambda: folder)
    return folder


@contextmanager
def reader(warehouse: Engine, query: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """Another session that has asked `query` and not ended its transaction."""
    url = warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, application_name="somebody") as connection:
        connection.execute(query)
        yield connection


@contextmanager
def beside(work: Callable[[], object]) -> Iterator[Future[object]]:
    """Run `work` in a thread during the block."""
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work)


def columns_of_landscape(warehouse: Engine) -> list[tuple[object, ...]]:
    return told(
        warehouse,
        "SELECT attname FROM pg_attribute WHERE attrelid = 'landscape.landscape'::regclass "
        "AND attnum > 0 ORDER BY attnum",
    )


OLD = [("landscape_key",), ("landscape_id",)]
READ = "SELECT count(*) FROM mart.index_month"


@pytest.mark.usefixtures("software")
class TestBesideAReader:
    def test_an_analyst_who_left_a_transaction_open_is_named_and_not_waited_for_without_end(
        self, warehouse: Engine
    ) -> None:
        said: list[str] = []
        with reader(warehouse, READ) as other:
            start = time.monotonic()
            with pytest.raises(BusyWarehouseError) as refused:
                migrate(warehouse, tell=said.append, patience_seconds=3)
            assert time.monotonic() - start < 15
            pid = other.info.backend_pid
        assert f"got pid {pid} (drought, idle in transaction since " in str(refused.value)
        assert str(refused.value).endswith("and repeat. Nothing was changed")
        assert [f"pid {pid} (drought, idle in transaction" in line for line in said] == [True]
        assert columns_of_landscape(warehouse) == OLD
        with warehouse.connect() as connection:
            assert pending(connection) == [NEXT]

    def test_it_goes_on_as_soon_as_the_reader_has_ended(self, warehouse: Engine) -> None:
        said: list[str] = []
        with reader(warehouse, READ) as other, beside(
            lambda: migrate(warehouse, tell=said.append, patience_seconds=60)
        ) as migrating:  # fmt: skip
            until(lambda: said)
            assert not migrating.done()
            other.rollback()
            assert migrating.result(timeout=30) == [NEXT]
        assert columns_of_landscape(warehouse) == [*OLD, ("nickname",)]

    def test_a_long_query_is_waited_for_and_ends_undisturbed(self, warehouse: Engine) -> None:
        query = "SELECT count(*), pg_sleep(4) FROM landscape.landscape"
        url = warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)

        def ask() -> object:
            with psycopg.connect(url) as connection:
                return connection.execute(query).fetchall()

        with beside(ask) as asking:
            until(
                lambda: told(
                    warehouse,
                    "SELECT 1 FROM pg_stat_activity WHERE query = :asked AND state = 'active'",
                    asked=query,
                )
            )
            assert migrate(warehouse, patience_seconds=60) == [NEXT]
            assert asking.result(timeout=1)

    def test_other_readers_queue_behind_it_for_two_seconds_at_most(self, warehouse: Engine) -> None:
        url = warehouse.url.set(drivername="postgresql").render_as_string(hide_password=False)
        longest = 0.0
        with (
            reader(warehouse, READ),
            psycopg.connect(url, autocommit=True) as another,
            beside(lambda: migrate(warehouse, patience_seconds=8)) as migrating,
        ):
            while not migrating.done():
                start = time.monotonic()
                another.execute(READ)
                longest = max(longest, time.monotonic() - start)
            with pytest.raises(BusyWarehouseError):
                migrating.result()
        assert 0.5 < longest < 4.0  # it did queue, and was let through

    def test_a_reader_whom_it_would_deadlock_with_is_not_the_one_who_is_ended(
        self, warehouse: Engine
    ) -> None:
        with (
            reader(warehouse, "SELECT count(*) FROM series.station") as other,
            beside(lambda: migrate(warehouse, patience_seconds=8)) as migrating,
        ):
            # The last table in order is held; the first is asked for while the lock is waited for.
            while not migrating.done():
                other.execute("SELECT count(*) FROM alert.delivery")
                other.rollback()
                other.execute("SELECT count(*) FROM series.station")
                time.sleep(0.3)
            assert isinstance(migrating.exception() or [], (list, BusyWarehouseError))


@pytest.mark.usefixtures("software")
class TestBesideAWriter:
    def test_a_computation_is_waited_for_and_named(self, warehouse: Engine) -> None:
        said: list[str] = []
        with only_writer(warehouse), pytest.raises(BusyWarehouseError) as refused:
            migrate(warehouse, tell=said.append, patience_seconds=2)
        assert "a computation is at work, expected it to be free within 2 s, got pid " in str(
            refused.value
        )
        assert len(said) == 1
        assert columns_of_landscape(warehouse) == OLD
        assert migrate(warehouse) == [NEXT]

    def test_whoever_computes_next_waits_for_the_migration(self, warehouse: Engine) -> None:
        with reader(warehouse, READ) as other, beside(
            lambda: migrate(warehouse, patience_seconds=60)
        ) as migrating:  # fmt: skip
            until(
                lambda: told(
                    warehouse,
                    "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LOCK TABLE%' AND state = 'active'",
                )
            )
            with beside(lambda: self.compute(warehouse)) as computing:
                time.sleep(0.3)
                assert not computing.done()
                other.rollback()
                assert migrating.result(timeout=30) == [NEXT]
                assert computing.result(timeout=10) == 3

    @staticmethod
    def compute(warehouse: Engine) -> int:
        with only_writer(warehouse):
            return len(columns_of_landscape(warehouse))


@pytest.mark.usefixtures("software")
def test_two_migrations_at_once_are_one_after_the_other(warehouse: Engine) -> None:
    other = create_engine(warehouse.url)
    with beside(lambda: migrate(other)) as one:
        mine, theirs = migrate(warehouse), one.result(timeout=60)
    other.dispose()
    assert sorted([str(mine), str(theirs)]) == [f"['{NEXT}']", "[]"]


def test_one_that_fails_leaves_nothing_of_itself(warehouse: Engine, software: Path) -> None:
    (software / "migrations" / NEXT).write_text(BROKEN_SQL)
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(warehouse)
    assert told(warehouse, "SELECT to_regclass('ops.next_thing')") == [(None,)]
    with warehouse.connect() as connection:
        assert pending(connection) == [NEXT]
        assert connection.execute(text("SELECT pg_try_advisory_lock(5319009)")).scalar()


def test_where_nothing_lacks_nobody_is_waited_for(warehouse: Engine) -> None:
    with only_writer(warehouse), reader(warehouse, READ):
        assert migrate(warehouse, patience_seconds=0) == []
