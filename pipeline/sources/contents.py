"""What kind of file this is, by its content and never by its name."""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from enum import StrEnum
from pathlib import Path

from pipeline.core.careful_yaml import top_keys
from pipeline.core.errors import InputError
from pipeline.plans.issue_words import COLUMNS, plain
from pipeline.sources import zips
from pipeline.sources.workbooks import sheets_of
from pipeline.stations.agency_layout import Layout

_HEAD_BYTES = 1 << 16
_HEAD_LINES = 30
_MOST_LAYOUT_BYTES = 1 << 20
_GRID_MARKS = (b"\x89HDF\r\n\x1a\n", b"CDF\x01", b"CDF\x02", b"CDF\x05", b"GRIB")
_ZIP = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BUFR = b"BUFR"
_BULLETIN_BYTES = 200
"""A telegram header may stand before the first message."""
_WORKBOOK_PARTS = ("[Content_Types].xml", "xl/", "_rels/", "docProps/")
_INDICATOR_COLUMNS = {"indicator", "issued_on"}
"""The columns that only a table of an agency's own indicators has, in whatever language."""
_FOREIGN = {
    b"\x1f\x8b": "a gzip file; unpack it",
    b"BZh": "a bzip2 file; unpack it",
    b"7z\xbc\xaf": "a 7-Zip file; unpack it",
    b"Rar!": "a RAR file; unpack it",
    b"%PDF": "a PDF; ask for the table itself",
    b"<": "a web page or XML; download the file itself",
    b"{": "JSON; landscapes are loaded with `drought landscapes load`",
    b"[": "JSON; ask for a table",
}
_YAML_KEY = re.compile(r"[\w-]+:(\s|$)")


class Content(StrEnum):
    """What a file is to us."""

    GRID = "grid"
    """NetCDF, GRIB, or a ZIP of them."""
    STATIONS = "stations"
    """Gauge records in any of their formats."""
    INDICATORS = "indicators"
    """A table of an agency's own indicators."""
    LAYOUT = "layout"
    """How the tables beside it are to be read."""


def content_of(path: Path) -> Content:
    """Return what kind of file this is.

    What is a table and of no other kind is taken for gauge records; their reader judges it.

    Raises:
        InputError: it is none of them, or too damaged to tell.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise InputError(f"{path}: the file is empty, expected data; copy it again")
    if head.startswith(_GRID_MARKS):
        return Content.GRID
    if head.startswith(_ZIP):
        return _zip_content(path, head)
    if head.startswith(_OLD_WORKBOOK):
        return _workbook_content(path)
    if _BUFR in head[:_BULLETIN_BYTES]:
        return Content.STATIONS
    return _text_content(path, head)


def _zip_content(path: Path, head: bytes) -> Content:
    # The first name stands at the very beginning, so that a file cut short can be told too.
    length = int.from_bytes(head[26:28], "little")
    first = head[30 : 30 + length].decode("utf-8", "replace")
    if first.startswith(_WORKBOOK_PARTS):
        return _workbook_content(path)
    try:
        with zips.opened(path) as archive:
            names = archive.namelist()
            if len(names) > zips.MOST_PARTS or not zips.is_usually_packed(archive):
                return Content.GRID
            has_grids = any(_first_bytes(archive, name).startswith(_GRID_MARKS) for name in names)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError):
        return Content.GRID  # the store sends ZIPs: its reader says what is broken
    if has_grids:
        return Content.GRID
    raise InputError(
        f"{path}: expected NetCDF or GRIB in the ZIP, got {first!r}; unpack it and give the files "
        "in it one by one"
    )


def _first_bytes(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(8)


def _workbook_content(path: Path) -> Content:
    sheets = sheets_of(str(path), path.read_bytes(), rows=_HEAD_LINES).values()
    rows = (row for sheet in sheets for row in sheet)
    return Content.INDICATORS if any(map(_is_indicator_header, rows)) else Content.STATIONS


def _text_content(path: Path, head: bytes) -> Content:
    shown = head.lstrip(codecs.BOM_UTF8).lstrip()
    for mark, what in _FOREIGN.items():
        if shown.startswith(mark):
            raise InputError(f"{path}: expected a grid file or a table, got {what}")
    text = _decoded(head)
    if "\x00" in text:
        raise InputError(
            f"{path}: expected a grid file, a workbook or text, got {head[:8]!r}; find out what "
            "wrote it"
        )
    lines = text.splitlines()[:_HEAD_LINES]
    if any(_is_indicator_header(re.split("[;,\t|]", line)) for line in lines):
        return Content.INDICATORS
    if _looks_like_yaml(lines):
        return _yaml_content(path)
    return Content.STATIONS


def _decoded(head: bytes) -> str:
    """Return text well enough to see what kind it is: letters may be wrong, signs are not."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "replace")
    whole_lines = head.removeprefix(codecs.BOM_UTF8).rpartition(b"\n")[0] or head
    try:
        return whole_lines.decode("utf-8")
    except UnicodeDecodeError:
        return whole_lines.decode("cp1251", "replace")


def _is_indicator_header(cells: list[str]) -> bool:
    return {COLUMNS.get(plain(cell.strip(" \t\"'"))) for cell in cells} >= _INDICATOR_COLUMNS


def _looks_like_yaml(lines: list[str]) -> bool:
    said = [line for line in lines if line.strip() and not line.startswith(("#", "---"))]
    return bool(said) and _YAML_KEY.match(said[0]) is not None


def _yaml_content(path: Path) -> Content:
    if path.stat().st_size > _MOST_LAYOUT_BYTES:
        return Content.STATIONS
    is_named_so = path.suffix.lower() in {".yaml", ".yml"}
    keys = top_keys(path.read_bytes())
    if keys is None:
        return Content.LAYOUT if is_named_so else Content.STATIONS
    if "plan_id" in keys:
        raise InputError(
            f"{path}: expected data or a layout, got a plan; load it with `drought plans load`"
        )
    if is_named_so or Layout.model_fields.keys() & keys:
        return Content.LAYOUT
    return Content.STATIONS
