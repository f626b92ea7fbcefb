"""The fields of the agency table: their names, and how one column of text is checked.

The table is text, one DataFrame row per row of the file, the columns under their documented
names, with `line` (its number) and `text` (as it stood). `docs/agency_csv.md` documents the format
for those who write such files.
"""

from __future__ import annotations

import pandas as pd

from pipeline.core.errors import InputError
from pipeline.stations.days import Booleans
from pipeline.stations.observations import Quantity

ALIASES = {
    "wmo_code": "station_id", "code": "station_id", "station": "name",
    "lat": "latitude", "lon": "longitude", "alt_m": "elevation_m",
    "precip_mm": "precipitation_mm", "tmean_degc": "temperature_mean_c",
    "type": "quantity", "data": "value", "units": "unit",
}  # fmt: skip
"""Other column names that are understood, in lower case."""

WIDE = tuple(quantity.value for quantity in Quantity)
"""One column a quantity."""
LONG = ("quantity", "value")
"""One row a quantity."""
WHEN = ("date", "year", "month", "dekad", "resolution")
ABOUT = ("station_id", "name", "latitude", "longitude", "elevation_m", "disclosure", "note")
COLUMNS = (*ABOUT, *WHEN, *WIDE, *LONG, "unit")

REMEDY = "correct it and load the file again; nothing was loaded from it"


def require_columns(file: str, columns: list[str]) -> None:
    """Check the header, its names already translated by `ALIASES`.

    Raises:
        InputError: an unknown or repeated column, no station_id, or not one way of giving values.
    """
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        raise InputError(
            f"{file}: line 1: unknown column {unknown[0]!r}, expected some of "
            f"{', '.join(COLUMNS)}; rename or remove it and load the file again"
        )
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise InputError(f"{file}: line 1: two columns mean {repeated[0]}, expected one; {REMEDY}")
    if "station_id" not in columns:
        raise InputError(f"{file}: line 1: expected a column station_id, got none; {REMEDY}")
    is_wide, is_long = not set(WIDE).isdisjoint(columns), set(LONG) <= set(columns)
    if is_wide is is_long or (is_wide and not {*LONG, "unit"}.isdisjoint(columns)):
        raise InputError(
            f"{file}: line 1: expected {' or '.join(WIDE)}, or else {' and '.join(LONG)}, got "
            f"{', '.join(columns)}; {REMEDY}"
        )


def demand(
    file: str, table: pd.DataFrame, column: str, is_good: Booleans | pd.Series, expected: str
) -> None:
    """Raise on the first row that is not as the format says.

    Raises:
        InputError: names the file, the line, the column, what was expected and what stood there.
    """
    wrong = table[~pd.Series(is_good, table.index, dtype=bool)]
    if wrong.empty:
        return
    first = wrong.iloc[0]
    raise InputError(
        f"{file}: line {first['line']}, {column}: expected {expected}, "
        f"got {first[column]!r}; {REMEDY}"
    )


def numbers(file: str, table: pd.DataFrame, column: str, *, decimal_comma: bool) -> pd.Series:
    """Return a text column as numbers; an empty field is NaN.

    Args:
        file: the name that errors give.
        table: the agency table.
        column: one of its columns.
        decimal_comma: whether ``1,5`` is one and a half (``1.5`` always is).

    Raises:
        InputError: a field is not a number.
    """
    text = table[column].str.replace("\N{MINUS SIGN}", "-")
    mark = "[.,]" if decimal_comma else "[.]"
    is_number = text.str.fullmatch(rf"[+-]?\d*{mark}?\d+")
    expected = "a number, or nothing where the value is missing"
    demand(file, table, column, is_number | (text == ""), expected)
    return text.where(is_number, "nan").str.replace(",", ".").astype(float)
