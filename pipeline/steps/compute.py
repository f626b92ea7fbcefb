"""From archived grids to landscape series, and from series to indices.

The warehouse says what is not current: files whose means were not taken for the present
landscapes, and months of a series that changed under its indices. A lost or doubled event costs
nothing.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.components import Component
from pipeline.core.ids import BLENDED
from pipeline.core.months import Month
from pipeline.indices.calibration import Limits
from pipeline.steps.agree import agree
from pipeline.steps.installation import Installation, acts_as, grid_source
from pipeline.steps.landscape_fits import Fit
from pipeline.steps.landscape_indices import bring_indices
from pipeline.steps.means import take_means
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.warehouse.locks import only_writer


@acts_as(Component.COMPUTE)
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
    limits = Limits(rainless_share=installation.settings.rainless_share)
    # Another period is no part of a month's way.
    is_own = period == installation.settings.calibration
    step = "compute" if is_own else "compute_beside"
    with recorded(installation.warehouse, step, to) as report:
        with only_writer(installation.warehouse):
            with installation.warehouse.connect() as connection:
                source = grid_source(connection, installation.settings)
            averaged_over = take_means(installation, source, to, advance)
            with installation.warehouse.begin() as connection:
                grid = Fit(source, source, period, averaged_over, limits)
                report.rows = bring_indices(connection, grid, first, to, advance)
                # Normals are of the installation's own period, whatever indices are asked for.
                if agree(connection, source, installation.settings.calibration):
                    both = replace(grid, source=BLENDED)
                    report.rows += bring_indices(connection, both, first, to, advance)
        report.message = f"{source}: {report.rows} rows of indices"
        return report.rows
