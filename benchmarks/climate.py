"""Made-up weather of a region on a 0.1 degree grid: smooth in space, seasonal, a third of it arid.

By default as large as the six countries: 221 x 651 cells, 86,000 of them land, from January 1950
to August 2026. A month is made from its own seed, so that any of them can be made alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pipeline.core.months import Month
from pipeline.core.panels import Floats, Panel
from pipeline.landscapes.weights import Grid

Positions = npt.NDArray[np.intp]
Singles = npt.NDArray[np.float32]

ROWS, COLUMNS, LAND_CELLS, MONTHS = 221, 651, 86_000, 920
NEWEST = Month(2026, 8)
NORTH, WEST, STEP = 56.0, 25.5, 0.1
ARID_SHARE = 1 / 3
CELLS_A_WAVE = 20
"""Weather is alike within so many cells."""
HUMID_MM, ARID_MM = 45.0, 18.0
"""Mean rain of a month of the wet season."""
DRY_SUMMER = (6, 7, 8, 9)


@dataclass(frozen=True)
class Region:
    """A grid, its land, and the weather over it."""

    rows: int
    columns: int
    land_cells: int
    months: int
    seed: int = 1950

    @classmethod
    def of(cls, land_cells: int, months: int) -> Region:
        """A region with so many land cells, and of whole years up to the newest month.

        The engine wants records that begin in January.
        """
        share = (land_cells / LAND_CELLS) ** 0.5
        rows, columns = (max(2, round(n * share)) for n in (ROWS, COLUMNS))
        years = -(-(months - NEWEST.month) // 12)
        return cls(rows, columns, min(land_cells, rows * columns), years * 12 + NEWEST.month)

    @property
    def first_month(self) -> Month:
        return NEWEST + (1 - self.months)

    @property
    def grid(self) -> Grid:
        latitudes = np.round(NORTH - STEP * np.arange(self.rows), 1)
        longitudes = np.round(WEST + STEP * np.arange(self.columns), 1)
        return Grid(tuple(latitudes.tolist()), tuple(longitudes.tolist()))

    @cached_property
    def land(self) -> Positions:
        """Positions of land cells in the grid, row by row: the highest of a smooth relief."""
        relief = self._smooth(np.random.default_rng([self.seed, 1]), 3.0).ravel()
        return np.sort(np.argsort(relief, kind="stable")[-self.land_cells :])

    @cached_property
    def aridity(self) -> Floats:
        """Of each land cell: above 0 in the arid third, below elsewhere."""
        field = self._smooth(np.random.default_rng([self.seed, 2]), 2.0).ravel()[self.land]
        return field - np.quantile(field, 1 - ARID_SHARE)

    def rain_mm(self, month: Month) -> Floats:
        """Rain of a month on every land cell; none at all in an arid summer."""
        rng = np.random.default_rng([self.seed, 3, month.ordinal])
        weather = self._smooth(rng, 1.2).ravel()[self.land]
        local = np.exp(0.3 * rng.standard_normal(self.land_cells))
        arid = self.aridity > 0.0
        wet_season = 1.0 + 0.6 * np.cos((month.month - 3) * np.pi / 6)
        usual = np.where(arid, ARID_MM, HUMID_MM) * wet_season
        drops = usual * weather * local - np.where(arid, 4.0, 0.5)
        is_dry = arid & (month.month in DRY_SUMMER)
        return np.where(is_dry | (drops < 0.0), 0.0, drops)

    def pet_mm(self, month: Month) -> Floats:
        """Evaporative demand of a month on every land cell."""
        rng = np.random.default_rng([self.seed, 4, month.ordinal])
        season = 110.0 - 90.0 * np.cos((month.month - 1) * np.pi / 6)
        warmth = 1.0 + 0.12 * (self._smooth(rng, 4.0).ravel()[self.land] - 1.0)
        return season * warmth * (1.1 + 0.3 * np.tanh(self.aridity))

    @cached_property
    def weather(self) -> tuple[Singles, Singles]:
        """Rain and demand of all months, dims ``(month, cell)``, in single precision as in files."""
        rain, demand = (np.empty((self.months, self.land_cells), np.float32) for _ in range(2))
        for n in range(self.months):
            rain[n], demand[n] = (
                made(self.first_month + n) for made in (self.rain_mm, self.pet_mm)
            )
        return rain, demand

    def panels(self, cells: slice = slice(None)) -> tuple[Panel, Panel]:
        """Rain and demand of all months of some land cells, dims ``(month, cell)``."""
        rain, demand = (whole[:, cells].astype(np.float64, order="C") for whole in self.weather)
        none_missing = np.zeros(rain.shape, np.uint8)
        return (
            Panel(self.first_month, rain, none_missing),
            Panel(self.first_month, demand, none_missing),
        )

    def _smooth(self, rng: np.random.Generator, shape: float) -> Floats:
        """A map of gamma variates of mean 1, alike nearby."""
        nodes = [n // CELLS_A_WAVE + 2 for n in (self.rows, self.columns)]
        coarse = rng.gamma(shape, 1.0 / shape, nodes)
        down, across = (
            _between(n, k) for n, k in zip((self.rows, self.columns), nodes, strict=True)
        )
        return down @ coarse @ across.T


def _between(cells: int, nodes: int) -> Floats:
    """Weights of linear interpolation from nodes to cells, dims ``(cell, node)``."""
    at = np.arange(cells) / CELLS_A_WAVE
    left = at.astype(int)
    weights = np.zeros((cells, nodes))
    rows = np.arange(cells)
    weights[rows, left] = 1.0 - (at - left)
    weights[rows, left + 1] = at - left
    return weights
