"""Where maps lie in the grid store, and the climate of its cells, ready for the indices.

Months and cells are read once, in single precision, and handed to the engine block by block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.indices.drivers import Drivers
from pipeline.sources.grid_store import GridStore, MapKind
from pipeline.steps.cell_offers import HARGREAVES, PET, RAIN
from pipeline.steps.progress import Advance
from pipeline.steps.source_store import CLIMATE

PET_METHODS = (PET, HARGREAVES)
"""FAO-56 Penman-Monteith goes before Hargreaves."""
MONTHS_AT_ONCE = 60
VALUE = "value"
INDEX_KIND = MapKind("i2", 1e-4, "1", "standardised index")

Positions = npt.NDArray[np.intp]
Values = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class CellClimate:
    """Rain and evaporation of some cells, dims ``(month, cell)``, months consecutive."""

    first_month: Month
    cells: Positions
    """Where the columns lie in the grid."""
    precipitation_mm: Values
    """NaN where missing, and throughout a month that the store lacks."""
    pet_mm: Values | None
    """None: the source has none, or no index asks for it."""

    @classmethod
    def read(
        cls,
        store: GridStore,
        months: Sequence[Month],
        cells: Positions,
        pet: str | None,
        advance: Advance,
    ) -> Self:
        """Read consecutive `months`; `pet` names the evaporation to read, None: none."""
        rain = read_cells(store, RAIN, months, cells, advance)
        return cls(
            months[0],
            cells,
            rain,
            None if pet is None else read_cells(store, pet, months, cells, advance),
        )

    @property
    def months(self) -> int:
        return len(self.precipitation_mm)

    def row(self, month: Month) -> int:
        """Return the row of `month` (it may lie outside)."""
        return month.ordinal - self.first_month.ordinal

    def drivers(self, first: Month, last: Month, block: slice | Positions) -> Drivers:
        """Return the months `first` to `last`, as far as they are here, of the cells of `block`."""
        start, stop = max(0, self.row(first)), self.row(last) + 1
        at = self.first_month + start
        return Drivers(
            precipitation_mm=_panel(at, self.precipitation_mm[start:stop, block]),
            pet_mm=None if self.pet_mm is None else _panel(at, self.pet_mm[start:stop, block]),
        )


def read_cells(
    store: GridStore, name: str, months: Sequence[Month], cells: Positions, advance: Advance
) -> Values:
    """Return maps of the climate, dims ``(month, cell)``; NaN in months that the store lacks."""
    held = store.fingerprints(CLIMATE)
    values = np.full((len(months), len(cells)), np.nan, dtype=np.float32)
    for start in range(0, len(months), MONTHS_AT_ONCE):
        advance(f"maps: reading {name} {months[start]}", start, len(months))
        rows = [
            row
            for row in range(start, min(start + MONTHS_AT_ONCE, len(months)))
            if months[row] in held
        ]
        if rows:
            wanted = [months[row] for row in rows]
            values[rows] = store.read(CLIMATE, name, wanted, cells)
    return values


def cells_with_rain(store: GridStore, months: Sequence[Month]) -> Positions:
    """Return the positions of all cells that have rain in any of `months`."""
    found = np.zeros(store.grid.shape[0] * store.grid.shape[1], dtype=np.bool_)
    for start in range(0, len(months), MONTHS_AT_ONCE):
        maps = store.read(CLIMATE, RAIN, months[start : start + MONTHS_AT_ONCE])
        found |= ~np.isnan(maps).all(axis=0)
    return np.flatnonzero(found)


def index_path(period: CalibrationPeriod, index: IndexCode) -> str:
    """Return where the maps of an index lie in the grid store."""
    return f"index/{period}/{index}"


def _panel(first_month: Month, values: Values) -> Panel:
    double = values.astype(np.float64, order="C")
    gaps = np.isnan(double).view(np.uint8) * np.uint8(gap_code(Gap.NOT_PUBLISHED))
    return Panel(first_month, double, gaps)
