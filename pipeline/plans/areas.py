"""The readings that a rule hears of the share of a landscape's area."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.plans.rules import Reading


def area_readings(
    measure: AreaShare, shares: Mapping[Month, float | Gap | None], months: Iterable[Month]
) -> list[Reading]:
    """Return the reading of each of `months`.

    Args:
        measure: whose shares they are.
        shares: of one landscape, 0 to 1; a month without a map may be absent or None.
        months: in the order of the readings wanted.

    Returns:
        A month without a map is a gap, `not_published`; where the index does not exist in the
        calendar month there is nothing to map, and the gap is `not_applicable`.
    """
    return [_reading(measure, month, shares.get(month)) for month in months]


def _reading(measure: AreaShare, month: Month, share: float | Gap | None) -> Reading:
    if isinstance(share, Gap):
        return Reading(month, None, share)
    if share is not None:
        return Reading(month, share)
    exists = measure.index.months_back(month.month) > 0
    return Reading(month, None, Gap.NOT_PUBLISHED if exists else Gap.NOT_APPLICABLE)
