"""The rows of an agency's table, under the names of our fields: by its header, or by its layout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pipeline.core.errors import InputError
from pipeline.stations.agency_fields import (
    ALIASES,
    REMEDY,
    WIDE,
    require_fields,
    require_known,
)
from pipeline.stations.agency_layout import Across, Column, Layout, Steps
from pipeline.stations.observations import Quarantined


@dataclass(frozen=True, slots=True)
class Row:
    """A row of text cells, and its number in the file, from 1."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it stands in a file, before anything in it is understood."""

    file: str
    rows: tuple[Row, ...]
    """Those that hold anything."""
    unread: tuple[Quarantined, ...]
    decimal_comma: bool
    """Whether ``1,5`` is one and a half."""
    assumed: tuple[str, ...] = ()
    is_text: bool = True
    """Whether a short row may have been cut; in a workbook its last cells are only empty."""


@dataclass(frozen=True, slots=True)
class Table:
    """What a sheet says, still as text."""

    values: pd.DataFrame
    """One row a cell that may hold a value: ``line``, the fields of its row, ``quantity``,
    ``value``, ``text`` (the row) and, where values stand side by side, ``place``."""
    about: pd.DataFrame
    """One row a row: ``line``, ``station_id`` and what it says of the station."""
    unread: tuple[Quarantined, ...]
    assumed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fields:
    """The rows of a sheet under the names of our fields."""

    table: pd.DataFrame
    """Text: ``line``, ``text`` (the row as it stood) and a column a field."""
    header: Row
    rows: tuple[Row, ...]
    places: dict[str, int]
    """The place of each field in a row, from 0."""
    unread: tuple[Quarantined, ...]


def fields_of(sheet: Sheet, layout: Layout, *, others_refused: bool = True) -> Fields:
    """Return the fields of a sheet, as its header or its layout names them.

    Args:
        sheet: the sheet.
        layout: how to read it.
        others_refused: whether a name that is no field is an error (with a layout it never is).

    Raises:
        InputError: a column that is not known, not there, or there twice; or no rows.
    """
    header, body = _header(sheet, layout)
    places = _places(sheet.file, header, layout, others_refused=others_refused)
    rows, unread = _whole(sheet, body, _width(header, places, layout), len(header.cells))
    columns = {field: [row.cells[place] for row in rows] for field, place in places.items()}
    table = pd.DataFrame(
        {"line": [row.line for row in rows], "text": [_text(row) for row in rows], **columns}
    )
    return Fields(
        table=table.astype(dict.fromkeys(columns, "str")).assign(**layout.constants),
        header=header,
        rows=tuple(rows),
        places=places,
        unread=(*sheet.unread, *unread),
    )


def table_of(sheet: Sheet, layout: Layout) -> Table:
    """Return the table that a sheet holds; cells stay text, empty ones are left out.

    Raises:
        InputError: as `fields_of`; or no station, or not one way of giving values.
    """
    fields = fields_of(sheet, layout)
    given = [*fields.table.columns, *(["value"] if layout.across else [])]
    require_fields(_place(sheet.file, fields.header), given)
    values = _across(fields, layout.across) if layout.across else _melted(fields.table)
    return Table(
        values=values[values["value"] != ""].reset_index(drop=True),
        about=fields.table,
        unread=fields.unread,
        assumed=(*sheet.assumed, *_left_alone(fields, layout)),
    )


def _header(sheet: Sheet, layout: Layout) -> tuple[Row, list[Row]]:
    """The row of names (line 0 and empty where there is none), and the rows of values."""
    if layout.header_row == 0:
        header = Row(0, [])
    elif layout.header_row is None:
        header = sheet.rows[0] if sheet.rows else Row(1, [])
    else:
        header = next(
            (row for row in sheet.rows if row.line == layout.header_row), Row(layout.header_row, [])
        )
    first = layout.first_row or header.line + 1
    body = [row for row in sheet.rows if row.line >= first]
    if not body:
        raise InputError(f"{sheet.file}: expected rows below the column names, got none; {REMEDY}")
    return header, body


def _places(file: str, header: Row, layout: Layout, *, others_refused: bool) -> dict[str, int]:
    """The place of each field in a row, from 0."""
    place = _place(file, header)
    if layout.columns:
        return {field: _found(place, header, column) for field, column in layout.columns.items()}
    if layout.across:
        return {}
    names = [_field(name) for name in header.cells]
    while names and not names[-1]:
        names.pop()
    if others_refused:
        require_known(place, names)
    return {name: n for n, name in enumerate(names) if name}


