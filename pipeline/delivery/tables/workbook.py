"""An Excel workbook: what it is, the dictionary, then a sheet for each view.

Rows go to the disk as they come, so memory does not grow with them. Text is stored as text: none
becomes a formula, a link or a number. Moments are in UTC, since Excel knows no zones; dates before
1900, of which it knows none either, are text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.worksheet import Worksheet

from pipeline.core.dictionary import Column, View
from pipeline.delivery.tables.csv_text import as_json
from pipeline.delivery.tables.kinds import GEOJSON

MOST_ROWS = 1_048_575
"""What a sheet of Excel holds under the line of names."""
MOST_LETTERS = 32_767
NO_POLYGON = "no cell of Excel holds a polygon; the other formats have it"
_FIRST_YEAR = 1900
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_DICTIONARY = ("view", "column", "type", "unit", "meaning")


class Workbook:
    """A workbook being written; `sheet` gives a table in it."""

    def __init__(self, path: Path, label: str | None) -> None:
        self.path = path
        self._label = label
        self._is_open = True
        self._book = xlsxwriter.Workbook(path, {**_OPTIONS, "tmpdir": str(path.parent)})
        self._about = self._sheet("about")
        self._dictionary = self._sheet("dictionary")
        bold = self._book.add_format({"bold": True})
        self._bold, self._date, self._moment = (
            bold,
            self._book.add_format({"num_format": "yyyy-mm-dd"}),
            self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        )

    def sheet(self, view: View) -> SheetFile:
        """Return the sheet of `view`, to be filled before the next one is asked for."""
        one = self._sheet(view.name)
        one.freeze_panes(1, 0)
        return SheetFile(self.path, one, view, self._bold, self._date, self._moment)

    def close(self, lines: Sequence[tuple[str, str]], views: Sequence[View]) -> None:
        """Write what the workbook is and what its columns mean, and finish the file.

        Args:
            lines: of the first sheet: what is said, and about what.
            views: those that have a sheet.
        """
        self._about.set_column(0, 0, 24)
        self._about.set_column(1, 1, 100)
        for row, (name, said) in enumerate(lines):
            self._about.write_string(row, 0, name, self._bold)
            self._about.write_string(row, 1, said)
        rows = [_DICTIONARY] + [
            (view.name, column.name, column.type, column.unit or "", _meaning(column))
            for view in views
            for column in view.columns
        ]
        self._dictionary.freeze_panes(1, 0)
        for column, width in enumerate((24, 28, 24, 14, 100)):
            self._dictionary.set_column(column, column, width)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                self._dictionary.write_string(row, column, cell, None if row else self._bold)
        self._is_open = False
        try:
            self._book.close()
        except XlsxWriterException as error:
            raise OSError(str(error)) from error

    def abandon(self) -> None:
        """Let go of the files behind the sheets."""
        if self._is_open:
            for sheet in self._book.worksheets():
                sheet.row_data_fh.close()

    def _sheet(self, name: str) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        if self._label:
            sheet.set_tab_color("red")
            sheet.set_header(f"&C&B{self._label}")
        return sheet


class SheetFile:
    """One view as a sheet."""

    def __init__(
        self, path: Path, sheet: Worksheet, view: View, bold: object, date: object, moment: object
    ) -> None:
        self.path = path
        self._sheet = sheet
        self._names = [column.name for column in columns_of(view)]
        self._date, self._moment = date, moment
        self._row = 1
        sheet.set_column(0, len(self._names) - 1, 13)
        for column, name in enumerate(self._names):
            sheet.write_string(0, column, name, bold)

    def write(self, batch: pa.RecordBatch) -> None:
        """Write some rows."""
        columns = [batch.column(name).to_pylist() for name in self._names]
        for cells in zip(*columns, strict=True):
            for column, cell in enumerate(cells):
                if cell is not None:
                    self._write(column, cell)
            self._row += 1

    def close(self, said: Mapping[str, str]) -> None:
        """Do nothing: the workbook says it in its first sheet, when it is closed."""

    def abandon(self) -> None:
        """Do nothing: the workbook lets go of its sheets."""

    def _write(self, column: int, cell: object) -> None:
        sheet, row = self._sheet, self._row
        if isinstance(cell, bool):
            sheet.write_boolean(row, column, cell)
        elif isinstance(cell, int | float):
            sheet.write_number(row, column, cell)
        elif isinstance(cell, date) and cell.year < _FIRST_YEAR:
            sheet.write_string(row, column, cell.isoformat())
        elif isinstance(cell, datetime):
            sheet.write_datetime(row, column, cell.replace(tzinfo=None), self._moment)
        elif isinstance(cell, str | list):
            sheet.write_string(row, column, fitting(cell))
        else:
            sheet.write_datetime(row, column, cell, self._date)


def _meaning(column: Column) -> str:
    if column.name != GEOJSON:
        return column.meaning
    return f"{column.meaning} Not in this workbook: {NO_POLYGON}."


def columns_of(view: View) -> list[Column]:
    """Return the columns that a sheet has: all but polygons, which no cell can hold."""
    return [column for column in view.columns if column.name != GEOJSON]


def fitting(value: str | list[object]) -> str:
    """Return a text as a cell holds it; in place of one too long, how long it is: never a part."""
    text = value if isinstance(value, str) else as_json(value) or ""
    if len(text.encode("utf-16-le")) // 2 <= MOST_LETTERS:
        return text
    return f"[{len(text)} letters: more than a cell of Excel holds; take another format]"
