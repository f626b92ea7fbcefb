"""What its readers and its components find in a warehouse besides tables: shut doors, layers for QGIS, roles."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from pipeline.warehouse.analysts import close_doors
from pipeline.warehouse.databases import script_to_guard, take_roles
from pipeline.warehouse.engine import name_of_login, unguarded
from pipeline.warehouse.geometry import MAKE_EXTENSION, PostGIS, keep_geometry


def let_readers_in(
    warehouse: Engine, *, is_server_ours: bool, tell: Callable[[str], None] = lambda line: None
) -> None:
    """Close what Postgres opens to every login, and make geometry where there is PostGIS.

    The components' roles are let in too, and taken on by the login as far as it may.

    Safe to repeat, and due after each migration and each restored backup.

    Args:
        warehouse: with all migrations applied.
        is_server_ours: the whole server is, and not only this database.
        tell: told what an administrator of the server has to do.
    """
    with warehouse.begin() as connection:
        postgis = keep_geometry(connection)
        doors = close_doors(connection, is_server_ours=is_server_ours)
    if postgis is PostGIS.FORBIDDEN:
        tell(
            "PostGIS is installed on the server and not made in this database: have a superuser run "
            f"{MAKE_EXTENSION} in it, and repeat"
        )
    if doors:
        tell(f"open to logins of analysts: {len(doors)} things; `drought doctor` names them")
    take_roles(warehouse)
    lacking = unguarded(warehouse)
    if lacking:
        tell(
            f"steps work with all rights of {name_of_login(warehouse)}: have a superuser run in this "
            f"database: {script_to_guard(warehouse, lacking)}"
        )
