"""Indices computed once more in memory: from rain without a step, or by fits that leave months out.

Nothing is written. Without either, what comes out is what the warehouse holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import BLENDED, IndexCode
from pipeline.core.panels import GAPS, Panel
from pipeline.indices.calibration import Limits, calibrate
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values
from pipeline.landscapes.homogenised import Homogenisation
from pipeline.plans.reports import Episode
from pipeline.steps.basis import Basis
from pipeline.steps.landscape_fits import drivers_of
from pipeline.steps.records import Rows
from pipeline.warehouse.calibrations import Series, read_hargreaves
from pipeline.warehouse.climate import read_climate
from pipeline.warehouse.index_panels import read_first_month
from pipeline.warehouse.indices import IndexRow


@dataclass(frozen=True, slots=True, eq=False)
class DrivenLandscapes:
    """Landscapes decided by one source, with what drives their indices."""

    keys: Sequence[int]
    drivers: Drivers
    """Whole months of the record, places in the order of the keys."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """How indices are fitted and judged."""

    codes: Sequence[IndexCode]
    period: CalibrationPeriod
    limits: Limits


@dataclass(frozen=True, slots=True)
class Recomputed:
    """Indices by landscape key, and how the fits fared."""

    rows: Rows
    fits: int
    """Calendar months of a landscape and index that have enough years with all months."""
    short: int
    """Those of them that have too few without the months left out: their values are gaps."""


def read_driven(
    connection: Connection, basis: Basis, keys: Sequence[int], rain: Homogenisation | None
) -> list[DrivenLandscapes]:
    """Return what drives the indices that decide these landscapes, by source.

    Args:
        connection: the caller's transaction.
        basis: which indices decide, and the landscapes.
        keys: of the landscapes wanted; those without indices are left out.
        rain: the step to take out of the rain; None: it is left as it is.
    """
    versions = {one.landscape_key: one.version for one in basis.landscapes}
    found = []
    for source in dict.fromkeys((basis.by.grid, BLENDED)):
        ours = [key for key in keys if key in basis.rows and basis.records.source(key) == source]
        first = read_first_month(connection, source) if ours else None
        if first is None:
            continue
        last = max(basis.rows[key][-1].month for key in ours)
        series = Series(source, basis.by.period, ours, [versions[key] for key in ours])
        climate = read_climate(connection, source, ours, first, last)
        if rain is not None:
            climate = replace(climate, precipitation_mm=rain.applied(climate.precipitation_mm))
        hargreaves = read_hargreaves(connection, series)
        is_hargreaves = np.array([hargreaves.get(key, False) for key in ours])
        found.append(DrivenLandscapes(ours, drivers_of(climate, is_hargreaves, slice(None))))
    return found


def recomputed(
    basis: Basis,
    driven: Sequence[DrivenLandscapes],
    fitting: Fitting,
    leaving_out: Episode | None = None,
) -> Recomputed:
    """Return the indices of all months of these landscapes, judged by fits made anew.

    Args:
        basis: the rows whose months, release and coverage are kept.
        driven: what the indices are made of.
        fitting: how.
        leaving_out: no month of this drought enters a fit; its values are judged all the same.
    """
    rows: dict[int, Sequence[IndexRow]] = {}
    fits = short = 0
    for some in driven:
        panels: dict[IndexCode, Panel] = {}
        for code in fitting.codes:
            known = some.drivers
            if leaving_out is not None:
                known = known.without(leaving_out.start, leaving_out.end)
            calibration = calibrate(code, known, fitting.period, fitting.limits)
            whole = calibrate(code, some.drivers, fitting.period, fitting.limits)
            fits += int(whole.has_enough_years.sum())
            short += int((whole.has_enough_years & calibration.is_short).sum())
            panels[code] = index_values(calibration, some.drivers)
        rows |= _rows(basis, some.keys, panels)
    return Recomputed(rows, fits, short)


def _rows(
    basis: Basis, keys: Sequence[int], panels: dict[IndexCode, Panel]
) -> dict[int, Sequence[IndexRow]]:
    found: dict[int, Sequence[IndexRow]] = {}
    for column, key in enumerate(keys):
        series = basis.rows[key]
        cells = [
            (code, panel.values[:, column].tolist(), panel.gaps[:, column].tolist())
            for code, panel in panels.items()
        ]
        offset = next(iter(panels.values())).position(series[0].month) if panels else 0
        found[key] = [
            replace(
                row,
                values={code: GAPS[gaps[at]] or values[at] for code, values, gaps in cells},
            )
            for at, row in enumerate(series, start=offset)
        ]
    return found