def _field(name: str) -> str:
    bare = name.strip().lower()
    return ALIASES.get(bare, bare)


def _found(place: str, header: Row, column: Column) -> int:
    """The place of a column that a layout names."""
    if isinstance(column, int):
        return column - 1
    wanted = _bare(column)
    found = [n for n, name in enumerate(header.cells) if _bare(name) == wanted]
    if len(found) != 1:
        raise InputError(
            f"{place}: expected one column {column!r}, got {len(found)} among "
            f"{', '.join(name for name in header.cells if name)[:200]!r}; correct the name in the "
            "layout, or give the column's number"
        )
    return found[0]


def _bare(name: str) -> str:
    """A name without its line breaks and capitals."""
    return " ".join(name.split()).casefold()


def _place(file: str, header: Row) -> str:
    return f"{file}: line {header.line}" if header.line else file


def _width(header: Row, places: dict[str, int], layout: Layout) -> int:
    """How many cells a row must have: those that are read, or as many as there are names."""
    if layout.across:
        first = _found("the layout, across", header, layout.across.first_column)
        return max([first + layout.across.offsets()[-1], *places.values()]) + 1
    return max(places.values()) + 1 if layout.columns else len(header.cells)


def _whole(
    sheet: Sheet, rows: Iterable[Row], width: int, n_names: int
) -> tuple[list[Row], tuple[Quarantined, ...]]:
    """Rows at least that wide, and with nothing beyond the last name, if there are names."""
    whole, unread = [], []
    for row in rows:
        if not sheet.is_text:
            row = Row(row.line, row.cells + [""] * (width - len(row.cells)))
        beyond = row.cells[max(width, n_names) :] if n_names else []
        if len(row.cells) >= width and not any(beyond):
            whole.append(row)
        else:
            expected = max(width, n_names) if any(beyond) else width
            reason = f"expected {expected} fields, got {len(row.cells)}"
            unread.append(Quarantined(sheet.file, row.line, "", reason, _text(row)))
    return whole, tuple(unread)


def _text(row: Row) -> str:
    return " | ".join(row.cells)


def _melted(fields: pd.DataFrame) -> pd.DataFrame:
    """Quantities below each other."""
    if "quantity" in fields:
        return fields
    wide = [quantity for quantity in WIDE if quantity in fields]
    parts = [fields.drop(columns=wide).assign(quantity=one, value=fields[one]) for one in wide]
    return pd.concat(parts, ignore_index=True)


def _across(fields: Fields, across: Across) -> pd.DataFrame:
    """Values that stand side by side, below each other."""
    first = _found("the layout, across", fields.header, across.first_column)
    places = [first + offset for offset in across.offsets()]
    n_rows, n_steps = len(fields.rows), len(places)
    steps = pd.DataFrame([_step(across.steps, n) for n in range(n_steps)], dtype="str")
    steps["place"] = [f"column {place + 1}" for place in places]
    values = [row.cells[place] for place in places for row in fields.rows]
    table = fields.table.iloc[np.tile(np.arange(n_rows), n_steps)].reset_index(drop=True)
    beside = steps.iloc[np.repeat(np.arange(n_steps), n_rows)].reset_index(drop=True)
    return pd.concat([table, beside], axis=1).assign(value=pd.Series(values, dtype="str"))


def _step(steps: Steps, n: int) -> dict[str, str]:
    """Which step of its month or year the value number `n` is, from 0."""
    if steps is Steps.DAYS_OF_MONTH:
        return {"day": str(n + 1)}
    if steps is Steps.DEKADS_OF_MONTH:
        return {"dekad": str(n + 1)}
    if steps is Steps.DEKADS_OF_YEAR:
        return {"month": str(n // 3 + 1), "dekad": str(n % 3 + 1)}
    return {"month": str(n + 1)}


def _left_alone(fields: Fields, layout: Layout) -> list[str]:
    """Named columns that a layout does not read, so that nobody believes they were."""
    if not layout.columns or layout.across:
        return []
    read = fields.places.values()
    names = [name for n, name in enumerate(fields.header.cells) if name and n not in read]
    return [f"columns not read: {', '.join(names)}"] if names else []
