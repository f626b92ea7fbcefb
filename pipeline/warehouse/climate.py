"""Landscape series: rain and what stands beside it, month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from psycopg import sql
from sqlalchemy import Connection, text

from pipeline.core.gaps import Gap
from pipeline.core.ids import Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Floats, Panel, gap_code
from pipeline.landscapes.choosing import BESIDE, Choice
from pipeline.warehouse.binary import Numbers, Words, among, places_of, read_columns
from pipeline.warehouse.known import rows_at
from pipeline.warehouse.upsert import save_columns

TABLE = ("series", "climate_month")
KEYS = ("landscape_key", "month", "source")


@dataclass(frozen=True, slots=True, eq=False)
class ClimateMonths:
    """What holds of some months for some landscapes."""

    source: str
    origin: Origin
    months: Sequence[Month]
    landscape_keys: Sequence[int]
    landscape_versions: Sequence[int]
    held: Choice
    """Dims ``(month, landscape)``."""


@dataclass(frozen=True, slots=True, eq=False)
class ClimatePanels:
    """The series of several landscapes, all of the same months."""

    landscape_keys: tuple[int, ...]
    precipitation_mm: Panel
    beside: dict[str, Panel]
    """Each of `BESIDE`: missing where rain is, for the same reason, and `not_published` where the
    source lacks it."""
    is_preliminary: npt.NDArray[np.bool_]
    """Dims ``(month, landscape)``."""


def save_climate_months(connection: Connection, climate: ClimateMonths) -> int:
    """Save what holds of `climate`; return how many rows were new or different."""
    months = np.array([str(month) for month in climate.months], dtype="datetime64[M]")
    count, places = len(months), len(climate.landscape_keys)
    held, rows = climate.held, len(months) * places
    columns: dict[str, Numbers | Words] = {
        "landscape_key": Numbers(np.tile(np.array(climate.landscape_keys, np.int32), count)),
        "month": Numbers(np.repeat(months.astype("datetime64[D]"), places)),
        "source": Words.same(climate.source, rows),
        "landscape_version": Numbers(
            np.tile(np.array(climate.landscape_versions, np.int32), count)
        ),
        "precipitation_mm": Numbers(held.precipitation_mm.ravel()),
        "gap": Words(held.gaps.ravel(), GAPS),
        "coverage_fraction": Numbers(held.coverage.ravel()),
        "release": Words(held.is_final.ravel(), (Release.PRELIMINARY, Release.FINAL)),
        "origin": Words.same(climate.origin, rows),
        "file_id": Numbers(held.file_ids.ravel()),
    }
    nothing = np.full(rows, np.nan)
    columns |= {n: Numbers(held.beside[n].ravel() if n in held.beside else nothing) for n in BESIDE}
    are_new = not connection.execute(
        text(
            "SELECT EXISTS (SELECT FROM series.climate_month WHERE source = :source "
            "AND month = ANY(CAST(:months AS date[])))"
        ),
        {"source": climate.source, "months": [month.first_day for month in climate.months]},
    ).scalar_one()
    return save_columns(connection, TABLE, KEYS, columns, incidental=("file_id",), are_new=are_new)


def read_climate(
    connection: Connection,
    source: str,
    landscape_keys: Sequence[int],
    first: Month,
    last: Month,
    *,
    at: datetime | None = None,
) -> ClimatePanels:
    """Return the series of some landscapes from `first` to `last`, landscapes in that order.

    A month without a row is the gap `not_published`. As it was known `at` a moment; None: now.
    """
    names = ("precipitation_mm", *BESIDE)
    rows = read_columns(
        connection,
        sql.SQL(
            "SELECT landscape_key, month, coalesce(array_position({gaps}, gap), 0), "
            "release = {preliminary}, {values} FROM {table} AS c "
            "WHERE source = {source} AND month BETWEEN {first} AND {last} "
            "AND {keys}"
        ).format(
            table=sql.SQL(rows_at("series.climate_month", at)),
            gaps=sql.Literal([str(gap) for gap in Gap]),
            preliminary=sql.Literal(str(Release.PRELIMINARY)),
            values=sql.SQL(", ").join(
                sql.SQL("coalesce({}, 'NaN')").format(sql.Identifier(name)) for name in names
            ),
            source=sql.Literal(source),
            first=sql.Literal(first.first_day),
            last=sql.Literal(last.first_day),
            keys=among("landscape_key", landscape_keys),
        ),
        [
            ("landscape_key", "i4"),
            ("month", "M8[D]"),
            ("gap", "i4"),
            ("is_preliminary", "u1"),
            *((name, "f8") for name in names),
        ],
    )
    return _panels(rows, landscape_keys, first, last)


def _panels(
    rows: npt.NDArray[np.void], landscape_keys: Sequence[int], first: Month, last: Month
) -> ClimatePanels:
    shape = (last.ordinal - first.ordinal + 1, len(landscape_keys))
    is_ours, column = places_of(rows["landscape_key"], landscape_keys)
    rows = rows if is_ours.all() else rows[is_ours]
    month = rows["month"].astype("datetime64[M]") - np.datetime64(str(first), "M")
    at = (month.astype(np.int64), column)

    def spread(name: str) -> Floats:
        values: Floats = np.full(shape, np.nan)
        values[at] = rows[name]
        return values

    unpublished = gap_code(Gap.NOT_PUBLISHED)
    gaps = np.full(shape, unpublished, dtype=np.uint8)
    gaps[at] = rows["gap"]
    is_preliminary = np.zeros(shape, dtype=np.bool_)
    is_preliminary[at] = rows["is_preliminary"]
    beside: dict[str, Panel] = {}
    for name in BESIDE:
        values = spread(name)
        values[gaps != 0] = np.nan
        why = np.where(gaps != 0, gaps, np.where(np.isnan(values), unpublished, 0))
        beside[name] = Panel(first, values, why.astype(np.uint8))
    return ClimatePanels(
        tuple(landscape_keys),
        Panel(first, spread("precipitation_mm"), gaps),
        beside,
        is_preliminary,
    )
