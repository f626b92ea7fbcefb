"""What was known at a moment, in SQL: the one place that says which rows a reader may see.

A row counts from the commit of the transaction that wrote it, though it bears the time at which
that transaction began; `mart.unseen_at` tells which transactions were under way.
"""

from __future__ import annotations

from datetime import datetime


def rows_at(table: str, at: datetime | None) -> str:
    """Return the rows of a table whose rows are replaced, as they were `at` a moment, for FROM.

    Args:
        table: schema and name; the view of the same name with ``_ever`` holds all its rows.
        at: with an offset; None: the rows that hold now.
    """
    if at is None:
        return table
    from_then = seen("known_from", at)
    to_then = f"({_moment(at)} < known_until OR known_until = ANY ({_unseen(at)}))"
    return f"(SELECT * FROM {table}_ever WHERE {from_then} AND {to_then})"  # noqa: S608 - names of ours


def seen(column: str, at: datetime | None) -> str:
    """Return the condition that what was written at `column` was there `at` a moment.

    Args:
        column: of a table to which rows are only added: the time of their transaction.
        at: with an offset; None: now, and so always.
    """
    if at is None:
        return "TRUE"
    return f"({column} <= {_moment(at)} AND {column} <> ALL ({_unseen(at)}))"


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise ValueError(f"moment: expected a time with an offset, got {at}")
    return f"CAST('{at.isoformat()}' AS timestamptz)"


def _unseen(at: datetime) -> str:
    # The cast makes one array of it, asked for once, where a bare query would be one of rows.
    return f"CAST((SELECT mart.unseen_at({_moment(at)})) AS timestamptz[])"
