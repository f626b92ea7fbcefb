"""Fetch ERA5-Land: ask, wait, collect. Three steps, for a scheduler; or all in one, for a command.

What was asked stands in the warehouse with the store's job ids, so each step goes on where any
process before it stopped.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.core.errors import InputError
from pipeline.core.ids import ERA5_LAND, Country
from pipeline.core.months import Month, months_between
from pipeline.sources import cds
from pipeline.steps.fetch_files import sweep, take_ready
from pipeline.steps.fetch_jobs import Store, ask_for, bring_on, hasten, open_store
from pipeline.steps.fetch_tally import Patience, Tally, failed, still_waiting
from pipeline.steps.installation import Installation
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.warehouse.files import read_months_held
from pipeline.warehouse.jobs import (
    AskedFor,
    read_open_requests,
    read_requests,
    read_untold_requests,
    save_told,
)
from pipeline.warehouse.locks import only_asker

_log = logging.getLogger(__name__)

ASK_AGAIN = timedelta(hours=6)
"""After so long a scheduler asks again for a month the store does not have yet."""
FOR_OTHERS = timedelta(hours=6)
"""So long a month that is ready waits for the other requests, such as those for final values."""
_AT_ONCE = 4
"""Open requests of one command: the store takes few of a data set from one account."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection came to."""

    came: list[Month]
    failures: list[str]
    """Requests for other months than those wanted that failed, each with its reason."""


def _quietly(what: str, done: int, of: int) -> None:
    """Tell nobody."""


def ask(
    installation: Installation,
    months: Sequence[Month],
    *,
    countries: Sequence[Country] = tuple(Country),
    advance: Advance = _quietly,
) -> int:
    """Submit requests for the `months` that no open request covers; return how many jobs went out.

    Months the warehouse holds already are asked for again: that is how they get final values.

    Raises:
        InputError: the store refuses the key, the licence or the request.
        OSError: no answer came, or an open request covers a month for a smaller area and has to end
            first; call it again, nothing is submitted twice.
    """
    with recorded(installation.warehouse, "fetch", max(months, default=None)) as report:
        store = open_store(installation.settings)
        advance("asking the data store", 0, len(months))
        area = cds.area_of(countries)
        here = {month for request in _untold(installation, area) for month in request.came}
        hasten(installation, months)
        with only_asker(installation.warehouse):
            report.rows = ask_for(installation, store, set(months) - here, area)
        _refuse_smaller_areas(installation, store, months, area)
        report.message = f"{report.rows} jobs submitted to the data store"
        return report.rows


def _refuse_smaller_areas(
    installation: Installation, store: Store, months: Collection[Month], area: cds.Area
) -> None:
    """Bring on the requests for `months` that leave a part of `area` out, and say that they do.

    Raises:
        BlockingIOError: there is such a request; the whole area can be asked for once it has ended.
    """
    open_now = [request for request in _open(installation) if set(request.months) & set(months)]
    smaller = [one for one in open_now if not cds.Area(*one.area).holds(area)]
    if not smaller:
        return
    with only_asker(installation.warehouse):
        bring_on(installation, store)
    take_ready(installation, store)
    held_up = sorted({month for one in smaller for month in one.months} & set(months))
    raise BlockingIOError(
        f"data store: {', '.join(map(str, held_up))}: an open request asks for a smaller area than "
        "is wanted now; the whole is asked for when that one has ended: the same command again"
    )


def are_ready(installation: Installation, wanted: Collection[Month] = ()) -> bool:
    """Ask once how the open requests stand; return whether nothing is left to wait for.

    Months that are `wanted` do not wait for the requests for other months, such as a long history
    that a person loads, longer than `FOR_OTHERS` after they are ready. A job the store rejected for
    its full queue or dropped is submitted again, and so is, after a while, one for a month it does
    not have yet. While the store does not answer the answer is no.

    Raises:
        InputError: the store refuses the key, the licence or a request.
    """
    try:
        store = open_store(installation.settings)
        with only_asker(installation.warehouse):
            is_all = bring_on(installation, store, ASK_AGAIN)
        return is_all or _need_not_wait(installation, wanted)
    except InputError:
        with recorded(installation.warehouse, "fetch"):
            raise
    except OSError as error:
        _log.warning("data store: %s", error)
        return False


def _need_not_wait(installation: Installation, wanted: Collection[Month]) -> bool:
    """Whether `wanted` months are not asked for any more, or have been ready for long enough."""
    ours = [request for request in _open(installation) if set(request.months) & set(wanted)]
    ended = [job.ended_seconds for request in ours for job in request.jobs]
    longest = FOR_OTHERS.total_seconds()
    return bool(wanted) and all(one is not None and one >= longest for one in ended)


