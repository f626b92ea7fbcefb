"""Calendar months: the key of every value in the system."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Self

from pipeline.core.errors import InputError

_TEXT = re.compile(r"([0-9]{4})-([0-9]{2})")


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month.

    >>> str(Month(2024, 2)), Month(2024, 2).days, str(Month(2024, 2) + 11)
    ('2024-02', 29, '2025-01')
    """

    year: int
    month: int

    def __post_init__(self) -> None:
        if not (1 <= self.year <= 9999 and 1 <= self.month <= 12):
            raise InputError(
                f"month: expected a year from 1 to 9999 and a month from 1 to 12, "
                f"got {self.year}-{self.month}"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the month written as ``YYYY-MM``.

        Raises:
            InputError: `text` is anything else.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise InputError(f"month: expected YYYY-MM such as 2026-09, got {text!r}")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the month that holds `day`."""
        return cls(day.year, day.month)

    @classmethod
    def from_ordinal(cls, ordinal: int) -> Self:
        """Return the month whose `ordinal` this is."""
        year, month = divmod(ordinal, 12)
        return cls(year, month + 1)

    @property
    def ordinal(self) -> int:
        """Months since year 0: consecutive months differ by one."""
        return self.year * 12 + self.month - 1

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def days(self) -> int:
        """Length of the month in days."""
        return calendar.monthrange(self.year, self.month)[1]

    def __add__(self, months: int) -> Month:
        return Month.from_ordinal(self.ordinal + months)

    def __sub__(self, months: int) -> Month:
        return Month.from_ordinal(self.ordinal - months)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def months_between(first: Month, last: Month) -> Iterator[Month]:
    """Yield every month from `first` to `last`, both included; nothing if `last` is earlier."""
    return (Month.from_ordinal(n) for n in range(first.ordinal, last.ordinal + 1))
