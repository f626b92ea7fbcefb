"""Orders from NOAA's Climate Data Online: CSV, one row a station and day, one column an element.

Flags follow each element as ``PRCP_ATTRIBUTES`` ("measurement,quality,source") or as columns of
their own, or were not ordered. Old orders write ``GHCND:`` before the station's id. The units are
metric, standard, or tenths, and the file does not say which: `units_of` decides where it can.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from pipeline.core.errors import InputError
from pipeline.core.ids import OrderUnits
from pipeline.sources.ghcn_daily import REMEDY, STATION_ID
from pipeline.sources.text_lines import NO_END, has_no_end, plain_bytes, split
from pipeline.stations import days, elements
from pipeline.stations.acceptance import accepted, unread_rows
from pipeline.stations.observations import Disclosure, Quarantined, Resolution, StationFile
from pipeline.stations.order_units import converted, units_of
from pipeline.stations.positions import ELEVATION_LIMITS_M, said_of_stations

PREFIX = "GHCND:"
SEPARATE_FLAGS = ("MEASUREMENT FLAG", "QUALITY FLAG")
NAMES = ("NAME", "STATION_NAME")
NO_FLAGS = "no flags were ordered: which values the provider refuses is not told"
OTHER_DATASET = "FRSHTT"
"""Only in Global Summary of the Day, whose elements have these names and other meanings."""


def is_order(header: str) -> bool:
    """Return whether a first line is the header of such an order."""
    names = _names(header)
    has_element = not set(elements.WANTED).isdisjoint(names)
    return {"STATION", "DATE"} <= set(names) and has_element and OTHER_DATASET not in names


def read(path: Path, units: OrderUnits | None = None) -> StationFile:
    """Read one order: daily rain and temperatures of its stations.

    Values are judged as in ``.dly`` (`elements.as_records`); a row or a value that is not in the
    format is unread. The record is open: NOAA publishes it. `assumed` tells the units and why.

    Args:
        path: the file.
        units: the units ordered, where they are known.

    Raises:
        InputError: no such header, no value at all, more unread than read, or units that neither
            the caller nor the content tells.
    """
    text = plain_bytes(path).decode("utf-8-sig", errors="replace")
    lines = split(text)
    if not is_order(lines[0]):
        raise InputError(
            f"{path.name}: line 1: expected a header with STATION, DATE and some of "
            f"{', '.join(elements.WANTED)}, got {lines[0][:80]!r}; {REMEDY}"
        )
    table, unread = _rows(path.name, lines)
    names = _names(lines[0])
    has_flags = _has_flags(names)
    values, refused = _values(path.name, table, names)
    chosen, why = (units, "as the caller says") if units else units_of(path.name, values)
    records = elements.as_records(converted(values, chosen))
    stations, unplaced = said_of_stations(
        path.name, _about(table, records), default=Disclosure.OPEN
    )
    return accepted(
        path.name,
        "rows of an order of GHCN-Daily",
        REMEDY,
        StationFile(
            stations=stations,
            resolution=Resolution.DAILY,
            records=records,
            unread=(*unread, *refused, *unplaced),
            assumed="; ".join(
                [f"{chosen} units, {why}", *[NO_FLAGS] * (not has_flags)]
                + [NO_END] * has_no_end(text)
            ),
            tells_refusals=has_flags,
        ),
    )


def _names(header: str) -> list[str]:
    return [name.strip().upper() for name in next(csv.reader([header]), [])]


def _rows(file: str, lines: list[str]) -> tuple[pd.DataFrame, tuple[Quarantined, ...]]:
    """Rows as line, station_id, last_day, fields and text; and those that are none."""
    names = _names(lines[0])
    table = pd.DataFrame(
        [
            {"line": number, "text": line, "fields": _fields(line)}
            for number, line in enumerate(lines[1:], start=2)
            if line.strip()
        ],
        columns=["line", "text", "fields"],
    )
    whole = table["fields"].map(len) == len(names)
    table["station_id"] = _column(table, names, "STATION").str.removeprefix(PREFIX)
    number = _column(table, names, "DATE").str.replace("-", "")
    is_date = number.str.fullmatch("[0-9]{8}")
    date = number.where(is_date, "0").astype(int).to_numpy()
    parts = date // 10000, date // 100 % 100, date % 100
    reasons = pd.Series("", table.index)
    reasons[~days.is_day(*parts)] = "DATE: expected a day of the calendar as YYYYMMDD or YYYY-MM-DD"
    reasons[~table["station_id"].str.fullmatch(STATION_ID)] = (
        "STATION: expected an id of 11 capital letters and figures"
    )
    reasons[~whole] = f"expected {len(names)} fields as in line 1, got " + table["fields"].map(
        len
    ).astype(str)
    good = (reasons == "").to_numpy()
    dated = table[good].assign(last_day=days.as_days(*(part[good] for part in parts)))
    about = {"name": NAMES, "latitude": ("LATITUDE",), "longitude": ("LONGITUDE",),
             "elevation_m": ("ELEVATION",)}  # fmt: skip
    for field, columns in about.items():
        for column in columns:
            if column in names:
                dated[field] = _column(dated, names, column)
    return dated, unread_rows(file, table, reasons)


def _fields(line: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line), strict=True))
    except csv.Error:
        return []


def _column(table: pd.DataFrame, names: list[str], name: str) -> pd.Series:
    place = names.index(name)
    cells = [fields[place].strip() if len(fields) > place else "" for fields in table["fields"]]
    return pd.Series(cells, table.index, dtype="str")


def _about(table: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """The rows of stations that have a record; an elevation off the Earth means unknown here."""
    about = table[table["station_id"].isin(records["station_id"])]
    if "elevation_m" not in about:
        return about
    height = pd.to_numeric(about["elevation_m"], errors="coerce")
    return about.assign(
        elevation_m=about["elevation_m"].where(height.between(*ELEVATION_LIMITS_M), "")
    )


def _values(
    file: str, table: pd.DataFrame, names: list[str]
) -> tuple[pd.DataFrame, tuple[Quarantined, ...]]:
    """Values below each other, still in the order's units and with its ``digits``."""
    parts = [
        _element(table, names, place) for place, name in enumerate(names) if name in elements.WANTED
    ]
    long = pd.concat(parts, ignore_index=True)
    is_number = long["digits"].str.fullmatch(r"[+-]?[0-9]*\.?[0-9]+")
    value = long["digits"].where(is_number, "nan").astype(float)
    long = long.assign(value=value)[value != elements.MISSING]
    reasons = (long["element"] + ": expected a number, nothing, or -9999").where(
        long["value"].isna(), ""
    )
    return long[reasons == ""], unread_rows(file, long, reasons)


