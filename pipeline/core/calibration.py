"""The calibration period: the years against which a month is judged."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from pipeline.core.errors import InputError

MIN_YEARS = 30
MIN_VALID_YEARS = 24
"""Valid values each calendar month needs inside the calibration period."""


@dataclass(frozen=True, slots=True)
class CalibrationPeriod:
    """First and last year, both included; at least 30 years.

    >>> str(CalibrationPeriod.parse("1991-2020"))
    '1991-2020'
    """

    first_year: int
    last_year: int

    def __post_init__(self) -> None:
        if self.last_year - self.first_year + 1 < MIN_YEARS:
            raise InputError(
                f"calibration period: expected at least {MIN_YEARS} years, such as 1991-2020, "
                f"got {self.first_year}-{self.last_year}"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the period written as ``FIRST-LAST``.

        Raises:
            InputError: another form, or fewer than 30 years.
        """
        found = re.fullmatch(r"([0-9]{4})-([0-9]{4})", text)
        if found is None:
            raise InputError(f"calibration period: expected FIRST-LAST, got {text!r}")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.first_year}-{self.last_year}"
