"""All steps for one month after another, without Airflow: an equal, supported way to run."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.core.errors import DroughtError, InputError
from pipeline.core.months import Month, months_between
from pipeline.steps.compute import compute
from pipeline.steps.deliver import Delivered, deliver
from pipeline.steps.evaluate import evaluate
from pipeline.steps.ingest import ERA5_LAND, ingest_era5_land
from pipeline.steps.installation import Installation, deciding_source
from pipeline.steps.progress import Advance
from pipeline.steps.publish import publish
from pipeline.warehouse.files import read_months_held, read_sources


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to."""

    fetched: int
    """Months that were fetched; those held already are not fetched again."""
    told: int
    """Alerts that now wait for approval."""
    delivered: Delivered


def run(
    installation: Installation,
    first: Month,
    last: Month,
    *,
    advance: Advance = lambda what, done, of: None,
) -> Ran:
    """Ingest the months from `first` to `last`, then compute, evaluate, deliver and publish.

    Months the warehouse holds are not fetched again. What follows the ingest asks the warehouse
    what there is to do, so a month that came late renews those after it too.

    Raises:
        InputError: as the steps say.
        NotPublishedError, OSError: the store lacks a month, or does not answer; all that can be
            done without it is done first, so that what is approved leaves, and the bulletin says
            what is late.
    """
    fetched, trouble = 0, None
    for month in months_between(first, last):
        try:
            fetched += _fetch(installation, month, advance)
        except (DroughtError, OSError) as error:
            trouble = error
            break
    if not _has_grids(installation) and trouble is not None:
        raise trouble
    try:
        compute(installation, advance=advance)
        told = evaluate(installation, advance=advance).told
    finally:
        delivered = deliver(installation)
    publish(installation)
    if trouble is not None:
        raise trouble
    return Ran(fetched, told, delivered)


def _has_grids(installation: Installation) -> bool:
    with installation.warehouse.connect() as connection:
        return bool(read_sources(connection))


def _fetch(installation: Installation, month: Month, advance: Advance) -> int:
    """Fetch `month` unless it is held; return how many months came."""
    if _is_held(installation, month):
        return 0
    return len(ingest_era5_land(installation, month, month, advance=advance))


def _is_held(installation: Installation, month: Month) -> bool:
    """Whether a file holds the month; one that only a file could bring must be there already."""
    with installation.warehouse.connect() as connection:
        sources = read_sources(connection)
        source = deciding_source(connection, installation.settings) if sources else ERA5_LAND
        if month in read_months_held(connection, source):
            return True
    if source != ERA5_LAND:
        raise InputError(
            f"{source}: expected {month} from a file, got none; run `drought ingest grid` first"
        )
    return False
