"""Maps of the indices and shares of area, brought up to date from the archive to the warehouse.

The shares of a month bear a number that follows from its maps, as maps do from the climate; see
`index_maps` and `map_shares`.
"""

from __future__ import annotations

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.components import Component
from pipeline.core.months import Month
from pipeline.sources.grid_store import GridStore
from pipeline.steps.index_maps import Mapped, bring_index_maps
from pipeline.steps.installation import Installation, acts_as, grid_source
from pipeline.steps.map_shares import take_shares
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.steps.take_maps import take_maps
from pipeline.warehouse.locks import only_writer


@acts_as(Component.COMPUTE)
def bring_maps(
    installation: Installation,
    *,
    to: Month | None = None,
    calibration: CalibrationPeriod | None = None,
    advance: Advance = lambda what, done, of: None,
) -> Mapped:
    """Bring the maps of all indices and the shares of area up to date; return what was made.

    Args:
        installation: where.
        to: do not look at months after; None: all.
        calibration: the calibration period; None: the installation's.
        advance: told of the progress.

    Raises:
        InputError: no grids are loaded, a file has gone from the archive, or the grid store is
            damaged.
        ConflictError: a file of the archive was changed, or the grid store is of another origin.
    """
    period = calibration or installation.settings.calibration
    # Another period is no part of a month's way.
    is_own = period == installation.settings.calibration
    step = "maps" if is_own else "maps_beside"
    with recorded(installation.warehouse, step, to) as report:
        mapped = Mapped()
        with only_writer(installation.warehouse):
            with installation.warehouse.connect() as connection:
                source = grid_source(connection, installation.settings)
            store = take_maps(installation, source, to, advance)
            if store is None:
                mapped.lacking = "there are no landscapes, or no files with rain"
            else:
                mapped = maps_of_store(installation, store, source, period, to, advance)
        report.rows = mapped.share_rows
        report.message = f"{source}: {mapped}"
        return mapped


def maps_of_store(
    installation: Installation,
    store: GridStore,
    source: str,
    period: CalibrationPeriod,
    to: Month | None,
    advance: Advance,
) -> Mapped:
    """Do as `bring_maps` with the climate that `store` holds; the caller is the only writer."""
    mapped = bring_index_maps(installation, store, source, period, to=to, advance=advance)
    mapped.share_months, mapped.share_rows = take_shares(
        installation, store, source, period, to, advance
    )
    return mapped
