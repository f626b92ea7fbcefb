"""All steps for one month after another, without Airflow: an equal, supported way to run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.core.errors import DroughtError, InputError
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month, months_between
from pipeline.steps.compute import compute
from pipeline.steps.deliver import Delivered, deliver
from pipeline.steps.escalate import escalate
from pipeline.steps.evaluate import evaluate
from pipeline.steps.fetch_at_once import bring, bring_ranges
from pipeline.steps.installation import Installation, grid_source
from pipeline.steps.maps import bring_maps
from pipeline.steps.months import tell_of_months_quietly
from pipeline.steps.progress import Advance
from pipeline.steps.publish import publish
from pipeline.steps.settling import months_to_settle
from pipeline.steps.waiting_files import refuse_unclean, watch_all
from pipeline.warehouse.files import read_months_held, read_sources
from pipeline.warehouse.schedules import read_newest_due_month

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to."""

    fetched: int
    """Months that were fetched: those not held, and those whose final values are due."""
    told: int
    """Alerts that now wait for approval."""
    delivered: Delivered


def run(
    installation: Installation,
    first: Month | None = None,
    last: Month | None = None,
    *,
    advance: Advance = lambda what, done, of: None,
) -> Ran:
    """Ingest the months from `first` to `last`, then compute, map, evaluate, deliver and publish.

    Without `first` it is the oldest month held, without `last` the newest that should be out by the
    schedule of the source: so that a timer need not know them, and holes are filled too.

    The new files of the drop folders are taken first. Months the warehouse holds are not fetched
    again, but for those whose final values are due. What follows the ingest asks the warehouse
    what there is to do, so a month that came late renews those after it too.

    Raises:
        InputError: as the steps say; or a file of a drop folder was refused, and all was done
            without it.
        NotPublishedError, OSError: the store lacks a month, or does not answer; all that can be
            done without it is done first, so that what is approved leaves, and the bulletin says
            what is late.
        Exception: whatever kept the maps from being made, after all that can be done without.
    """
    fetched = 0
    trouble: Exception | None = None
    came = watch_all(installation, advance=advance)
    try:
        fetched = _fetch(installation, _asked(installation, first, last), advance)
    except (DroughtError, OSError) as error:
        trouble = error
        _log.warning("fetch: %s", error)  # what follows may fail for a reason of its own
    if not _has_grids(installation) and trouble is not None:
        raise trouble
    try:
        compute(installation, advance=advance)
        trouble = _bring_maps(installation, advance, trouble)
        told = evaluate(installation, advance=advance).told
    finally:
        escalate(installation)
        tell_of_months_quietly(installation)
        delivered = deliver(installation)
    publish(installation)
    if trouble is not None:
        raise trouble
    refuse_unclean(came)
    return Ran(fetched, told, delivered)


def _bring_maps(
    installation: Installation, advance: Advance, trouble: Exception | None
) -> Exception | None:
    """Return `trouble`, or else what kept the maps from being made; most plans need none."""
    try:
        bring_maps(installation, advance=advance)
    except Exception as error:  # noqa: BLE001 - clients of object stores have errors of their own
        if trouble is None:
            return error
        _log.warning("maps: %s", error)
    return trouble


def _has_grids(installation: Installation) -> bool:
    with installation.warehouse.connect() as connection:
        return bool(read_sources(connection))


def _asked(installation: Installation, first: Month | None, last: Month | None) -> list[Month]:
    """Return the months of a run, of which those not given follow from what is held.

    Raises:
        InputError: one is not given, and nothing is held to go on from.
    """
    if first is None or last is None:
        with installation.warehouse.connect() as connection:
            sources = read_sources(connection)
            source = grid_source(connection, installation.settings) if sources else ERA5_LAND
            held = read_months_held(connection, source)
            due = read_newest_due_month(connection, source, installation.clock())
        if not held:
            raise InputError(
                f"{source}: expected a history to go on from, got none; load it first, such as "
                "`drought ingest era5-land --from 1991-01 --to 2026-10`, or give --from and --to"
            )
        first = first or held[0]
        last = last or max(held[-1], due or held[-1])
    return list(months_between(first, last))


def _fetch(installation: Installation, months: Sequence[Month], advance: Advance) -> int:
    """Fetch what is not held of `months`, and the finals that are due; return how many came.

    Raises:
        InputError: only a file could bring one of the months, and none did.
    """
    source, lacking = _lacking(installation, months)
    # Who brings ERA5-Land by hand, without a key, brings its final values by hand too.
    has_key = installation.settings.cdsapi_key is not None
    if source != ERA5_LAND or (not has_key and len(lacking) < len(months)):
        if lacking:
            fetch = ", or set CDSAPI_KEY to have it fetched" if source == ERA5_LAND else ""
            raise InputError(
                f"{source}: expected {lacking[0]} from a file, got none; run `drought ingest grid`, "
                f"or lay it into the drop folder, first{fetch}"
            )
        return 0
    wanted = [*lacking, *(months_to_settle(installation) if has_key else ())]
    if wanted:
        return len(bring(installation, wanted, advance=advance))
    if has_key:
        bring_ranges(installation, advance=advance)
    return 0


def _lacking(installation: Installation, months: Sequence[Month]) -> tuple[str, list[Month]]:
    """Return the source of grids, and which of the months no file of it holds."""
    with installation.warehouse.connect() as connection:
        sources = read_sources(connection)
        source = grid_source(connection, installation.settings) if sources else ERA5_LAND
        held = set(read_months_held(connection, source))
    return source, [month for month in months if month not in held]
