"""Any file of gauge records, whatever its layout: the content decides, not the name."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.core.errors import InputError
from pipeline.core.ids import OrderUnits, StationFormat
from pipeline.sources import (
    agency_tables,
    climat_bufr,
    ghcn_by_year,
    ghcn_daily,
    ghcn_order,
)
from pipeline.sources.text_lines import plain_bytes, split
from pipeline.stations.agency_layout import Layout
from pipeline.stations.observations import StationFile

BEGINNING_BYTES = 20_000
"""Enough for the first lines, or for the heading of a bulletin before its first message."""
LINES_LOOKED_AT = 20
DLY_KEY = re.compile(rf"{ghcn_daily.STATION_ID}[0-9]{{6}}[A-Z0-9]{{4}}[ 0-9-]{{5}}")


def read(
    path: Path,
    station_format: StationFormat | None = None,
    layout: Layout | None = None,
    units: OrderUnits | None = None,
) -> StationFile:
    """Read one file of gauge records.

    Args:
        path: the file.
        station_format: how it is written; None asks `format_of`, unless a layout says that it is
            an agency's table.
        layout: how the agency's columns are to be understood; only for agency tables.
        units: the units of a Climate Data Online order, where they are known.

    Raises:
        InputError: the file as a whole is not in its format, or a layout or units were given for a
            file that takes none.
    """
    told = StationFormat.AGENCY if layout is not None and station_format is None else station_format
    form = told or format_of(path)
    if layout is not None and form is not StationFormat.AGENCY:
        raise InputError(f"{path.name}: expected no layout for {form}, got one; leave it out")
    if units is not None and form is not StationFormat.GHCN_ORDER:
        raise InputError(
            f"{path.name}: expected no units for {form}, got {units}; leave them out, or name them "
            "in a layout file"
        )
    if form is StationFormat.AGENCY:
        return agency_tables.read(path, layout)
    if form is StationFormat.GHCN_ORDER:
        return ghcn_order.read(path, units)
    readers = {
        StationFormat.GHCN_DAILY: ghcn_daily.read,
        StationFormat.GHCN_BY_YEAR: ghcn_by_year.read,
        StationFormat.CLIMAT: climat_bufr.read,
    }
    return readers[form](path)


def format_of(path: Path) -> StationFormat:
    """Return how a file is written, by its first lines; what is nothing else is an agency's table.

    Raises:
        InputError: a gzip file that is broken.
    """
    raw = plain_bytes(path)[:BEGINNING_BYTES]
    if climat_bufr.begins_with_message(raw):
        return StationFormat.CLIMAT
    lines = split(raw.decode("utf-8-sig", errors="replace"))[:LINES_LOOKED_AT]
    if any(DLY_KEY.match(line) for line in lines):
        return StationFormat.GHCN_DAILY
    if any(re.fullmatch(ghcn_by_year.LINE, line.strip()) for line in lines):
        return StationFormat.GHCN_BY_YEAR
    if ghcn_order.is_order(lines[0]):
        return StationFormat.GHCN_ORDER
    return StationFormat.AGENCY
