"""The fits of each index to every cell: made once, kept as maps, and never replaced.

A fit counts when the warehouse has its row, written after its maps; so one whose writer was killed,
or whose row was deleted because a file had been misread, is made anew. A cell or calendar month
that had too few years gets its fit when the store holds more of the calibration period.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.calibration import MIN_VALID_YEARS, CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month, months_between
from pipeline.core.panels import Floats
from pipeline.indices.blocks import in_parallel
from pipeline.indices.calibration import (
    DISTRIBUTIONS,
    PARAMETERS,
    Calibration,
    Limits,
    calibrate,
    joined,
)
from pipeline.sources.grid_store import GridStore
from pipeline.steps.cell_maps import PET_METHODS, CellClimate, Positions
from pipeline.steps.source_store import CLIMATE
from pipeline.warehouse.area_shares import CellFit

_FIT = "fit"
"""Attribute of each map of a calibration: the fit it belongs to."""

Mask = npt.NDArray[np.bool_]


def number_of(*parts: object) -> int:
    """Return a hash of `parts` as a whole number above 0 that fits a bigint."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 1) or 1


def months_of(period: CalibrationPeriod) -> list[Month]:
    """Return the months of the calibration period."""
    return list(months_between(Month(period.first_year, 1), Month(period.last_year, 12)))


def made_from(period: CalibrationPeriod, climate: Mapping[Month, int]) -> int | None:
    """Return a hash of the climate maps of the period; None while one of them is absent."""
    numbers = [climate.get(month, 0) for month in months_of(period)]
    return number_of(numbers) if all(numbers) else None


def pet_method(store: GridStore, period: CalibrationPeriod) -> str | None:
    """Return which evaporation SPEI of this source is made with: one, for all cells and months.

    Penman-Monteith where every calendar month has it in enough years of the period, somewhere;
    else Hargreaves where it has; else None.
    """
    months = months_of(period)
    for name in PET_METHODS:
        cells = store.cells_with_values(CLIMATE, name)
        years = Counter(month.month for month in months if cells.get(month, 0))
        if min(years[calendar_month] for calendar_month in range(1, 13)) >= MIN_VALID_YEARS:
            return name
    return None


@dataclass(frozen=True, slots=True)
class CellFits:
    """Where the fits of one source and calibration period lie."""

    store: GridStore
    period: CalibrationPeriod

    def path(self, index: IndexCode) -> str:
        return f"calibration/{self.period}/{index}"

    def holds(self, index: IndexCode, known: CellFit) -> bool:
        """Whether the store has all maps of the fit that the warehouse knows."""
        attributes = (
            self.store.static_attributes(self.path(index), name) for name in _names(index)
        )
        return all(said is not None and said.get(_FIT) == known.fit for said in attributes)

    def cells(self, index: IndexCode) -> Positions:
        """Return the cells that were fitted, or found to have too few years."""
        years = self.store.read_static(self.path(index), "n_years", calendar_months=[1])
        return np.flatnonzero(~np.isnan(years[0]))

    def read(
        self,
        index: IndexCode,
        cells: Positions,
        calendar_months: Sequence[int] = tuple(range(1, 13)),
    ) -> Calibration:
        """Return the fit for `cells`; one never looked at, and other months, have no years."""
        at = np.array(calendar_months) - 1
        maps: dict[str, Floats] = {}
        for name in _names(index):
            maps[name] = np.full((12, len(cells)), np.nan)
            maps[name][at] = self.store.read_static(
                self.path(index), name, cells, list(calendar_months)
            )
        return Calibration(
            index,
            self.period,
            DISTRIBUTIONS[index.family],
            {name: maps[name] for name in PARAMETERS[index.family]},
            maps["probability_of_zero"],
            np.nan_to_num(maps["n_years"]).astype(np.int64),
        )

    def number(self, calibration: Calibration, cells: Positions) -> int:
        """Return the number of a fit, which follows from its content alone."""
        digest = hashlib.sha256(cells.astype("<i8").tobytes())
        for values in _maps(calibration).values():
            digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
        return number_of(str(calibration.index), str(self.period), digest.hexdigest())

    def write(self, calibration: Calibration, cells: Positions, fit: int) -> None:
        """Write the fit of `cells` under its number."""
        attributes = {
            _FIT: fit,
            "calibration": str(self.period),
            "index_code": str(calibration.index),
            "distribution": calibration.distribution,
        }
        path = self.path(calibration.index)
        for name, values in _maps(calibration).items():
            self.store.write_static(path, name, values, cells, attributes)


def fitted(
    index: IndexCode,
    climate: CellClimate,
    period: CalibrationPeriod,
    limits: Limits,
    known: Calibration | None,
    tell: Callable[[int], None],
) -> Calibration:
    """Return the fit of `index` to every cell; where `known` has one, that one.

    `tell` is told how many cells are done.
    """
    if known is None:
        return _calibrated(index, climate, period, limits, np.arange(len(climate.cells)), tell)
    lacking = np.flatnonzero(known.is_short.any(axis=0))
    if lacking.size == 0:
        return known
    fresh = _calibrated(index, climate, period, limits, lacking, tell)
    return _completed(known, fresh, lacking)


def _calibrated(
    index: IndexCode,
    climate: CellClimate,
    period: CalibrationPeriod,
    limits: Limits,
    columns: Positions,
    tell: Callable[[int], None],
) -> Calibration:
    months = months_of(period)
    first = months[0] - (index.longest_window_months - 1)

    def work(block: slice) -> Calibration:
        return calibrate(index, climate.drivers(first, months[-1], columns[block]), period, limits)

    parts = []
    for block, part in in_parallel(work, len(columns)):
        parts.append(part)
        tell(block.stop)
    return joined(parts)


def _completed(known: Calibration, fresh: Calibration, columns: Positions) -> Calibration:
    """Return `known` with the fits of `fresh`, its `columns`, where it has none."""
    takes = ~known.has_enough_years[:, columns]

    def with_fresh(old: npt.NDArray[np.generic], new: npt.NDArray[np.generic]) -> np.ndarray:
        whole = old.copy()
        whole[:, columns] = np.where(takes, new, old[:, columns])
        return whole

    return replace(
        known,
        parameters={
            name: with_fresh(values, fresh.parameters[name])
            for name, values in known.parameters.items()
        },
        probability_of_zero=with_fresh(known.probability_of_zero, fresh.probability_of_zero),
        n_years=with_fresh(known.n_years, fresh.n_years),
    )


def _maps(calibration: Calibration) -> dict[str, Floats]:
    return {
        **calibration.parameters,
        "probability_of_zero": calibration.probability_of_zero,
        "n_years": calibration.n_years.astype(np.float64),
    }


def _names(index: IndexCode) -> tuple[str, ...]:
    return (*PARAMETERS[index.family], "probability_of_zero", "n_years")
