"""Fetch ERA5-Land in three steps, for a scheduler: ask, wait, collect.

What was asked stands in the warehouse with the store's job ids, so each step goes on where any
process before it stopped. `fetch_at_once` is all of them in one, for a command.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.ids import ERA5_LAND, Country
from pipeline.core.months import Month
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
from pipeline.steps.fetch_tally import Tally, failed, still_waiting
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance, quietly
from pipeline.warehouse.files import read_months_held
from pipeline.warehouse.locks import only_asker

_log = logging.getLogger(__name__)

ASK_AGAIN = timedelta(hours=6)
"""After so long a scheduler asks again for a month the store does not have yet."""
FOR_OTHERS = timedelta(hours=6)
"""So long a month that is ready waits for the other requests, such as those for final values."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What a collection came to."""

    came: list[Month]
    failures: list[str]
    """Requests for other months than those wanted that failed, each with its reason."""


@acts_as(Component.INGEST)
def ask(
    installation: Installation,
    months: Sequence[Month],
    *,
    countries: Sequence[Country] = tuple(Country),
    at_once: int | None = None,
    with_ranges: bool = True,
    advance: Advance = quietly,
) -> int:
    """Submit requests for the `months` that no open request covers; return how many jobs went out.

    Months the warehouse holds already are asked for again: that is how they get final values.

    Args:
        installation: where to.
        months: which.
        countries: whose area to ask for.
        at_once: for `months`, no more open requests than these; None: as many as it takes.
        with_ranges: ask after them for the daily range of temperature of `months_without_range`.
        advance: told of the progress.

    Raises:
        InputError: the store refuses the key, the licence or the request.
        OSError: no answer came, or an open request covers a month for a smaller area and has to end
            first; call it again, nothing is submitted twice.
    """
    with recorded(installation.warehouse, "fetch", max(months, default=None)) as report:
        store = open_store(installation.settings)
        advance("asking the data store", 0, len(months))
        area = cds.area_of(countries)
        untold = untold_requests(installation, area, MONTHS)
        here = {month for request in untold for month in request.came}
        hasten(installation, months, MONTHS)
        with only_asker(installation.warehouse):
            report.rows = ask_for(installation, store, set(months) - here, area, at_once)
            ranges = months_without_range(installation, area) if with_ranges else ()
            report.rows += ask_for(installation, store, ranges, area, product_type=HOURS_OF_DAY)
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
    ours = open_requests(installation, MONTHS)
    open_now = [request for request in ours if set(request.months) & set(months)]
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


@acts_as(Component.INGEST)
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
    found = open_requests(installation, MONTHS)
    ours = [request for request in found if set(request.months) & set(wanted)]
    ended = [job.ended_seconds for request in ours for job in request.jobs]
    longest = FOR_OTHERS.total_seconds()
    return bool(wanted) and all(one is not None and one >= longest for one in ended)


@acts_as(Component.INGEST)
def collect(
    installation: Installation,
    *,
    wanted: Collection[Month] = (),
    advance: Advance = quietly,
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
        untold = [request.request_id for request in untold_requests(installation)]
        before = [*untold, *(request.request_id for request in open_requests(installation))]
        advance("collecting from the data store", 0, len(before))
        with only_asker(installation.warehouse):
            bring_on(installation, store)
        troubles = take_ready(installation, store)
        every, ours = Tally(), Tally(frozenset(wanted))
        ranges = Tally(product_type=HOURS_OF_DAY)
        for request in requests(installation, before):
            for tally in (every, ours, ranges):
                tally.add(request)
        report.rows = len(every.came) + len(ranges.came)
        report.message = f"{len(every.came)} months came"
        if ranges.came:
            report.message += f", and the daily range of temperature of {len(ranges.came)}"
        tell(installation, before)
        ours.raise_if_any_failed()
        for request in open_requests(installation, MONTHS):
            if set(wanted) & set(request.months) and request.request_id in troubles:
                raise troubles[request.request_id]
        ours.absent |= _lacking(installation, wanted)
        ours.raise_if_any_is_absent()
        failures = [*every.failures, *ranges.failures, *map(str, troubles.values())]
        return Collected(sorted(every.came), failures)


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
    if any(lacking & set(request.months) for request in open_requests(installation, MONTHS)):
        raise still_waiting(len(open_requests(installation)))
    return lacking
