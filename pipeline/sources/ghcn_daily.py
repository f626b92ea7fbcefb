"""GHCN-Daily station files (``.dly``) of NOAA's National Centers for Environmental Information.

One line is one station, month and element: 21 characters of key and 31 days of 8 characters
(value 5, measurement flag, quality flag, source flag), 269 in all. -9999 is missing. Rain is in
tenths of mm, temperature in tenths of a degree C. The file gives no name and no position.
Source: https://www.ncei.noaa.gov/pub/data/ghcn/daily/readme.txt
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.sources.text_lines import numbered, plain_bytes
from pipeline.stations import days, elements
from pipeline.stations.acceptance import accepted, unread_rows
from pipeline.stations.observations import Quarantined, Resolution, StationFile

LINE_LENGTH = 269
FLAGS_LENGTH = 3
DAYS_A_LINE = 31
PER_UNIT = 10.0
"""Rain and temperature come in tenths; DAPR is a plain count."""
STATION_ID = "[A-Z0-9_-]{11}"

REMEDY = "fetch the file again; nothing was loaded from it"


def read(path: Path) -> StationFile:
    """Read one ``.dly`` file: daily rain and temperatures of its stations.

    One record is one day of one element (`elements.as_records` says which are refused); other
    elements are left alone. A line that is not in the format is unread, as is a value that is no
    number or stands after the month's end. The record is open: NOAA publishes it.

    Raises:
        InputError: no value at all, or more unread than read.
    """
    lines, cut = _lines(path)
    keys, unreadable = _element_months(path.name, lines)
    values, refused = _values(path.name, keys)
    records = elements.as_records(values)
    return accepted(
        path.name,
        "GHCN-Daily .dly lines of 269 characters with rain or temperature",
        REMEDY,
        StationFile(
            stations=elements.stations_of(records),
            resolution=Resolution.DAILY,
            records=records,
            unread=(*cut, *unreadable, *refused),
        ),
    )


def _lines(path: Path) -> tuple[pd.DataFrame, tuple[Quarantined, ...]]:
    """Whole lines, columns line and text; and those of another length.

    Editors take blanks off the end of a line: they are put back where the last day is missing.
    """
    text = numbered(plain_bytes(path).decode("latin-1"))
    is_bare = text.str[LINE_LENGTH - 8 : LINE_LENGTH - FLAGS_LENGTH] == str(elements.MISSING)
    padded = text.where(~is_bare, text.str.ljust(LINE_LENGTH))
    table = pd.DataFrame({"line": text.index, "text": padded.to_numpy()})
    length = table["text"].str.len()
    reason = f"expected {LINE_LENGTH} characters, got " + length.astype(str)
    whole = length == LINE_LENGTH
    return table[whole], unread_rows(path.name, table, reason.where(~whole, ""))


def _element_months(file: str, table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Quarantined, ...]]:
    """Lines of wanted elements, columns line, station_id, year, month, element, days."""
    text = table["text"]
    when, element = text.str[11:17], text.str[17:21]
    is_number = when.str.fullmatch("[0-9]{6}")
    number = when.where(is_number, "0").astype(int).to_numpy()
    years, months = number // 100, number % 100
    is_month = days.is_day(years, months, np.ones_like(years))
    reasons = pd.Series("", table.index)
    reasons[~elements.is_element(element)] = "columns 18-21: expected an element of GHCN-Daily"
    reasons[~is_month] = (
        "columns 12-17: expected year and month as YYYYMM, years "
        f"{days.FIRST_YEAR} to {days.LAST_YEAR}, months 01 to 12"
    )
    reasons[~text.str[:11].str.fullmatch(STATION_ID)] = (
        "columns 1-11: expected a station's id of 11 capital letters and figures"
    )
    named = table.assign(
        station_id=text.str[:11], year=years, month=months, element=element, days=text.str[21:]
    )
    is_wanted = element.isin(list(elements.WANTED)) & (reasons == "")
    return named[is_wanted], unread_rows(file, named, reasons)


def _values(file: str, table: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Quarantined, ...]]:
    """Days below each other, as `elements.as_records` takes them; and cells that are no value."""
    cells = table["days"].to_numpy(dtype="U248").view("U8")
    long = table.loc[table.index.repeat(DAYS_A_LINE)].reset_index(drop=True)
    long = long.assign(day=np.tile(np.arange(1, DAYS_A_LINE + 1), len(table)), text=cells)
    long = long[~long["text"].str.startswith(str(elements.MISSING))].reset_index(drop=True)
    value = long["text"].str[:5]
    is_number = value.str.fullmatch(" *-?[0-9]+")
    is_day = days.is_day(*(long[part].to_numpy() for part in ("year", "month", "day")))
    reasons = pd.Series("", long.index)
    reasons[~is_day] = "expected -9999 after the month's end"
    reasons[~is_number] = "expected a whole number or -9999"
    first = 14 + 8 * long["day"]
    columns = "columns " + first.astype(str) + "-" + (first + 4).astype(str) + ": "
    kept = long[reasons == ""]
    last_day = days.as_days(*(kept[part].to_numpy() for part in ("year", "month", "day")))
    number = value[kept.index].astype(float)
    scaled = number.where(kept["element"] == elements.SEVERAL_DAYS_COUNT, number / PER_UNIT)
    values = kept.assign(
        last_day=last_day,
        value=scaled,
        measurement=kept["text"].str[5].str.strip(),
        quality=kept["text"].str[6].str.strip(),
    )
    return values, unread_rows(file, long, (columns + reasons).where(reasons != "", ""))
