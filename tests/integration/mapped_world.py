"""A little country with a grid: four landscapes, twenty cells, thirty-one years.

Every cell has rain of its own. Over the northern row no rain falls from June to September, so that
short SPI are blind there in summer; one cell of the south never has a value.
"""

from __future__ import annotations

import hashlib
import itertools
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
from shapely import box
from sqlalchemy import Engine, NullPool, create_engine, text

from pipeline.core.ids import Country, LandUse
from pipeline.core.months import Month, months_between
from pipeline.landscapes.landscape import Landscape
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.sources.grid_store import GridStore
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.steps.source_store import opened
from tests.integration.conftest import TEMPLATE
from tests.unit.grids.raw import raw

SOURCE = "grid"
LATITUDES, LONGITUDES = (42.0, 41.0, 40.0, 39.0, 38.0), (60.0, 61.0, 62.0, 63.0)
FIRST, LAST = Month(1991, 1), Month(2021, 12)
DRY_MONTHS = (6, 7, 8, 9)
NOW = datetime(2026, 11, 8, 6, 0, tzinfo=UTC)
_numbers = itertools.count(1)

Field = npt.NDArray[np.float64]


def landscape(landscape_id: str, west: float, south: float, east: float, north: float) -> Landscape:
    boundary = box(west, south, east, north)
    return Landscape(
        landscape_id,
        Country.UZBEKISTAN,
        landscape_id,
        {},
        LandUse.RAINFED,
        False,
        False,
        None,
        boundary,
    )


LANDSCAPES = (
    # Nine whole cells, and one of them.
    landscape("nine", 59.5, 38.5, 62.5, 41.5),
    landscape("one", 61.5, 39.5, 62.5, 40.5),
    landscape("desert", 59.5, 41.5, 63.5, 42.5),
    # The cell without a value, and land beyond the grid of the files.
    landscape("outside", 62.5, 37.5, 65.5, 38.5),
)


def rain_mm_a_day(month: Month) -> Field:
    """Rain of every cell, dims ``(latitude, longitude)``."""
    rng = np.random.default_rng(month.ordinal)
    rain = rng.gamma(2.0, 0.8, (len(LATITUDES), len(LONGITUDES)))
    if month.month in DRY_MONTHS:
        rain[0] = 0.0
    rain[-1, -1] = np.nan
    return rain


def write_grid(
    path: Path,
    months: Sequence[Month],
    *,
    rain_factor: float = 1.0,
    expver: str = "0001",
    longitudes: Sequence[float] = LONGITUDES,
    with_weather: bool = True,
) -> Path:
    """Write rain, and the weather that PET is computed from, of some months."""
    columns = [LONGITUDES.index(longitude) for longitude in longitudes]
    rain = np.stack([rain_mm_a_day(month)[:, columns] for month in months]) * rain_factor / 1000
    warmth = [-np.cos(2 * np.pi * (month.month - 1) / 12) for month in months]
    noise = [np.random.default_rng(-month.ordinal % 9973).normal(0, 1.5) for month in months]
    weather = {
        "t2m": [285.0 + 12.0 * w + n for w, n in zip(warmth, noise, strict=True)],
        "d2m": [275.0 + 4.0 * w for w in warmth],
        "u10": 1.5,
        "v10": 1.0,
        "ssrd": [1.6e7 + 9e6 * w for w in warmth],
    }
    raw(
        {"tp": rain, **(weather if with_weather else {})},
        [f"{month}-01" for month in months],
        latitudes=LATITUDES,
        longitudes=list(longitudes),
        expver=expver,
    ).to_netcdf(path)
    return path


def ingest(place: Installation, path: Path, product: str = "monthly-mean") -> None:
    ingest_grid(place, path, source=SOURCE, product=product)


def whole_record(first: Month = FIRST, last: Month = LAST) -> list[Month]:
    return list(months_between(first, last))


@contextmanager
def new_place(
    postgres: EmbeddedPostgres, folder: Path, copy_of: Installation | None = None
) -> Iterator[Installation]:
    """An installation with the landscapes, or a copy of another with its warehouse and files."""
    name = f"mapped_{next(_numbers)}"
    template = TEMPLATE if copy_of is None else str(copy_of.warehouse.url.database)
    admin = create_engine(postgres.url("postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    # A connection kept open would bar others from copying it.
    engine = create_engine(postgres.url(name), poolclass=NullPool)
    place = Installation(Settings(var=folder / "var"), engine, clock=lambda: NOW)
    try:
        if copy_of is None:
            load_landscapes(place, LANDSCAPES)
        else:
            shutil.copytree(copy_of.settings.var, place.settings.var)
        yield place
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def store_of(place: Installation) -> GridStore:
    store = opened(place, SOURCE)
    assert store is not None
    return store


def files_of_store(place: Installation) -> dict[str, str]:
    """A hash of every file of the grid store, by its path.

    A write that was killed may leave a file behind that never got its name; nobody reads it.
    """
    folder = place.settings.var / "grids"
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".partial"
    }


def tables(warehouse: Engine) -> dict[str, list[str]]:
    """Every row of the tables about maps, but for the times at which they were committed."""
    queries = {
        "share": "SELECT (to_jsonb(t) - 'known_from')::text FROM index.area_share AS t",
        "month": "SELECT to_jsonb(t)::text FROM index.share_month AS t",
        "fit": "SELECT (to_jsonb(t) - 'fitted_at')::text FROM index.cell_calibration AS t",
    }
    with warehouse.connect() as connection:
        return {
            name: sorted(connection.execute(text(query)).scalars())
            for name, query in queries.items()
        }