def _element(table: pd.DataFrame, names: list[str], place: int) -> pd.DataFrame:
    """One element's cells that hold anything, with its flags."""
    cell = table["fields"].str[place].str.strip()
    measurement, quality = _flags(table, names, place)
    part = table[["line", "station_id", "last_day"]].assign(
        element=names[place],
        digits=cell,
        measurement=measurement,
        quality=quality,
        text=(cell + " " + measurement + " " + quality).str.rstrip(),
    )
    return part[cell != ""]


def _has_flags(names: list[str]) -> bool:
    """Whether each element that is read has its flags beside it."""
    places = [place for place, name in enumerate(names) if name in elements.WANTED]
    return all(_are_together(names, place) or _are_separate(names, place) for place in places)


def _are_together(names: list[str], place: int) -> bool:
    return names[place + 1 : place + 2] == [f"{names[place]}_ATTRIBUTES"]


def _are_separate(names: list[str], place: int) -> bool:
    return tuple(names[place + 1 : place + 3]) == SEPARATE_FLAGS


def _flags(table: pd.DataFrame, names: list[str], place: int) -> tuple[pd.Series, pd.Series]:
    if _are_together(names, place):
        flags = table["fields"].str[place + 1].str.split(",")
        return tuple(flags.str[n].fillna("").str.strip() for n in (0, 1))  # type: ignore[return-value]
    if _are_separate(names, place):
        return tuple(table["fields"].str[place + n].str.strip() for n in (1, 2))  # type: ignore[return-value]
    none = pd.Series("", table.index)
    return none, none
