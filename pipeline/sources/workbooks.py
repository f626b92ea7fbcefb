"""Agency tables as Excel workbooks, XLS or XLSX: the content decides, not the name.

An error in a cell (``#N/A``) and a formula whose result was not saved read as empty: the reader
beneath does not tell them apart. Dates come as YYYY-MM-DD, whole numbers without decimals.
"""

from __future__ import annotations

import io
from datetime import date, datetime, time, timedelta

import numpy as np
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from pipeline.core.errors import InputError
from pipeline.stations.agency_layout import Layout
from pipeline.stations.agency_rows import Row, Sheet

SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX and XLS files begin."""

Cell = int | float | str | bool | time | date | datetime | timedelta


def is_workbook(raw: bytes) -> bool:
    """Return whether bytes begin as a workbook does."""
    return raw.startswith(SIGNATURES)


def sheet_of_workbook(file: str, raw: bytes, layout: Layout) -> Sheet:
    """Return the rows of one sheet: the one that the layout names, else the first with any.

    A merged cell holds its text in its upper left corner. `assumed` tells which sheets with rows
    were not read.

    Raises:
        InputError: no workbook that can be opened, no such sheet, or none with rows.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        sheets = {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }
    except PasswordError as error:
        raise InputError(
            f"{file}: expected a workbook without a password; save it without one"
        ) from error
    except CalamineError as error:
        raise InputError(
            f"{file}: expected an Excel workbook, got {error}; open it and save it again"
        ) from error
    filled = {
        name: rows for name, rows in ((n, _rows(c, layout)) for n, c in sheets.items()) if rows
    }
    name = _chosen(file, list(sheets), list(filled), layout)
    others = [other for other in filled if other != name]
    return Sheet(
        file=file,
        rows=tuple(filled[name]),
        unread=(),
        is_text=False,
        decimal_comma=layout.decimal != ".",
        assumed=(f"sheet {name!r} was read, not {', '.join(map(repr, others))}",) if others else (),
    )


def _chosen(file: str, names: list[str], filled: list[str], layout: Layout) -> str:
    wanted = layout.sheet
    if wanted is None and filled:
        return filled[0]
    if wanted in filled:
        return str(wanted)
    raise InputError(
        f"{file}: expected a sheet {'with rows' if wanted is None else repr(wanted)}, got "
        f"{', '.join(map(repr, names))}; name the sheet in the layout"
    )


def _rows(cells: list[list[Cell]], layout: Layout) -> list[Row]:
    table = layout.font()
    rows = (
        Row(line, [_text(cell).translate(table).strip() for cell in row])
        for line, row in enumerate(cells, start=1)
    )
    return [row for row in rows if any(row.cells)]


def _text(cell: Cell) -> str:
    """A cell as it would be written: numbers without needless decimals, dates as YYYY-MM-DD."""
    if isinstance(cell, float):
        return np.format_float_positional(cell, trim="-")
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell)
