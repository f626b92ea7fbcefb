"""Gauges inside landscapes, and how far they agree with the grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import Country, Origin, Release
from pipeline.core.months import Month
from pipeline.landscapes.agreement import Agreement
from pipeline.landscapes.blending import Shortfall
from pipeline.landscapes.choosing import BESIDE
from pipeline.landscapes.gauges import Gauge
from pipeline.landscapes.homogenised import FoundBreak
from pipeline.warehouse.upsert import save_rows

_AGREEMENT_COLUMNS = (
    "landscape_key", "source", "landscape_version", "calibration", "gauges",
    "n_months", "gauge_mm", "grid_mm", "ratio", "difference_mm",
    "correlation", "rank_correlation", "anomaly_correlation", "anomaly_rank_correlation",
    "n_years", "break_year", "break_statistic", "break_critical", "has_break",
    "ratio_before", "ratio_after", "shortfall",
)  # fmt: skip
_MONTH_COLUMNS = (
    "landscape_key", "month", "source",
    "gauge_mm", "grid_mm", "n_gauges", "n_suspect", "n_assumed_dry", "policies",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class GaugeMonth:
    """A month of a gauge that has a precipitation total."""

    precipitation_mm: float
    n_suspect: int
    n_assumed_dry: int
    policy: str


@dataclass(frozen=True, slots=True)
class GridMonth:
    """A month of a landscape as the grid has it; None is a gap."""

    precipitation_mm: float | None
    beside: Mapping[str, float | None]
    """Each of `BESIDE`."""
    release: Release
    origin: Origin


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One row of `series.agreement`."""

    landscape_key: int
    landscape_version: int
    source: str
    period: CalibrationPeriod
    gauges: tuple[str, ...]
    agreement: Agreement
    shortfall: Shortfall | None

    def values(self) -> tuple[object, ...]:
        found, step = self.agreement, self.agreement.ratio_break
        return (
            self.landscape_key,
            self.source,
            self.landscape_version,
            str(self.period),
            list(self.gauges),
            found.n_months,
            found.gauge_mm,
            found.grid_mm,
            found.ratio,
            found.difference_mm,
            found.correlation,
            found.rank_correlation,
            found.anomaly_correlation,
            found.anomaly_rank_correlation,
            step and step.n_years,
            step and step.water_year,
            step and step.statistic,
            step and step.critical,
            step and step.is_significant,
            step and step.ratio_before,
            step and step.ratio_after,
            self.shortfall,
        )


@dataclass(frozen=True, slots=True)
class AgreementMonth:
    """One row of `series.agreement_month`."""

    landscape_key: int
    month: Month
    source: str
    gauge_mm: float | None
    grid_mm: float | None
    n_gauges: int
    n_suspect: int
    n_assumed_dry: int
    policies: tuple[str, ...]

    def values(self) -> tuple[object, ...]:
        return (
            self.landscape_key,
            self.month.first_day,
            self.source,
            self.gauge_mm,
            self.grid_mm,
            self.n_gauges,
            self.n_suspect,
            self.n_assumed_dry,
            list(self.policies),
        )


def read_gauges(connection: Connection) -> list[Gauge]:
    """Return the gauges whose position is known, at their newest place."""
    rows = connection.execute(
        text(
            "SELECT station_id, latitude, longitude FROM series.station "
            "WHERE latitude IS NOT NULL AND longitude IS NOT NULL ORDER BY station_id"
        )
    )
    return [Gauge(row.station_id, row.latitude, row.longitude) for row in rows]


def read_gauge_months(
    connection: Connection, station_ids: Iterable[str]
) -> dict[str, dict[Month, GaugeMonth]]:
    """Return the months with a precipitation total of each gauge that has any.

    Of a gauge that came in several families of formats the one with most months speaks: one
    record is never mixed from two.
    """
    rows = connection.execute(
        text(
            "WITH ours AS (SELECT * FROM series.station_month "
            "WHERE precipitation_mm IS NOT NULL AND station_id = ANY(:ids)), "
            "chosen AS (SELECT DISTINCT ON (station_id) station_id, source FROM ours "
            "GROUP BY station_id, source ORDER BY station_id, count(*) DESC, source) "
            "SELECT station_id, month, precipitation_mm, n_suspect, n_assumed_dry, policy "
            "FROM ours JOIN chosen USING (station_id, source) ORDER BY station_id, month"
        ),
        {"ids": list(station_ids)},
    )
    found: dict[str, dict[Month, GaugeMonth]] = {}
    for station_id, month, *cells in rows:
        found.setdefault(station_id, {})[Month.of(month)] = GaugeMonth(*cells)
    return found


def read_grid_months(
    connection: Connection, source: str, landscape_keys: Iterable[int]
) -> dict[int, dict[Month, GridMonth]]:
    """Return the months of these landscapes that the grid `source` has rows of."""
    rows = connection.execute(
        text(
            f"SELECT landscape_key, month, release, origin, precipitation_mm, {', '.join(BESIDE)} "  # noqa: S608 - names of our own columns
            "FROM series.climate_month "
            "WHERE source = :source AND landscape_key = ANY(:keys) ORDER BY landscape_key, month"
        ),
        {"source": source, "keys": list(landscape_keys)},
    )
    found: dict[int, dict[Month, GridMonth]] = {}
    for key, month, release, origin, rain, *beside in rows:
        found.setdefault(key, {})[Month.of(month)] = GridMonth(
            rain, dict(zip(BESIDE, beside, strict=True)), Release(release), Origin(origin)
        )
    return found


def save_agreement(
    connection: Connection, rows: Sequence[AgreementRow], months: Sequence[AgreementMonth]
) -> None:
    """Make these rows and months all that the warehouse shows of gauges against a grid."""
    save_rows(
        connection,
        ("series", "agreement"),
        ("landscape_key", "source"),
        _AGREEMENT_COLUMNS,
        (row.values() for row in rows),
    )
    save_rows(
        connection,
        ("series", "agreement_month"),
        ("landscape_key", "month", "source"),
        _MONTH_COLUMNS,
        (month.values() for month in months),
    )
    save_rows(
        connection,
        ("series", "landscape_gauge"),
        ("landscape_key", "station_id"),
        ("landscape_key", "station_id"),
        ((row.landscape_key, station_id) for row in rows for station_id in row.gauges),
    )
    kept = {"keys": [r.landscape_key for r in rows], "sources": [r.source for r in rows]}
    for table in ("agreement", "agreement_month"):
        connection.execute(
            text(
                f"DELETE FROM series.{table} WHERE (landscape_key, source) NOT IN "  # noqa: S608 - names of ours
                "(SELECT * FROM unnest(CAST(:keys AS integer[]), CAST(:sources AS text[])))"
            ),
            kept,
        )


def read_breaks(connection: Connection, source: str, country: Country) -> list[FoundBreak]:
    """Return the significant steps of a grid against its gauges, by landscape."""
    rows = connection.execute(
        text(
            "SELECT landscape_id, break_year, ratio_before, ratio_after FROM series.agreement "
            "JOIN landscape.landscape USING (landscape_key) "
            "JOIN landscape.version AS v USING (landscape_key) "
            "WHERE source = :source AND country_code = :country AND has_break "
            "AND v.version = landscape_version ORDER BY landscape_id"
        ),
        {"source": source, "country": str(country)},
    )
    return [FoundBreak(*row) for row in rows]


def has_agreement(connection: Connection) -> bool:
    """Return whether the gauges of any landscape are compared."""
    return bool(
        connection.execute(text("SELECT EXISTS (SELECT FROM series.agreement)")).scalar_one()
    )
