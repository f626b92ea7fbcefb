"""The two records of a landscape's rain: the one that decides, and the one beside it.

A landscape stands wholly on one of them, the grid's own or the blended one; the other is asked
whether it agrees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipeline.alerts.beside import beside, compared_findings
from pipeline.alerts.evidence import Beside, Gauges
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.ids import BLENDED, IndexCode
from pipeline.core.months import Month
from pipeline.plans.stages import StageMonth
from pipeline.settings import Settings
from pipeline.steps.installation import deciding_sources
from pipeline.warehouse.agreement import AgreementMonth
from pipeline.warehouse.blended import BlendedLandscape, read_blended_landscapes
from pipeline.warehouse.indices import IndexRow, read_index_rows

Rows = Mapping[int, Sequence[IndexRow]]
"""Indices by landscape key, consecutive months, oldest first."""


@dataclass(frozen=True, slots=True)
class DecidedBy:
    """Which of the indices in the warehouse decide."""

    sources: tuple[str, ...]
    """The first of them that a landscape has counts; the last is the grid."""
    period: CalibrationPeriod

    @property
    def grid(self) -> str:
        """The grid that decides, or that gauges are blended with."""
        return self.sources[-1]


def decided_by(connection: Connection, settings: Settings) -> DecidedBy:
    """Return what the settings choose.

    Raises:
        InputError: no source decides.
    """
    return DecidedBy(deciding_sources(connection, settings), settings.calibration)


@dataclass(frozen=True, slots=True)
class Records:
    """The indices of both records, by landscape key."""

    grid: str
    deciding: Rows
    others: Rows
    """Of the landscapes that have two records, the one that does not decide."""
    gauges: Mapping[int, BlendedLandscape]
    decided_by_both: frozenset[int]
    """Landscapes whose stages follow from the blended series."""

    def source(self, key: int) -> str:
        """Return the source by which a landscape is decided."""
        return BLENDED if key in self.decided_by_both else self.grid

    def is_open(self, key: int) -> bool:
        """Return whether the values that decide a landscape may be shown."""
        return key not in self.decided_by_both or self.gauges[key].is_open

    def beside(self, key: int, now: StageMonth) -> Beside | None:
        """Return whether the other record agrees with the stage `now`; None without one."""
        rows = self.others.get(key)
        if not rows:
            return None
        n = now.month.ordinal - rows[0].month.ordinal
        values = rows[n].values if 0 <= n < len(rows) else {}
        if key in self.decided_by_both:
            return beside(self.grid, now.findings, values, is_open=True)
        return beside(BLENDED, now.findings, values, is_open=self.gauges[key].is_open)

    def gauges_behind(self, key: int, now: StageMonth) -> Gauges | None:
        """Return what the gauges' share rests on, over the longest window compared.

        None where they neither decide nor are compared.
        """
        found = compared_findings(now.findings)
        if key not in self.gauges or not (found or key in self.decided_by_both):
            return None
        indices = [one.rule.index for one in found if one.rule.index is not None]
        windows = [index.months_back(now.month.month) for index in indices]
        return _gauges(self.gauges[key], now.month, max(windows, default=1))


def read_records(
    connection: Connection,
    by: DecidedBy,
    codes: Sequence[IndexCode],
    to: Month | None,
    at: datetime | None = None,
    *,
    keys: Sequence[int] | None = None,
) -> Records:
    """Return both records up to `to`, None: to the end, as they were `at` a moment, None: now.

    Of the landscapes with these `keys`; None: of all.

    Raises:
        InputError: the grid has no indices of any landscape.
    """
    grid, period = by.grid, by.period
    gauges = read_blended_landscapes(connection, at)
    of_grid = read_index_rows(connection, grid, period, codes, to, at, keys=keys)
    of_both = (
        read_index_rows(connection, BLENDED, period, codes, to, at, keys=keys) if gauges else {}
    )
    if not of_grid and keys is None:
        raise InputError(
            f"{grid}: expected indices calibrated {period}, got none; run `drought compute` first"
        )
    if BLENDED not in by.sources:
        return Records(grid, of_grid, of_both, gauges, frozenset())
    others = {key: of_grid[key] for key in of_both if key in of_grid}
    return Records(grid, of_grid | of_both, others, gauges, frozenset(of_both))


def _gauges(landscape: BlendedLandscape, month: Month, count: int) -> Gauges:
    window: list[AgreementMonth | None] = [
        landscape.months.get(month - back) for back in range(count)
    ]
    told = [one for one in window if one is not None]
    return Gauges(
        grid=landscape.grid,
        n_months=count,
        fewest=min((0 if one is None else one.n_gauges for one in window), default=0),
        n_suspect=sum(one.n_suspect for one in told),
        n_assumed_dry=sum(one.n_assumed_dry for one in told),
        policies=tuple(sorted({policy for one in told for policy in one.policies})),
    )
