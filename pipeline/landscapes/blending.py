"""The blended series: what the gauges say of this month, on the grid's normal of the landscape.

Climatologically aided interpolation (Willmott and Robeson 1995): departures from normal vary
less in space than rain does, so they are carried over and not the totals. For rain they are
ratios (New et al. 2000). Months without gauges are gaps; the grid's own values are never put
in, which would make one record of two.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.core.panels import Floats, GapCodes, gap_code
from pipeline.landscapes.agreement import Agreement
from pipeline.landscapes.gauges import Network, calendar_normals, departed

MIN_ANOMALY_CORRELATION = 0.6
"""A departure carried over from a place that correlates at r misses the landscape's own by 2 (1 - r)
of its variance; saying "normal" misses all of it. So gauges add something from r = 0.5 on; the
rest is room for the error of r itself."""
MIN_MONTHS = 120
"""Months in common behind that correlation: with ten years of them an r of 0.6 lies between 0.47 and
0.70 (95 %, Fisher's z)."""


class Shortfall(StrEnum):
    """Why the gauges of a landscape do not suffice for a blended series."""

    NO_NORMAL = "no_normal"
    """No gauge has 24 values of any calendar month in the calibration period."""
    FEW_MONTHS = "few_months"
    """Gauges and grid have too few months in common."""
    LOW_CORRELATION = "low_correlation"
    """Their anomalies correlate too little: the gauges stand for another place, or one is wrong."""


def shortfall(gauges: Network, agreement: Agreement) -> Shortfall | None:
    """Return why the gauges do not suffice; None where they do."""
    if not gauges.speaking.any():
        return Shortfall.NO_NORMAL
    if agreement.n_months < MIN_MONTHS:
        return Shortfall.FEW_MONTHS
    if (agreement.anomaly_correlation or 0.0) < MIN_ANOMALY_CORRELATION:
        return Shortfall.LOW_CORRELATION
    return None


@dataclass(frozen=True, slots=True, eq=False)
class Blended:
    """One landscape; all dims ``(month,)``."""

    precipitation_mm: Floats
    """NaN exactly where there is a gap."""
    gaps: GapCodes
    gauge_fraction: Floats
    """Share of the gauges speaking in that calendar month that reported, 0 to 1."""


def blended(
    gauges: Network, grid_mm: Floats, first_month: Month, period: CalibrationPeriod
) -> Blended:
    """Return the blended series of a landscape.

    The gap is `too_few_observations` where no gauge reported (or none has a normal), and
    `calibration_short` where the grid has no normal.

    Args:
        gauges: the network.
        grid_mm: the grid's rain over the landscape, the same months, NaN a gap.
        first_month: of both.
        period: the years that the grid's normals are means of.
    """
    normals = calendar_normals(grid_mm[:, np.newaxis], first_month, period)[:, 0]
    values = departed(gauges, normals)
    gaps = np.zeros(len(values), dtype=np.uint8)
    gaps[np.isnan(values)] = gap_code(Gap.CALIBRATION_SHORT)
    gaps[np.isnan(gauges.departures)] = gap_code(Gap.TOO_FEW_OBSERVATIONS)
    speaking = gauges.speaking.sum(axis=1)[gauges.calendar]
    return Blended(values, gaps, gauges.reported.sum(axis=1) / np.maximum(speaking, 1))
