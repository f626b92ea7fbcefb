"""Gauges beside the grid: how far they agree over each landscape, and the series blended of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Floats
from pipeline.landscapes.agreement import Agreement, agreement
from pipeline.landscapes.blending import Shortfall, blended, shortfall
from pipeline.landscapes.gauges import Network, gauges_inside, network
from pipeline.warehouse.agreement import (
    AgreementMonth,
    AgreementRow,
    GaugeMonth,
    GridMonth,
    has_agreement,
    read_gauge_months,
    read_gauges,
    read_grid_months,
    save_agreement,
)
from pipeline.warehouse.blended import BlendedMonth, drop_blended, has_blended, save_blended
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes


def agree(connection: Connection, grid: str, period: CalibrationPeriod) -> bool:
    """Bring the agreement and the blended series up to date; return whether there is one.

    Args:
        connection: the caller's transaction.
        grid: the grid source, whose means are taken for the landscapes as they are.
        period: years that normals are means of.
    """
    compared = list(_compared(connection, grid, period))
    if compared or has_agreement(connection):
        months = [month for one in compared for month in one.months()]
        save_agreement(connection, [one.row() for one in compared], months)
    sufficient = [one for one in compared if one.shortfall is None]
    if sufficient:
        blend = [month for one in sufficient for month in one.blended()]
        save_blended(connection, blend, period)
    elif has_blended(connection):
        drop_blended(connection)
    return bool(sufficient)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """One landscape with its gauges and its grid."""

    stored: StoredLandscape
    source: str
    period: CalibrationPeriod
    first_month: Month
    grid: Mapping[Month, GridMonth]
    grid_mm: Floats
    gauges: Mapping[str, Mapping[Month, GaugeMonth]]
    network: Network
    agreement: Agreement
    shortfall: Shortfall | None

    def row(self) -> AgreementRow:
        """Return the figures of the whole record."""
        return AgreementRow(
            self.stored.landscape_key,
            self.stored.version,
            self.source,
            self.period,
            tuple(self.gauges),
            self.agreement,
            self.shortfall,
        )

    def months(self) -> Iterator[AgreementMonth]:
        """Yield each month with what was assumed of the gauges that reported."""
        gauge_mm = self.network.precipitation_mm
        for month in self.grid:
            n = month.ordinal - self.first_month.ordinal
            reported = [
                self.gauges[station_id][month]
                for station_id, has in zip(self.gauges, self.network.reported[n], strict=True)
                if has
            ]
            yield AgreementMonth(
                self.stored.landscape_key,
                month,
                self.source,
                _or_none(gauge_mm[n]),
                _or_none(self.grid_mm[n]),
                len(reported),
                sum(one.n_suspect for one in reported),
                sum(one.n_assumed_dry for one in reported),
                tuple(sorted({one.policy for one in reported})),
            )

    def blended(self) -> Iterator[BlendedMonth]:
        """Yield the blended series, a row for each month that the grid has one of."""
        series = blended(self.network, self.grid_mm, self.first_month, self.period)
        for month, of_grid in self.grid.items():
            n = month.ordinal - self.first_month.ordinal
            yield BlendedMonth(
                self.stored.landscape_key,
                month,
                self.stored.version,
                _or_none(series.precipitation_mm[n]),
                GAPS[series.gaps[n]],
                float(series.gauge_fraction[n]),
                of_grid,
            )


def _compared(connection: Connection, source: str, period: CalibrationPeriod) -> Iterator[Compared]:
    """Yield the landscapes that have gauges and grid months."""
    gauges = read_gauges(connection)
    if not gauges:
        return
    landscapes = read_landscapes(connection)
    inside = gauges_inside(gauges, {s.landscape_key: s.landscape.geometry for s in landscapes})
    records = read_gauge_months(connection, {name for names in inside.values() for name in names})
    grids = read_grid_months(connection, source, inside)
    for stored in landscapes:
        key = stored.landscape_key
        ours = {name: records[name] for name in inside.get(key, ()) if name in records}
        if ours and key in grids:
            yield _comparison(stored, source, period, grids[key], ours)


def _comparison(
    stored: StoredLandscape,
    source: str,
    period: CalibrationPeriod,
    grid: Mapping[Month, GridMonth],
    gauges: Mapping[str, Mapping[Month, GaugeMonth]],
) -> Compared:
    first, last = min(grid), max(grid)
    count = last.ordinal - first.ordinal + 1
    grid_mm = np.full(count, np.nan)
    for month, of_grid in grid.items():
        if of_grid.precipitation_mm is not None:
            grid_mm[month.ordinal - first.ordinal] = of_grid.precipitation_mm
    gauge_mm = np.full((count, len(gauges)), np.nan)
    for column, record in enumerate(gauges.values()):
        for month, told in record.items():
            if first <= month <= last:
                gauge_mm[month.ordinal - first.ordinal, column] = told.precipitation_mm
    together = network(gauge_mm, first, period)
    found = agreement(together.precipitation_mm, grid_mm, first, period)
    missing = shortfall(together, found)
    return Compared(stored, source, period, first, grid, grid_mm, gauges, together, found, missing)


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
