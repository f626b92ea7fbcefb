"""Fits of the indices of landscapes: made once for each calendar month, as soon as they can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month, months_between
from pipeline.core.panels import Panel
from pipeline.indices.blocks import in_parallel
from pipeline.indices.calibration import Calibration, Limits, calibrate
from pipeline.indices.drivers import Drivers, rain_and_melt
from pipeline.landscapes.demand import HARGREAVES, PENMAN_MONTEITH, needs_hargreaves
from pipeline.landscapes.staleness import LONGEST_WINDOW_MONTHS, Span
from pipeline.steps.progress import Advance
from pipeline.warehouse.calibrations import (
    Series,
    read_calibrations,
    read_hargreaves,
    save_calibrations,
)
from pipeline.warehouse.climate import ClimatePanels, read_climate
from pipeline.warehouse.computed import Record
from pipeline.warehouse.files import read_months_held

LANDSCAPE_MONTHS_AT_ONCE = 2_000_000
"""Bounds memory: some 700 bytes each, read, judged and saved. All of 2,000 landscapes since 1950 are one
piece: a second one would be put between the rows of the first, at twice the cost."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Fit:
    """What indices are fitted to."""

    source: str
    grid: str
    """The grid source whose months must all be there."""
    period: CalibrationPeriod
    averaged_over: str
    """Fingerprint of the landscapes the means were taken for."""
    limits: Limits

    @property
    def sample(self) -> Span:
        """The months of the period, and those of the windows that end in it."""
        first = Month(self.period.first_year, 1) - (LONGEST_WINDOW_MONTHS - 1)
        return Span(first, Month(self.period.last_year, 12))

    def series(self, records: Sequence[Record]) -> Series:
        """Return the landscapes of `records` in that order."""
        return Series(
            self.source,
            self.period,
            [record.landscape_key for record in records],
            [record.version for record in records],
        )


def is_ready(connection: Connection, fit: Fit) -> bool:
    """Return whether all months of the period have means for the present landscapes.

    Until then nothing is fitted, so that no fit to half a record, or to two versions of a
    boundary, is kept for good.
    """
    period = months_between(Month(fit.period.first_year, 1), Month(fit.period.last_year, 12))
    return set(read_months_held(connection, fit.grid, fit.averaged_over)).issuperset(period)


def bring_fits(
    connection: Connection, fit: Fit, records: Sequence[Record], series: Span, advance: Advance
) -> set[int]:
    """Fit what can be fitted of these landscapes and is not; return the keys of those that gained.

    Args:
        connection: the caller's transaction.
        fit: what to fit to; the caller knows that it `is_ready`.
        records: the landscapes.
        series: the months of the source's series.
        advance: told of the progress.
    """
    sample = fit.sample.within(series.first, series.last)
    gained: set[int] = set()
    if sample is None:
        return gained
    for done, some in at_once(records, sample.months):
        advance("fitting indices", done, len(records))
        gained |= _bring_fits(connection, fit, fit.series(some), sample)
    return gained


def at_once(records: Sequence[Record], months: int) -> Iterator[tuple[int, Sequence[Record]]]:
    """Yield as many landscapes as memory takes of so many months, and how many came before."""
    step = max(1, LANDSCAPE_MONTHS_AT_ONCE // months)
    return ((start, records[start : start + step]) for start in range(0, len(records), step))


def _bring_fits(connection: Connection, fit: Fit, series: Series, sample: Span) -> set[int]:
    known = read_calibrations(connection, series)
    climate = read_climate(
        connection, series.source, series.landscape_keys, sample.first, sample.last
    )
    is_hargreaves = _demand(connection, series, climate)

    def fitted(places: slice) -> list[Calibration]:
        drivers = drivers_of(climate, is_hargreaves, places)
        return [
            calibrate(code, drivers, fit.period, fit.limits)
            for code, calibration in known.items()
            if calibration.part(places).is_short.any()
        ]

    gained: set[int] = set()
    for places, fits in in_parallel(fitted, len(series.landscape_keys)):
        part = series.part(places)
        held = {code: calibration.part(places) for code, calibration in known.items()}
        save_calibrations(connection, part, fits, held, is_hargreaves[places])
        gained |= _gained(part, fits, held)
    return gained


def _demand(connection: Connection, series: Series, climate: ClimatePanels) -> Mask:
    """Which landscapes are judged by Hargreaves: as their stored fits were, else as is best."""
    is_hargreaves = needs_hargreaves(
        climate.precipitation_mm,
        climate.beside[PENMAN_MONTEITH],
        climate.beside[HARGREAVES],
        series.period,
    )
    stored = read_hargreaves(connection, series)
    return np.array(
        [
            stored.get(key, bool(chosen))
            for key, chosen in zip(series.landscape_keys, is_hargreaves, strict=True)
        ]
    )


def _gained(
    series: Series, fits: Sequence[Calibration], held: dict[IndexCode, Calibration]
) -> set[int]:
    is_new = np.zeros(len(series.landscape_keys), dtype=np.bool_)
    for one in fits:
        is_new |= (one.has_enough_years & ~held[one.index].has_enough_years).any(axis=0)
    return {key for key, new in zip(series.landscape_keys, is_new, strict=True) if new}


def drivers_of(climate: ClimatePanels, is_hargreaves: Mask, places: slice) -> Drivers:
    """Return what drives the indices of some landscapes, each with its own PET.

    A field the source lacks is there as a gap, so that the indices on it are gaps of one kind
    whichever months and landscapes are looked at.
    """
    rain = _part(climate.precipitation_mm, places)
    beside = {name: _part(panel, places) for name, panel in climate.beside.items()}
    demand = [beside[PENMAN_MONTEITH], beside[HARGREAVES]]
    return Drivers(
        rain,
        Panel(
            rain.first_month,
            np.where(is_hargreaves[places], demand[1].values, demand[0].values),
            np.where(is_hargreaves[places], demand[1].gaps, demand[0].gaps),
        ),
        rain_and_melt(rain, beside["snowfall_mm"], beside["snow_melt_mm"]),
        beside["snow_water_equivalent_mm"],
        beside["soil_moisture_m3_m3"],
    )


def _part(panel: Panel, places: slice) -> Panel:
    return Panel(panel.first_month, panel.values[:, places], panel.gaps[:, places])
