"""Agency tables as CSV text, in whatever encoding and with whatever separator they were exported.

One line is one row: a line break inside quotation marks is not understood, so that one bad mark
costs one row and not the rest of the file.
"""

from __future__ import annotations

import csv

from pipeline.core.errors import InputError
from pipeline.sources.text_lines import NO_END, has_no_end, split
from pipeline.stations.agency_fields import REMEDY
from pipeline.stations.agency_layout import Layout
from pipeline.stations.agency_rows import Row, Sheet
from pipeline.stations.observations import Quarantined

STRONG = (";", "\t")
"""Where one of these stands, a comma belongs to a name or a number."""
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
"""Byte order marks, and the encoding that each proves."""
UNDECODED = "\N{REPLACEMENT CHARACTER}"


def sheet_of_text(file: str, raw: bytes, layout: Layout) -> Sheet:
    """Return the rows of a CSV file.

    The encoding is the layout's; without one it is what the byte order mark says, else UTF-8, else
    Windows-1251 (and `assumed` says so). A line with bytes that are not in the encoding is unread.

    Raises:
        InputError: no encoding fits, or the header has not one separator.
    """
    text, assumed = _decoded(file, raw, layout)
    text = text.translate(layout.font())
    lines = [(number, line) for number, line in enumerate(split(text), start=1) if line.strip()]
    separator = layout.separator or _separator(file, lines, layout)
    rows, unread = _rows(file, lines, separator)
    return Sheet(
        file=file,
        rows=tuple(rows),
        unread=tuple(unread),
        decimal_comma=(layout.decimal or ("." if separator == "," else ",")) == ",",
        assumed=(*assumed, *[NO_END] * has_no_end(text)),
    )


def _decoded(file: str, raw: bytes, layout: Layout) -> tuple[str, list[str]]:
    marked = next((name for mark, name in MARKS.items() if raw.startswith(mark)), None)
    encoding = layout.encoding or marked
    if encoding:
        return raw.decode(marked or encoding, errors="replace"), []
    if b"\0" in raw[:1000]:
        raise InputError(
            f"{file}: expected UTF-8 or Windows-1251, got zero bytes (UTF-16?); "
            "name the encoding in a layout file, or save it as CSV UTF-8"
        )
    if _is_utf8(raw):
        return raw.decode("utf-8", errors="replace"), []
    return raw.decode("cp1251", errors="replace"), ["Windows-1251, as the bytes are not UTF-8"]


def _is_utf8(raw: bytes) -> bool:
    """Whether more lines are UTF-8 beyond ASCII than are not UTF-8 at all."""
    good = bad = 0
    for line in raw.split(b"\n"):
        if not line.isascii():
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                bad += 1
            else:
                good += 1
    return bad == 0 or good > bad


def _separator(file: str, lines: list[tuple[int, str]], layout: Layout) -> str:
    """The separator in the row of names, or in the first row where there are no names."""
    wanted = layout.header_row or layout.first_row
    header = next((line for number, line in lines if number == wanted or not wanted), "")
    found = [separator for separator in STRONG if separator in header] or [","]
    if len(found) != 1 or found[0] not in header:
        raise InputError(
            f"{file}: line {wanted or 1}: expected column names with one separator (comma, "
            f"semicolon or tab), got {header.strip()[:80]!r}; {REMEDY}"
        )
    return found[0]


def _rows(
    file: str, lines: list[tuple[int, str]], separator: str
) -> tuple[list[Row], list[Quarantined]]:
    rows, unread = [], []
    for number, line in lines:
        if UNDECODED in line:
            reason = "expected text in the file's encoding, got other bytes"
            unread.append(Quarantined(file, number, "", reason, line))
            continue
        try:
            cells = [cell.strip() for cell in _cells(line, separator)]
        except csv.Error as error:
            unread.append(Quarantined(file, number, "", f"expected CSV, got {error}", line))
            continue
        if any(cells):
            rows.append(Row(number, cells))
    return rows, unread


def _cells(line: str, separator: str) -> list[str]:
    if '"' not in line:
        return line.split(separator)
    return next(csv.reader([line], delimiter=separator, strict=True))
