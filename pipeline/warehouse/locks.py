"""Who may work at a time, whoever started it: a DAG, a timer, or a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from pipeline.warehouse.holders import Patience, read_lock_holders

_MIGRATION = 5_319_008
"""Any number, the same for all who change the tables."""
_DERIVED_VALUES = 5_319_009
"""Any number, the same for all who compute and decide."""
_ASKING = 5_319_010
"""Any number, the same for all who ask a data store."""
_COLLECTING = 5_319_011
"""Any number, the same for all who fetch what a data store has ready."""
_DROP_FOLDERS = 5_319_012
"""Any number, the same for all who take files from drop folders."""


@contextmanager
def only_writer(warehouse: Engine) -> Iterator[None]:
    """Wait until no other computes or decides, and keep others waiting during the block.

    Whoever writes what decisions rest on takes it (values, landscapes, plans, indicators, who may
    see a gauge), so that an evaluation has read exactly what was committed before it began.
    Taken before any transaction of the block begins, so what one reads no other is about to
    replace, and the time of a transaction lies after all that the one before has committed.
    """
    with _alone(warehouse, "pg_advisory_lock(:key)", key=_DERIVED_VALUES):
        yield


def wait_for_writer(connection: Connection) -> None:
    """Wait until no other computes or decides, and keep others waiting to the transaction's end.

    Not inside `only_writer`, which would wait for itself.
    """
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _DERIVED_VALUES})


_BACKING_UP = 5_319_014
"""Any number, the same for all who back up."""


@contextmanager
def only_migrator(warehouse: Engine, patience: Patience) -> Iterator[None]:
    """Keep all others from changing the tables during the block.

    Raises:
        BusyWarehouseError: another does, for longer than `patience` bears.
    """
    with _alone_within(warehouse, _MIGRATION, patience, "another migration is at work"):
        yield


@contextmanager
def only_writer_within(warehouse: Engine, patience: Patience) -> Iterator[None]:
    """Do as `only_writer`, but wait no longer than `patience` bears.

    Raises:
        BusyWarehouseError: another computes or decides for longer.
    """
    with _alone_within(warehouse, _DERIVED_VALUES, patience, "a computation is at work"):
        yield


@contextmanager
def only_asker(warehouse: Engine) -> Iterator[None]:
    """Wait until no other asks a data store, and keep others waiting during the block.

    So what one finds not asked for no other is about to ask for. A killed process lets go of it.
    """
    with _alone(warehouse, "pg_advisory_lock(:key)", key=_ASKING):
        yield


@contextmanager
def only_watcher(warehouse: Engine) -> Iterator[None]:
    """Wait until no other takes files from drop folders, and keep others waiting meanwhile."""
    with _alone(warehouse, "pg_advisory_lock(:key)", key=_DROP_FOLDERS):
        yield


@contextmanager
def collecting(warehouse: Engine, request_id: int) -> Iterator[bool]:
    """Tell whether the block is the only one that fetches this request; it does not wait."""
    query = "pg_try_advisory_lock(:key, CAST(:request_id AS integer))"
    with _alone(warehouse, query, key=_COLLECTING, request_id=request_id) as is_mine:
        yield is_mine


@contextmanager
def only_backup(warehouse: Engine) -> Iterator[None]:
    """Keep others from making a backup during the block.

    Raises:
        BusyWarehouseError: another is being made.
    """
    with _alone_within(
        warehouse, _BACKING_UP, Patience(0, lambda line: None), "a backup is being made"
    ):
        yield


_BULLETINS = 5_319_016
"""Any number, the same for all who write bulletins."""


@contextmanager
def only_bulletins(warehouse: Engine) -> Iterator[None]:
    """Wait until no other writes or issues bulletins, and keep others waiting during the block."""
    with _alone(warehouse, "pg_advisory_lock(:key)", key=_BULLETINS):
        yield


@contextmanager
def _alone(warehouse: Engine, lock: str, **key: int) -> Iterator[bool]:
    with warehouse.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = connection.execute(text(f"SELECT {lock}"), key).scalar_one()
        try:
            yield got is not False
        finally:
            if got is not False:
                unlock = lock.replace("try_", "").replace("_lock(", "_unlock(")
                connection.execute(text(f"SELECT {unlock}"), key)


@contextmanager
def _alone_within(warehouse: Engine, key: int, patience: Patience, trouble: str) -> Iterator[None]:
    got = False
    while not got:
        with _alone(warehouse, "pg_try_advisory_lock(:key)", key=key) as got:
            if got:
                yield
        if not got:
            with warehouse.connect() as connection:
                holders = read_lock_holders(connection, key)
            patience.wait(trouble, holders, "repeat when it has ended")
