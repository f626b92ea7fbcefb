"""Shares of area, the maps they were made of, and the fits behind those maps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from pipeline.core.area_shares import AreaShare
from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import AREA_CLASSES, CELL_INDEX_CODES, IndexCode, Origin, Release
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, GapCodes
from pipeline.warehouse.binary import Column, Numbers, Words, distinct
from pipeline.warehouse.calibrations import Series
from pipeline.warehouse.known import rows_at, seen
from pipeline.warehouse.upsert import save_columns

Shares = npt.NDArray[np.float32]

_KEYS = ("landscape_key", "month", "source", "calibration")


@dataclass(frozen=True, slots=True)
class CellFit:
    """What the warehouse knows of an index fitted to every cell of a grid."""

    fit: int
    """Identifies it; the maps carry it too."""
    made_from: int
    """Hash of the maps of the calibration period that it was fitted to, or last completed from."""
    pet: str | None
    """Which evaporation SPEI is made with; None for SPI."""
    cells: int


def read_cell_fits(
    connection: Connection, source: str, period: CalibrationPeriod
) -> dict[IndexCode, CellFit]:
    """Return the fits that count; one whose row was deleted is to be made anew."""
    rows = connection.execute(
        text(
            "SELECT index_code, fit, made_from, pet, cells FROM index.cell_calibration "
            "WHERE source = :source AND calibration = :calibration"
        ),
        {"source": source, "calibration": str(period)},
    )
    return {
        IndexCode.parse(row.index_code): CellFit(row.fit, row.made_from, row.pet, row.cells)
        for row in rows
    }


def save_cell_fit(
    connection: Connection,
    source: str,
    period: CalibrationPeriod,
    index: IndexCode,
    fit: CellFit,
) -> None:
    """Note that `index` is fitted, after its maps are in the store."""
    connection.execute(
        text(
            "INSERT INTO index.cell_calibration "
            "(source, calibration, index_code, fit, made_from, pet, cells) "
            "VALUES (:source, :calibration, :index, :fit, :made_from, :pet, :cells) "
            "ON CONFLICT (source, calibration, index_code) DO UPDATE SET fit = excluded.fit, "
            "made_from = excluded.made_from, pet = excluded.pet, cells = excluded.cells, "
            "fitted_at = now()"
        ),
        {
            "source": source,
            "calibration": str(period),
            "index": str(index),
            "fit": fit.fit,
            "made_from": fit.made_from,
            "pet": fit.pet,
            "cells": fit.cells,
        },
    )


@dataclass(frozen=True, slots=True, eq=False)
class MonthShares:
    """The shares of all landscapes in one month."""

    month: Month
    shares: Shares
    """Dims ``(index, landscape, 1 + class)``, indices as in CELL_INDEX_CODES: see
    `pipeline.landscapes.shares.area_shares`. NaN throughout where there is a gap."""
    gaps: GapCodes
    """Dims ``(index, landscape)``."""
    release: Release
    fingerprint: int
    """Of all it was made of."""


def read_share_fingerprints(
    connection: Connection, source: str, period: CalibrationPeriod
) -> dict[Month, int]:
    """Return by what the shares of each month were made."""
    rows = connection.execute(
        text(
            "SELECT month, fingerprint FROM index.share_month "
            "WHERE source = :source AND calibration = :calibration"
        ),
        {"source": source, "calibration": str(period)},
    )
    return {Month.of(row.month): row.fingerprint for row in rows}


def save_area_shares(
    connection: Connection,
    series: Series,
    months: Sequence[MonthShares],
    origin: Origin,
) -> int:
    """Save the shares of `months` and by what they were made; return how many rows differed."""
    if not months:
        return 0
    written = save_columns(
        connection,
        ("index", "area_share"),
        _KEYS,
        _columns(series, months, origin),
        are_new=not _holds_any(connection, series, months),
    )
    connection.execute(
        text(
            "INSERT INTO index.share_month (source, calibration, month, fingerprint) "
            "VALUES (:source, :calibration, :month, :fingerprint) "
            "ON CONFLICT (source, calibration, month) "
            "DO UPDATE SET fingerprint = excluded.fingerprint"
        ),
        [
            {
                "source": series.source,
                "calibration": str(series.period),
                "month": one.month.first_day,
                "fingerprint": one.fingerprint,
            }
            for one in months
        ],
    )
    return written


def _holds_any(connection: Connection, series: Series, months: Sequence[MonthShares]) -> bool:
    held = connection.execute(
        text(
            "SELECT EXISTS (SELECT FROM index.area_share WHERE month = ANY(:months) "
            "AND source = :source AND calibration = :calibration)"
        ),
        {
            "months": [one.month.first_day for one in months],
            "source": series.source,
            "calibration": str(series.period),
        },
    ).scalar_one()
    return bool(held)


def _columns(series: Series, months: Sequence[MonthShares], origin: Origin) -> dict[str, Column]:
    """The rows month by month, landscapes in the order of `series`."""
    places = len(series.landscape_keys)
    rows = len(months) * places
    gaps = np.concatenate([one.gaps for one in months], axis=1)
    days = np.array([one.month.first_day for one in months], dtype="datetime64[D]")
    releases = [release.value for release in Release]
    found: dict[str, Column] = {
        "landscape_key": Numbers(np.tile(np.array(series.landscape_keys, np.int32), len(months))),
        "month": Numbers(np.repeat(days, places)),
        "source": Words.same(series.source, rows),
        "calibration": Words.same(str(series.period), rows),
        "landscape_version": Numbers(
            np.tile(np.array(series.landscape_versions, np.int32), len(months))
        ),
        "gaps": _gap_words(gaps),
        "release": Words(
            np.repeat([releases.index(one.release.value) for one in months], places), releases
        ),
        "origin": Words.same(origin.value, rows),
    }
    for at, code in enumerate(CELL_INDEX_CODES):
        shares = np.concatenate([one.shares[at] for one in months])
        found[str(code)] = Numbers(shares, is_null=gaps[at] != 0)
    return found


def _gap_words(gaps: GapCodes) -> Words:
    """The gaps of each row as JSON; dims of `gaps` ``(index, row)``."""
    number, first = distinct([(of_index, len(GAPS)) for of_index in gaps])
    words = [
        json.dumps(
            {
                str(code): str(GAPS[gap])
                for code, gap in zip(CELL_INDEX_CODES, gaps[:, row], strict=True)
                if gap
            }
        )
        for row in first
    ]
    return Words(number, words, is_jsonb=True)


def read_area_shares(
    connection: Connection,
    source: str,
    period: CalibrationPeriod,
    shares: Sequence[AreaShare],
    *,
    since: Month | None = None,
    until: Month | None = None,
    at: datetime | None = None,
    keys: Sequence[int] | None = None,
) -> dict[int, dict[Month, dict[AreaShare, float | Gap]]]:
    """Return, for each landscape key, the `shares` by month; a month never counted is not there.

    Nor is a month counted for an older boundary of the landscape: its indices are of the present
    one, and the two may not be heard side by side. Both as they were known `at` a moment; None: now.
    Of the landscapes with these `keys`; None: of all.
    """
    if not shares:
        return {}
    columns = ", ".join(_column(share) for share in shares)
    rows = connection.execute(
        text(
            f"SELECT landscape_key, s.month, s.gaps, {columns} "  # noqa: S608 - names of our own columns
            f"FROM {rows_at('index.area_share', at)} AS s "
            "JOIN (SELECT landscape_key, max(version) AS version FROM landscape.version "
            f"WHERE {seen('valid_from', at)} GROUP BY landscape_key) AS c USING (landscape_key) "
            "WHERE s.landscape_version = c.version AND s.source = :source AND calibration = :calibration "
            "AND month BETWEEN coalesce(CAST(:since AS date), '-infinity') "
            "AND coalesce(CAST(:until AS date), 'infinity') "
            "AND (CAST(:keys AS integer[]) IS NULL OR landscape_key = ANY(CAST(:keys AS integer[])))"
        ),
        {
            "source": source,
            "calibration": str(period),
            "since": since.first_day if since else None,
            "until": until.first_day if until else None,
            "keys": None if keys is None else list(keys),
        },
    )
    month_of, gap_of = cache(Month.of), cache(Gap)
    names = [str(share.index) for share in shares]
    found: dict[int, dict[Month, dict[AreaShare, float | Gap]]] = {}
    for key, month, gaps, *values in rows:
        found.setdefault(key, {})[month_of(month)] = {
            share: gap_of(gaps[name]) if value is None else value
            for share, name, value in zip(shares, names, values, strict=True)
        }
    return found


def _column(share: AreaShare) -> str:
    """The element of its array, as the decimal number that is meant."""
    position = 2 + AREA_CLASSES.index(share.at_or_below)
    return f"{share.index}[{position}]::numeric::double precision"


def read_final_months(connection: Connection, source: str) -> set[Month]:
    """Return the months of which a file holds final values."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT month FROM ops.grid_month WHERE source = :source AND release = 'final'"
        ),
        {"source": source},
    )
    return {Month.of(row.month) for row in rows}
