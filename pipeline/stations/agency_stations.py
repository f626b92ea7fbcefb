"""What the rows of the agency table say about the stations themselves."""

from __future__ import annotations

from typing import TypeVar, cast

import pandas as pd

from pipeline.stations.agency_fields import demand, numbers
from pipeline.stations.observations import Disclosure, Station

LATITUDE_LIMITS = (-90.0, 90.0)
LONGITUDE_LIMITS = (-180.0, 180.0)
ELEVATION_LIMITS_M = (-500.0, 9000.0)

Said = TypeVar("Said", str, float)


def stations_of(file: str, table: pd.DataFrame, *, decimal_comma: bool) -> tuple[Station, ...]:
    """Return the stations in the order of their ids; a row may leave empty what another says.

    Raises:
        InputError: a position off the Earth, an unknown disclosure class, or two truths about one
            station.
    """

    def number(column: str, limits: tuple[float, float]) -> dict[str, float]:
        return _numbers(file, table, column, limits, decimal_comma=decimal_comma)

    names, classes = _names(file, table), _disclosures(file, table)
    latitudes = number("latitude", LATITUDE_LIMITS)
    longitudes = number("longitude", LONGITUDE_LIMITS)
    elevations_m = number("elevation_m", ELEVATION_LIMITS_M)
    return tuple(
        Station(
            station_id=station,
            name=names.get(station),
            latitude=latitudes.get(station),
            longitude=longitudes.get(station),
            elevation_m=elevations_m.get(station),
            disclosure=Disclosure(classes.get(station, Disclosure.RESTRICTED)),
        )
        for station in sorted(table["station_id"].unique())
    )


def _names(file: str, table: pd.DataFrame) -> dict[str, str]:
    if "name" not in table:
        return {}
    return _said_once(file, table, "name", table["name"].where(table["name"] != ""))


def _disclosures(file: str, table: pd.DataFrame) -> dict[str, str]:
    if "disclosure" not in table:
        return {}
    given = table["disclosure"].where(table["disclosure"] != "")
    is_class = given.isna() | given.isin(list(Disclosure))
    demand(file, table, "disclosure", is_class, f"{', '.join(Disclosure)}, or nothing")
    return _said_once(file, table, "disclosure", given)


def _numbers(
    file: str,
    table: pd.DataFrame,
    column: str,
    limits: tuple[float, float],
    *,
    decimal_comma: bool,
) -> dict[str, float]:
    if column not in table:
        return {}
    given = numbers(file, table, column, decimal_comma=decimal_comma)
    is_possible = given.isna() | given.between(*limits)
    demand(file, table, column, is_possible, f"a number from {limits[0]:g} to {limits[1]:g}")
    return _said_once(file, table, column, given)


def _said_once(
    file: str, table: pd.DataFrame, column: str, given: pd.Series[Said]
) -> dict[str, Said]:
    """The one value of each station that has any."""
    said = cast(dict[str, Said], given.groupby(table["station_id"]).first().dropna().to_dict())
    is_same = given.isna() | (given == table["station_id"].map(said))
    demand(file, table, column, is_same, "what an earlier row says of this station")
    return said
