"""Files of an agency's own indicators, in the one table that `docs/agency_indicators.md` describes.

Encodings, separators and workbooks are those of the agencies' gauge files (`agency_tables`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pipeline.core.errors import InputError
from pipeline.plans.issue_table import (
    GivenIssue,
    IndicatorFile,
    RefusedRow,
    columns_of,
    given_issue,
    is_header,
)
from pipeline.sources.agency_tables import sheet_of
from pipeline.stations.agency_layout import Layout
from pipeline.stations.agency_rows import Sheet

HEADER_WITHIN_ROWS = 30
"""Titles and addresses may stand above the column names."""
Separator = Literal[";", "\t", ","]


def read(path: Path) -> IndicatorFile:
    """Read one file; a row that cannot be understood is refused, the others are read.

    Raises:
        InputError: the file as a whole is no such table, or none of its rows can be understood.
    """
    sheet, header = _table(path)
    try:
        columns = columns_of(sheet.rows[header].cells)
    except InputError as error:
        raise InputError(f"{path.name}: {error}") from error
    given, refused = _issues(sheet, header, columns)
    if not given:
        first = f"; the first, line {refused[0].line}: {refused[0].reason}" if refused else ""
        raise InputError(
            f"{path.name}: expected issues of indicators below the column names, got no row that "
            f"can be understood{first}"
        )
    return IndicatorFile(tuple(given), tuple(refused), "; ".join(sheet.assumed))


def _table(path: Path) -> tuple[Sheet, int]:
    """The rows, parted where that shows the column names, and the place of these."""
    for separator in get_args(Separator):
        sheet = sheet_of(path, Layout(separator=separator))
        for place, row in enumerate(sheet.rows[:HEADER_WITHIN_ROWS]):
            if is_header(row.cells):
                return sheet, place
    raise InputError(
        f"{path.name}: expected the column names of a table of indicators in the first "
        f"{HEADER_WITHIN_ROWS} rows (of a workbook, on its first sheet), got none; name the columns "
        "as docs/agency_indicators.md says"
    )


def _issues(
    sheet: Sheet, header: int, columns: list[str]
) -> tuple[list[GivenIssue], list[RefusedRow]]:
    above = sheet.rows[header].line
    given: list[GivenIssue] = []
    refused = [RefusedRow(u.line, u.reason, u.record) for u in sheet.unread if u.line > above]
    for row in sheet.rows[header + 1 :]:
        try:
            given.append(
                given_issue(row.line, columns, row.cells, has_decimal_comma=sheet.decimal_comma)
            )
        except InputError as error:
            refused.append(RefusedRow(row.line, str(error), ";".join(row.cells)))
    return given, sorted(refused, key=lambda row: row.line)
