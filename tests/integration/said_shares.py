"""Shares of area said outright, as `little_world` says indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import Engine

from pipeline.core.gaps import Gap
from pipeline.core.ids import CELL_INDEX_CODES, IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import gap_code
from pipeline.warehouse.area_shares import MonthShares, save_area_shares
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.landscapes import read_landscapes
from tests.integration.little_world import JANUARY, PERIOD, SOURCE

AT_OR_BELOW_MINUS_1 = 3
"""Position of the class behind the covered part."""


def say_shares(
    warehouse: Engine,
    spoken: Mapping[str, Sequence[float | Gap]],
    index: str = "spi_3",
    first: Month = JANUARY,
) -> None:
    """Save the share of each landscape's area at which `index` is at or below -1.0."""
    with warehouse.begin() as connection:
        stored = {s.landscape.landscape_id: s for s in read_landscapes(connection)}
        keys = tuple(stored[name].landscape_key for name in spoken)
        versions = tuple(stored[name].version for name in spoken)
        months = [
            _month(first + n, index, [shares[n] for shares in spoken.values()])
            for n in range(len(next(iter(spoken.values()))))
        ]
        save_area_shares(connection, Series(SOURCE, PERIOD, keys, versions), months, Origin.REAL)


def _month(month: Month, index: str, spoken: Sequence[float | Gap]) -> MonthShares:
    shape = (len(CELL_INDEX_CODES), len(spoken))
    shares = np.full((*shape, 8), np.nan, dtype=np.float32)
    gaps = np.full(shape, gap_code(Gap.SHORT_HISTORY), dtype=np.uint8)
    row = CELL_INDEX_CODES.index(IndexCode.parse(index))
    for place, said in enumerate(spoken):
        gaps[row, place] = gap_code(said if isinstance(said, Gap) else None)
        if not isinstance(said, Gap):
            # Milder classes hold more of the area; here all of it, graver ones nothing.
            shares[row, place] = [1.0] * AT_OR_BELOW_MINUS_1 + [said] + [0.0] * 4
    return MonthShares(month, shares, gaps, Release.FINAL, month.ordinal)
