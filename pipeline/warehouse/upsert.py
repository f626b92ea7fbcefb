"""Many rows at once: COPY into a temporary table, then insert or replace only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, LiteralString

from psycopg import Cursor, sql
from sqlalchemy import Connection

from pipeline.warehouse.binary import Column, rendered

_MEMORY = """
SELECT set_config('work_mem', '32MB', TRUE)
WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('32MB')
"""
"""To the transaction's end, room for the rows of one file: 16,384 of up to two kilobytes."""


def save_rows(
    connection: Connection,
    table: tuple[str, str],
    keys: Sequence[str],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    incidental: Sequence[str] = (),
    unless: LiteralString = "false",
) -> int:
    """Insert `rows` into `table`, replacing rows of the same key where a value differs.

    Saving twice equals saving once: an equal row is not touched, so its `known_from` stays and
    nothing is moved to the table of superseded rows.

    Args:
        connection: the caller's transaction.
        table: schema and name.
        keys: columns of the primary key.
        columns: all columns of a row, keys included, in the order of `rows`.
        rows: values; no key twice.
        incidental: columns that alone do not make a row different, such as the file it came from;
            if all but the keys are, no row is ever replaced.
        unless: SQL on `held` and `excluded` under which the row held is the better one and stays.

    Returns:
        The number of rows inserted or replaced.
    """
    cursor: Cursor[Any] = connection.connection.cursor()  # type: ignore[assignment]
    _make_incoming(cursor, table, columns)
    with cursor.copy(sql.SQL("COPY incoming ({}) FROM STDIN").format(_names(columns))) as copy:
        for row in rows:
            copy.write_row(row)
    return _merge(cursor, table, keys, columns, incidental, unless)


def save_columns(
    connection: Connection,
    table: tuple[str, str],
    keys: Sequence[str],
    columns: Mapping[str, Column],
    *,
    incidental: Sequence[str] = (),
    are_new: bool = False,
) -> int:
    """Do as `save_rows` with many rows of numbers, given column by column.

    Args:
        connection: the caller's transaction.
        table: schema and name.
        keys: columns of the primary key.
        columns: all columns of a row by name, keys included; no key twice.
        incidental: as in `save_rows`.
        are_new: whether no row of these keys is held. Then they are copied straight into the
            table, three times as fast; if one is held after all, the table refuses it.
    """
    cursor: Cursor[Any] = connection.connection.cursor()  # type: ignore[assignment]
    place: sql.Composable = sql.Identifier(*table)
    if not are_new:
        _make_incoming(cursor, table, tuple(columns))
        place = sql.Identifier("incoming")
    order = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(place, _names(columns))
    copied = 0
    # One statement a file: triggers are shown the new rows of a statement together, and Postgres
    # holds so few of them in memory, where those of a history would go to its disk and back.
    cursor.execute(_MEMORY)
    for file in _ahead(rendered(tuple(columns.values()))):
        with cursor.copy(order) as copy:
            copy.write(file)
        copied += cursor.rowcount
    if are_new:
        return copied
    return _merge(cursor, table, keys, tuple(columns), incidental, "false")


def _ahead(files: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the files, each made while the server takes in the one before."""
    with ThreadPoolExecutor(1) as maker:
        coming = maker.submit(next, files, b"")
        while file := coming.result():
            coming = maker.submit(next, files, b"")
            yield file


def _make_incoming(cursor: Cursor[Any], table: tuple[str, str], columns: Sequence[str]) -> None:
    cursor.execute(
        sql.SQL(
            "CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
        ).format(_names(columns), sql.Identifier(*table))
    )


def _merge(
    cursor: Cursor[Any],
    table: tuple[str, str],
    keys: Sequence[str],
    columns: Sequence[str],
    incidental: Sequence[str],
    unless: LiteralString,
) -> int:
    """Move the rows of the temporary table into `table` and drop it; return how many differed."""
    others = [column for column in columns if column not in keys]
    telling = [column for column in others if column not in incidental]
    # Of the other columns the planner asks nothing, and there may be forty of them.
    cursor.execute(sql.SQL("ANALYZE incoming ({})").format(_names(keys)))
    if telling:
        # A row that meets a conflict is locked, and so written, though nothing in it differs.
        cursor.execute(
            sql.SQL("DELETE FROM incoming USING {target} AS held WHERE {keys} AND {same}").format(
                target=sql.Identifier(*table),
                keys=_each(sql.SQL(" AND "), "held.{0} = incoming.{0}", keys),
                same=_alike(telling),
            )
        )
    cursor.execute(
        sql.SQL(
            "INSERT INTO {target} AS held ({names}) SELECT {names} FROM incoming "
            "ON CONFLICT ({keys}) DO {action}"
        ).format(
            target=sql.Identifier(*table),
            names=_names(columns),
            keys=_names(keys),
            action=_replace(others, telling, unless) if telling else sql.SQL("NOTHING"),
        )
    )
    written = cursor.rowcount
    cursor.execute("DROP TABLE incoming")
    return int(written)


def _alike(telling: Sequence[str]) -> sql.Composed:
    comma = sql.SQL(", ")
    return sql.SQL("({}) IS NOT DISTINCT FROM ({})").format(
        _each(comma, "held.{}", telling), _each(comma, "incoming.{}", telling)
    )


def _names(columns: Iterable[str]) -> sql.Composed:
    return _each(sql.SQL(", "), "{}", columns)


def _each(between: sql.SQL, form: LiteralString, columns: Iterable[str]) -> sql.Composed:
    return between.join(sql.SQL(form).format(sql.Identifier(name)) for name in columns)


def _replace(others: Sequence[str], telling: Sequence[str], unless: LiteralString) -> sql.Composed:
    comma = sql.SQL(", ")
    return sql.SQL(
        "UPDATE SET {changes} WHERE ({held}) IS DISTINCT FROM ({new}) AND ({unless}) IS NOT TRUE"
    ).format(
        unless=sql.SQL(unless),
        changes=_each(comma, "{0} = excluded.{0}", others),
        held=_each(comma, "held.{}", telling),
        new=_each(comma, "excluded.{}", telling),
    )
