"""The fields of an agency table: their names, and which of them a table must have.

`docs/agency_files.md` documents the format for those who write such files.
"""

from __future__ import annotations

from collections.abc import Collection

from pipeline.core.errors import InputError
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
WHEN = ("date", "year", "month", "dekad", "day", "resolution")
ABOUT = ("station_id", "name", "latitude", "longitude", "elevation_m", "disclosure", "note")
COLUMNS = (*ABOUT, *WHEN, *WIDE, *LONG, "unit")
STATION_LIST = (*ABOUT, "valid_from")
"""The columns of a list of stations."""

REMEDY = "correct it and load the file again; nothing was loaded from it"


def require_known(place: str, columns: Collection[str]) -> None:
    """Check that each name of a header, already translated by `ALIASES`, is a field and there once.

    Raises:
        InputError: an unknown or repeated column.
    """
    unknown = [column for column in columns if column not in COLUMNS]
    if unknown:
        raise InputError(
            f"{place}: unknown column {unknown[0]!r}, expected some of {', '.join(COLUMNS)}; "
            "rename or remove it, or write a layout file, and load the file again"
        )
    repeated = sorted({column for column in columns if list(columns).count(column) > 1})
    if repeated:
        raise InputError(f"{place}: two columns mean {repeated[0]}, expected one; {REMEDY}")


def require_fields(place: str, fields: Collection[str]) -> None:
    """Check that a table says which station, and gives its values in one way.

    Raises:
        InputError: no station_id, or not one way of giving values.
    """
    if "station_id" not in fields:
        raise InputError(f"{place}: expected a column station_id, got none; {REMEDY}")
    is_wide, is_long = not set(WIDE).isdisjoint(fields), set(LONG) <= set(fields)
    if is_wide is is_long or (is_wide and not {*LONG, "unit"}.isdisjoint(fields)):
        raise InputError(
            f"{place}: expected some of {', '.join(WIDE)}, or else {' and '.join(LONG)}, got "
            f"{', '.join(fields)}; {REMEDY}"
        )
