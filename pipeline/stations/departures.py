"""Gauges against their neighbours: single months out of line, and years of it.

Reasons give no figure of the neighbours: an open gauge's reason is public, and they may be hidden.
"""

from __future__ import annotations

import math

import pandas as pd

from pipeline.stations.findings import Check, as_findings, runs
from pipeline.stations.neighbours import Neighbourhood
from pipeline.stations.observations import Quantity
from pipeline.stations.ratios import cube_root, log_ratio, robust_spread

WINDOW_MONTHS = 36
"""Three years: one odd season moves a year's ratio by more than the fault we look for."""
LEAST_TOLD = 30
"""Months of the window in which both gauge and neighbours reported."""
LEAST_TOLD_OF_A_YEAR = 9
LEAST_RATIO = 0.75
"""A quarter less than the neighbours say, or by the same factor more: what one good season in three
cannot make, and what turns a usual year into a drought of one in five."""
LEAST_STRETCH_MONTHS = 24
"""What is left when the ends are trimmed: one odd year is weather of the gauge's own."""
DEVIATIONS = 3.0
"""The ratio must also lie so many standard deviations of three-year ratios off, so that a pair that
agrees badly marks nothing."""

SPIKE_DEVIATIONS = 5.0
"""Hubbard, Goddard, Sorensen, Wells and Osugi (2005) mark 3 in a million values drawn from a normal
distribution; monthly cube roots have heavier tails, and 5 marks a few in ten thousand."""
SPIKE_LEAST_MM = 20.0
"""Smaller differences move no index."""


def departures(station_id: str, beside: Neighbourhood) -> pd.DataFrame:
    """Return findings of years in which the gauge stands apart from its neighbours.

    A ratio test: totals of `WINDOW_MONTHS` against what the neighbours say, as in double-mass
    analysis (Searcy and Hardison 1960, USGS Water-Supply Paper 1541-B) and the ratio series of
    Alexandersson (1986), J. Climatol. 6, 661-675. The stretch is held against the gauge only where
    it is the gauge that left its normal, not the neighbours theirs.
    """
    told = beside.own_mm.notna() & beside.expected_mm.notna()
    own, expected, normal = (
        series.where(told) for series in (beside.own_mm, beside.expected_mm, beside.normal_mm)
    )
    ratio = log_ratio(_window(own), _window(expected))
    ours = log_ratio(_window(own), _window(normal)).abs()
    theirs = log_ratio(_window(expected), _window(normal)).abs()
    least = max(-math.log(LEAST_RATIO), DEVIATIONS * _spread(own, expected))
    is_off = (ratio.abs() > least) & (ours >= theirs)
    marked = _covered((ratio > 0).map({True: 1.0, False: -1.0}).where(is_off, 0.0))
    return _as_departures(station_id, _trimmed(marked, own, expected), own, expected)


def _window(series: pd.Series) -> pd.Series:
    """Sums over the window that ends with each month; too few months make none."""
    return series.rolling(WINDOW_MONTHS, min_periods=LEAST_TOLD).sum()


def _spread(own: pd.Series, expected: pd.Series) -> float:
    """A robust standard deviation of three-year log ratios, from those of single years."""
    years = pd.DataFrame({"own": own, "expected": expected}).groupby(
        pd.DatetimeIndex(own.index).year
    )
    sums = years.sum(min_count=LEAST_TOLD_OF_A_YEAR)
    spread = robust_spread(log_ratio(sums["own"], sums["expected"]).dropna())
    return math.inf if math.isnan(spread) else spread / math.sqrt(WINDOW_MONTHS / 12)


def _covered(sign: pd.Series) -> pd.Series:
    """The sign of a window that is off and holds the month, 0 where none does."""
    back = sign[::-1].rolling(WINDOW_MONTHS, min_periods=1)
    return (back.max() + back.min())[::-1].clip(-1, 1)


def _trimmed(marked: pd.Series, own: pd.Series, expected: pd.Series) -> pd.Series:
    """Take off the ends months of which the year around is nearer to agreement than to the limit."""
    year = pd.DataFrame({"own": own, "expected": expected}).rolling(12, center=True, min_periods=6)
    sums = year.sum()
    is_apart = marked * log_ratio(sums["own"], sums["expected"]) > -math.log(LEAST_RATIO) / 2
    inside = is_apart & (marked != 0)
    stretch = runs(marked)
    first = inside.groupby(stretch).cummax()
    last = inside[::-1].groupby(stretch[::-1]).cummax()[::-1]
    return marked.where(first & last, 0.0)


def _as_departures(
    station_id: str, marked: pd.Series, own: pd.Series, expected: pd.Series
) -> pd.DataFrame:
    table = pd.DataFrame(
        {"month": marked.index, "own": own.to_numpy(), "expected": expected.to_numpy()}
    )
    table = table.assign(sign=marked.to_numpy())
    found = (
        table[table["sign"] != 0]
        .groupby(runs(table["sign"]))
        .agg(
            first_day=("month", "min"),
            newest=("month", "max"),
            own=("own", "sum"),
            expected=("expected", "sum"),
            length=("month", "size"),
        )
    )
    found = found[found["length"] >= LEAST_STRETCH_MONTHS]
    ratios = found["own"] / found["expected"]
    return as_findings(
        found.assign(
            station_id=station_id,
            quantity=Quantity.PRECIPITATION.value,
            last_day=found["newest"] + pd.offsets.MonthEnd(1),
            reason=[
                f"for years {'over 4/3' if ratio > 1 else 'under 3/4'} of what the neighbours say"
                for ratio in ratios
            ],
        ),
        Check.DEPARTURE,
    )


def spikes(station_id: str, beside: Neighbourhood) -> pd.DataFrame:
    """Return findings of months that the neighbours make incredible.

    A spatial regression test (Hubbard et al. 2005, J. Atmos. Oceanic Technol. 22, 105-112) on cube
    roots of monthly totals: the gauge's root against that of the neighbours' estimate, and the
    residual against the spread of all residuals.
    """
    own, expected = beside.own_mm, beside.expected_mm
    root, expected_root, normal_root = map(cube_root, (own, expected, beside.normal_mm))
    residual = root - expected_root
    ours, theirs = (root - normal_root).abs(), (expected_root - normal_root).abs()
    is_spike = (
        ((residual - residual.median()).abs() > SPIKE_DEVIATIONS * robust_spread(residual))
        & ((own - expected).abs() >= SPIKE_LEAST_MM)
        & (ours >= theirs)
    )
    found = pd.DataFrame({"first_day": own.index, "own": own, "expected": expected})[is_spike]
    return as_findings(
        found.assign(
            station_id=station_id,
            quantity=Quantity.PRECIPITATION.value,
            last_day=found["first_day"] + pd.offsets.MonthEnd(1),
            reason=[
                f"{said:.0f} mm, far {'more' if said > expected else 'less'} than the neighbours say"
                for said, expected in zip(found["own"], found["expected"], strict=True)
            ],
        ),
        Check.SPIKE,
    )
