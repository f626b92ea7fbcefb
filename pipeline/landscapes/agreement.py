"""How far the rain of gauges and of a grid agree over a landscape, and whether their ratio breaks.

The grid is set against the gauges: a ratio below 1 is a grid drier than the gauges. Rain at a
gauge is not rain over a landscape, so the bias is that of both the grid and the gauge's place;
its change in time is not.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.months import Month
from pipeline.core.panels import Floats
from pipeline.landscapes.gauges import CALENDAR_MONTHS, calendar_months, in_period
from pipeline.landscapes.homogeneity import strongest_step

MIN_MONTHS_OF_YEAR = 10
"""Months that gauges and grid must share for a year to be compared: they are the same months in
both, so a few that are missing do not shift the ratio, but half a year would be another season."""
FIRST_MONTH_OF_WATER_YEAR = 10
"""October: the water year is named after the calendar year it ends in, and snow stays in one."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class RatioBreak:
    """The strongest step in the yearly ratio of grid to gauges."""

    water_year: int
    """First year after it, October of the year before to September."""
    n_years: int
    statistic: float
    critical: float
    is_significant: bool
    ratio_before: float
    ratio_after: float
    """Geometric means of the yearly ratios."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Grid against gauges over the calibration period, months in which both have a value.

    A correlation is None where one of the two does not vary, a ratio where the gauges are dry.
    """

    n_months: int
    gauge_mm: float | None
    """Mean month of the gauges, mm."""
    grid_mm: float | None
    ratio: float | None
    """Rain of the grid by rain of the gauges."""
    difference_mm: float | None
    """Mean of grid less gauges, mm a month."""
    correlation: float | None
    """Pearson's, of monthly totals: the march of the seasons alone makes it high."""
    rank_correlation: float | None
    """Spearman's, of the same."""
    anomaly_correlation: float | None
    """Pearson's, of totals less the mean of their calendar month."""
    anomaly_rank_correlation: float | None
    ratio_break: RatioBreak | None
    """Over all years that both hold; None with fewer than ten."""


def agreement(
    gauge_mm: Floats, grid_mm: Floats, first_month: Month, period: CalibrationPeriod
) -> Agreement:
    """Return how the two agree.

    Args:
        gauge_mm: monthly totals of the gauges, dims ``(month,)``, NaN a gap.
        grid_mm: those of the grid over the landscape, the same months.
        first_month: of both.
        period: the calibration period.
    """
    both = np.isfinite(gauge_mm) & np.isfinite(grid_mm)
    calendar = calendar_months(first_month, len(both))
    used = both & in_period(first_month, len(both), period)
    gauge, grid, month = gauge_mm[used], grid_mm[used], calendar[used]
    anomalies = _anomalies(gauge, month), _anomalies(grid, month)
    is_empty = not used.any()
    return Agreement(
        n_months=int(used.sum()),
        gauge_mm=None if is_empty else float(gauge.mean()),
        grid_mm=None if is_empty else float(grid.mean()),
        ratio=None if gauge.sum() == 0.0 else float(grid.sum() / gauge.sum()),
        difference_mm=None if is_empty else float((grid - gauge).mean()),
        correlation=_correlation(gauge, grid),
        rank_correlation=_correlation(_ranks(gauge), _ranks(grid)),
        anomaly_correlation=_correlation(*anomalies),
        anomaly_rank_correlation=_correlation(*map(_ranks, anomalies)),
        ratio_break=_ratio_break(gauge_mm, grid_mm, both, first_month),
    )


def _anomalies(values: Floats, calendar: npt.NDArray[np.int64]) -> Floats:
    anomalies = values.copy()
    for month in range(CALENDAR_MONTHS):
        of_month = calendar == month
        if of_month.any():
            anomalies[of_month] -= values[of_month].mean()
    return anomalies


def _ranks(values: Floats) -> Floats:
    # It takes half a second to load, and every command loads what stands in this module.
    from scipy.stats import rankdata

    return np.asarray(rankdata(values), dtype=np.float64)


def _correlation(one: Floats, other: Floats) -> float | None:
    if len(one) < 2 or _is_flat(one) or _is_flat(other):
        return None
    return float(np.corrcoef(one, other)[0, 1])


def _is_flat(values: Floats) -> bool:
    """Whether the values differ by no more than rounding."""
    return bool(np.ptp(values) <= 1e-9 * np.abs(values).max())


def _ratio_break(
    gauge_mm: Floats, grid_mm: Floats, both: Mask, first_month: Month
) -> RatioBreak | None:
    """Test the logarithms of the yearly ratios: a factor becomes a step of the mean."""
    shift = CALENDAR_MONTHS - FIRST_MONTH_OF_WATER_YEAR + 1
    years = (np.arange(len(both)) + first_month.ordinal + shift) // CALENDAR_MONTHS
    held: list[int] = []
    ratios: list[float] = []
    for year in np.unique(years):
        shared = both & (years == year)
        gauge, grid = gauge_mm[shared].sum(), grid_mm[shared].sum()
        if shared.sum() >= MIN_MONTHS_OF_YEAR and gauge > 0.0 and grid > 0.0:
            held.append(int(year))
            ratios.append(math.log(grid / gauge))
    logs = np.array(ratios)
    step = strongest_step(logs)
    if step is None:
        return None
    return RatioBreak(
        held[step.position],
        len(held),
        step.statistic,
        step.critical,
        step.is_significant,
        math.exp(logs[: step.position].mean()),
        math.exp(logs[step.position :].mean()),
    )
