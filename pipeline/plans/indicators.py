"""The readings that a rule hears of an agency's indicator."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.core.gaps import Gap
from pipeline.core.months import Month
from pipeline.plans.issues import Issue, newest_by_month
from pipeline.plans.rules import Reading


def indicator_readings(issues: Iterable[Issue], months: Iterable[Month]) -> list[Reading]:
    """Return the reading of each of `months`: what the newest issue that speaks for it says.

    Args:
        issues: of one landscape and one indicator in one unit, in any order. For a replay as of a
            past day only those that were known then: a value that came later changes nothing.
        months: in the order of the readings wanted.

    Returns:
        A month for which no issue speaks is a gap, `not_published`.
    """
    newest = newest_by_month(issues)
    return [_reading(month, newest.get(month)) for month in months]


def _reading(month: Month, issue: Issue | None) -> Reading:
    if issue is None:
        return Reading(month, None, Gap.NOT_PUBLISHED)
    return Reading(month, issue.value, issue=issue)
