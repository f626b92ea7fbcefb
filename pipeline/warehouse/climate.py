"""Landscape series of rain, temperature and PET."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, text

from pipeline.core.gaps import Gap
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.warehouse.upsert import save_rows

_COLUMNS = (
    "landscape_key",
    "month",
    "source",
    "landscape_version",
    "precipitation_mm",
    "temperature_mean_c",
    "pet_mm",
    "gap",
    "coverage_fraction",
    "release",
    "origin",
    "file_id",
)


@dataclass(frozen=True, slots=True)
class ClimateRow:
    """One row of `series.climate_month`."""

    landscape_key: int
    month: Month
    source: str
    landscape_version: int
    precipitation_mm: float | None
    temperature_mean_c: float | None
    pet_mm: float | None
    gap: Gap | None
    coverage_fraction: float
    release: Release
    origin: str
    file_id: int

    def values(self) -> tuple[Any, ...]:
        cells = (getattr(self, column) for column in _COLUMNS)
        return tuple(cell.first_day if isinstance(cell, Month) else cell for cell in cells)


@dataclass(frozen=True, slots=True)
class ClimatePanels:
    """The series of several landscapes, all of the same months."""

    landscape_keys: tuple[int, ...]
    precipitation_mm: Panel
    pet_mm: Panel
    is_preliminary: npt.NDArray[np.bool_]
    """Dims ``(month, landscape)``."""
    coverage_fraction: npt.NDArray[np.float64]
    """Dims ``(month, landscape)``, NaN where there is no row."""


def save_climate_months(connection: Connection, rows: Iterable[ClimateRow]) -> int:
    """Save `rows`, which say what holds; return how many were new or different."""
    return save_rows(
        connection,
        ("series", "climate_month"),
        ("landscape_key", "month", "source"),
        _COLUMNS,
        (row.values() for row in rows),
        incidental=("file_id",),
    )


def read_climate(
    connection: Connection, source: str, until: Month | None = None
) -> ClimatePanels | None:
    """Return the series of `source` from its first month to its last (or `until`).

    A month without a row is the gap `not_published`. PET is missing where rain is, for the same
    reason, and is `not_published` where the source lacks its inputs. None: there are no rows.
    """
    rows = connection.execute(
        text(
            "SELECT landscape_key, month, precipitation_mm, pet_mm, gap, coverage_fraction, release "
            "FROM series.climate_month WHERE source = :source "
            "AND month <= coalesce(CAST(:until AS date), 'infinity')"
        ),
        {"source": source, "until": until.first_day if until else None},
    ).all()
    if not rows:
        return None
    keys = tuple(sorted({row.landscape_key for row in rows}))
    column = {key: position for position, key in enumerate(keys)}
    ordinals = [Month.of(row.month).ordinal for row in rows]
    first = Month.from_ordinal(min(ordinals))
    shape = (max(ordinals) - first.ordinal + 1, len(keys))
    at = (
        np.array(ordinals) - first.ordinal,
        np.array([column[row.landscape_key] for row in rows]),
    )

    def spread(cells: Iterable[Any], empty: Any, kind: type) -> npt.NDArray[Any]:  # noqa: ANN401
        grid: npt.NDArray[Any] = np.full(shape, empty, dtype=kind)
        grid[at] = np.array(list(cells), dtype=kind)
        return grid

    unpublished = gap_code(Gap.NOT_PUBLISHED)
    rain_gap = spread(
        (gap_code(Gap(row.gap) if row.gap else None) for row in rows), unpublished, np.uint8
    )
    rain = spread((row.precipitation_mm for row in rows), np.nan, np.float64)
    pet = spread((row.pet_mm for row in rows), np.nan, np.float64)
    pet[rain_gap != 0] = np.nan
    pet_gap = np.where(rain_gap != 0, rain_gap, np.where(np.isnan(pet), unpublished, 0))
    return ClimatePanels(
        keys,
        Panel(first, rain, rain_gap),
        Panel(first, pet, pet_gap.astype(np.uint8)),
        spread((row.release == Release.PRELIMINARY for row in rows), False, np.bool_),
        spread((row.coverage_fraction for row in rows), np.nan, np.float64),
    )
