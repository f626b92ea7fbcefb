"""The blended series, and the gauges behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import BLENDED
from pipeline.core.months import Month
from pipeline.landscapes.choosing import BESIDE
from pipeline.warehouse.agreement import AgreementMonth, GridMonth
from pipeline.warehouse.known import rows_at, seen
from pipeline.warehouse.upsert import save_rows

_BLENDED_COLUMNS = (
    "landscape_key", "month", "source", "landscape_version",
    "precipitation_mm", *BESIDE, "gap", "coverage_fraction", "release", "origin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BlendedMonth:
    """One row of `series.climate_month` under the source `blended`."""

    landscape_key: int
    month: Month
    landscape_version: int
    precipitation_mm: float | None
    gap: Gap | None
    gauge_fraction: float
    grid: GridMonth

    def values(self) -> tuple[object, ...]:
        return (
            self.landscape_key,
            self.month.first_day,
            BLENDED,
            self.landscape_version,
            self.precipitation_mm,
            *(self.grid.beside[name] for name in BESIDE),
            self.gap,
            self.gauge_fraction,
            self.grid.release,
            self.grid.origin,
        )


def save_blended(
    connection: Connection, months: Sequence[BlendedMonth], period: CalibrationPeriod
) -> None:
    """Make these months the whole blended series.

    A landscape of which a value inside `period` is new or different is fitted anew, because all
    its values rest on normals of those years; one that has no blended series any more loses its
    indices too. What was shown is kept.
    """
    save_rows(
        connection,
        ("series", "climate_month"),
        ("landscape_key", "month", "source"),
        _BLENDED_COLUMNS,
        (month.values() for month in months),
    )
    drop_blended(connection, but=sorted({month.landscape_key for month in months}))
    connection.execute(
        text(
            "DELETE FROM index.calibration WHERE source = :blended AND landscape_key IN ("
            "SELECT landscape_key FROM series.climate_month WHERE source = :blended "
            "AND known_from = now() AND extract(YEAR FROM month) BETWEEN :first AND :last)"
        ),
        {"blended": BLENDED, "first": period.first_year, "last": period.last_year},
    )


def drop_blended(connection: Connection, *, but: Sequence[int] = ()) -> None:
    """Take the blended series, its fits and its indices away from all landscapes `but` these."""
    for table in ("series.climate_month", "index.value_month", "index.calibration"):
        connection.execute(
            text(
                f"DELETE FROM {table} WHERE source = :blended "  # noqa: S608 - names of ours
                "AND NOT landscape_key = ANY(CAST(:keys AS integer[]))"
            ),
            {"blended": BLENDED, "keys": list(but)},
        )


def has_blended(connection: Connection) -> bool:
    """Return whether any landscape has a blended series."""
    return bool(
        connection.execute(
            text("SELECT EXISTS (SELECT FROM series.climate_month WHERE source = :blended)"),
            {"blended": BLENDED},
        ).scalar_one()
    )


def read_silent_gauges(connection: Connection) -> dict[str, Month]:
    """Return the newest month that any gauge reported of, by landscape id.

    Only of the landscapes whose gauges suffice, and of which the grid has a newer month.
    """
    rows = connection.execute(
        text(
            "SELECT landscape_id, max(month) FILTER (WHERE n_gauges > 0) AS heard_to "
            "FROM series.agreement_month AS m JOIN series.agreement AS a USING (landscape_key, source) "
            "JOIN landscape.landscape USING (landscape_key) WHERE a.shortfall IS NULL "
            "GROUP BY landscape_id HAVING max(month) > max(month) FILTER (WHERE n_gauges > 0)"
        )
    )
    return {row.landscape_id: Month.of(row.heard_to) for row in rows}


@dataclass(frozen=True, slots=True)
class BlendedLandscape:
    """The gauges behind the blended series of a landscape."""

    grid: str
    is_open: bool
    """Whether every gauge that ever spoke for the landscape is open."""
    months: Mapping[Month, AgreementMonth]


def read_blended_landscapes(
    connection: Connection, at: datetime | None = None
) -> dict[int, BlendedLandscape]:
    """Return the landscapes whose gauges suffice, by landscape key.

    As it was known `at` a moment, and with who was allowed to see the gauges then; None: now.
    """
    sufficient = connection.execute(
        text(
            f"SELECT landscape_key, source, landscape_key NOT IN ({_closed(at)}) AS is_open "  # noqa: S608 - names of ours
            f"FROM {rows_at('series.agreement', at)} AS a WHERE shortfall IS NULL"
        )
    ).all()
    months: dict[int, dict[Month, AgreementMonth]] = {row.landscape_key: {} for row in sufficient}
    told = connection.execute(
        text(
            "SELECT landscape_key, month, source, gauge_mm, grid_mm, n_gauges, n_suspect, "  # noqa: S608 - a table
            f"n_assumed_dry, policies FROM {rows_at('series.agreement_month', at)} AS m "
            "WHERE landscape_key = ANY(:keys)"
        ),
        {"keys": list(months)},
    )
    for row in told:
        month = Month.of(row.month)
        months[row.landscape_key][month] = AgreementMonth(
            row.landscape_key,
            month,
            row.source,
            row.gauge_mm,
            row.grid_mm,
            row.n_gauges,
            row.n_suspect,
            row.n_assumed_dry,
            tuple(row.policies),
        )
    return {
        row.landscape_key: BlendedLandscape(row.source, row.is_open, months[row.landscape_key])
        for row in sufficient
    }


def _closed(at: datetime | None) -> str:
    """The keys of the landscapes with a gauge that is not open."""
    if at is None:
        return "SELECT landscape_key FROM series.closed_landscape"
    return (
        "SELECT g.landscape_key FROM series.landscape_gauge AS g JOIN ("  # noqa: S608 - a moment
        "SELECT DISTINCT ON (station_id) station_id, disclosure FROM series.station_disclosure "
        f"WHERE {seen('known_from', at)} ORDER BY station_id, known_from DESC"
        f") AS d USING (station_id) WHERE d.disclosure <> 'open' AND {seen('g.known_from', at)}"
    )
