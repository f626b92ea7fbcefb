"""The data dictionary, from the comments that every view, column and function of `mart` has."""

from __future__ import annotations

from itertools import groupby

from sqlalchemy import Connection, text

from pipeline.core.dictionary import Column, Dictionary, Function, View

_COLUMNS = text(
    """
    SELECT c.relname AS view, obj_description(c.oid, 'pg_class') AS view_meaning, a.attname AS name,
        format_type(a.atttypid, a.atttypmod) AS type, col_description(c.oid, a.attnum) AS meaning
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'mart'::regnamespace AND c.relkind = 'v'
    ORDER BY c.relname COLLATE "C", a.attnum
    """
)
_FUNCTIONS = text(
    """
    SELECT p.proname AS name, pg_get_function_arguments(p.oid) AS arguments,
        pg_get_function_result(p.oid) AS returns, obj_description(p.oid, 'pg_proc') AS meaning
    FROM pg_proc AS p WHERE p.pronamespace = 'mart'::regnamespace
    ORDER BY p.proname COLLATE "C", 2
    """
)


def read_dictionary(connection: Connection) -> Dictionary:
    """Return what each view, column and function of `mart` means."""
    rows = connection.execute(_COLUMNS).all()
    views = tuple(
        View(
            name,
            meaning or "",
            tuple(Column(row.name, row.type, row.meaning or "") for row in columns),
        )
        for (name, meaning), columns in groupby(rows, key=lambda row: (row.view, row.view_meaning))
    )
    functions = tuple(
        Function(row.name, row.arguments, row.returns, row.meaning or "")
        for row in connection.execute(_FUNCTIONS)
    )
    return Dictionary(views, functions)
