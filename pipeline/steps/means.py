"""From archived grids to landscape means: what holds for a month, of all files that hold it.

The means of a month are taken from all of its files whenever one of them is new, so that what is
stored depends on the files and not on their order. Memory is bounded by a few months of one file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from pipeline.core.errors import InputError
from pipeline.core.ids import Release
from pipeline.core.months import Month
from pipeline.grids.stamps import calendar_months
from pipeline.indices.pet import (
    hargreaves_mm,
    has_hargreaves_inputs,
    has_pet_inputs,
    reference_evapotranspiration_mm,
)
from pipeline.landscapes.choosing import BESIDE, Choice, Offer, choice
from pipeline.landscapes.series import landscape_means, with_gaps
from pipeline.landscapes.weights import AreaWeights, Grid
from pipeline.sources.grid_files import in_blocks
from pipeline.sources.weights_cache import cached_area_weights
from pipeline.steps.archived_files import ArchivedFiles
from pipeline.steps.installation import Installation
from pipeline.steps.progress import Advance
from pipeline.warehouse.climate import ClimateMonths, save_climate_months
from pipeline.warehouse.files import HeldFile, PendingMonths, mark_averaged, read_pending_months
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.locks import only_saver

METHOD_VERSION = 2
"""Raise it whenever means come out differently: they are taken anew then. Fits are not, so that a
migration has to drop those that the change would bias."""
DECIMALS = 6
"""Of what is stored. The same cells summed on another grid differ beyond; that is no revision."""

Floats = npt.NDArray[np.float64]


def take_means(
    installation: Installation,
    source: str,
    to: Month | None,
    advance: Advance,
    only: Collection[Month] | None = None,
) -> str:
    """Take the means of months that lack them; return the fingerprint of the landscapes.

    Of the months of `only`; None: of all. Others may take those of other months meanwhile.

    Raises:
        InputError: no landscapes are loaded, or a file has gone from the archive.
        ConflictError: a file of the archive was changed.
    """
    basis, pending = _pending(installation, source, to)
    work = [
        (together, [month for month in together.months if only is None or month in only])
        for together in pending
    ]
    done, of = 0, sum(len(wanted) for _, wanted in work)
    for together, wanted in work:
        with ArchivedFiles(installation.archive) as files:
            for months in in_blocks(wanted, partial(_size, files, together)):
                advance(f"landscape means: {months[0]}", done, of)
                held = _held(basis, files, together, months)
                climate = _climate(basis, held, together, months)
                with (
                    only_saver(installation.warehouse),
                    installation.warehouse.begin() as connection,
                ):
                    save_climate_months(connection, climate)
                    mark_averaged(connection, together.releases, months, basis.fingerprint)
                done += len(months)
    return basis.fingerprint


def months_without_means(installation: Installation, source: str) -> list[Month]:
    """Return the months whose means are not taken, or not of all their files and landscapes.

    Raises:
        InputError: no landscapes are loaded.
    """
    _, pending = _pending(installation, source, None)
    return sorted(month for together in pending for month in together.months)


def _pending(
    installation: Installation, source: str, to: Month | None
) -> tuple[Basis, list[PendingMonths]]:
    with installation.warehouse.connect() as connection:
        landscapes = read_landscapes(connection)
        if not landscapes:
            raise InputError(
                "landscapes: expected at least one, got none; run `drought landscapes load --default` "
                "or load your own"
            )
        basis = Basis(landscapes, installation.settings.min_coverage, installation.weights_folder)
        return basis, read_pending_months(connection, source, basis.fingerprint, to)


@dataclass(frozen=True, slots=True)
class Basis:
    """What means are taken over."""

    landscapes: Sequence[StoredLandscape]
    min_coverage: float
    weights_folder: Path
    _made: dict[Grid, AreaWeights] = field(default_factory=dict, compare=False, repr=False)

    @property
    def fingerprint(self) -> str:
        """Changes whenever means have to be taken anew."""
        said = [(stored.landscape_key, stored.version) for stored in self.landscapes]
        return hashlib.sha256(f"{METHOD_VERSION} {self.min_coverage} {said}".encode()).hexdigest()

    def weights(self, grid: Grid) -> AreaWeights:
        if grid not in self._made:
            geometries = [stored.landscape.geometry for stored in self.landscapes]
            self._made[grid] = cached_area_weights(self.weights_folder, grid, geometries)
        return self._made[grid]


def _finals(together: PendingMonths, months: Sequence[Month]) -> list[HeldFile]:
    return [
        file
        for file, releases in together.releases.items()
        if Release.FINAL in (releases[month] for month in months)
    ]


def _size(files: ArchivedFiles, together: PendingMonths, months: Sequence[Month]) -> int:
    """Return the bytes of `months` in the largest of the files that are read first."""
    first = _finals(together, months) or together.releases
    return max(files[file].size(months) for file in first)


def _held(
    basis: Basis, files: ArchivedFiles, together: PendingMonths, months: Sequence[Month]
) -> Choice:
    """What holds for `months`; files that are preliminary throughout are read only if needed."""

    def offers(of: Sequence[HeldFile]) -> list[Offer]:
        return [_offer(basis, file, files[file].fields(months), said(file)) for file in of]

    def said(file: HeldFile) -> list[Release]:
        return [together.releases[file][month] for month in months]

    finals = _finals(together, months)
    others = [file for file in together.releases if file not in finals]
    settled = offers(finals)
    if settled and not _can_add(others, finals):
        held = choice(settled)
        if held.is_complete and held.is_final.all():
            return held
    return choice(settled + offers(others))


def _can_add(others: Sequence[HeldFile], finals: Sequence[HeldFile]) -> bool:
    """Whether one of `others` may hold what no single one of `finals` does: PET is made of one file."""
    held = [set(file.variables or ()) for file in finals]
    return any(
        file.variables is None or not any(names.issuperset(file.variables) for names in held)
        for file in others
    )


def _offer(basis: Basis, file: HeldFile, fields: xr.Dataset, releases: Sequence[Release]) -> Offer:
    """What one file has for the months of `fields`."""
    weights = basis.weights(Grid.of(fields))
    rain = landscape_means(_rain(fields), weights)
    rows = [
        month.ordinal - rain.first_month.ordinal
        for month in calendar_months(fields["month"].to_numpy())
    ]

    def enough(values: xr.DataArray) -> Floats:
        means = with_gaps(landscape_means(values, weights), basis.min_coverage).values
        return means[rows].round(DECIMALS)

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
        beside={name: enough(values) for name, values in _beside(fields).items()},
        has_precipitation="precipitation_mm" in fields,
    )


def _rain(fields: xr.Dataset) -> xr.DataArray:
    """Precipitation; missing throughout where no part of the file has it for these months."""
    if "precipitation_mm" in fields:
        return fields["precipitation_mm"]
    return xr.full_like(next(iter(fields.data_vars.values())), np.nan)


def _beside(fields: xr.Dataset) -> Mapping[str, xr.DataArray]:
    """The fields of a file that are kept beside rain; PET by each method it has the inputs of."""
    found = {name: fields[name] for name in BESIDE if name in fields}
    if has_pet_inputs(fields):
        found["pet_mm"] = reference_evapotranspiration_mm(fields)
    if has_hargreaves_inputs(fields):
        found["pet_hargreaves_mm"] = hargreaves_mm(fields)
    return found


def _climate(
    basis: Basis, held: Choice, together: PendingMonths, months: Sequence[Month]
) -> ClimateMonths:
    first = next(iter(together.releases))
    return ClimateMonths(
        first.source,
        first.origin,
        months,
        [stored.landscape_key for stored in basis.landscapes],
        [stored.version for stored in basis.landscapes],
        held,
    )
