"""Totals ten times too large or too small, or inches where millimetres should stand.

A slip of the decimal point and a slip between inches and millimetres multiply rain by a known factor.
"""

from __future__ import annotations

import math

import pandas as pd

from pipeline.stations.findings import Check, as_findings, runs, together
from pipeline.stations.neighbours import Neighbourhood
from pipeline.stations.observations import Quantity
from pipeline.stations.ratios import calendar_month, log_ratio

FACTORS = (10.0, 25.4, 1 / 10.0, 1 / 25.4)
NEARNESS = math.log(1.5)
"""Half as much again: a year's rain seldom strays farther from its normal, and 10 and 25.4 lie a
factor of 2.5 apart."""
MONTHS = 12
LEAST_TOLD = 9
LEAST_NORMAL_MM = 50.0
"""Normal rain of the months that are compared. Where it is less, ten times of it is weather."""
LEAST_MONTHLY_MM = 5.0
LEAST_ALIKE = 2 / 3
"""Months with a normal worth the name that must lean the same way: a slip multiplies all of them,
one flood only its own."""
LEAST_LEAN = math.log(3.0)
"""Three times too much or too little, which a month of a slipped year mostly is."""
LEAST_YEARS = 10
FARTHEST_NEIGHBOURS = math.log(2.0)
"""Neighbours within half and twice their own normal say that it was no flood and no drought."""

SINGLE_LEAST_YEARS = 20
SINGLE_EXCESS = 3.0
"""A single month is marked only if it is three times as wet as any other of its calendar month, and
a tenth (or 1/25.4) of it would lie in the middle eight tenths of them."""


def slips(station_id: str, own_mm: pd.Series, beside: Neighbourhood | None) -> pd.DataFrame:
    """Return findings of years and of single months that are off by one of `FACTORS`.

    A year is twelve months in a row; its total is held against the sum of the calendar-month
    medians, as the tolerance tests of the Guide to Climatological Practices (WMO-No. 100) hold a
    value against the station's own climate. Where there are neighbours, they must have been near their normal.

    Args:
        station_id: the gauge.
        own_mm: monthly totals, index of first days of months without holes, NaN is a gap.
        beside: the gauge beside its neighbours, where it has any.
    """
    by_month = own_mm.groupby(calendar_month(own_mm))
    enough = by_month.transform("count") >= LEAST_YEARS
    normal = by_month.transform("median").where(enough & own_mm.notna())
    is_calm = pd.Series(True, own_mm.index) if beside is None else _calm(beside)
    lean = log_ratio(own_mm, normal).where(normal >= LEAST_MONTHLY_MM)
    years = _slipped_years(own_mm, normal, lean, is_calm)
    parts = [_as_findings(station_id, marked, lean) for marked in years]
    singles = _slipped_months(own_mm) & ~(years[0] | years[1])
    return together([*parts, _as_findings(station_id, singles, lean)])


def _slipped_years(
    own: pd.Series, normal: pd.Series, lean: pd.Series, is_calm: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """Where a month lies in a year that is too wet by one of `FACTORS`, and where too dry by one.

    A stretch of such years begins and ends with a month that leans that way itself.
    """
    sums = pd.DataFrame({"own": own.where(normal.notna()), "normal": normal}).rolling(
        MONTHS, min_periods=LEAST_TOLD
    ).sum()  # fmt: skip
    ratio = log_ratio(sums["own"], sums["normal"]).where(sums["normal"] >= LEAST_NORMAL_MM)
    worth = lean.notna().rolling(MONTHS).sum()

    def slipped(sign: int) -> pd.Series:
        factors = [math.log(factor) for factor in FACTORS if sign * math.log(factor) > 0]
        is_near = pd.concat([(ratio - f).abs() < NEARNESS for f in factors], axis=1).any(axis=1)
        is_telling = sign * lean > LEAST_LEAN
        is_alike = is_telling.rolling(MONTHS).sum() >= LEAST_ALIKE * worth
        ends = (is_near & is_alike & is_calm).astype(float)
        marked = pd.Series(ends[::-1].rolling(MONTHS, min_periods=1).max()[::-1] > 0)
        return marked & _between_first_and_last(is_telling & marked, runs(marked))

    return slipped(1), slipped(-1)


def _between_first_and_last(is_telling: pd.Series, stretch: pd.Series) -> pd.Series:
    """Where a row of a stretch has a telling one at or before it, and one at or after it."""
    before = is_telling.groupby(stretch).cummax()
    after = is_telling[::-1].groupby(stretch[::-1]).cummax()[::-1]
    return pd.Series(before & after)


def _calm(beside: Neighbourhood) -> pd.Series:
    """Where the neighbours' last year was near their normal, or they said nothing."""
    sums = pd.DataFrame({"said": beside.expected_mm, "normal": beside.normal_mm})
    sums = sums.where(beside.expected_mm.notna()).rolling(MONTHS, min_periods=LEAST_TOLD).sum()
    ratio = log_ratio(sums["said"], sums["normal"])
    return ratio.isna() | (ratio.abs() < FARTHEST_NEIGHBOURS)


def _slipped_months(own: pd.Series) -> pd.Series:
    """Where a month alone is too wet by one of `FACTORS`; one that is too dry is weather."""
    by_month = own.groupby(calendar_month(own))
    most = by_month.transform("max")
    second = by_month.transform(lambda totals: totals.nlargest(2).iloc[-1] if len(totals) else 0.0)
    is_alone = (own == most) & (own > SINGLE_EXCESS * second) & (second > 0)
    low, high = (by_month.transform("quantile", share) for share in (0.1, 0.9))
    mended = [own / factor for factor in FACTORS if factor > 1]
    is_usual = pd.concat(
        [right.between(low, high) & (right >= LEAST_MONTHLY_MM) for right in mended], axis=1
    ).any(axis=1)
    return is_alone & is_usual & (by_month.transform("count") >= SINGLE_LEAST_YEARS)


def _as_findings(station_id: str, marked: pd.Series, lean: pd.Series) -> pd.DataFrame:
    """Each stretch of marked months, with the factor that is nearest to its median lean."""
    table = pd.DataFrame({"month": marked.index, "lean": lean.to_numpy()})[marked.to_numpy()]
    found = table.groupby(runs(pd.Series(marked.to_numpy()))).agg(
        first_day=("month", "min"), newest=("month", "max"), lean=("lean", "median")
    )
    return as_findings(
        found.assign(
            station_id=station_id,
            quantity=Quantity.PRECIPITATION.value,
            last_day=found["newest"] + pd.offsets.MonthEnd(1),
            reason=[
                f"about {_named(lean)} the usual: a slip of the unit?" for lean in found["lean"]
            ],
        ),
        Check.SLIP,
    )


def _named(lean: float) -> str:
    factor = min(FACTORS, key=lambda one: abs(math.log(one) - lean))
    return f"{factor:g} times" if factor > 1 else f"1/{1 / factor:g} of"
