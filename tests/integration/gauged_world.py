"""A world of gauges: two landscapes under one grid; two gauges in the west, none in the east.

The gauges have 2 and 0.8 times the grid's rain, so that all that follows can be worked out by hand.
From April 2021 on they dry up, and the grid does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np
from shapely import box
from sqlalchemy import Engine, create_engine, text

from pipeline.core.ids import Country, LandUse
from pipeline.core.months import Month, months_between
from pipeline.landscapes.landscape import Landscape
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.compute import compute
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from tests.integration.conftest import NOW, TEMPLATE
from tests.unit.grids.raw import raw

FIRST, LAST = Month(1991, 1), Month(2021, 12)
DRY_FROM = Month(2021, 4)
MONTHS = 31 * 12
WEST, EAST = box(60.0, 38.5, 61.0, 41.5), box(69.0, 38.5, 70.0, 41.5)
GAUGES = {"G1": (40.0, 60.5, 2.0), "G2": (39.0, 60.2, 0.8)}
"""Latitude, longitude, and rain by rain of the grid."""

_numbers = count(1)


def rain_mm(month: Month) -> float:
    """Rain of the grid: 20 mm and more in every month."""
    return round(20.0 + float(np.random.default_rng(month.ordinal).gamma(2.0, 20.0)), 1)


def gauge_mm(station_id: str, month: Month) -> float:
    share = 0.1 if month >= DRY_FROM else 1.0
    return rain_mm(month) * GAUGES[station_id][2] * share


@contextmanager
def database(postgres: EmbeddedPostgres, template: str) -> Iterator[tuple[str, Engine]]:
    """A copy of the database `template`, gone in the end."""
    name = f"gauged_{next(_numbers)}"
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine = create_engine(postgres.url(name))
    yield name, engine
    engine.dispose()
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@contextmanager
def gauged_world(postgres: EmbeddedPostgres, folder: Path) -> Iterator[tuple[str, Settings]]:
    """The database of the world with all computed and nothing decided, and its settings."""
    with database(postgres, TEMPLATE) as (name, engine):
        place = Installation(Settings(var=folder / "var"), engine, clock=lambda: NOW)
        settle_under_grid(place, folder)
        for station_id in GAUGES:
            add_gauge(place, station_id)
        compute(place)
        engine.dispose()
        yield name, place.settings


def settle_under_grid(place: Installation, folder: Path) -> None:
    """Put the two landscapes on the map, and ingest their grid."""
    load_landscapes(
        place,
        [
            Landscape(name, country, name, {}, LandUse.RAINFED, False, False, None, boundary)
            for name, country, boundary in (
                ("west", Country.UZBEKISTAN, WEST),
                ("east", Country.TAJIKISTAN, EAST),
            )
        ],
    )
    months = list(months_between(FIRST, LAST))
    path = folder / "grid.nc"
    raw(
        {"tp": [rain_mm(month) / 1000 / month.days for month in months]},
        [f"{month}-01" for month in months],
        latitudes=(42.0, 41.0, 40.0, 39.0, 38.0),
        longitudes=[60.0 + n for n in range(12)],
        expver="0001",
    ).to_netcdf(path)
    ingest_grid(place, path, source="grid", product="monthly-mean")


def add_gauge(place: Installation, station_id: str) -> None:
    """Put an open gauge in the west, with every month of its record."""
    latitude, longitude, _ = GAUGES[station_id]
    with place.warehouse.begin() as connection:
        file_id = connection.execute(text("SELECT min(file_id) FROM ops.file")).scalar_one()
        connection.execute(
            text(
                "INSERT INTO series.station (station_id, latitude, longitude, disclosure) "
                "VALUES (:id, :latitude, :longitude, 'open')"
            ),
            {"id": station_id, "latitude": latitude, "longitude": longitude},
        )
        connection.execute(
            text(
                "INSERT INTO series.station_month (station_id, month, source, precipitation_mm, "
                "resolution, policy, n_observations, origin, file_id) VALUES (:id, :month, "
                "'agency', :mm, 'daily', 'wmo_1203', 28, 'real', :file_id)"
            ),
            [
                {
                    "id": station_id,
                    "month": month.first_day,
                    "mm": gauge_mm(station_id, month),
                    "file_id": file_id,
                }
                for month in months_between(FIRST, LAST)
            ],
        )


def say(place: Installation, statement: str, **values: object) -> None:
    """Run a statement as the owner."""
    with place.warehouse.begin() as connection:
        connection.execute(text(statement), values)


def lose_month(place: Installation, station_id: str, month: Month) -> None:
    """Take the total of a month away from a gauge."""
    say(
        place,
        "UPDATE series.station_month SET precipitation_mm = NULL, gap = 'too_few_observations' "
        "WHERE station_id = :id AND month = :month",
        id=station_id,
        month=month.first_day,
    )


def climate(place: Installation, landscape_id: str, source: str) -> dict[str, tuple[object, ...]]:
    """Rain, gap and coverage by month, as an analyst finds them."""
    with place.warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT to_char(month, 'YYYY-MM'), precipitation_mm, gap, coverage_fraction "
                "FROM mart.climate_month WHERE landscape_id = :id AND source = :source"
            ),
            {"id": landscape_id, "source": source},
        )
        return {month: tuple(rest) for month, *rest in rows}


def spi_3(place: Installation, landscape_id: str, source: str) -> dict[str, float | None]:
    """SPI-3 by month, as an analyst finds it."""
    with place.warehouse.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT to_char(month, 'YYYY-MM'), value FROM mart.index_month WHERE "
                "landscape_id = :id AND source = :source AND index_code = 'spi_3'"
            ),
            {"id": landscape_id, "source": source},
        )
        return {month: value for month, value in rows}  # noqa: C416 - rows are no pairs to mypy
