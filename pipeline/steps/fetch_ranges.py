"""Which months want the daily range of temperature, which the store gives by the hour of the day.

Those held whose files cannot give a PET: no humidity, wind or radiation for Penman-Monteith, and no
extremes for Hargreaves. What is fetched holds it all, so that these are months brought by hand.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from pipeline.core.ids import ERA5_LAND, Release
from pipeline.core.months import Month
from pipeline.indices.pet_inputs import HARGREAVES, REQUIRED
from pipeline.sources import cds, grid_files
from pipeline.steps.installation import Installation
from pipeline.warehouse.files import save_variables
from pipeline.warehouse.holdings import Holding, read_holdings
from pipeline.warehouse.jobs import read_months_asked_in, read_open_requests


def months_without_range(installation: Installation, area: cds.Area) -> list[Month]:
    """Return the months of ERA5-Land whose daily range of temperature is to be asked for.

    Not those that are on their way with all variables, and none twice in a calendar month once the
    store has answered: it has no more to say.

    Args:
        installation: whose months.
        area: for which the range is wanted; a file that was asked for a smaller one does not count.

    Raises:
        InputError: a file whose variables have to be looked up has gone from the archive.
    """
    with installation.warehouse.connect() as connection:
        holdings = read_holdings(connection, ERA5_LAND)
        coming = read_open_requests(connection, cds.DATASET, cds.ProductType.MONTHS)
        asked = read_months_asked_in(
            connection, cds.DATASET, cds.ProductType.HOURS_OF_DAY, installation.clock()
        )
    lacking = set(without_range(holdings, area))
    unknown = {one for one in holdings if one.month in lacking and one.variables is None}
    if unknown:
        lacking = set(without_range(_looked_up(installation, holdings, unknown), area))
    lacking -= {month for request in coming for month in request.months}
    return sorted(lacking - {month for month, box in asked if cds.Area(*box).holds(area)})


def without_range(holdings: Iterable[Holding], area: cds.Area) -> list[Month]:
    """Return the months that have rain and no way to a PET, oldest first.

    The range of a month whose rain is final has to be final too, also one that is held beside all that
    Penman-Monteith needs: else the month waits for its final values for ever. Files of which it is not known
    what they hold count as those that hold rain alone.
    """
    months = groupby(sorted(holdings, key=lambda one: one.month), key=lambda one: one.month)
    return [month for month, files in months if _wants_range(list(files), area)]


def _wants_range(files: Sequence[Holding], area: cds.Area) -> bool:
    rain = [file for file in files if file.holds_rain]
    if not rain:
        return False
    is_final = any(file.release is Release.FINAL for file in rain)
    with_range = [file for file in files if _holds(file, HARGREAVES)]
    ranges = {
        file.release for file in with_range if file.area is None or cds.Area(*file.area).holds(area)
    }
    if any(_holds(file, REQUIRED) for file in files):
        # None is needed, but what is made of a preliminary one keeps the month preliminary.
        is_held_back = any(file.release is not Release.FINAL for file in with_range)
        return is_final and is_held_back and Release.FINAL not in ranges
    return Release.FINAL not in ranges if is_final else not ranges


def _holds(file: Holding, names: Collection[str]) -> bool:
    return file.variables is not None and file.variables.issuperset(names)


def _looked_up(
    installation: Installation, holdings: Sequence[Holding], unknown: Collection[Holding]
) -> list[Holding]:
    """Note what these files hold, and return `holdings` with it."""
    found: dict[int, frozenset[str]] = {}
    for file in sorted({one.file_id: one for one in unknown}.values(), key=lambda one: one.file_id):
        with tempfile.TemporaryDirectory() as folder:
            path = installation.archive.fetch(file.archive_key, Path(folder))
            names = grid_files.variables_in(path, product=file.product)
        with installation.warehouse.begin() as connection:
            save_variables(connection, file.file_id, names)
        found[file.file_id] = frozenset(names)
    return [_known(one, found) for one in holdings]


def _known(one: Holding, found: Mapping[int, frozenset[str]]) -> Holding:
    return replace(one, variables=found.get(one.file_id, one.variables))
