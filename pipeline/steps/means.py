"""From archived grids to landscape means: what holds for a month, of all files that hold it.

The means of a month are taken from all of its files whenever one of them is new, so that what is
stored depends on the files and not on their order. Memory is bounded by a few months of one file.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.core.panels import GAPS
from pipeline.grids.stamps import calendar_months
from pipeline.indices.pet import has_pet_inputs, reference_evapotranspiration_mm
from pipeline.landscapes.choosing import Choice, Offer, choice
from pipeline.landscapes.series import landscape_means, with_gaps
from pipeline.landscapes.weights import AreaWeights, Grid
from pipeline.sources import grid_files
from pipeline.sources.archive import Archive
from pipeline.sources.grid_files import GridFile, in_blocks
from pipeline.sources.weights_cache import cached_area_weights
from pipeline.steps.installation import Installation
from pipeline.steps.progress import Advance
from pipeline.warehouse.climate import ClimateRow, save_climate_months
from pipeline.warehouse.files import HeldFile, PendingMonths, mark_averaged, read_pending_months
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes

METHOD_VERSION = 1
"""Raise it whenever means come out differently: they are taken anew then. Fits are not, so that a
migration has to drop those that the change would bias."""
DECIMALS = 6
"""Of what is stored. The same cells summed on another grid differ beyond; that is no revision."""

Floats = npt.NDArray[np.float64]


def take_means(installation: Installation, source: str, to: Month | None, advance: Advance) -> str:
    """Take the means of months that lack them; return the fingerprint of the landscapes.

    Raises:
        InputError: no landscapes are loaded, or a file has gone from the archive.
        ConflictError: a file of the archive was changed.
    """
    with installation.warehouse.connect() as connection:
        landscapes = read_landscapes(connection)
        if not landscapes:
            raise InputError(
                "landscapes: expected at least one, got none; run `drought landscapes load --default` "
                "or load your own"
            )
        basis = Basis(landscapes, installation.settings.min_coverage, installation.weights_folder)
        pending = read_pending_months(connection, source, basis.fingerprint, to)
    done, of = 0, sum(len(together.months) for together in pending)
    for together in pending:
        with _Files(installation.archive) as files:
            for months in in_blocks(together.months):
                advance(f"landscape means: {months[0]}", done, of)
                held = _held(basis, files, together, months)
                with installation.warehouse.begin() as connection:
                    save_climate_months(connection, _climate_rows(basis, held, together, months))
                    mark_averaged(connection, together.releases, months, basis.fingerprint)
                done += len(months)
    return basis.fingerprint


@dataclass(frozen=True, slots=True)
class Basis:
    """What means are taken over."""

    landscapes: Sequence[StoredLandscape]
    min_coverage: float
    weights_folder: Path

    @property
    def fingerprint(self) -> str:
        """Changes whenever means have to be taken anew."""
        said = [(stored.landscape_key, stored.version) for stored in self.landscapes]
        return hashlib.sha256(f"{METHOD_VERSION} {self.min_coverage} {said}".encode()).hexdigest()

    def weights(self, grid: Grid) -> AreaWeights:
        geometries = [stored.landscape.geometry for stored in self.landscapes]
        return cached_area_weights(self.weights_folder, grid, geometries)


class _Files:
    """Files of the archive, each opened when it is first needed, all closed together."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._stack = ExitStack()
        self._opened: dict[HeldFile, GridFile] = {}

    def __enter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __getitem__(self, file: HeldFile) -> GridFile:
        if file not in self._opened:
            path = self._archive.fetch(file.archive_key, self._folder)
            grid_file = grid_files.opened(path, product=file.product)
            self._opened[file] = self._stack.enter_context(grid_file)
        return self._opened[file]


def _held(basis: Basis, files: _Files, together: PendingMonths, months: Sequence[Month]) -> Choice:
    """What holds for `months`; files that are preliminary throughout are read only if needed."""
    offers: list[Offer] = []
    chosen: Choice | None = None
    for release in (Release.FINAL, Release.PRELIMINARY):
        for file, releases in together.releases.items():
            is_final = Release.FINAL in {releases[month] for month in months}
            if is_final == (release is Release.FINAL):
                fields = files[file].fields(months)
                offers.append(_offer(basis, file, fields, [releases[month] for month in months]))
        chosen = choice(offers) if offers else None
        if chosen is not None and chosen.is_complete and chosen.is_final.all():
            break
    assert chosen is not None  # noqa: S101 - a pending month is held by a file
    return chosen


def _offer(basis: Basis, file: HeldFile, fields: xr.Dataset, releases: Sequence[Release]) -> Offer:
    """What one file has for the months of `fields`."""
    weights = basis.weights(Grid.of(fields))
    rain = landscape_means(_rain(fields), weights)
    pet = reference_evapotranspiration_mm(fields) if has_pet_inputs(fields) else None
    rows = [
        month.ordinal - rain.first_month.ordinal
        for month in calendar_months(fields["month"].to_numpy())
    ]

    def enough(field: xr.DataArray | None) -> Floats:
        if field is None:
            return np.full((len(rows), rain.means.shape[1]), np.nan)
        values = with_gaps(landscape_means(field, weights), basis.min_coverage).values
        return values[rows].round(DECIMALS)

    panel = with_gaps(rain, basis.min_coverage)
    issued_at = fields.attrs.get("issued_at")
    return Offer(
        file_id=file.file_id,
        issued_at=None if issued_at is None else datetime.fromisoformat(issued_at),
        received_at=file.received_at,
        is_final=np.array([release is Release.FINAL for release in releases]),
        precipitation_mm=panel.values[rows].round(DECIMALS),
        gaps=panel.gaps[rows],
        coverage=rain.coverage[rows].round(DECIMALS),
        temperature_mean_c=enough(fields.get("temperature_mean_c")),
        pet_mm=enough(pet),
    )


def _rain(fields: xr.Dataset) -> xr.DataArray:
    """Precipitation; missing throughout where no part of the file has it for these months."""
    if "precipitation_mm" in fields:
        return fields["precipitation_mm"]
    return xr.full_like(next(iter(fields.data_vars.values())), np.nan)


def _climate_rows(
    basis: Basis, held: Choice, together: PendingMonths, months: Sequence[Month]
) -> Iterator[ClimateRow]:
    first = next(iter(together.releases))
    for row, month in enumerate(months):
        for column, stored in enumerate(basis.landscapes):
            at = (row, column)
            yield ClimateRow(
                stored.landscape_key,
                month,
                first.source,
                stored.version,
                _or_none(held.precipitation_mm[at]),
                _or_none(held.temperature_mean_c[at]),
                _or_none(held.pet_mm[at]),
                GAPS[held.gaps[at]],
                float(held.coverage[at]),
                Release.FINAL if held.is_final[at] else Release.PRELIMINARY,
                first.origin,
                int(held.file_ids[at]),
            )


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
