"""Fits of indices to a calibration period: stored once, never replaced."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
from psycopg import sql
from sqlalchemy import Connection, text

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.ids import INDEX_CODES, IndexCode, IndexFamily
from pipeline.indices import fits
from pipeline.indices.calibration import PARAMETERS, Calibration, nothing_fitted
from pipeline.landscapes.demand import HARGREAVES, PENMAN_MONTEITH
from pipeline.warehouse.binary import among, places_of, read_columns
from pipeline.warehouse.known import rows_at
from pipeline.warehouse.upsert import save_rows

Mask = npt.NDArray[np.bool_]

_KEYS = (
    "landscape_key",
    "landscape_version",
    "source",
    "calibration",
    "index_code",
    "calendar_month",
)
_FIT = ("distribution", "parameters", "probability_of_zero", "n_years", "pet_method")
_PET_METHODS = {PENMAN_MONTEITH: "penman_monteith", HARGREAVES: "hargreaves"}
_MOST_PARAMETERS = max(map(len, PARAMETERS.values()))
ALL_MONTHS = range(1, 13)


@dataclass(frozen=True, slots=True)
class Series:
    """Whose indices: one source and calibration period, landscapes in the order of the panels."""

    source: str
    period: CalibrationPeriod
    landscape_keys: Sequence[int]
    landscape_versions: Sequence[int]

    def part(self, places: slice) -> Series:
        """Return the series of some of the landscapes."""
        return Series(
            self.source, self.period, self.landscape_keys[places], self.landscape_versions[places]
        )


def save_calibrations(
    connection: Connection,
    series: Series,
    fitted: Iterable[Calibration],
    known: Mapping[IndexCode, Calibration],
    is_hargreaves: Mask,
) -> int:
    """Store each fit with enough years that is not `known`; a stored one is never replaced.

    A calendar month with too few years is not a fit, so it is not stored: it is tried again when
    more of the period has been ingested. `is_hargreaves`, dims ``(landscape,)``, tells which PET
    SPEI was fitted to.
    """
    rows = [
        row
        for fit in fitted
        for row in _rows(
            series, fit, fit.has_enough_years & ~known[fit.index].has_enough_years, is_hargreaves
        )
    ]
    return save_rows(
        connection,
        ("index", "calibration"),
        _KEYS,
        (*_KEYS, *_FIT),
        rows,
        incidental=_FIT,
    )


def _rows(
    series: Series, fit: Calibration, wanted: Mask, is_hargreaves: Mask
) -> Iterator[tuple[object, ...]]:
    rests_on_pet = fit.index.family is IndexFamily.SPEI
    for month, column in np.argwhere(wanted).tolist():
        demand = HARGREAVES if is_hargreaves[column] else PENMAN_MONTEITH
        yield (
            series.landscape_keys[column],
            series.landscape_versions[column],
            series.source,
            str(series.period),
            str(fit.index),
            month + 1,
            fit.distribution,
            json.dumps(
                {n: _or_none(values[month, column]) for n, values in fit.parameters.items()}
            ),
            _or_none(fit.probability_of_zero[month, column]),
            int(fit.n_years[month, column]),
            _PET_METHODS[demand] if rests_on_pet else None,
        )


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def read_calibrations(
    connection: Connection,
    series: Series,
    calendar_months: Collection[int] = ALL_MONTHS,
    *,
    at: datetime | None = None,
) -> dict[IndexCode, Calibration]:
    """Return the fit of every index for these versions of the landscapes.

    A calendar month of which none is stored, or that is not asked for, has ``n_years`` 0. As they
    were stored `at` a moment; None: now.
    """
    places = len(series.landscape_keys)
    found = {code: nothing_fitted(code, series.period, places) for code in INDEX_CODES}
    rows = read_columns(connection, _query(series, calendar_months, at), _COLUMNS)
    is_ours, column = places_of(rows["landscape_key"], series.landscape_keys)
    rows = rows[is_ours]
    is_current = np.array(series.landscape_versions)[column] == rows["landscape_version"]
    for n, code in enumerate(INDEX_CODES):
        its = is_current & (rows["code"] == n + 1)
        place = (rows["calendar_month"][its] - 1, column[its])
        for position, name in enumerate(PARAMETERS[code.family]):
            found[code].parameters[name][place] = rows[f"parameter {position}"][its]
        found[code].probability_of_zero[place] = rows["probability_of_zero"][its]
        found[code].n_years[place] = rows["n_years"][its]
    return found


_COLUMNS = [
    ("landscape_key", "i4"),
    ("landscape_version", "i4"),
    ("code", "i4"),
    ("calendar_month", "i4"),
    ("n_years", "i4"),
    ("probability_of_zero", "f8"),
    *((f"parameter {n}", "f8") for n in range(_MOST_PARAMETERS)),
]


def _query(series: Series, calendar_months: Collection[int], at: datetime | None) -> sql.Composed:
    """The stored fits as numbers; the parameters of a distribution in their order."""
    return sql.SQL(
        "SELECT landscape_key, landscape_version, array_position({codes}, index_code), "
        "calendar_month, n_years, coalesce(probability_of_zero, 'NaN'), {parameters} "
        "FROM {table} AS c WHERE source = {source} AND calibration = {calibration} "
        "AND calendar_month = ANY({months}) AND {keys} AND index_code = ANY({codes})"
    ).format(
        table=sql.SQL(rows_at("index.calibration", at)),
        codes=sql.Literal([str(code) for code in INDEX_CODES]),
        parameters=sql.SQL(", ").join(map(_parameter, range(_MOST_PARAMETERS))),
        source=sql.Literal(series.source),
        calibration=sql.Literal(str(series.period)),
        months=sql.Literal(list(calendar_months)),
        keys=among("landscape_key", series.landscape_keys),
    )


def _parameter(position: int) -> sql.Composed:
    """The parameter at this position, whatever it is called; NaN where it is null or there is none."""
    cases = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(distribution), sql.Literal(names[position]))
        for distribution, names in fits.PARAMETERS.items()
        if position < len(names)
    )
    return sql.SQL(
        "coalesce(CAST(parameters ->> CASE distribution {} END AS double precision), 'NaN')"
    ).format(cases)


def read_hargreaves(
    connection: Connection, series: Series, at: datetime | None = None
) -> dict[int, bool]:
    """Return, of each landscape with a stored fit of SPEI, whether it was made to Hargreaves.

    Of the fits that were stored `at` a moment; None: now.
    """
    rows = connection.execute(
        text(
            "SELECT landscape_key, bool_or(pet_method = :hargreaves) AS is_hargreaves "  # noqa: S608 - a table
            f"FROM {rows_at('index.calibration', at)} AS c WHERE source = :source AND calibration = :calibration "
            "AND pet_method IS NOT NULL AND (landscape_key, landscape_version) IN "
            "(SELECT * FROM unnest(CAST(:keys AS integer[]), CAST(:versions AS integer[]))) "
            "GROUP BY landscape_key"
        ),
        {
            "hargreaves": _PET_METHODS[HARGREAVES],
            "source": series.source,
            "calibration": str(series.period),
            "keys": list(series.landscape_keys),
            "versions": list(series.landscape_versions),
        },
    )
    return {row.landscape_key: row.is_hargreaves for row in rows}


def read_fit_times(
    connection: Connection, series: Series, at: datetime
) -> dict[IndexCode, npt.NDArray[np.int64]]:
    """Return when each fit stored at a moment was made, dims ``(calendar_month, landscape)``.

    In microseconds since 1970; 0 where there is no fit.
    """
    rows = connection.execute(
        text(
            "SELECT landscape_key, landscape_version, index_code, calendar_month, "  # noqa: S608 - a table
            "CAST(extract(EPOCH FROM known_from) * 1000000 AS bigint) "
            f"FROM {rows_at('index.calibration', at)} AS c "
            "WHERE source = :source AND calibration = :calibration "
            "AND landscape_key = ANY(:keys) AND index_code = ANY(:codes)"
        ),
        {
            "source": series.source,
            "calibration": str(series.period),
            "keys": list(series.landscape_keys),
            "codes": [str(code) for code in INDEX_CODES],
        },
    )
    places = {
        pair: place
        for place, pair in enumerate(
            zip(series.landscape_keys, series.landscape_versions, strict=True)
        )
    }
    found = {str(code): np.zeros((12, len(places)), np.int64) for code in INDEX_CODES}
    for key, version, code, calendar_month, time in rows:
        if (key, version) in places:
            found[code][calendar_month - 1, places[key, version]] = time
    return {code: found[str(code)] for code in INDEX_CODES}
