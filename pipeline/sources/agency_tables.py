"""Files of hydrometeorological agencies: CSV or workbook, in the documented format or by a layout.

`docs/agency_files.md` describes both for those who write and keep such files.
"""

from __future__ import annotations

from pathlib import Path

from pipeline.sources.agency_text import sheet_of_text
from pipeline.sources.text_lines import plain_bytes
from pipeline.sources.workbooks import is_workbook, sheet_of_workbook
from pipeline.stations.agency_layout import Layout
from pipeline.stations.agency_rows import Sheet
from pipeline.stations.agency_table import station_file
from pipeline.stations.observations import StationFile
from pipeline.stations.station_list import StationList, station_list


def read(path: Path, layout: Layout | None = None) -> StationFile:
    """Read one agency file: days, dekads or months, as its columns or its layout say.

    Raises:
        InputError: the file as a whole is not in the format.
    """
    layout = layout or Layout()
    return station_file(sheet_of(path, layout), layout)


def read_stations(path: Path, layout: Layout | None = None) -> StationList:
    """Read a list of stations: their places, names and classes, and from when.

    Raises:
        InputError: the file as a whole is no such list.
    """
    layout = layout or Layout()
    return station_list(sheet_of(path, layout), layout)


def sheet_of(path: Path, layout: Layout) -> Sheet:
    """Return the rows of an agency file, before anything in them is understood.

    Raises:
        InputError: no text and no workbook.
    """
    raw = plain_bytes(path)
    reader = sheet_of_workbook if is_workbook(raw) else sheet_of_text
    return reader(path.name, raw, layout)
