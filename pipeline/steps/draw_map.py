"""A map of an index in a month, as a file: from the grid store, nothing is computed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month
from pipeline.delivery.map_picture import IndexMap, save_map
from pipeline.steps.cell_calibration import CellFits
from pipeline.steps.cell_maps import VALUE, index_path
from pipeline.steps.installation import ENGINE, Installation, grid_source
from pipeline.steps.map_plans import numbers_of_maps
from pipeline.steps.map_shares import blind_cells, release_of
from pipeline.steps.source_store import CLIMATE, Register, opened
from pipeline.steps.take_maps import climate_fingerprint
from pipeline.warehouse.area_shares import read_cell_fits, read_final_months
from pipeline.warehouse.files import read_files_of_months
from pipeline.warehouse.landscapes import read_landscapes
from pipeline.warehouse.outcomes import read_identity


def draw_map(
    installation: Installation,
    index: IndexCode,
    month: Month,
    path: Path,
    *,
    calibration: CalibrationPeriod | None = None,
) -> None:
    """Write the map of `index` in `month` to `path`, which ends in ``.png`` or ``.nc``.

    Raises:
        InputError: there is no such map, or files came since that it was not made of.
        DeliveryError: the file cannot be written.
    """
    period = calibration or installation.settings.calibration
    with installation.warehouse.connect() as connection:
        source = grid_source(connection, installation.settings)
        landscapes = read_landscapes(connection)
        final = read_final_months(connection, source)
        known = read_cell_fits(connection, source, period).get(index)
        origin = read_identity(connection).origin
        register = read_files_of_months(connection, source)
    store = opened(installation, source)
    if index.months_back(month.month) == 0:
        raise InputError(f"{index}: {month} lies outside its season, so there is no map of it")
    held = store.fingerprints(index_path(period, index)) if store else {}
    if store is None or known is None or month not in held:
        raise InputError(
            f"{index}: expected a map of {month} from {source} calibrated {period}, got none; run "
            "`drought compute` after ingesting the month and the calibration period"
        )
    climate = store.fingerprints(CLIMATE)
    if held[month] != _expected(index, known.fit, month, climate, register):
        raise InputError(
            f"{index}: the map of {month} is not of the files that are held now; run `drought "
            "compute` first"
        )
    assert origin is not None  # noqa: S101 - a map rests on files, and the first one set it
    values = store.read(index_path(period, index), VALUE, [month])[0]
    is_blind = blind_cells(CellFits(store, period), index, month.month)
    save_map(
        IndexMap(
            index=index,
            month=month,
            grid=store.grid,
            values=np.asarray(values).reshape(store.grid.shape),
            is_blind=is_blind.reshape(store.grid.shape),
            boundaries=[stored.landscape.geometry for stored in landscapes],
            source=source,
            calibration=str(period),
            release=release_of(month, climate, final),
            origin=origin,
            pet=known.pet,
            software=ENGINE,
        ),
        path,
    )


def _expected(
    index: IndexCode, fit: int, month: Month, climate: Iterable[Month], register: Register
) -> int:
    """The number of a map of the files of `register`, as far as they are laid into the store."""
    made_of = {one: climate_fingerprint(register[one]) for one in climate if one in register}
    return numbers_of_maps(index, fit, made_of, [month])[month]
