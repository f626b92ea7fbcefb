"""Index values: all indices of a landscape in a month are one row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Panel
from pipeline.warehouse.binary import Column, Numbers, Words, distinct
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.known import rows_at
from pipeline.warehouse.upsert import save_columns

TABLE = ("index", "value_month")
KEYS = ("landscape_key", "month", "source", "calibration")


def save_index_values(
    connection: Connection,
    series: Series,
    values: Mapping[IndexCode, Panel],
    is_preliminary: npt.NDArray[np.bool_],
    origin: Origin,
) -> int:
    """Save all months of the panels; return how many rows differed.

    Args:
        connection: the caller's transaction.
        series: source, calibration period and landscapes of the panels.
        values: every index, panels of the same months and landscapes.
        is_preliminary: dims ``(month, landscape)``.
        origin: of all values.
    """
    columns = index_columns(series, values, is_preliminary, origin)
    first = next(iter(values.values()))
    are_new = not _holds_any(connection, series, first.first_month, first.last_month)
    return save_columns(connection, TABLE, KEYS, columns, are_new=are_new)


def index_columns(
    series: Series,
    values: Mapping[IndexCode, Panel],
    is_preliminary: npt.NDArray[np.bool_],
    origin: Origin,
) -> dict[str, Column]:
    """Return the columns of `index.value_month`, as `save_index_values` saves them."""
    first = next(iter(values.values())).first_month
    count, places = is_preliminary.shape
    start = np.datetime64(str(first), "M")
    months = (start + np.arange(count)).astype("datetime64[D]")
    rows = count * places
    columns: dict[str, Column] = {
        "landscape_key": Numbers(np.tile(np.array(series.landscape_keys, np.int32), count)),
        "month": Numbers(np.repeat(months, places)),
        "source": Words.same(series.source, rows),
        "calibration": Words.same(str(series.period), rows),
        "landscape_version": Numbers(np.tile(np.array(series.landscape_versions, np.int32), count)),
        "gaps": _gaps([values[code] for code in INDEX_CODES]),
        "release": Words(is_preliminary.ravel(), (Release.FINAL, Release.PRELIMINARY)),
        "origin": Words.same(origin, rows),
    }
    return columns | {str(code): Numbers(values[code].values.ravel()) for code in INDEX_CODES}


def _gaps(panels: Sequence[Panel]) -> Words:
    """The reasons of each row as one JSON object; few of them differ."""
    codes = [panel.gaps.ravel() for panel in panels]
    number, firsts = distinct([(code, len(GAPS)) for code in codes])
    said = [
        json.dumps(
            {
                str(index): str(GAPS[code[row]])
                for index, code in zip(INDEX_CODES, codes, strict=True)
                if code[row]
            }
        )
        for row in firsts
    ]
    return Words(number, said, is_jsonb=True)


def _holds_any(connection: Connection, series: Series, first: Month, last: Month) -> bool:
    return bool(
        connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM index.value_month WHERE landscape_key = ANY(:keys) "
                "AND month BETWEEN :first AND :last "
                "AND source = :source AND calibration = :calibration)"
            ),
            {
                "keys": list(series.landscape_keys),
                "first": first.first_day,
                "last": last.first_day,
                "source": series.source,
                "calibration": str(series.period),
            },
        ).scalar_one()
    )


def read_newest_index_month(connection: Connection, series: Series) -> Month | None:
    """Return the newest month with indices of any of the landscapes; None where there is none."""
    newest = connection.execute(
        text(
            "SELECT max(month) FROM index.value_month WHERE landscape_key = ANY(:keys) "
            "AND source = :source AND calibration = :calibration"
        ),
        {
            "keys": list(series.landscape_keys),
            "source": series.source,
            "calibration": str(series.period),
        },
    ).scalar()
    return Month.of(newest) if newest else None


@dataclass(frozen=True, slots=True)
class IndexRow:
    """All indices of one landscape in one month."""

    month: Month
    values: Mapping[IndexCode, float | Gap]
    release: Release
    origin: Origin
    coverage_fraction: float | None


def read_index_rows(
    connection: Connection,
    source: str,
    period: CalibrationPeriod,
    codes: Sequence[IndexCode],
    until: Month | None = None,
    at: datetime | None = None,
    *,
    keys: Sequence[int] | None = None,
) -> dict[int, list[IndexRow]]:
    """Return, for each landscape key, its indices `codes` by month, oldest first.

    Of months to `until`, as they were known `at` a moment; None: all, and now. Of the landscapes
    with these `keys`; None: of all.
    """
    columns = "".join(f"v.{code}, " for code in codes)
    rows = connection.execute(
        text(
            f"SELECT v.landscape_key, v.month, {columns}v.gaps, v.release, v.origin, "  # noqa: S608 - names of our own columns
            f"c.coverage_fraction FROM {rows_at('index.value_month', at)} AS v "
            f"LEFT JOIN {rows_at('series.climate_month', at)} AS c USING (landscape_key, month, source) "
            "WHERE v.source = :source AND v.calibration = :calibration "
            "AND v.month <= coalesce(CAST(:until AS date), 'infinity') "
            f"{'' if keys is None else 'AND v.landscape_key = ANY(:keys) '}"
            "ORDER BY v.landscape_key, v.month"
        ),
        {
            "source": source,
            "calibration": str(period),
            "until": until.first_day if until else None,
            **({} if keys is None else {"keys": list(keys)}),
        },
    )
    by_landscape: dict[int, list[IndexRow]] = {}
    month_of, gap_of, release_of = cache(Month.of), cache(Gap), cache(Release)
    origin_of = cache(Origin)
    names = [str(code) for code in codes]
    for key, month, *cells, gaps, release, origin, coverage in rows:
        values = {
            code: gap_of(gaps[name]) if cell is None else cell
            for code, name, cell in zip(codes, names, cells, strict=True)
        }
        by_landscape.setdefault(key, []).append(
            IndexRow(month_of(month), values, release_of(release), origin_of(origin), coverage)
        )
    return by_landscape


def read_known_from(
    connection: Connection,
    wanted: Sequence[tuple[int, Month, str]],
    period: CalibrationPeriod,
    at: datetime | None = None,
) -> dict[tuple[int, Month, str], datetime]:
    """Return since when the indices of landscape key, month and source are held.

    As they were known `at` a moment; None: now. What is not held is left out.
    """
    if not wanted:
        return {}
    rows = connection.execute(
        text(
            "SELECT v.landscape_key, v.month, v.source, v.known_from "  # noqa: S608 - a table
            f"FROM {rows_at('index.value_month', at)} AS v "
            "JOIN unnest(CAST(:keys AS integer[]), CAST(:months AS date[]), CAST(:sources AS text[])) "
            "AS wanted (landscape_key, month, source) USING (landscape_key, month, source) "
            "WHERE v.calibration = :calibration"
        ),
        {
            "keys": [key for key, _, _ in wanted],
            "months": [month.first_day for _, month, _ in wanted],
            "sources": [source for _, _, source in wanted],
            "calibration": str(period),
        },
    )
    return {(key, Month.of(month), source): known for key, month, source, known in rows}
