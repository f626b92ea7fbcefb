"""A little world for the warehouse: a few landscapes, and index values said outright.

Only SPI-3, which moves the meteorological ladder of the shipped plans, is said; every other index
stands at a usual value, so that the other two ladders stay quiet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from shapely import box
from sqlalchemy import Connection, Engine, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.files import RawFile
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, Country, IndexCode, IndexFamily, LandUse, Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.landscapes.choosing import Choice
from pipeline.landscapes.landscape import Landscape
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.climate import ClimateMonths, save_climate_months
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.files import save_file, save_grid_months
from pipeline.warehouse.indices import save_index_values
from pipeline.warehouse.landscapes import read_landscapes, save_landscapes
from tests.integration.desk import appoint
from tests.unit.alerts.cases import APPROVAL

SOURCE = "era5-land"
PERIOD = CalibrationPeriod(1991, 2020)
JANUARY = Month(2021, 1)
USUAL = dict.fromkeys(IndexFamily, 0.4) | {IndexFamily.PERCENT_OF_NORMAL: 104.0}

Spoken = Mapping[str, Sequence[float | Gap]]
"""SPI-3 by landscape id, month by month."""


def landscape(
    landscape_id: str, country: Country = Country.UZBEKISTAN, *, land_use: LandUse = LandUse.RAINFED
) -> Landscape:
    """A square in the south of Uzbekistan, whatever it is called."""
    return Landscape(
        landscape_id=landscape_id,
        country=country,
        name_en=f"District {landscape_id}",
        names={"en": f"District {landscape_id}", "ru": f"Район {landscape_id}"},
        land_use=land_use,
        is_salt_affected=False,
        is_derived=False,
        headwater_landscape_id=None,
        geometry=box(66.0, 38.0, 67.0, 39.0),
    )


def settle(
    warehouse: Engine, landscapes: Sequence[Landscape], origin: Origin = Origin.REAL
) -> None:
    """Put `landscapes` on the map, and a grid file in the register as their source of data.

    Who signs `cases.APPROVAL` may issue for them.
    """
    appoint(warehouse, APPROVAL)
    with warehouse.begin() as connection:
        claim_origin(connection, origin, "the test")
        save_landscapes(connection, landscapes)
        save_grid_months(
            connection, grid_file(connection, origin), SOURCE, {JANUARY: Release.FINAL}
        )


def grid_file(connection: Connection, origin: Origin = Origin.REAL, number: int = 1) -> int:
    """Register a grid file; return its id."""
    raw = RawFile(f"grid-{number}.nc", f"{number:064x}", 1000, f"grid/{number}.nc")
    file_id, _ = save_file(
        connection, raw, kind="grid", source=SOURCE, product="monthly-mean", origin=origin
    )
    return file_id


def say_spi_3(
    warehouse: Engine,
    spoken: Spoken,
    *,
    first: Month = JANUARY,
    release: Release = Release.FINAL,
    origin: Origin = Origin.REAL,
) -> int:
    """Save the indices of the months from `first` on; return how many rows differed."""
    with warehouse.begin() as connection:
        stored = {s.landscape.landscape_id: s for s in read_landscapes(connection)}
        series = Series(
            SOURCE,
            PERIOD,
            tuple(stored[name].landscape_key for name in spoken),
            tuple(stored[name].version for name in spoken),
        )
        count = len(next(iter(spoken.values())))
        panels = {code: _usual(code, first, (count, len(spoken))) for code in INDEX_CODES}
        panels[IndexCode(IndexFamily.SPI, 3)] = _panel(first, list(spoken.values()))
        is_preliminary = np.full((count, len(spoken)), release is Release.PRELIMINARY)
        return save_index_values(connection, series, panels, is_preliminary, origin)


def _usual(code: IndexCode, first: Month, shape: tuple[int, int]) -> Panel:
    return Panel(first, np.full(shape, USUAL[code.family]), np.zeros(shape, dtype=np.uint8))


def _panel(first: Month, columns: Sequence[Sequence[float | Gap]]) -> Panel:
    values = [[np.nan if isinstance(v, Gap) else v for v in column] for column in columns]
    gaps = [[gap_code(v) if isinstance(v, Gap) else 0 for v in column] for column in columns]
    return Panel(first, np.array(values, dtype=float).T, np.array(gaps, dtype=np.uint8).T)


def say_climate(
    connection: Connection,
    landscape_key: int,
    month: Month,
    rain: float | Gap,
    *,
    file_id: int,
    source: str = SOURCE,
    version: int = 1,
    release: Release = Release.FINAL,
    coverage: float = 1.0,
    beside: Mapping[str, float] | None = None,
) -> int:
    """Save one month of one landscape, its rain and what is said beside it; 1 if it differed."""
    gap = rain if isinstance(rain, Gap) else None
    held = Choice(
        precipitation_mm=np.array([[np.nan if gap else rain]], dtype=float),
        gaps=np.array([[gap_code(gap)]], dtype=np.uint8),
        coverage=np.array([[coverage]]),
        beside={name: np.array([[value]]) for name, value in (beside or {}).items()},
        is_final=np.array([[release is Release.FINAL]]),
        file_ids=np.array([[file_id]]),
    )
    climate = ClimateMonths(source, Origin.REAL, [month], [landscape_key], [version], held)
    return save_climate_months(connection, climate)


def told(warehouse: Engine, query: str, **values: object) -> list[tuple[object, ...]]:
    """Return the rows of a query."""
    with warehouse.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]
