"""Gauges, their monthly values, and the records that were refused."""

from __future__ import annotations

import pandas as pd
from sqlalchemy import Connection, text

from pipeline.core.ids import Origin
from pipeline.stations.observations import Quarantined, Station
from pipeline.warehouse.upsert import save_rows

_MONTH_COLUMNS = (
    "station_id",
    "month",
    "source",
    "precipitation_mm",
    "temperature_mean_c",
    "gap",
    "resolution",
    "policy",
    "n_observations",
    "origin",
    "file_id",
)


def save_stations(connection: Connection, stations: tuple[Station, ...]) -> None:
    """Save gauges. What a later file does not say of a gauge does not erase what an earlier said."""
    for station in stations:
        connection.execute(
            text(
                "INSERT INTO series.station (station_id, name, latitude, longitude, elevation_m, "
                "disclosure) VALUES (:id, :name, :latitude, :longitude, :elevation_m, :disclosure) "
                "ON CONFLICT (station_id) DO UPDATE SET name = coalesce(excluded.name, station.name), "
                "latitude = coalesce(excluded.latitude, station.latitude), "
                "longitude = coalesce(excluded.longitude, station.longitude), "
                "elevation_m = coalesce(excluded.elevation_m, station.elevation_m), "
                "disclosure = excluded.disclosure"
            ),
            {
                "id": station.station_id,
                "name": station.name,
                "latitude": station.latitude,
                "longitude": station.longitude,
                "elevation_m": station.elevation_m,
                "disclosure": station.disclosure,
            },
        )


def save_station_months(
    connection: Connection, months: pd.DataFrame, source: str, origin: Origin, file_id: int
) -> int:
    """Save monthly values (columns as `stations.months.MONTH_COLUMNS`); return how many differed.

    A file that holds only some days of a month, or none, takes away no total that came whole.
    """
    cells = months.assign(source=source, origin=str(origin), file_id=file_id)
    cells["month"] = cells["month"].dt.date
    table = cells[list(_MONTH_COLUMNS)].astype(object)
    return save_rows(
        connection,
        ("series", "station_month"),
        ("station_id", "month", "source"),
        _MONTH_COLUMNS,
        table.where(table.notna(), None).itertuples(index=False, name=None),
        incidental=("file_id",),
        unless="held.gap IS NULL AND excluded.gap = 'too_few_observations'",
    )


def save_quarantined(
    connection: Connection, quarantined: tuple[Quarantined, ...], file_id: int
) -> None:
    """Save refused records; the same record of the same file is kept once."""
    if not quarantined:
        return
    connection.execute(
        text(
            "INSERT INTO series.quarantine (file_id, line, station_id, reason, record) "
            "VALUES (:file_id, :line, :station_id, :reason, :record) ON CONFLICT DO NOTHING"
        ),
        [
            {
                "file_id": file_id,
                "line": one.line,
                "station_id": one.station_id,
                "reason": one.reason,
                "record": one.record,
            }
            for one in quarantined
        ],
    )
