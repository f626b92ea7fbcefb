"""A list of stations: where each stood and from when, its name, who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from pipeline.core.errors import InputError
from pipeline.stations import date_formats, days
from pipeline.stations.acceptance import unread_rows
from pipeline.stations.agency_fields import REMEDY
from pipeline.stations.agency_layout import Layout
from pipeline.stations.agency_rows import Sheet, fields_of
from pipeline.stations.observations import Quarantined, Station
from pipeline.stations.positions import said_of_stations


@dataclass(frozen=True, slots=True)
class Place:
    """Where a station stood."""

    valid_from: date | None
    """Its first day there; None: since the record begins."""
    station: Station


@dataclass(frozen=True, slots=True)
class StationList:
    """A list of stations, read."""

    places: tuple[Place, ...]
    """By station, then by time; a station that moved is there more than once."""
    unread: tuple[Quarantined, ...]


def station_list(sheet: Sheet, layout: Layout) -> StationList:
    """Return the places of a list; columns that say nothing of a station are left alone.

    A row without a station, and one whose `valid_from` is no day, is unread. Rows of one station
    and one `valid_from` are one place: what most of them say holds.

    Raises:
        InputError: no column station_id, or no station.
    """
    fields = fields_of(sheet, layout, others_refused=False)
    if "station_id" not in fields.table:
        raise InputError(f"{sheet.file}: expected a column station_id, got none; {REMEDY}")
    table = _dated(fields.table, layout)
    known = table[table["fault"] == ""]
    if known.empty:
        raise InputError(f"{sheet.file}: expected stations, got none; {REMEDY}")
    places, unread = [], [*fields.unread, *unread_rows(sheet.file, table, table["fault"])]
    for since in sorted(known["since"].unique()):
        stations, refused = said_of_stations(
            sheet.file,
            known[known["since"] == since],
            decimal_comma=sheet.decimal_comma,
            default=layout.disclosure,
        )
        valid_from = date.fromisoformat(since) if since else None
        places += [Place(valid_from, station) for station in stations]
        unread += refused
    in_order = sorted(places, key=lambda at: (at.station.station_id, at.valid_from or date.min))
    return StationList(tuple(in_order), tuple(sorted(unread, key=lambda refused: refused.line)))


def _dated(table: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    """The rows with ``since``, the first day there (empty: the beginning), and a ``fault``."""
    text = table["valid_from"] if "valid_from" in table else pd.Series("", table.index, dtype="str")
    years, months, day = date_formats.parts(
        text, date_formats.ISO, *([layout.date_format] if layout.date_format else [])
    )
    is_day = days.is_day(years, months, day)
    safe = [np.where(is_day, part, one) for part, one in ((years, 2000), (months, 1), (day, 1))]
    since = pd.Series(days.as_days(*safe), table.index).dt.strftime("%Y-%m-%d")
    expected = f"valid_from: expected a day as {date_formats.ISO}, or nothing"
    fault = pd.Series("", table.index).mask(~is_day & (text != ""), expected)
    fault = fault.mask(table["station_id"] == "", "station_id: expected a station's id")
    return table.assign(since=since.where(is_day, ""), fault=fault)
