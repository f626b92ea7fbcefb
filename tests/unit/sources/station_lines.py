"""Lines of GHCN-Daily, written by hand."""

from __future__ import annotations

import calendar
from collections.abc import Mapping

STATION = "TU000000001"
Cell = int | str


def dly_line(
    year: int,
    month: int,
    element: str,
    cells: Mapping[int, Cell],
    rest: int = -9999,
    station: str = STATION,
) -> str:
    """A .dly line; a cell is a value, or the value's five characters and the three flags."""
    length = calendar.monthrange(year, month)[1]

    def cell(day: int) -> str:
        content = cells.get(day, rest if day <= length else -9999)
        return content if isinstance(content, str) else f"{content:5d}   "

    return f"{station}{year}{month:02d}{element}" + "".join(cell(day) for day in range(1, 32))
