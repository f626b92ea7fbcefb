"""Who may work at a time, whoever started it: a DAG, a timer, or a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


_PART = 5_319_017
"""Any number, the same for all who do a part of a computation."""
_SAVING = 5_319_019
"""Any number, the same for all who save what they made of a part."""
_FITS = 5_319_018
"""Any number, the same for all who fit indices to cells, and who ask which are fitted."""


@contextmanager
def one_of_several(warehouse: Engine, parts: Sequence[str]) -> Iterator[None]:
    """Do the named parts of a computation, beside others that do other parts of it.

    Nobody holds `only_writer` meanwhile, and no other does one of these parts: a task that was
    given up for dead may still be at work. Held by one session, whose end lets go of all.
    """
    with warehouse.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.execute(
                text("SELECT pg_advisory_lock_shared(:key)"), {"key": _DERIVED_VALUES}
            )
            # Each waits for the parts in the same order, so that no two wait for each other.
            connection.execute(
                text(
                    "SELECT pg_advisory_lock(:key, part) FROM (SELECT DISTINCT hashtext(name) AS part "
                    "FROM unnest(CAST(:parts AS text[])) AS name ORDER BY part) AS ordered"
                ),
                {"key": _PART, "parts": list(parts)},
            )
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock_all()"))


@contextmanager
def only_saver(warehouse: Engine) -> Iterator[None]:
    """Wait until no other saves what it made of its part, and keep others waiting meanwhile.

    What was made side by side is laid down one after another: rows that triggers keep for all parts
    are then never waited for crosswise, and an array of the grid store has one writer.
    """
    with _alone(warehouse, "pg_advisory_lock(:key)", key=_SAVING):
        yield


@contextmanager
def while_fits_stand(warehouse: Engine) -> Iterator[None]:
    """Wait until nobody lays down the fit of an index, and let nobody do so during the block."""
    with _alone(warehouse, "pg_advisory_lock_shared(:key)", key=_FITS):
        yield


@contextmanager
def only_fitter(warehouse: Engine) -> Iterator[None]:
    """Wait until nobody asks which indices are fitted, or lays a fit down, and keep them waiting."""
    with _alone(warehouse, "pg_advisory_lock(:key)", key=_FITS):
        yield


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
                unlock = lock.replace("try_", "").replace("advisory_lock", "advisory_unlock")
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
