"""Fetch ERA5-Land in one go, for a command: what is lacking is asked for, waited for and ingested.

Stopped at any point it loses nothing: what was asked stands in the warehouse, as in `fetch`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pipeline.core.components import Component
from pipeline.core.errors import DroughtError, NotPublishedError
from pipeline.core.ids import Country
from pipeline.core.months import Month, months_between
from pipeline.sources import cds
from pipeline.steps.fetch_files import take_ready
from pipeline.steps.fetch_jobs import Store, ask_for, bring_on, hasten, open_store
from pipeline.steps.fetch_ranges import months_without_range
from pipeline.steps.fetch_requests import (
    HOURS_OF_DAY,
    MONTHS,
    open_requests,
    requests,
    tell,
    untold_requests,
)
from pipeline.steps.fetch_tally import Patience, Tally
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance, quietly
from pipeline.warehouse.locks import only_asker

AT_ONCE = 4
"""Open requests of one command: the store takes few of a data set from one account."""


@acts_as(Component.INGEST)
def ingest_era5_land(
    installation: Installation,
    first: Month,
    last: Month,
    *,
    countries: Sequence[Country] = tuple(Country),
    advance: Advance = quietly,
) -> list[Month]:
    """Fetch ERA5-Land from `first` to `last`, both included, as `bring` does."""
    months = list(months_between(first, last))
    return bring(installation, months, countries=countries, advance=advance)


@acts_as(Component.INGEST)
def bring(
    installation: Installation,
    months: Sequence[Month],
    *,
    countries: Sequence[Country] = tuple(Country),
    with_ranges: bool = True,
    advance: Advance = quietly,
) -> list[Month]:
    """Ask for `months`, wait for them and ingest them; return those that came.

    What an earlier call had asked for is waited for, not asked again. Stopped at any point it
    loses nothing: the same call goes on. The daily range of temperature that months lack is brought
    after them, also if some of them are not published yet.

    Args:
        installation: where to.
        months: what to fetch, held already or not.
        countries: whose area to ask for.
        with_ranges: bring the range; else the caller does.
        advance: told of the progress.

    Raises:
        InputError: the store refuses the key, the licence or the request; or a job failed there,
            and what had been asked for beside it is ingested.
        NotPublishedError: the store has nothing yet of some months; the others are ingested.
        TimeoutError: nothing came for as long as the settings allow; what was asked stays in the
            store's queue.
        OSError: the store does not answer.
    """
    area = cds.area_of(countries)
    absent: NotPublishedError | None = None
    came: list[Month] = []
    used: set[int] = set()
    try:
        came = _brought(installation, months, area, MONTHS, advance, used)
    except NotPublishedError as error:
        absent = error
    try:
        if with_ranges:
            bring_ranges(installation, countries=countries, advance=advance)
    except (DroughtError, OSError):
        tell(installation, used)
        raise
    # Not before: killed or interrupted in between, the same command does not ask for the months anew.
    tell(installation, used)
    if absent is not None:
        raise absent
    return came


@acts_as(Component.INGEST)
def bring_ranges(
    installation: Installation,
    *,
    countries: Sequence[Country] = tuple(Country),
    advance: Advance = quietly,
) -> list[Month]:
    """Bring the daily range of temperature of `months_without_range`; return the months that came.

    Raises:
        InputError, NotPublishedError, OSError: as `bring`; or a file has gone from the archive.
    """
    area = cds.area_of(countries)
    months = months_without_range(installation, area)
    if not months:
        return []
    used: set[int] = set()
    try:
        return _brought(installation, months, area, HOURS_OF_DAY, advance, used)
    finally:
        tell(installation, used)


def _brought(
    installation: Installation,
    months: Sequence[Month],
    area: cds.Area,
    product_type: cds.ProductType,
    advance: Advance,
    used: set[int],
) -> list[Month]:
    """Bring one kind of product; add to `used` the requests of which the caller has to be told."""
    with recorded(installation.warehouse, "fetch", max(months, default=None)) as report:
        store = open_store(installation.settings)
        tally = Tally(frozenset(months), product_type)
        patience = Patience(store.access)
        relied = {
            request.request_id
            for request in untold_requests(installation, area, product_type)
            if set(request.came) & set(months)
        }
        asked = set(relied)
        hasten(installation, months, product_type)
        while tally.left and (relied or not tally.failures):
            with patience.faults_counted():
                _go_on(installation, store, tally, area, relied)
            asked |= relied
            for request in requests(installation, relied):
                if request.state != "open":
                    relied.remove(request.request_id)
                    tally.add(request)
                    patience.renew()
            done = len(months) - len(tally.left)
            advance(f"{tally.what}, {len(relied)} requests at the data store", done, len(months))
            if tally.left:
                patience.pause(len(relied))
        tally.raise_if_any_failed()
        report.rows, report.message = len(tally.came), f"{len(tally.came)} months came"
        used |= asked
        tally.raise_if_any_is_absent()
        return sorted(tally.came)


def _go_on(
    installation: Installation,
    store: Store,
    tally: Tally,
    area: cds.Area,
    relied: set[int],
) -> None:
    """Ask for what is left, and take what is ready; add the requests that bring it to `relied`.

    Once one failed no more are asked for, and those that were are gone on with.
    """
    left = tally.left
    with only_asker(installation.warehouse):
        relied |= _bringing(installation, left, area, tally.product_type)
        # Another process may end one of them at any moment: its months are not to be asked anew.
        coming = {
            month
            for request in requests(installation, relied)
            if request.state != "too_large"
            for month in (request.came if request.state == "received" else request.months)
        }
        try:
            asked_now = set() if tally.failures else left - coming
            kind = tally.product_type
            ask_for(installation, store, asked_now, area, AT_ONCE, product_type=kind)
            bring_on(installation, store)
        finally:
            relied |= _bringing(installation, left, area, tally.product_type)
    for request_id, trouble in take_ready(installation, store).items():
        if request_id in relied:
            raise trouble


def _bringing(
    installation: Installation,
    left: Collection[Month],
    area: cds.Area,
    product_type: cds.ProductType,
) -> set[int]:
    """Return the open requests that bring any of these months for all of the area."""
    return {
        request.request_id
        for request in open_requests(installation, product_type)
        if set(request.months) & set(left) and cds.Area(*request.area).holds(area)
    }
