"""Which file holds what of which month, by the names of the variables."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from pipeline.core.ids import Release
from pipeline.core.months import Month

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Holding:
    """A month of a grid file."""

    month: Month
    release: Release
    file_id: int
    archive_key: str
    product: str | None
    """What its accumulated fields stand for, where it does not say itself."""
    variables: frozenset[str] | None
    """By our names; None: taken before they were noted."""
    area: Box | None
    """North, west, south, east of what was asked for; None: it came by hand."""

    @property
    def holds_rain(self) -> bool:
        """Whether it holds precipitation, as every file did before variables were noted."""
        return self.variables is None or "precipitation_mm" in self.variables


_HOLDINGS = """
SELECT
    g.month, g.release, f.file_id, f.archive_key, f.product, f.variables,
    f.request -> 'inputs' -> 'area' AS area
FROM ops.grid_month AS g JOIN ops.file AS f USING (file_id)
WHERE g.source = :source ORDER BY g.month, f.file_id
"""


def read_holdings(connection: Connection, source: str) -> list[Holding]:
    """Return what each file of `source` holds, a month after another."""
    return [
        Holding(
            Month.of(row.month),
            Release(row.release),
            row.file_id,
            row.archive_key,
            row.product,
            None if row.variables is None else frozenset(row.variables),
            None if row.area is None else tuple(row.area),
        )
        for row in connection.execute(text(_HOLDINGS), {"source": source})
    ]
