"""Issues of an agency's indicators, and for which months each of them speaks.

A value stands in a document with a date of issue and says something of a period: a forecast of
what is to come, or a survey of what was. A later issue does not wipe out an earlier one: in March
the committee decided by the document of March.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from pipeline.core.errors import InputError
from pipeline.core.months import Month, months_between

MAX_PERIOD_MONTHS = 12
MAX_AHEAD_MONTHS = 12
"""From the date of issue to the begin of the period; more is a slip in a year."""
MAX_LATE_MONTHS = 12
"""From the end of the period to the date of issue."""


@dataclass(frozen=True, slots=True)
class Issue:
    """One value of an indicator for one landscape, as a document gave it; the unit is elsewhere."""

    issued_on: date
    period_from: Month
    period_to: Month
    value: float
    document_number: str
    issued_by: str | None = None
    is_open: bool = False
    """Whether anyone may see the value; the rules may use it in any case."""

    def __post_init__(self) -> None:
        last = self.period_from + (MAX_PERIOD_MONTHS - 1)
        if not self.period_from <= self.period_to <= last:
            raise InputError(
                f"period: expected its end from {self.period_from} to {last}, got {self.period_to}"
            )
        month = Month.of(self.issued_on)
        first, last = self.period_from - MAX_AHEAD_MONTHS, self.period_to + MAX_LATE_MONTHS
        if not first <= month <= last:
            raise InputError(
                f"issued_on: expected a day from {first} to {last} for the period "
                f"{self.period_from} to {self.period_to}, got {self.issued_on}"
            )

    @property
    def months(self) -> Iterator[Month]:
        """The months it speaks for: from the month of issue to the end of its period.

        A forecast speaks as soon as it is issued, though its period lies ahead. What is issued
        after its period, such as the survey of March in April, speaks for the period's last month.
        """
        return months_between(min(Month.of(self.issued_on), self.period_to), self.period_to)

    def is_about(self, month: Month) -> bool:
        """Return whether the period holds `month`."""
        return self.period_from <= month <= self.period_to


def newest_by_month(issues: Iterable[Issue]) -> dict[Month, Issue]:
    """Return for each month the newest of the issues that speak for it.

    Of several of one day the one whose period holds the month goes first, then the one whose
    period ends sooner, then the one whose period begins nearest to it: that says most about it.
    """
    newest: dict[Month, Issue] = {}
    for issue in issues:
        for month in issue.months:
            held = newest.get(month)
            if held is None or _order(issue, month) > _order(held, month):
                newest[month] = issue
    return newest


def _order(issue: Issue, month: Month) -> tuple[date, bool, int, int]:
    return (
        issue.issued_on,
        issue.is_about(month),
        -issue.period_to.ordinal,
        -abs(issue.period_from.ordinal - month.ordinal),
    )
