"""Index values of many landscapes as they were known at a moment, side by side as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from psycopg import sql
from sqlalchemy import Connection, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, IndexCode, Release
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Floats, GapCodes, gap_code
from pipeline.warehouse.binary import among, places_of, read_columns
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.known import rows_at

Mask = npt.NDArray[np.bool_]
Times = npt.NDArray[np.int64]
"""Microseconds since 1970; 0: never."""


@dataclass(frozen=True, slots=True)
class IndexSpan:
    """The months of which a version of a landscape has indices."""

    landscape_key: int
    version: int
    first: Month
    last: Month


def read_index_spans(
    connection: Connection, source: str, period: CalibrationPeriod, at: datetime
) -> list[IndexSpan]:
    """Return which landscapes had indices at a moment, in the order of their keys."""
    rows = connection.execute(
        text(
            "SELECT landscape_key, landscape_version, min(month) AS first, max(month) AS last "  # noqa: S608 - a table
            f"FROM {rows_at('index.value_month', at)} AS v "
            "WHERE source = :source AND calibration = :calibration "
            "GROUP BY landscape_key, landscape_version ORDER BY landscape_key, landscape_version"
        ),
        {"source": source, "calibration": str(period)},
    )
    return [
        IndexSpan(row.landscape_key, row.landscape_version, Month.of(row.first), Month.of(row.last))
        for row in rows
    ]


@dataclass(frozen=True, slots=True, eq=False)
class HeldIndices:
    """Indices as they were held, dims ``(month, landscape)``."""

    values: dict[IndexCode, Floats]
    gaps: dict[IndexCode, GapCodes]
    """The reason of each value that is not there; 0 also where none was given."""
    is_preliminary: Mask
    known_from: Times
    """0: there was no row."""

    @property
    def is_held(self) -> Mask:
        held: Mask = self.known_from != 0
        return held


def read_held_indices(
    connection: Connection, series: Series, first: Month, last: Month, at: datetime
) -> HeldIndices:
    """Return the indices of these versions of landscapes as they were held at a moment."""
    where = _condition(series, first, last, at)
    rows = read_columns(
        connection,
        sql.SQL(
            "SELECT landscape_key, landscape_version, month, release = {preliminary}, "
            "jsonb_hash_extended(gaps, 0), {time}, {values} {where}"
        ).format(
            preliminary=sql.Literal(str(Release.PRELIMINARY)),
            time=_microseconds("known_from"),
            values=sql.SQL(", ").join(
                sql.SQL("coalesce({}, 'NaN')").format(sql.Identifier(str(code)))
                for code in INDEX_CODES
            ),
            where=where,
        ),
        [
            ("landscape_key", "i4"),
            ("version", "i4"),
            ("month", "M8[D]"),
            ("is_preliminary", "u1"),
            ("gaps", "i8"),
            ("known_from", "i8"),
            *((str(code), "f8") for code in INDEX_CODES),
        ],
    )
    is_ours, column = places_of(rows["landscape_key"], series.landscape_keys)
    rows = rows[is_ours]
    is_version = rows["version"] == np.array(series.landscape_versions)[column]
    rows, column = rows[is_version], column[is_version]
    month = rows["month"].astype("datetime64[M]") - np.datetime64(str(first), "M")
    place = (month.astype(np.int64), column)
    shape = (last.ordinal - first.ordinal + 1, len(series.landscape_keys))
    held = HeldIndices({}, {}, np.zeros(shape, np.bool_), np.zeros(shape, np.int64))
    held.is_preliminary[place] = rows["is_preliminary"]
    held.known_from[place] = rows["known_from"]
    reasons, which = _reasons(connection, where, rows["gaps"])
    for n, code in enumerate(INDEX_CODES):
        held.values[code] = np.full(shape, np.nan)
        held.values[code][place] = rows[str(code)]
        held.gaps[code] = np.zeros(shape, np.uint8)
        held.gaps[code][place] = reasons[which, n]
    return held


def _condition(series: Series, first: Month, last: Month, at: datetime) -> sql.Composed:
    return sql.SQL(
        "FROM {table} AS v WHERE source = {source} AND calibration = {calibration} "
        "AND month BETWEEN {first} AND {last} AND {keys}"
    ).format(
        table=sql.SQL(rows_at("index.value_month", at)),
        source=sql.Literal(series.source),
        calibration=sql.Literal(str(series.period)),
        first=sql.Literal(first.first_day),
        last=sql.Literal(last.first_day),
        keys=among("landscape_key", series.landscape_keys),
    )


def _reasons(
    connection: Connection, where: sql.Composed, hashes: Times
) -> tuple[GapCodes, npt.NDArray[np.intp]]:
    """Return the gaps of each kind of row, dims ``(kind, index)``, and the kind of each row.

    Rows have their gaps in a few ways: each is read once, and found by its hash.
    """
    cursor = connection.connection.cursor()
    cursor.execute(sql.SQL("SELECT DISTINCT jsonb_hash_extended(gaps, 0), gaps {}").format(where))
    told = dict(cursor.fetchall())
    kinds, which = np.unique(hashes, return_inverse=True)
    reasons = np.zeros((len(kinds), len(INDEX_CODES)), np.uint8)
    for row, kind in enumerate(kinds.tolist()):
        for n, code in enumerate(INDEX_CODES):
            gap = told[kind].get(str(code))
            reasons[row, n] = gap_code(None if gap is None else Gap(gap))
    return reasons, which


def read_climate_times(
    connection: Connection, series: Series, first: Month, last: Month, at: datetime
) -> Times:
    """Return since when each month of the series was known, dims ``(month, landscape)``."""
    rows = read_columns(
        connection,
        sql.SQL(
            "SELECT landscape_key, month, {time} FROM {table} AS c WHERE source = {source} "
            "AND month BETWEEN {first} AND {last} AND {keys}"
        ).format(
            time=_microseconds("known_from"),
            table=sql.SQL(rows_at("series.climate_month", at)),
            source=sql.Literal(series.source),
            first=sql.Literal(first.first_day),
            last=sql.Literal(last.first_day),
            keys=among("landscape_key", series.landscape_keys),
        ),
        [("landscape_key", "i4"), ("month", "M8[D]"), ("known_from", "i8")],
    )
    is_ours, column = places_of(rows["landscape_key"], series.landscape_keys)
    rows = rows[is_ours]
    month = rows["month"].astype("datetime64[M]") - np.datetime64(str(first), "M")
    times = np.zeros((last.ordinal - first.ordinal + 1, len(series.landscape_keys)), np.int64)
    times[month.astype(np.int64), column] = rows["known_from"]
    return times


def read_first_month(
    connection: Connection, source: str, at: datetime | None = None
) -> Month | None:
    """Return the first month of the series of a source as it was at a moment, None: now.

    None where it has no series.
    """
    first = connection.execute(
        text(
            f"SELECT min(month) FROM {rows_at('series.climate_month', at)} AS c "  # noqa: S608 - a table
            "WHERE source = :source"
        ),
        {"source": source},
    ).scalar()
    return None if first is None else Month.of(first)


def _microseconds(column: str) -> sql.Composed:
    return sql.SQL("CAST(extract(EPOCH FROM {}) * 1000000 AS bigint)").format(
        sql.Identifier(column)
    )


def reason_in_words(gap: int) -> str:
    """Return the gap that a code in an array stands for."""
    return str(GAPS[gap]) if gap else "no value and no reason"
