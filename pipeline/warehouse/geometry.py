"""Geometry for QGIS, where the server has PostGIS; elsewhere boundaries stay GeoJSON alone."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from pipeline.warehouse.migrations import sql_folder

LAYERS = ("landscape_map", "status_map", "stage_map", "index_map", "drought_event_map")
"""The views of `mart` that exist only with PostGIS."""
MAKE_EXTENSION = "CREATE EXTENSION postgis"
"""What a superuser must run in the warehouse's database where our login may not."""


class PostGIS(StrEnum):
    """What the server has of PostGIS."""

    ABSENT = "absent"
    FORBIDDEN = "forbidden"
    """It is installed on the machine, and our login may not create it here."""
    PRESENT = "present"


def keep_geometry(connection: Connection) -> PostGIS:
    """Make PostGIS's geometry of every boundary, and the layers of `mart`, where there is PostGIS.

    Safe to repeat. Where PostGIS has gone, what needs it goes too.
    """
    found = _postgis(connection)
    if found is PostGIS.PRESENT:
        _drop_what_has_no_column(connection)
        script = (sql_folder() / "geometry.sql").read_text(encoding="utf-8")
        # The driver's own cursor: SQLAlchemy would read `%` in the SQL as a placeholder.
        connection.connection.cursor().execute(script)
    return found


def drop_geometry_views(connection: Connection) -> None:
    """Drop the layers, so that migrations may change the views beneath; `keep_geometry` makes them."""
    for layer in LAYERS:
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS mart.{layer}")


def _postgis(connection: Connection) -> PostGIS:
    held = "SELECT count(*) FROM {} WHERE {} = 'postgis'"
    if connection.execute(text(held.format("pg_extension", "extname"))).scalar_one():
        return PostGIS.PRESENT
    if not connection.execute(text(held.format("pg_available_extensions", "name"))).scalar_one():
        return PostGIS.ABSENT
    try:
        with connection.begin_nested():
            connection.exec_driver_sql(f"{MAKE_EXTENSION} SCHEMA public")
    except ProgrammingError:
        return PostGIS.FORBIDDEN
    return PostGIS.PRESENT


def _drop_what_has_no_column(connection: Connection) -> None:
    """Drop the table where PostGIS was dropped with all that hung on it, and came back."""
    lacks = connection.execute(
        text(
            "SELECT to_regclass('landscape.geometry') IS NOT NULL AND NOT EXISTS (SELECT FROM "
            "pg_attribute WHERE attrelid = to_regclass('landscape.geometry') "
            "AND attname = 'geometry' AND NOT attisdropped)"
        )
    ).scalar_one()
    if lacks:
        connection.exec_driver_sql("DROP TABLE landscape.geometry")