def collect(
    installation: Installation,
    *,
    wanted: Collection[Month] = (),
    advance: Advance = _quietly,
) -> Collected:
    """Take what the store has ready into the warehouse.

    Args:
        installation: where to.
        wanted: months that must be held afterwards. That another one failed, such as the final
            values of an old month, is told and holds up nothing.
        advance: told of the progress.

    Raises:
        InputError: the job of a wanted month failed at the store, or its file is refused; what else
            was ready is in.
        NotPublishedError: the store has nothing yet of a wanted month; what else was ready is in.
        OSError: a transfer failed, or a wanted month is still in the queue; call it again.
    """
    with recorded(installation.warehouse, "fetch", max(wanted, default=None)) as report:
        store = open_store(installation.settings)
        untold = [request.request_id for request in _untold(installation)]
        before = [*untold, *(request.request_id for request in _open(installation))]
        advance("collecting from the data store", 0, len(before))
        with only_asker(installation.warehouse):
            bring_on(installation, store)
        troubles = take_ready(installation, store)
        every, ours = Tally(), Tally(frozenset(wanted))
        for request in _read(installation, before):
            every.add(request)
            ours.add(request)
        report.rows, report.message = len(every.came), f"{len(every.came)} months came"
        _tell(installation, before)
        ours.raise_if_any_failed()
        for request in _open(installation):
            if set(wanted) & set(request.months) and request.request_id in troubles:
                raise troubles[request.request_id]
        ours.absent |= _lacking(installation, wanted)
        ours.raise_if_any_is_absent()
        return Collected(sorted(every.came), [*every.failures, *map(str, troubles.values())])


def name_failures(failures: Sequence[str]) -> None:
    """Fail with what `collect` told of, once all that came has been passed on.

    Raises:
        InputError: there is any.
    """
    if failures:
        raise failed(failures[0])


def _lacking(installation: Installation, wanted: Collection[Month]) -> set[Month]:
    """Return the wanted months that no file holds.

    Raises:
        TimeoutError: an open request covers one.
    """
    with installation.warehouse.connect() as connection:
        lacking = set(wanted) - set(read_months_held(connection, ERA5_LAND))
    if any(lacking & set(request.months) for request in _open(installation)):
        raise still_waiting(len(_open(installation)))
    return lacking


def ingest_era5_land(
    installation: Installation,
    first: Month,
    last: Month,
    *,
    countries: Sequence[Country] = tuple(Country),
    advance: Advance = _quietly,
) -> list[Month]:
    """Fetch ERA5-Land from `first` to `last`, both included, as `bring` does."""
    months = list(months_between(first, last))
    return bring(installation, months, countries=countries, advance=advance)


def bring(
    installation: Installation,
    months: Sequence[Month],
    *,
    countries: Sequence[Country] = tuple(Country),
    advance: Advance = _quietly,
) -> list[Month]:
    """Ask for `months`, wait for them and ingest them; return those that came.

    What an earlier call had asked for is waited for, not asked again. Stopped at any point it
    loses nothing: the same call goes on.

    Args:
        installation: where to.
        months: what to fetch, held already or not.
        countries: whose area to ask for.
        advance: told of the progress.

    Raises:
        InputError: the store refuses the key, the licence or the request; or a job failed there,
            and what had been asked for beside it is ingested.
        NotPublishedError: the store has nothing yet of some months; the others are ingested.
        TimeoutError: nothing came for as long as the settings allow; what was asked stays in the
            store's queue.
        OSError: the store does not answer.
    """
    with recorded(installation.warehouse, "fetch", max(months, default=None)) as report:
        area = cds.area_of(countries)
        store = open_store(installation.settings)
        tally, patience = Tally(frozenset(months)), Patience(store.access)
        relied = {
            request.request_id
            for request in _untold(installation, area)
            if set(request.came) & set(months)
        }
        used = set(relied)
        hasten(installation, months)
        while tally.left and (relied or not tally.failures):
            with patience.faults_counted():
                _go_on(installation, store, tally, area, relied)
            used |= relied
            for request in _read(installation, relied):
                if request.state != "open":
                    relied.remove(request.request_id)
                    tally.add(request)
                    patience.renew()
            done = len(months) - len(tally.left)
            advance(f"ERA5-Land, {len(relied)} requests at the data store", done, len(months))
            if tally.left:
                patience.pause(len(relied))
        tally.raise_if_any_failed()
        report.rows, report.message = len(tally.came), f"{len(tally.came)} months came"
        _tell(installation, used)
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
        relied |= _bringing(installation, left, area)
        # Another process may end one of them at any moment: its months are not to be asked anew.
        coming = {
            month
            for request in _read(installation, relied)
            if request.state != "too_large"
            for month in (request.came if request.state == "received" else request.months)
        }
        try:
            asked_now = set() if tally.failures else left - coming
            ask_for(installation, store, asked_now, area, _AT_ONCE)
            bring_on(installation, store)
        finally:
            relied |= _bringing(installation, left, area)
    for request_id, trouble in take_ready(installation, store).items():
        if request_id in relied:
            raise trouble


def _bringing(installation: Installation, left: Collection[Month], area: cds.Area) -> set[int]:
    """Return the open requests that bring any of these months for all of the area."""
    return {
        request.request_id
        for request in _open(installation)
        if set(request.months) & set(left) and cds.Area(*request.area).holds(area)
    }


def _untold(installation: Installation, area: cds.Area | None = None) -> list[AskedFor]:
    """Return what came for all of the area while whoever waited for it was killed."""
    with installation.warehouse.connect() as connection:
        found = read_untold_requests(connection, cds.DATASET)
    return [r for r in found if area is None or cds.Area(*r.area).holds(area)]


def _tell(installation: Installation, request_ids: Collection[int]) -> None:
    sweep(installation)
    with installation.warehouse.begin() as connection:
        save_told(connection, request_ids)


def _open(installation: Installation) -> list[AskedFor]:
    with installation.warehouse.connect() as connection:
        return read_open_requests(connection, cds.DATASET)


def _read(installation: Installation, ids: Collection[int]) -> list[AskedFor]:
    with installation.warehouse.connect() as connection:
        return read_requests(connection, cds.DATASET, ids)
