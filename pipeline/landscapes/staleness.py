"""Which months of a landscape's indices do not follow from its series any more.

A month of the series is in the windows of the months after it, and in the sample of every fit if
it lies in the calibration period; a fit is made once, so that a later change of its sample leaves
the values of other months as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.ids import INDEX_CODES
from pipeline.core.months import Month

LONGEST_WINDOW_MONTHS = max(code.longest_window_months for code in INDEX_CODES)


@dataclass(frozen=True, slots=True)
class Span:
    """Months in a row, both ends included."""

    first: Month
    last: Month

    def __post_init__(self) -> None:
        assert self.first <= self.last  # noqa: S101 - whoever makes one knows

    @property
    def months(self) -> int:
        return self.last.ordinal - self.first.ordinal + 1

    def meets(self, other: Span) -> bool:
        """Return whether the two have a month in common."""
        return self.first <= other.last and other.first <= self.last

    def around(self, other: Span | None) -> Span:
        """Return the shortest span that holds both."""
        if other is None:
            return self
        return Span(min(self.first, other.first), max(self.last, other.last))

    def within(self, first: Month | None, last: Month | None) -> Span | None:
        """Return the part from `first` to `last`, where None does not bound; None if there is none."""
        start = self.first if first is None else max(self.first, first)
        end = self.last if last is None else min(self.last, last)
        return Span(start, end) if start <= end else None


@dataclass(frozen=True, slots=True)
class Computed:
    """What the indices of a landscape were computed from, and what has changed since."""

    version: int
    """Of the landscape."""
    method: str
    series: Span
    """From the first month of the source's series to the last."""
    was_ready: bool
    """Whether the calibration period was whole, so that fits were tried."""
    is_hargreaves: bool
    """Whether SPEI rests on Hargreaves."""
    stale: Span | None
    """Months that changed since, or were left for another time; None: all is up to date."""


def due(
    computed: Computed | None, version: int, method: str, series: Span, *, is_ready: bool
) -> Span | None:
    """Return the months whose indices have to be computed: all, some, or None.

    All where nothing was computed, or it was of another version of the landscape or by another
    method, or the series begins elsewhere now, or fits can be made for the first time. Else from
    the first month that changed, or is new, to the last whose windows hold one.
    """
    if computed is None or (computed.version, computed.method) != (version, method):
        return series
    if computed.series.first != series.first or is_ready > computed.was_ready:
        return series
    found: Span | None = None
    if computed.stale is not None:
        reach = computed.stale.last + (LONGEST_WINDOW_MONTHS - 1)
        found = Span(computed.stale.first, reach).within(series.first, series.last)
    if computed.series.last < series.last:
        found = Span(computed.series.last + 1, series.last).around(found)
    return found


def may_fit(computed: Computed | None, due: Span, series: Span, sample: Span) -> bool:
    """Return whether a fit that could not be made before may be possible now.

    For that all has to be computed anew, or a month of the `sample` must have changed.
    """
    if due == series or computed is None:
        return True
    return computed.stale is not None and computed.stale.meets(sample)


def left_over(due: Span, done: Span | None) -> Span | None:
    """Return the months that are still due after `done`, which is a part of `due`."""
    if done is None:
        return due
    if due.first < done.first:
        return Span(due.first, done.first - 1) if due.last == done.last else due
    return Span(done.last + 1, due.last) if done.last < due.last else None
