"""CSV files of hydrometeorological agencies, in the one format that `docs/agency_csv.md` describes.

The bytes are UTF-8 (with or without a mark) or Windows-1251; the separator is a comma, a semicolon
or a tab. With a semicolon or a tab, numbers may have a decimal comma.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from pipeline.core.errors import InputError
from pipeline.stations import agency_table
from pipeline.stations.agency_fields import ALIASES, REMEDY, require_columns
from pipeline.stations.observations import StationFile

SEPARATORS = (";", "\t", ",")
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How XLSX and XLS files begin."""


def read(path: Path) -> StationFile:
    """Read one agency file: daily, dekadal or monthly rows, as its columns say.

    Raises:
        InputError: the file is not in the format (nothing is loaded from it then).
    """
    text = _decoded(path)
    header, _, _ = text.partition("\n")
    separator = _separator(path, header)
    table = _table(path, text, separator)
    return agency_table.station_file(path.name, table, decimal_comma=separator != ",")


def _decoded(path: Path) -> str:
    """The text, as UTF-8 if it is valid UTF-8, else as Windows-1251 if it is valid that."""
    raw = path.read_bytes()
    if raw.startswith(WORKBOOKS):
        raise InputError(
            f"{path.name}: expected CSV text, got an Excel workbook; save the sheet as CSV UTF-8"
        )
    if b"\0" in raw:
        raise InputError(
            f"{path.name}: expected UTF-8 or Windows-1251, got zero bytes (UTF-16?); "
            "save it as CSV UTF-8"
        )
    for encoding in ("utf-8-sig", "cp1251"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(
        f"{path.name}: expected UTF-8 or Windows-1251, got bytes that are neither; "
        "save it as CSV UTF-8"
    )


def _separator(path: Path, header: str) -> str:
    found = [separator for separator in SEPARATORS if separator in header]
    if len(found) != 1:
        raise InputError(
            f"{path.name}: line 1: expected column names with one separator (comma, semicolon or "
            f"tab), got {header.strip()[:80]!r}; {REMEDY}"
        )
    return found[0]


def _table(path: Path, text: str, separator: str) -> pd.DataFrame:
    """The rows as text, columns under their documented names, with `line` and `text`."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        header = [_column(name) for name in next(reader)]
        require_columns(path.name, header)
        for row in reader:
            if not any(field.strip() for field in row):
                continue
            _require_width(path, reader.line_num, row, header)
            rows.append([field.strip() for field in row])
            lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(
            f"{path.name}: line {reader.line_num}: expected CSV, got {error}; {REMEDY}"
        ) from error
    if not rows:
        raise InputError(f"{path.name}: expected rows below the column names, got none; {REMEDY}")
    table = pd.DataFrame(rows, columns=header, dtype="str")
    return table.assign(line=lines, text=[separator.join(row) for row in rows])


def _column(name: str) -> str:
    bare = name.strip().lower()
    return ALIASES.get(bare, bare)


def _require_width(path: Path, line: int, row: list[str], header: list[str]) -> None:
    if len(row) != len(header):
        raise InputError(
            f"{path.name}: line {line}: expected {len(header)} fields as in line 1, "
            f"got {len(row)}; {REMEDY}"
        )
