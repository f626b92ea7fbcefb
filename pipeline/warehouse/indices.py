"""Calibrations and index values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Panel
from pipeline.indices.calibration import DISTRIBUTIONS, PARAMETERS, Calibration
from pipeline.warehouse.upsert import save_rows

_KEYS = ("landscape_key", "month", "source", "calibration")
_BESIDE = ("landscape_version", "gaps", "release", "origin")


@dataclass(frozen=True, slots=True)
class Series:
    """Whose indices: one source and calibration period, landscapes in the order of the panels."""

    source: str
    period: CalibrationPeriod
    landscape_keys: tuple[int, ...]
    landscape_versions: tuple[int, ...]


_CALIBRATION_KEYS = (
    "landscape_key",
    "landscape_version",
    "source",
    "calibration",
    "index_code",
    "calendar_month",
)
_CALIBRATION_FIT = ("distribution", "parameters", "probability_of_zero", "n_years")


def save_calibrations(
    connection: Connection,
    series: Series,
    fits: Iterable[Calibration],
    known: Mapping[IndexCode, Calibration],
) -> int:
    """Store each fit with enough years that is not `known`; a stored one is never replaced.

    A calendar month with too few years is not a fit, so it is not stored: it is tried again when
    more of the period has been ingested.
    """
    rows = [
        row
        for fit in fits
        for row in _calibration_rows(
            series, fit, fit.has_enough_years & ~known[fit.index].has_enough_years
        )
    ]
    return save_rows(
        connection,
        ("index", "calibration"),
        _CALIBRATION_KEYS,
        (*_CALIBRATION_KEYS, *_CALIBRATION_FIT),
        rows,
        incidental=_CALIBRATION_FIT,
    )


def _calibration_rows(
    series: Series, fit: Calibration, wanted: npt.NDArray[np.bool_]
) -> Iterator[tuple[object, ...]]:
    for month, column in np.argwhere(wanted):
        yield (
            series.landscape_keys[column],
            series.landscape_versions[column],
            series.source,
            str(fit.period),
            str(fit.index),
            int(month) + 1,
            fit.distribution,
            json.dumps(
                {n: _or_none(values[month, column]) for n, values in fit.parameters.items()}
            ),
            _or_none(fit.probability_of_zero[month, column]),
            int(fit.n_years[month, column]),
        )


def read_calibrations(connection: Connection, series: Series) -> dict[IndexCode, Calibration]:
    """Return the fit of every index for the landscapes' present versions.

    A calendar month of which none is stored has ``n_years`` 0.
    """
    column = {
        pair: n
        for n, pair in enumerate(zip(series.landscape_keys, series.landscape_versions, strict=True))
    }
    shape = (12, len(column))
    found = {code: _nothing_fitted(code, series.period, shape) for code in INDEX_CODES}
    rows = connection.execute(
        text(
            "SELECT landscape_key, landscape_version, index_code, calendar_month, parameters, "
            "probability_of_zero, n_years FROM index.calibration "
            "WHERE source = :source AND calibration = :calibration"
        ),
        {"source": series.source, "calibration": str(series.period)},
    )
    parsed = cache(IndexCode.parse)
    for row in rows:
        if (row.landscape_key, row.landscape_version) not in column:
            continue
        index = parsed(row.index_code)
        at = (row.calendar_month - 1, column[row.landscape_key, row.landscape_version])
        for name, values in found[index].parameters.items():
            values[at] = _or_nan(row.parameters[name])
        found[index].probability_of_zero[at] = _or_nan(row.probability_of_zero)
        found[index].n_years[at] = row.n_years
    return found


def _nothing_fitted(
    index: IndexCode, period: CalibrationPeriod, shape: tuple[int, int]
) -> Calibration:
    return Calibration(
        index,
        period,
        DISTRIBUTIONS[index.family],
        {name: np.full(shape, np.nan) for name in PARAMETERS[index.family]},
        np.full(shape, np.nan),
        np.zeros(shape, dtype=np.int64),
    )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def save_index_values(
    connection: Connection,
    series: Series,
    values: Mapping[IndexCode, Panel],
    releases: Sequence[Sequence[Release]],
    origin: Origin,
    rows: range,
) -> int:
    """Save the months at positions `rows` of the panels; return how many rows differed.

    Args:
        connection: the caller's transaction.
        series: source, calibration period and landscapes of the panels.
        values: every index, panels of the same months and landscapes.
        releases: dims ``(month, landscape)``.
        origin: of all values.
        rows: positions of the months to save.
    """
    columns = (*_KEYS, *map(str, INDEX_CODES), *_BESIDE)
    return save_rows(
        connection,
        ("index", "value_month"),
        _KEYS,
        columns,
        _value_rows(series, values, releases, origin, rows),
    )


def _value_rows(
    series: Series,
    values: Mapping[IndexCode, Panel],
    releases: Sequence[Sequence[Release]],
    origin: Origin,
    rows: range,
) -> Iterator[tuple[object, ...]]:
    first = next(iter(values.values())).first_month
    block = np.stack([values[code].values for code in INDEX_CODES])
    gaps = np.stack([values[code].gaps for code in INDEX_CODES])
    names = [str(code) for code in INDEX_CODES]
    for n in rows:
        for column, (key, version) in enumerate(
            zip(series.landscape_keys, series.landscape_versions, strict=True)
        ):
            why = {
                name: str(GAPS[gap])
                for name, gap in zip(names, gaps[:, n, column], strict=True)
                if gap
            }
            yield (
                key,
                (first + n).first_day,
                series.source,
                str(series.period),
                *(_or_none(value) for value in block[:, n, column]),
                version,
                json.dumps(why),
                releases[n][column],
                origin,
            )


def read_newest_index_month(connection: Connection, series: Series) -> Month | None:
    """Return the newest month with indices; None where there is none."""
    newest = connection.execute(
        text(
            "SELECT max(month) FROM index.value_month "
            "WHERE source = :source AND calibration = :calibration"
        ),
        {"source": series.source, "calibration": str(series.period)},
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
) -> dict[int, list[IndexRow]]:
    """Return, for each landscape key, its indices `codes` by month, oldest first."""
    columns = "".join(f"v.{code}, " for code in codes)
    rows = connection.execute(
        text(
            f"SELECT v.landscape_key, v.month, {columns}v.gaps, v.release, v.origin, "  # noqa: S608 - names of our own columns
            "c.coverage_fraction FROM index.value_month AS v "
            "LEFT JOIN series.climate_month AS c USING (landscape_key, month, source) "
            "WHERE v.source = :source AND v.calibration = :calibration "
            "AND v.month <= coalesce(CAST(:until AS date), 'infinity') "
            "ORDER BY v.landscape_key, v.month"
        ),
        {
            "source": source,
            "calibration": str(period),
            "until": until.first_day if until else None,
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
