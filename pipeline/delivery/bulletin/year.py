"""The rain of the hydrological year so far, summed up over landscapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.core.ids import IndexCode, IndexFamily, Season
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import LandscapeFacts, MonthOfRain

SPI_HY = IndexCode(IndexFamily.SPI, Season.HYDROLOGICAL)
SMRI_HY = IndexCode(IndexFamily.SMRI, Season.HYDROLOGICAL)
TWELVE = 12

SMALLEST_NORMAL_MM_PER_MONTH = 5.0
"""Below it percent of normal says nothing, as with the index itself: see docs/method.md."""


@dataclass(frozen=True, slots=True)
class Rain:
    """The rain of some months over some landscapes, each by its area."""

    precipitation_mm: float | None
    """None where no landscape has all months."""
    normal_mm: float | None
    """Of the same landscapes; None where one of them lacks it."""
    months: int
    without: int
    """Landscapes that are not in it, because a month is missing."""

    @property
    def percent(self) -> float | None:
        """Percent of normal; None where there is none, or where it is too small to tell."""
        if self.precipitation_mm is None or self.normal_mm is None or self.has_small_normal:
            return None
        return 100.0 * self.precipitation_mm / self.normal_mm

    @property
    def has_small_normal(self) -> bool:
        smallest = SMALLEST_NORMAL_MM_PER_MONTH * self.months
        return self.normal_mm is not None and self.normal_mm < smallest


def months_so_far(month: Month) -> int:
    """Return how many months of the hydrological year are over with `month`.

    >>> months_so_far(Month(2026, 10)), months_so_far(Month(2027, 9))
    (1, 12)
    """
    return SPI_HY.months_back(month.month)


def rain(landscapes: Iterable[LandscapeFacts], months: int) -> Rain:
    """Return the rain of the last `months` months, the mean by area of those that have them all."""
    total = list(landscapes)
    held = [(one.area_km2, _sums(one.rain, months)) for one in total]
    whole = [(area, sums) for area, sums in held if sums is not None]
    if not whole:
        return Rain(None, None, months, len(total))
    area = sum(area for area, _ in whole)
    mean = sum(area * fallen for area, (fallen, _) in whole) / area
    normals = [(area, normal) for area, (_, normal) in whole if normal is not None]
    usual = sum(part * normal for part, normal in normals) / area
    is_whole = len(normals) == len(whole)
    return Rain(mean, usual if is_whole else None, months, len(total) - len(whole))


def has_all_months(landscape: LandscapeFacts, months: int) -> bool:
    return _sums(landscape.rain, months) is not None


def _sums(held: Sequence[MonthOfRain], months: int) -> tuple[float, float | None] | None:
    """Return rain and normal of the last `months` months, mm; None where a month is missing."""
    last = held[-months:]
    fallen = [one.precipitation_mm for one in last if one.precipitation_mm is not None]
    if len(fallen) < months:
        return None
    usual = [one.normal_mm for one in last if one.normal_mm is not None]
    return sum(fallen), sum(usual) if len(usual) == months else None


def values(landscapes: Iterable[LandscapeFacts], index: IndexCode) -> list[float]:
    """Return the values of an index that there are, lowest first."""
    found = (one.indices.get(index) for one in landscapes)
    return sorted(value for value in found if value is not None)
