"""From archived grids to landscape series, and from series to indices.

The warehouse says what is not current: files whose means were not taken for the present
landscapes, and months whose values differ. A lost or doubled event costs nothing.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr
from sqlalchemy import Connection

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.ids import INDEX_CODES, IndexCode, Release
from pipeline.core.months import Month, months_between
from pipeline.core.panels import GAPS, Panel
from pipeline.indices.calibration import Calibration, calibrate
from pipeline.indices.pet import has_pet_inputs, reference_evapotranspiration_mm
from pipeline.indices.values import index_values
from pipeline.landscapes.series import LandscapeSeries, landscape_means, with_gaps
from pipeline.landscapes.weights import AreaWeights, Grid
from pipeline.sources import grid_files
from pipeline.sources.weights_cache import cached_area_weights
from pipeline.steps.installation import Installation, deciding_source
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.warehouse.climate import (
    ClimatePanels,
    ClimateRow,
    read_climate,
    save_climate_months,
)
from pipeline.warehouse.files import (
    PendingFile,
    mark_averaged,
    read_months_held,
    read_pending_files,
)
from pipeline.warehouse.indices import (
    Series,
    read_calibrations,
    read_newest_index_month,
    save_calibrations,
    save_index_values,
)
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.outcomes import read_identity

LONGEST_WINDOW_MONTHS = max(code.scale_months for code in INDEX_CODES)


def compute(
    installation: Installation,
    *,
    first: Month | None = None,
    to: Month | None = None,
    calibration: CalibrationPeriod | None = None,
    advance: Advance = lambda what, done, of: None,
) -> int:
    """Bring series and indices up to date; return how many index rows were new or different.

    Args:
        installation: where.
        first: do not write indices of months before; None: all.
        to: do not look at months after; None: all.
        calibration: the calibration period; None: the installation's.
        advance: told of the progress.

    Raises:
        InputError: no landscapes or grids are loaded, or a file has gone from the archive.
    """
    period = calibration or installation.settings.calibration
    with recorded(installation.warehouse, "compute", to) as report:
        with only_writer(installation.warehouse):
            with installation.warehouse.connect() as connection:
                source = deciding_source(connection, installation.settings)
            averaged_over = _take_means(installation, source, to, advance)
            with installation.warehouse.begin() as connection:
                fit = Fit(source, period, averaged_over)
                report.rows = _compute_indices(connection, fit, first, to, advance)
        report.message = f"{source}: {report.rows} rows of indices"
        return report.rows


@dataclass(frozen=True, slots=True)
class Fit:
    """What indices are fitted to."""

    source: str
    period: CalibrationPeriod
    averaged_over: str
    """Fingerprint of the landscapes the means were taken for."""


def _take_means(installation: Installation, source: str, to: Month | None, advance: Advance) -> str:
    """Take the means of files that lack them; return the fingerprint of the landscapes."""
    min_coverage = installation.settings.min_coverage
    with installation.warehouse.connect() as connection:
        landscapes = read_landscapes(connection)
        if not landscapes:
            raise InputError(
                "landscapes: expected at least one, got none; run `drought landscapes load --default` "
                "or load your own"
            )
        averaged_over = _fingerprint(landscapes, min_coverage)
        pending = read_pending_files(connection, source, averaged_over, to)
    with tempfile.TemporaryDirectory() as folder:
        for done, file in enumerate(pending):
            advance(f"landscape means: {file.name}", done, len(pending))
            path = installation.archive.fetch(file.archive_key, Path(folder))
            fields = _months_of_file(grid_files.read(path, product=file.product), file)
            weights = cached_area_weights(
                installation.weights_folder,
                Grid.of(fields),
                [stored.landscape.geometry for stored in landscapes],
            )
            with installation.warehouse.begin() as connection:
                save_climate_months(
                    connection, _climate_rows(fields, weights, landscapes, file, min_coverage)
                )
                mark_averaged(connection, file, averaged_over)
    return averaged_over


def _fingerprint(landscapes: Sequence[StoredLandscape], min_coverage: float) -> str:
    said = [(stored.landscape_key, stored.version) for stored in landscapes]
    return hashlib.sha256(f"{min_coverage} {said}".encode()).hexdigest()


def _months_of_file(fields: xr.Dataset, file: PendingFile) -> xr.Dataset:
    wanted = [np.datetime64(str(month), "ns") for month in file.releases]
    return fields.sel(month=wanted)


def _climate_rows(
    fields: xr.Dataset,
    weights: AreaWeights,
    landscapes: Sequence[StoredLandscape],
    file: PendingFile,
    min_coverage: float,
) -> Iterator[ClimateRow]:
    rain = landscape_means(fields["precipitation_mm"], weights)
    panel = with_gaps(rain, min_coverage)
    temperature = _enough(fields.get("temperature_mean_c"), weights, min_coverage)
    pet = _enough(
        reference_evapotranspiration_mm(fields) if has_pet_inputs(fields) else None,
        weights,
        min_coverage,
    )
    for month, release in file.releases.items():
        n = panel.position(month)
        for column, stored in enumerate(landscapes):
            yield ClimateRow(
                stored.landscape_key,
                month,
                file.source,
                stored.version,
                _or_none(panel.values[n, column]),
                None if temperature is None else _or_none(temperature[n, column]),
                None if pet is None else _or_none(pet[n, column]),
                GAPS[panel.gaps[n, column]],
                float(rain.coverage[n, column]),
                release,
                file.origin,
                file.file_id,
            )


def _enough(
    field: xr.DataArray | None, weights: AreaWeights, min_coverage: float
) -> npt.NDArray[np.float64] | None:
    """Means of a field, NaN where its own cells cover too little; None where there is no field."""
    if field is None:
        return None
    series: LandscapeSeries = landscape_means(field, weights)
    return with_gaps(series, min_coverage).values


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _compute_indices(
    connection: Connection,
    fit: Fit,
    first: Month | None,
    to: Month | None,
    advance: Advance,
) -> int:
    climate = read_climate(connection, fit.source)
    if climate is None:
        raise InputError(
            f"{fit.source}: expected months to compute from, got none; ingest some first"
        )
    stored = {s.landscape_key: s for s in read_landscapes(connection)}
    versions = tuple(stored[key].version for key in climate.landscape_keys)
    series = Series(fit.source, fit.period, climate.landscape_keys, versions)
    calibrations = _calibrations(connection, series, climate, fit.averaged_over)
    values: dict[IndexCode, Panel] = {}
    for done, code in enumerate(INDEX_CODES):
        advance(f"indices: {code}", done, len(INDEX_CODES))
        values[code] = index_values(calibrations[code], climate.precipitation_mm, climate.pet_mm)
    advance("saving indices", len(INDEX_CODES), len(INDEX_CODES))
    origin = read_identity(connection).origin
    assert origin is not None  # noqa: S101 - the first file registered set it
    start = _without_hole(first, read_newest_index_month(connection, series))
    return save_index_values(
        connection,
        series,
        values,
        _releases(climate.is_preliminary),
        origin,
        _rows(climate.precipitation_mm, start, to),
    )


def _without_hole(first: Month | None, newest: Month | None) -> Month | None:
    """Return where to begin, so that no month between those held and the new ones stays empty."""
    if first is None or newest is None:
        return first
    return min(first, newest + 1)


def _calibrations(
    connection: Connection, series: Series, climate: ClimatePanels, averaged_over: str
) -> dict[IndexCode, Calibration]:
    """Return the stored fits, after fitting and storing those that are missing.

    While a month of the calibration period has no means for the present landscapes nothing is
    fitted, so that no fit to half a record, or to two versions of a boundary, is kept for good.
    """
    ready = set(read_months_held(connection, series.source, averaged_over))
    period = series.period
    known = read_calibrations(connection, series)
    if not ready.issuperset(
        months_between(Month(period.first_year, 1), Month(period.last_year, 12))
    ):
        return known
    fits = (
        calibrate(code, climate.precipitation_mm, climate.pet_mm, period)
        for code in INDEX_CODES
        if not known[code].has_enough_years.all()
    )
    is_new = save_calibrations(connection, series, fits, known) > 0
    return read_calibrations(connection, series) if is_new else known


def _releases(is_preliminary: npt.NDArray[np.bool_]) -> list[list[Release]]:
    """Return the release of each month's indices: preliminary while any month of the window is."""
    padded = np.pad(is_preliminary, ((LONGEST_WINDOW_MONTHS - 1, 0), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, LONGEST_WINDOW_MONTHS, axis=0)
    preliminary = np.asarray(windows.any(axis=-1))
    return [[Release.PRELIMINARY if cell else Release.FINAL for cell in row] for row in preliminary]


def _rows(panel: Panel, first: Month | None, to: Month | None) -> range:
    start = 0 if first is None else max(0, panel.position(first))
    stop = len(panel.values) if to is None else min(len(panel.values), panel.position(to) + 1)
    return range(start, max(start, stop))
