"""Many rows at once: COPY into a temporary table, then insert or replace only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

from psycopg import sql
from sqlalchemy import Connection


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
    target = sql.Identifier(*table)
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    others = [column for column in columns if column not in keys]
    telling = [column for column in others if column not in incidental]
    cursor = connection.connection.cursor()
    cursor.execute(
        sql.SQL(
            "CREATE TEMP TABLE incoming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA"
        ).format(names, target)
    )
    with cursor.copy(sql.SQL("COPY incoming ({}) FROM STDIN").format(names)) as copy:
        for row in rows:
            copy.write_row(row)
    cursor.execute(
        sql.SQL(
            "INSERT INTO {target} AS held ({names}) SELECT {names} FROM incoming "
            "ON CONFLICT ({keys}) DO {action}"
        ).format(
            target=target,
            names=names,
            keys=sql.SQL(", ").join(map(sql.Identifier, keys)),
            action=_replace(others, telling, unless) if telling else sql.SQL("NOTHING"),
        )
    )
    written = cursor.rowcount
    cursor.execute("DROP TABLE incoming")
    return int(written)


def _replace(others: Sequence[str], telling: Sequence[str], unless: LiteralString) -> sql.Composed:
    def columns(form: LiteralString, names: Sequence[str]) -> sql.Composed:
        return sql.SQL(", ").join(sql.SQL(form).format(sql.Identifier(name)) for name in names)

    return sql.SQL(
        "UPDATE SET {changes} WHERE ({held}) IS DISTINCT FROM ({new}) AND ({unless}) IS NOT TRUE"
    ).format(
        unless=sql.SQL(unless),
        changes=columns("{0} = excluded.{0}", others),
        held=columns("held.{}", telling),
        new=columns("excluded.{}", telling),
    )
