"""Gauges: their names, places, completeness policies, and who may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, text

from pipeline.core.errors import InputError
from pipeline.stations.months import Completeness
from pipeline.stations.observations import Disclosure, Station
from pipeline.stations.places import BEGINNING, Position, new_place
from pipeline.warehouse.status import Rows

_STRICTEST_FIRST = [Disclosure.RESTRICTED, Disclosure.AGENCY, Disclosure.OPEN]

_INSERT = """
INSERT INTO series.station (station_id, name, disclosure) VALUES (:id, :name, :disclosure)
ON CONFLICT (station_id) DO UPDATE SET name = coalesce(excluded.name, station.name)
"""
_RESTRICT = """
UPDATE series.station AS s SET disclosure = :disclosure
WHERE station_id = :id AND disclosure = ANY(:wider) AND NOT EXISTS (
    SELECT FROM series.disclosure_decision AS d WHERE d.station_id = s.station_id
)
"""
_PLACE = """
INSERT INTO series.station_position
(station_id, valid_from, latitude, longitude, elevation_m, note)
VALUES (:id, coalesce(CAST(:valid_from AS date), '-infinity'), :latitude, :longitude, :elevation_m,
:note)
ON CONFLICT (station_id, valid_from) DO UPDATE SET latitude = excluded.latitude,
longitude = excluded.longitude, elevation_m = excluded.elevation_m, note = excluded.note
"""
_PLACES = """
SELECT station_id, nullif(valid_from, '-infinity') AS valid_from, latitude, longitude, elevation_m,
    note
FROM series.station_position WHERE station_id = ANY(:stations)
ORDER BY station_id, valid_from NULLS FIRST
"""


def save_stations(connection: Connection, stations: Sequence[Station], file_id: int) -> None:
    """Save gauges that a file tells of. What it does not say erases nothing an earlier one said.

    A new gauge has the disclosure its file says, or is restricted. A later file may only restrict
    it further, and not even that once a person decided (`save_disclosure`).
    """
    if not stations:
        return
    connection.execute(text(_INSERT), [_told(station) for station in stations])
    stricter = [
        {"id": one.station_id, "disclosure": one.disclosure, "wider": _wider(one.disclosure)}
        for one in stations
        if one.disclosure is not None and one.disclosure is not Disclosure.OPEN
    ]
    if stricter:
        connection.execute(text(_RESTRICT), stricter)
    connection.execute(
        text(
            "INSERT INTO series.station_file (file_id, station_id) VALUES (:file_id, :id) "
            "ON CONFLICT DO NOTHING"
        ),
        [{"file_id": file_id, "id": one.station_id} for one in stations],
    )


def _told(station: Station) -> dict[str, Any]:
    return {
        "id": station.station_id,
        "name": station.name,
        "disclosure": station.disclosure or Disclosure.RESTRICTED,
    }


def _wider(disclosure: Disclosure) -> list[str]:
    return [str(one) for one in _STRICTEST_FIRST[_STRICTEST_FIRST.index(disclosure) + 1 :]]


def save_positions(
    connection: Connection, told: Sequence[Position], received: date
) -> list[Position]:
    """Add places to the history of gauges that are known; return those that changed it."""
    histories = read_positions(connection, [one.station_id for one in told])
    changed = []
    for one in told:
        history = histories.setdefault(one.station_id, [])
        place = new_place(history, one, received)
        if place is None:
            continue
        kept = [old for old in history if old.valid_from != place.valid_from]
        histories[one.station_id] = sorted(
            [*kept, place], key=lambda place: place.valid_from or BEGINNING
        )
        connection.execute(text(_PLACE), _columns(place))
        changed.append(one)
    return changed


def _columns(place: Position) -> dict[str, Any]:
    return {
        "id": place.station_id,
        "valid_from": None if place.valid_from == BEGINNING else place.valid_from,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "elevation_m": place.elevation_m,
        "note": place.note,
    }


def read_positions(connection: Connection, stations: Sequence[str]) -> dict[str, list[Position]]:
    """Return the history of these gauges, the oldest place first."""
    histories: dict[str, list[Position]] = {}
    for row in connection.execute(text(_PLACES), {"stations": list(stations)}):
        histories.setdefault(row.station_id, []).append(
            Position(
                row.station_id,
                row.latitude,
                row.longitude,
                row.elevation_m,
                row.valid_from or BEGINNING,
                row.note,
            )
        )
    return histories


def read_places(connection: Connection) -> dict[str, tuple[float, float]]:
    """Return latitude and longitude of every gauge that has a place, where it stands now."""
    rows = connection.execute(
        text(
            "SELECT station_id, latitude, longitude FROM series.station "
            "WHERE latitude IS NOT NULL AND longitude IS NOT NULL"
        )
    )
    return {row.station_id: (row.latitude, row.longitude) for row in rows}


def save_policy(connection: Connection, stations: Sequence[str], policy: Completeness) -> None:
    """Give gauges a completeness policy.

    Raises:
        InputError: a gauge that is not known.
    """
    require_stations(connection, stations)
    connection.execute(
        text("UPDATE series.station SET policy = :policy WHERE station_id = ANY(:stations)"),
        {"policy": policy, "stations": list(stations)},
    )


def read_policies(connection: Connection, stations: Sequence[str]) -> Mapping[str, Completeness]:
    """Return the completeness policy of each gauge."""
    rows = connection.execute(
        text("SELECT station_id, policy FROM series.station WHERE station_id = ANY(:stations)"),
        {"stations": list(stations)},
    )
    return {row.station_id: Completeness(row.policy) for row in rows}


def save_disclosure(
    connection: Connection,
    stations: Sequence[str],
    disclosure: Disclosure,
    *,
    by: str,
    reason: str,
    at: datetime,
) -> None:
    """Let a person decide who may see gauges; no file changes it afterwards.

    Raises:
        InputError: a gauge that is not known.
    """
    require_stations(connection, stations)
    connection.execute(
        text(
            "INSERT INTO series.disclosure_decision "
            "(station_id, disclosure, decided_by, reason, decided_at) "
            "VALUES (:id, :disclosure, :by, :reason, :at)"
        ),
        [
            {"id": one, "disclosure": disclosure, "by": by, "reason": reason, "at": at}
            for one in stations
        ],
    )
    connection.execute(
        text("UPDATE series.station SET disclosure = :class WHERE station_id = ANY(:stations)"),
        {"class": disclosure, "stations": list(stations)},
    )


def require_stations(connection: Connection, stations: Sequence[str]) -> None:
    """Raise where a gauge is not known.

    Raises:
        InputError: names the gauges.
    """
    known = read_policies(connection, stations)
    unknown = [station for station in stations if station not in known]
    if unknown:
        raise InputError(
            f"stations: expected gauges that are known (`drought stations list`), got "
            f"{', '.join(unknown)}; ingest their record or load their position first"
        )


def read_station_summaries(connection: Connection) -> Rows:
    """Return every gauge with the extent and state of its record."""
    rows = connection.execute(text("SELECT * FROM series.station_summary ORDER BY station_id"))
    return [dict(row) for row in rows.mappings()]
