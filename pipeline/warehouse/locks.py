"""Who may work at a time, whoever started it: a DAG, a timer, or a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

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
def _alone(warehouse: Engine, lock: str, **key: int) -> Iterator[bool]:
    with warehouse.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = connection.execute(text(f"SELECT {lock}"), key).scalar_one()
        try:
            yield got is not False
        finally:
            if got is not False:
                unlock = lock.replace("try_", "").replace("_lock(", "_unlock(")
                connection.execute(text(f"SELECT {unlock}"), key)
