"""What a gauge's neighbours would have it say, month by month.

Tables of months have one row a month and one column a station (mm, NaN is a gap).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from pipeline.stations.ratios import calendar_month, cube_root

EARTH_RADIUS_KM = 6371.0
REACH_KM = 150.0
"""Farther gauges of the region share too little of a month's rain."""
NEAREST = 10
"""So many are looked at, so that one file makes only so many records be judged anew."""
MOST_NEIGHBOURS = 5
LEAST_COMMON_MONTHS = 60
LEAST_YEARS_A_CALENDAR_MONTH = 5
LEAST_CORRELATION = 0.5
"""Of monthly totals, the yearly course taken out: below it a neighbour explains under a quarter."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a station stands now: degrees north and east."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """A gauge beside its neighbours, three series on one index of months."""

    own_mm: pd.Series
    expected_mm: pd.Series
    """What the neighbours say of the gauge; NaN where none reported."""
    normal_mm: pd.Series
    """The gauge's own mean of the calendar month."""


def neighbours(places: Mapping[str, Point], station_id: str) -> list[str]:
    """Return the `NEAREST` stations within `REACH_KM` of one, the nearest first.

    None where the station has no place.
    """
    if station_id not in places:
        return []
    here = places[station_id]
    others = {
        name: distance_km(here, place) for name, place in places.items() if name != station_id
    }
    near = sorted((distance, name) for name, distance in others.items() if distance <= REACH_KM)
    return [name for _, name in near[:NEAREST]]


def distance_km(one: Point, other: Point) -> float:
    """Return the great-circle distance."""
    north, north_2 = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    chord = (
        math.sin((north_2 - north) / 2) ** 2
        + math.cos(north) * math.cos(north_2) * math.sin(east / 2) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord))


def neighbourhood(
    totals: pd.DataFrame, station_id: str, near: Sequence[str]
) -> Neighbourhood | None:
    """Return a gauge beside its neighbours, or None where no neighbour tells anything of it.

    Each neighbour's total is scaled by the ratio of the two calendar-month means over the common
    months (normal-ratio method: Paulhus and Kohler 1952, Mon. Weather Rev. 80, 129-133), and the
    estimates are averaged, weighted by the squared correlation.

    Args:
        totals: one column a station, monthly precipitation in mm.
        station_id: the gauge.
        near: its neighbours, the nearest first.
    """
    own = totals[station_id]
    estimates, weights = {}, {}
    for name in near:
        common = totals[[station_id, name]].dropna()
        correlation = _correlation(common, station_id, name)
        if len(common) < LEAST_COMMON_MONTHS or not correlation >= LEAST_CORRELATION:
            continue
        estimates[name] = totals[name] * _normal_ratio(common, station_id, name, totals)
        weights[name] = correlation**2
        if len(estimates) == MOST_NEIGHBOURS:
            break
    if not estimates:
        return None
    table = pd.DataFrame(estimates)
    weight = table.notna() * pd.Series(weights)
    expected = (table * weight).sum(axis=1, min_count=1) / weight.sum(axis=1)
    return Neighbourhood(own, expected, own.groupby(calendar_month(own)).transform("mean"))


def _correlation(common: pd.DataFrame, one: str, other: str) -> float:
    """Rank correlation of the cube roots less their calendar-month means: a slip cannot break it."""
    roots = common.apply(cube_root)
    departures = roots - roots.groupby(calendar_month(common)).transform("mean")
    if departures.empty or (departures.std() == 0).any():
        return 0.0
    ranks = departures.rank()
    return float(ranks[one].corr(ranks[other]))


def _normal_ratio(common: pd.DataFrame, one: str, other: str, totals: pd.DataFrame) -> pd.Series:
    """The ratio of the means of each month's calendar month, on the index of `totals`."""
    by_month = common.groupby(calendar_month(common))
    means = by_month.mean().where(by_month.size() >= LEAST_YEARS_A_CALENDAR_MONTH)
    ratio = means[one] / means[other].where(means[other] > 0)
    return pd.Series(ratio.reindex(calendar_month(totals)).to_numpy(), index=totals.index)
