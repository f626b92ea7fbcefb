"""What drives the indices: monthly water of many places side by side, and what each index adds up.

A place is a landscape or a grid cell. What is impossible is refused here, once for all indices.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexFamily
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code


@dataclass(frozen=True, slots=True)
class Drivers:
    """Panels of the same months and places, dims ``(month, place)``.

    None: the source has nothing of the kind, and every value of an index on it is a gap.

    Raises:
        InputError: a value is infinite, water is negative, or a panel covers other months or
            places than the precipitation.
    """

    precipitation_mm: Panel
    pet_mm: Panel | None = None
    """Evaporative demand of the month; may be below 0."""
    rain_and_melt_mm: Panel | None = None
    """Rain (no snow) and melted snow of the month: see `rain_and_melt`."""
    snow_water_equivalent_mm: Panel | None = None
    """Water in the snow that lies, the month's mean."""
    soil_moisture_m3_m3: Panel | None = None
    """Water per volume of soil, the month's mean."""

    def __post_init__(self) -> None:
        for field in fields(self):
            panel: Panel | None = getattr(self, field.name)
            if panel is not None:
                _check_same_months(field.name, panel, self.precipitation_mm)
                _check_possible(field.name, panel)

    @property
    def months(self) -> int:
        """How many months the panels hold."""
        return len(self.precipitation_mm.values)

    @property
    def places(self) -> int:
        """How many landscapes or cells stand side by side."""
        return int(self.precipitation_mm.values.shape[1])

    def monthly(self, family: IndexFamily, rows: slice = slice(None)) -> Panel | None:
        """Return what an index of `family` adds up, in the months at positions `rows`.

        Rain; for SPEI rain less PET, where a month that lacks both has the gap of the rain; the
        driver of its own for the others. None: the source has none.
        """
        driver: Panel | None = getattr(self, _DRIVER[family])
        if driver is None:
            return None
        if family is IndexFamily.SPEI:
            return _balance(_rows(self.precipitation_mm, rows), _rows(driver, rows))
        return _rows(driver, rows)

    def without(self, first: Month, last: Month) -> Drivers:
        """Return the drivers as if the months from `first` to `last` had never come.

        For fits that must not know those months: no total that holds one of them is then there.
        """

        def left(panel: Panel | None) -> Panel | None:
            return panel and _without(panel, panel.position(first), panel.position(last))

        return Drivers(
            _without(self.precipitation_mm, *map(self.precipitation_mm.position, (first, last))),
            left(self.pet_mm),
            left(self.rain_and_melt_mm),
            left(self.snow_water_equivalent_mm),
            left(self.soil_moisture_m3_m3),
        )


_DRIVER = {
    IndexFamily.SPI: "precipitation_mm",
    IndexFamily.SPEI: "pet_mm",
    IndexFamily.PERCENT_OF_NORMAL: "precipitation_mm",
    IndexFamily.SMRI: "rain_and_melt_mm",
    IndexFamily.SWEI: "snow_water_equivalent_mm",
    IndexFamily.SMA: "soil_moisture_m3_m3",
}
_MAY_BE_NEGATIVE = {"pet_mm", "soil_moisture_m3_m3"}


def rain_and_melt(precipitation_mm: Panel, snowfall_mm: Panel, snow_melt_mm: Panel) -> Panel:
    """Return precipitation less snowfall plus snow melt, dims ``(month, place)``, mm a month.

    Rain is 0 where snowfall exceeds precipitation, as it may in the last digits of a packed
    file. A month that lacks one of the three has the gap of the first that is missing.
    """
    rain = _balance(precipitation_mm, snowfall_mm)
    return Panel(
        rain.first_month,
        np.maximum(rain.values, 0.0) + np.maximum(snow_melt_mm.values, 0.0),
        np.where(rain.gaps != 0, rain.gaps, snow_melt_mm.gaps),
    )


def _balance(water_mm: Panel, less_mm: Panel) -> Panel:
    gaps = water_mm.gaps
    if less_mm.gaps.any():
        gaps = np.where(gaps != 0, gaps, less_mm.gaps)
    return Panel(water_mm.first_month, water_mm.values - less_mm.values, gaps)


def _without(panel: Panel, first: int, last: int) -> Panel:
    away = slice(max(0, first), max(0, last + 1))
    values, gaps = panel.values.copy(), panel.gaps.copy()
    values[away], gaps[away] = np.nan, gap_code(Gap.NOT_PUBLISHED)
    return Panel(panel.first_month, values, gaps)


def _rows(panel: Panel, rows: slice) -> Panel:
    start, stop, _ = rows.indices(len(panel.values))
    if (start, stop) == (0, len(panel.values)):
        return panel
    return Panel(panel.first_month + start, panel.values[start:stop], panel.gaps[start:stop])


def _check_same_months(name: str, panel: Panel, precipitation_mm: Panel) -> None:
    expected = (precipitation_mm.first_month, precipitation_mm.values.shape)
    got = (panel.first_month, panel.values.shape)
    if got != expected:
        raise InputError(
            f"{name}: expected the months and places of the precipitation "
            f"({expected[0]}, {expected[1]}), got ({got[0]}, {got[1]})"
        )


def _check_possible(name: str, panel: Panel) -> None:
    infinite = np.isinf(panel.values)
    if infinite.any():
        raise InputError(f"{name}: {_place(panel, infinite)} is not finite")
    if name in _MAY_BE_NEGATIVE:
        return
    negative = panel.values < 0.0
    if negative.any():
        raise InputError(
            f"{name}: {_place(panel, negative)} is negative, expected 0 or more; "
            f"correct it, or give it a gap"
        )


def _place(panel: Panel, wrong: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> str:
    row, column = (int(axis[0]) for axis in np.nonzero(wrong))
    value = panel.values[row, column]
    return f"{panel.first_month + row}, column {column}: {value}"
