"""GHCN-Daily as CSV, one line a station, day and element: the by-year and by-station files.

Eight fields and no header, or one that begins with ``ID``: ``ID,YYYYMMDD,ELEMENT,VALUE,MFLAG,
QFLAG,SFLAG,OBSTIME``. Units as in ``.dly``: tenths of mm and of degrees C. The file gives no name
and no position. A whole year of the world is far more than memory holds: cut it to your stations.
Source: https://www.ncei.noaa.gov/pub/data/ghcn/daily/by_year/readme-by_year.txt
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.sources.ghcn_daily import PER_UNIT, REMEDY, STATION_ID
from pipeline.sources.text_lines import numbered, plain_bytes
from pipeline.stations import days, elements
from pipeline.stations.acceptance import accepted, unread_rows
from pipeline.stations.observations import Quarantined, Resolution, StationFile

FIELDS = "ID,YYYYMMDD,ELEMENT,VALUE,MFLAG,QFLAG,SFLAG,OBSTIME"
LINE = (
    rf"(?P<station_id>{STATION_ID}),(?P<when>[0-9]{{8}}),(?P<element>[A-Z0-9]{{4}}),"
    "(?P<value>-?[0-9]{1,6}),(?P<measurement>[A-Z]?),(?P<quality>[A-Za-z]?),"
    "(?P<source>[A-Za-z0-9]?),(?P<time>[0-9]{0,4})"
)
HEADER = "ID,"


def read(path: Path) -> StationFile:
    """Read one CSV of GHCN-Daily: daily rain and temperatures of its stations.

    Values are judged as in ``.dly`` (`elements.as_records`); a line that is not in the format is
    unread. The record is open: NOAA publishes it.

    Raises:
        InputError: no value at all, or more lines unread than read.
    """
    lines = numbered(plain_bytes(path).decode("utf-8-sig", errors="replace"))
    values, unread = _values(path.name, lines[~lines.str.startswith(HEADER)])
    records = elements.as_records(values)
    return accepted(
        path.name,
        f"lines {FIELDS} with rain or temperature",
        REMEDY,
        StationFile(
            stations=elements.stations_of(records),
            resolution=Resolution.DAILY,
            records=records,
            unread=unread,
        ),
    )


def _values(file: str, lines: pd.Series) -> tuple[pd.DataFrame, tuple[Quarantined, ...]]:
    """Values as `elements.as_records` takes them, and the lines that are none."""
    fields = lines.str.strip().str.extract(f"^{LINE}$")
    is_line = fields["when"].notna()
    number = fields["when"].where(is_line, "0").astype(int).to_numpy()
    years, months, day = number // 10000, number // 100 % 100, number % 100
    is_day = days.is_day(years, months, day)
    reasons = pd.Series("", lines.index)
    reasons[~elements.is_element(fields["element"].fillna(""))] = (
        "expected an element of GHCN-Daily"
    )
    reasons[~is_day] = "expected a day of the calendar as YYYYMMDD"
    reasons[~is_line] = f"expected {FIELDS}"
    table = fields.assign(line=lines.index, text=lines, station_id=fields["station_id"].fillna(""))
    good = (reasons == "").to_numpy()
    kept = table[good]
    value = kept["value"].astype(float)
    values = kept.assign(
        last_day=days.as_days(years[good], months[good], day[good]),
        value=value.where(kept["element"] == elements.SEVERAL_DAYS_COUNT, value / PER_UNIT),
    )
    is_given = np.asarray(value != elements.MISSING)
    return values[is_given], unread_rows(file, table, reasons)
