"""From archived grids to landscape series, and from series to indices.

The warehouse says what is not current: files whose means were not taken for the present
landscapes, and months whose values differ. A lost or doubled event costs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.ids import BLENDED, INDEX_CODES, IndexCode, Release
from pipeline.core.months import Month, months_between
from pipeline.core.panels import Panel
from pipeline.indices.calibration import Calibration, calibrate
from pipeline.indices.values import index_values
from pipeline.steps.agree import agree
from pipeline.steps.installation import Installation, grid_source
from pipeline.steps.means import take_means
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.warehouse.climate import (
    ClimatePanels,
    read_climate,
)
from pipeline.warehouse.files import (
    read_months_held,
)
from pipeline.warehouse.indices import (
    Series,
    read_calibrations,
    read_newest_index_month,
    save_calibrations,
    save_index_values,
)
from pipeline.warehouse.landscapes import read_landscapes
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
                source = grid_source(connection, installation.settings)
            averaged_over = take_means(installation, source, to, advance)
            with installation.warehouse.begin() as connection:
                grid = Fit(source, source, period, averaged_over)
                report.rows = _compute_indices(connection, grid, first, to, advance)
                # Normals are of the installation's own period, whatever indices are asked for.
                if agree(connection, source, installation.settings.calibration):
                    both = replace(grid, source=BLENDED)
                    report.rows += _compute_indices(connection, both, first, to, advance)
        report.message = f"{source}: {report.rows} rows of indices"
        return report.rows


@dataclass(frozen=True, slots=True)
class Fit:
    """What indices are fitted to."""

    source: str
    grid: str
    """The grid source whose months must all be there."""
    period: CalibrationPeriod
    averaged_over: str
    """Fingerprint of the landscapes the means were taken for."""


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
    calibrations = _calibrations(connection, series, climate, fit)
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
    connection: Connection, series: Series, climate: ClimatePanels, fit: Fit
) -> dict[IndexCode, Calibration]:
    """Return the stored fits, after fitting and storing those that are missing.

    While a month of the calibration period has no means for the present landscapes nothing is
    fitted, so that no fit to half a record, or to two versions of a boundary, is kept for good.
    """
    ready = set(read_months_held(connection, fit.grid, fit.averaged_over))
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
