"""One writer of values that replace others at a time, whoever started it: a DAG, a timer, or a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text

_DERIVED_VALUES = 5_319_009
"""Any number, the same for all who compute and decide."""


@contextmanager
def only_writer(warehouse: Engine) -> Iterator[None]:
    """Wait until no other computes or decides, and keep others waiting during the block.

    Taken before any transaction of the block begins, so what one reads no other is about to
    replace, and the time of a transaction lies after all that the one before has committed.
    """
    with warehouse.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _DERIVED_VALUES})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _DERIVED_VALUES})
