"""The gauges inside a landscape, made one series: departures from normal, averaged.

Gauges come and go and stand at different heights, so their totals are not averaged: each month
is first set against the gauge's own normal of that calendar month.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.core.calibration import MIN_VALID_YEARS, CalibrationPeriod
from pipeline.core.months import Month
from pipeline.core.panels import Floats

CALENDAR_MONTHS = 12
RATIO_FROM_MM = 5.0
"""A ratio to a smaller normal says little, as percent of normal does not below 5 mm a month: one
shower makes 500 %. There departures are differences."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """Where a gauge stands, degrees on WGS84."""

    station_id: str
    latitude: float
    longitude: float


def gauges_inside(
    gauges: Sequence[Gauge], boundaries: Mapping[int, BaseGeometry]
) -> dict[int, tuple[str, ...]]:
    """Return the ids of the gauges inside each boundary, sorted; boundaries without any left out.

    A gauge on the boundary is inside; one inside several overlapping landscapes speaks for each.
    """
    points = shapely.points([[gauge.longitude, gauge.latitude] for gauge in gauges])
    tree = shapely.STRtree(points)
    inside: dict[int, tuple[str, ...]] = {}
    for key, boundary in boundaries.items():
        found = tree.query(boundary, predicate="intersects")
        if found.size:
            inside[key] = tuple(sorted(gauges[n].station_id for n in found))
    return inside


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The gauges of one landscape as one series of departures from normal.

    A gauge speaks in a calendar month for which it has a normal.
    """

    departures: Floats
    """Mean departure of the gauges that reported, dims ``(month,)``; NaN where none did. As a share
    of normal where `is_ratio`, otherwise in mm above normal."""
    normals_mm: Floats
    """Mean normal of the speaking gauges, dims ``(calendar_month,)``; NaN where none speaks."""
    is_ratio: npt.NDArray[np.bool_]
    """Dims ``(calendar_month,)``."""
    speaking: npt.NDArray[np.bool_]
    """Dims ``(calendar_month, gauge)``."""
    reported: npt.NDArray[np.bool_]
    """Whether a gauge that speaks has a value, dims ``(month, gauge)``."""
    is_rainless: npt.NDArray[np.bool_]
    """Whether gauges reported, and none of them any rain; dims ``(month,)``."""
    calendar: npt.NDArray[np.int64]
    """Calendar month of each month, 0 for January."""

    @property
    def precipitation_mm(self) -> Floats:
        """The rain of the network: its departures on its own mean normal, dims ``(month,)``.

        Of a single gauge these are its own values.
        """
        return departed(self, self.normals_mm)


def network(values_mm: Floats, first_month: Month, period: CalibrationPeriod) -> Network:
    """Return the gauges as one series.

    Args:
        values_mm: monthly totals, dims ``(month, gauge)``, months consecutive, NaN a gap.
        first_month: of the values.
        period: the years that normals are means of.
    """
    calendar = calendar_months(first_month, len(values_mm))
    normals = calendar_normals(values_mm, first_month, period)
    speaking = np.isfinite(normals)
    smallest = np.min(normals, axis=1, where=speaking, initial=np.inf)
    is_ratio = np.isfinite(smallest) & (smallest >= RATIO_FROM_MM)
    of_month, by_ratio = normals[calendar], is_ratio[calendar][:, np.newaxis]
    departures = np.where(
        by_ratio, values_mm / np.where(by_ratio, of_month, 1.0), values_mm - of_month
    )
    reported = np.isfinite(departures)
    has_rain = (reported & (values_mm > 0.0)).any(axis=1)
    return Network(
        mean_over_columns(departures),
        mean_over_columns(normals),
        is_ratio,
        speaking,
        reported,
        np.asarray(reported.any(axis=1) & ~has_rain),
        calendar,
    )


def departed(gauges: Network, normals_mm: Floats) -> Floats:
    """Return `normals_mm`, dims ``(calendar_month,)``, departed from as the gauges did.

    Dims ``(month,)``, mm, never below 0; NaN where no gauge reported or there is no normal. A month
    without rain at any gauge is without rain: a difference would leave a little in each of them,
    and the index could not tell that it is blind where rain is rare.
    """
    normal = normals_mm[gauges.calendar]
    ratio = gauges.is_ratio[gauges.calendar]
    departed_mm = np.where(ratio, gauges.departures * normal, gauges.departures + normal)
    is_none = (departed_mm < 0.0) | (gauges.is_rainless & np.isfinite(normal))
    return np.where(is_none, 0.0, departed_mm)


def calendar_normals(values_mm: Floats, first_month: Month, period: CalibrationPeriod) -> Floats:
    """Return the mean of each calendar month in the years of `period`.

    Args:
        values_mm: dims ``(month, column)``, NaN a gap.
        first_month: of the values.
        period: the years to average over.

    Returns:
        Dims ``(calendar_month, column)``; NaN with fewer than 24 values.
    """
    calendar = calendar_months(first_month, len(values_mm))
    inside = in_period(first_month, len(values_mm), period)
    normals = np.full((CALENDAR_MONTHS, values_mm.shape[1]), np.nan)
    for month in range(CALENDAR_MONTHS):
        sample = values_mm[inside & (calendar == month)]
        enough = np.isfinite(sample).sum(axis=0) >= MIN_VALID_YEARS
        normals[month, enough] = np.nanmean(sample[:, enough], axis=0)
    return normals


def calendar_months(first_month: Month, count: int) -> npt.NDArray[np.int64]:
    """Return the calendar month of each of `count` months, 0 for January."""
    return (np.arange(count, dtype=np.int64) + first_month.month - 1) % CALENDAR_MONTHS


def in_period(first_month: Month, count: int, period: CalibrationPeriod) -> npt.NDArray[np.bool_]:
    """Return which of `count` months lie in the years of `period`."""
    years = (np.arange(count) + first_month.ordinal) // CALENDAR_MONTHS
    return np.asarray((period.first_year <= years) & (years <= period.last_year))


def mean_over_columns(values: Floats) -> Floats:
    """Return the mean of each row without its NaN; NaN where nothing else is there."""
    count = np.isfinite(values).sum(axis=1)
    total = np.nansum(values, axis=1)
    means: Floats = np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)
    return means
