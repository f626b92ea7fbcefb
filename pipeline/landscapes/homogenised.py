"""A step in a source's rain taken out: what came before it is multiplied by a factor.

The step is told by a person, or by gauges that the grid is set against (`homogeneity`). It is the
same factor in every calendar month and everywhere: two gauges cannot say more.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.core.panels import Panel
from pipeline.landscapes.agreement import FIRST_MONTH_OF_WATER_YEAR

LEAST_FACTOR, MOST_FACTOR = 0.2, 5.0
_TEXT = re.compile(r"([0-9]{4}-[0-9]{2}):([0-9]+(?:\.[0-9]+)?)")


@dataclass(frozen=True, slots=True)
class Homogenisation:
    """Rain before `month` is multiplied by `factor`.

    >>> str(Homogenisation.parse("1997-10:0.75"))
    '1997-10:0.75'
    """

    month: Month
    """The first month after the step: it is left as it is."""
    factor: float

    def __post_init__(self) -> None:
        if not LEAST_FACTOR <= self.factor <= MOST_FACTOR:
            raise InputError(
                f"homogenised: expected a factor from {LEAST_FACTOR:g} to {MOST_FACTOR:g}, got "
                f"{self.factor:g}: a larger step is another quantity, not the same rain"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the step written as ``YYYY-MM:FACTOR``.

        Raises:
            InputError: another form.
        """
        found = _TEXT.fullmatch(text)
        if found is None:
            raise InputError(
                "homogenised: expected YYYY-MM:FACTOR, the first month after the step and what rain "
                f"before it is multiplied by, such as 1997-10:0.75, got {text!r}"
            )
        return cls(Month.parse(found[1]), float(found[2]))

    def applied(self, precipitation_mm: Panel) -> Panel:
        """Return the rain without the step; gaps stay gaps."""
        before = max(0, precipitation_mm.position(self.month))
        values = precipitation_mm.values.copy()
        values[:before] *= self.factor
        return Panel(precipitation_mm.first_month, values, precipitation_mm.gaps)

    @property
    def in_words(self) -> str:
        """As it stands behind 'rain'."""
        return f"before {self.month} times {self.factor:g}"

    def __str__(self) -> str:
        return f"{self.month}:{self.factor:g}"


@dataclass(frozen=True, slots=True)
class FoundBreak:
    """A step in the ratio of a grid to the gauges of one landscape."""

    landscape_id: str
    water_year: int
    """First year after it, October of the year before to September."""
    ratio_before: float
    ratio_after: float


def by_gauges(breaks: Sequence[FoundBreak], where: str) -> Homogenisation:
    """Return the one step that takes out those found: their middle year, their mean factor.

    Args:
        breaks: significant ones, of the landscapes that have gauges.
        where: the source, for messages.

    Raises:
        InputError: there are none.
    """
    if not breaks:
        raise InputError(
            f"{where}: expected a landscape whose gauges find a step in it, got none; load gauges "
            "with their positions and run `drought compute`, or give the step as YYYY-MM:FACTOR"
        )
    middle = sorted(one.water_year for one in breaks)[(len(breaks) - 1) // 2]
    logs = [math.log(one.ratio_after / one.ratio_before) for one in breaks]
    factor = math.exp(sum(logs) / len(logs))
    return Homogenisation(Month(middle - 1, FIRST_MONTH_OF_WATER_YEAR), round(factor, 3))
