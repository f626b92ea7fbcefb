"""Agency tables as Excel workbooks, XLS or XLSX: the content decides, not the name.

An error in a cell (``#N/A``) and a formula whose result was not saved read as empty: the reader
beneath does not tell them apart. Dates come as YYYY-MM-DD, whole numbers without decimals.

They are read by `pipeline.sources.workbook_cells`, a program with a process and bounds of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pipeline.core.errors import InputError
from pipeline.sources import apart
from pipeline.stations.agency_layout import Layout
from pipeline.stations.agency_rows import Row, Sheet

SIGNATURES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX and XLS files begin."""

Cells = list[list[str]]

_PROGRAM = "pipeline.sources.workbook_cells"
_PASSWORD = "password"  # noqa: S105 - what the program says of it
_SECONDS_AT_LEAST = 60.0
_SECONDS_PER_MB = 10.0


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
    sheets = sheets_of(file, raw)
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


def sheets_of(file: str, raw: bytes, *, rows: int | None = None) -> Mapping[str, Cells]:
    """Return the cells of each sheet as text, in the order of the sheets.

    Args:
        file: name of the file, for errors.
        raw: its bytes.
        rows: of each sheet only so many, from the first that holds anything; None: all, from the
            upper left corner.

    Raises:
        InputError: no workbook that can be opened, one with a password, or one that needs more
            memory than is given to it.
    """
    seconds = _SECONDS_AT_LEAST + _SECONDS_PER_MB * len(raw) / 1e6
    asked = () if rows is None else ("head", str(rows))
    try:
        said = json.loads(
            apart.ask(_PROGRAM, *asked, seconds=seconds, given=raw, reader="its reader")
        )
    except apart.UnansweredError as error:
        raise InputError(
            f"{file}: expected an Excel workbook, got one that cannot be read: {error}; delete what "
            "lies far from the table, or save the table as CSV"
        ) from error
    if said.get("fault") == _PASSWORD:
        raise InputError(f"{file}: expected a workbook without a password; save it without one")
    if "fault" in said:
        raise InputError(
            f"{file}: expected an Excel workbook, got one that cannot be opened: "
            f"{said['fault']}; copy it again, or open it and save it anew as XLSX"
        )
    return dict(said["sheets"])


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


def _rows(cells: Cells, layout: Layout) -> list[Row]:
    table = layout.font()
    rows = (
        Row(line, [cell.translate(table).strip() for cell in row])
        for line, row in enumerate(cells, start=1)
    )
    return [row for row in rows if any(row.cells)]
