"""GHCN-Daily station files (``.dly``) of NOAA's National Centers for Environmental Information.

One line is one station, month and element: 21 characters of key and 31 days of 8 characters
(value 5, measurement flag, quality flag, source flag), 269 in all. -9999 is missing. Rain is in
tenths of mm, temperature in tenths of a degree C. The file gives no name and no position.
Source: https://www.ncei.noaa.gov/pub/data/ghcn/daily/readme.txt
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.core.errors import InputError
from pipeline.stations import days, elements
from pipeline.stations.checks import (
    CANDIDATE_COLUMNS,
    quarantined,
    refuse,
    refuse_contradictions,
    refuse_impossible,
    settled,
)
from pipeline.stations.observations import (
    OBSERVATION_COLUMNS,
    Disclosure,
    Resolution,
    Station,
    StationFile,
)

LINE_LENGTH = 269
DAYS_A_LINE = 31
MISSING = -9999
MISSING_PRESUMED_ZERO = "P"
PER_UNIT = 10.0
"""Rain and temperature come in tenths; DAPR is a plain count."""

QUALITY_FLAGS = {
    "D": "duplicate", "G": "gap", "I": "internal consistency", "K": "streak or frequent value",
    "L": "length of a period of several days", "M": "megaconsistency", "N": "naught",
    "O": "climatological outlier", "R": "lagged range", "S": "spatial consistency",
    "T": "temporal consistency", "W": "too warm for snow", "X": "bounds",
    "Z": "flagged after a manual review",
}  # fmt: skip
"""The provider's check that a value failed, as its readme names them."""

_REMEDY = "fetch the file again; nothing was loaded from it"

Characters = npt.NDArray[np.str_]


def read(path: Path) -> StationFile:
    """Read one ``.dly`` file: daily rain and mean temperature of its stations.

    A value with a quality flag goes to quarantine; so does an impossible or contradictory one. A
    trace of rain counts as 0 mm; "missing presumed zero" counts as missing. Mean temperature is
    the half sum of the extremes or TAVG, whichever gives the station more days
    (`Station.temperature_mean`). The record is open: NOAA publishes it.

    Raises:
        InputError: a line is not in the format (nothing is loaded from the file then).
    """
    lines = _lines(path)
    table = _element_months(path, lines)
    candidates = _checked(_candidates(path, table))
    means = elements.temperature_means(candidates)
    rain = settled(elements.as_precipitation(candidates))
    heat = elements.as_mean_temperature(candidates, means)
    return StationFile(
        stations=tuple(
            Station(station, disclosure=Disclosure.OPEN, temperature_mean=mean)
            for station, mean in means.items()
        ),
        resolution=Resolution.DAILY,
        observations=pd.concat([rain, heat], ignore_index=True)[list(OBSERVATION_COLUMNS)],
        quarantined=quarantined(path.name, candidates),
    )


def _lines(path: Path) -> list[str]:
    text = path.read_bytes().decode("latin-1").replace("\r\n", "\n").removesuffix("\n")
    lines = text.split("\n")
    if not text:
        raise InputError(f"{path.name}: the file is empty, expected GHCN-Daily lines; {_REMEDY}")
    for number, line in enumerate(lines, start=1):
        if len(line) != LINE_LENGTH:
            raise InputError(
                f"{path.name}: line {number}: expected {LINE_LENGTH} characters as in GHCN-Daily "
                f".dly files, got {len(line)}; {_REMEDY}"
            )
    return lines


def _element_months(path: Path, lines: list[str]) -> pd.DataFrame:
    """One row per line of a wanted element: line, station_id, year, month, quantity, days."""
    text = pd.Series(lines)
    table = pd.DataFrame(
        {
            "line": np.arange(1, len(lines) + 1),
            "station_id": text.str[:11].str.rstrip(),
            "when": text.str[11:17],
            "quantity": text.str[17:21],
            "days": text.str[21:],
        }
    )
    is_number = table["when"].str.fullmatch(r"\d{6}")
    number = table["when"].where(is_number, "000000").astype(int).to_numpy()
    years, months = number // 100, number % 100
    _demand(
        path,
        table["line"],
        table["when"],
        days.is_day(years, months, np.ones_like(years)),
        "columns 12-17",
        f"year and month as YYYYMM, years {days.FIRST_YEAR} to {days.LAST_YEAR}, months 01 to 12",
    )
    wanted = table.assign(year=years, month=months)[table["quantity"].isin(elements.ELEMENTS)]
    if wanted.empty:
        raise InputError(
            f"{path.name}: expected lines of one of the elements {', '.join(elements.ELEMENTS)}, got "
            f"{', '.join(sorted(table['quantity'].unique())[:5])}; {_REMEDY}"
        )
    return wanted


def _candidates(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """Days below each other, columns `CANDIDATE_COLUMNS` and `measurement` and `quality` flags."""
    cells: Characters = table["days"].to_numpy(dtype="U248").view("U8")
    long = table.loc[table.index.repeat(DAYS_A_LINE)].reset_index(drop=True)
    long["day"] = np.tile(np.arange(1, DAYS_A_LINE + 1), len(table))
    long["text"] = pd.Series(cells)
    value = long["text"].str[:5]
    first_column = 14 + 8 * long["day"]
    columns = "columns " + first_column.astype(str) + "-" + (first_column + 4).astype(str)
    is_number = value.str.fullmatch(r" *-?\d+")
    _demand(path, long["line"], value, is_number.to_numpy(), columns, "a whole number or -9999")
    number = value.where(is_number, "0").astype(int)
    is_day = days.is_day(*(long[part].to_numpy() for part in ("year", "month", "day")))
    is_given = (number != MISSING).to_numpy()
    _demand(path, long["line"], value, is_day | ~is_given, columns, "-9999 after the month's end")
    long["value"] = _scaled(number.astype(float), long)
    inside = long[is_day]
    last_day = days.as_days(*(inside[part].to_numpy() for part in ("year", "month", "day")))
    return inside.assign(last_day=last_day, n_days=1, reason="")[list(CANDIDATE_COLUMNS)]


def _scaled(number: pd.Series, long: pd.DataFrame) -> pd.Series:
    """Values in mm, degrees C or days; missing where the provider has none or presumes zero."""
    is_presumed = long["text"].str[5] == MISSING_PRESUMED_ZERO
    present = number.mask((number == MISSING) | is_presumed)
    return present.where(long["quantity"] == elements.SEVERAL_DAYS_COUNT, present / PER_UNIT)


def _checked(candidates: pd.DataFrame) -> pd.DataFrame:
    flag = candidates["text"].str[6]
    meaning = flag.map(QUALITY_FLAGS).fillna("unknown")
    flagged = refuse(
        candidates,
        (flag != " ") & candidates["value"].notna(),
        "the provider's quality flag " + flag + " (" + meaning + ")",
    )
    totals = elements.with_several_day_totals(refuse_contradictions(flagged))
    return refuse_impossible(totals, elements.TOTALS, elements.TEMPERATURES)


def _demand(
    path: Path,
    lines: pd.Series,
    got: pd.Series,
    is_good: npt.NDArray[np.bool_],
    columns: str | pd.Series,
    expected: str,
) -> None:
    """Raise on the first line that is not as the format says."""
    if is_good.all():
        return
    row = int(np.argmin(is_good))
    place = columns if isinstance(columns, str) else columns.iloc[row]
    raise InputError(
        f"{path.name}: line {lines.iloc[row]}, {place}: expected {expected}, "
        f"got {got.iloc[row]!r}; {_REMEDY}"
    )
