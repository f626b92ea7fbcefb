"""Moments that people ask about: a day, or a time with its offset."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from pipeline.core.errors import InputError

_EXPECTED = (
    "expected a date such as 2027-03-03, or a time with its offset such as 2027-03-03T12:00Z"
)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment asked for, or the whole of a day in UTC: what was known when it ended."""

    first: datetime
    last: datetime
    """The same, of a time; the last instant, of a day."""
    text: str
    """As it was written."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the moment written as a date, or as an ISO 8601 time with an offset.

        Raises:
            InputError: anything else; a time without an offset, which says nothing of when it was.
        """
        try:
            day = date.fromisoformat(text)
        except ValueError:
            at = _time(text)
            return cls(at, at, text)
        first = datetime.combine(day, time(), UTC)
        return cls(first, first + timedelta(days=1, microseconds=-1), text)

    def until(self, now: datetime) -> datetime:
        """Return the last instant of the moment that is not in the future.

        Raises:
            InputError: all of it is.
        """
        if self.first > now:
            raise InputError(
                f"moment: expected one in the past, got {self.text}, and it is {now:%Y-%m-%d %H:%M} "
                "UTC now; nothing is known of the future"
            )
        return min(self.last, now)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"moment: {_EXPECTED}, got {text!r}") from error
    if at.tzinfo is None:
        raise InputError(
            f"moment: {_EXPECTED}, got {text!r} without an offset; add Z for UTC, or such as +05:00"
        )
    return at.astimezone(UTC)
