"""Requests to the data store, each brought on by one step at a time.

Whatever is about to be done outside is committed before, and what came of it right after: wherever
a process is killed, the next one goes on from what the warehouse says.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.settings import Settings
from pipeline.sources import cds, cds_jobs
from pipeline.sources.cds_answers import TooLargeError
from pipeline.sources.cds_jobs import Verdict
from pipeline.steps.installation import Installation
from pipeline.warehouse.files import read_months_held
from pipeline.warehouse.jobs import (
    AskedFor,
    Job,
    close_request,
    read_known_job_ids,
    read_open_requests,
    save_again,
    save_due,
    save_ended,
    save_parts,
    save_ready,
    save_request,
    save_submitted,
    save_tried,
    save_trouble,
)

_log = logging.getLogger(__name__)

_CLOCKS_DIFFER = timedelta(hours=1)
"""So far the store's clock may be from ours."""
_LONGEST_WAIT_FOR_QUEUE_SECONDS = 600.0
_LOST_TIMES = 5
_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Store:
    """The data store as one process asks it."""

    access: cds.CdsAccess
    client: Any
    """A `cdsapi` client."""
    fits: Callable[[cds.Request], bool]
    """Whether it would take a request of that size."""


def open_store(settings: Settings) -> Store:
    """Return the data store of these settings.

    Raises:
        InputError: URL or key cannot be right.
    """
    access = cds.CdsAccess(
        settings.cdsapi_url,
        settings.cdsapi_key.get_secret_value() if settings.cdsapi_key else "",
        pause_seconds=settings.cds_pause_seconds,
        wait_seconds=settings.cds_wait_seconds,
    )
    client = access.client()
    return Store(access, client, cds_jobs.cost_check(client))


def ask_for(
    installation: Installation,
    store: Store,
    months: Collection[Month],
    area: cds.Area,
    at_once: int | None = None,
    *,
    product_type: cds.ProductType = cds.ProductType.MONTHS,
) -> int:
    """Submit what covers `months` and no open request covers yet; return how many jobs went out.

    What was written down before and never submitted goes first. Call it as the only asker.

    Args:
        installation: whose requests.
        store: where to.
        months: what is wanted, by whoever wants it now.
        area: for which area.
        at_once: no more open requests than these; None: as many as it takes.
        product_type: what of these months.

    Raises:
        InputError: the store refuses the key, the licence or the request.
        OSError: no answer came; call it again.
    """
    submitted = _submit_due(installation, store)
    for parts in _plan(installation, store, months, area, product_type):
        if at_once is not None and len(_open_requests(installation, product_type)) >= at_once:
            break
        with installation.warehouse.begin() as connection:
            save_request(connection, cds.DATASET, parts[0]["area"], cds.months_of(parts[0]), parts)
        submitted += _submit_due(installation, store)
    return submitted


def hasten(
    installation: Installation, months: Collection[Month], product_type: cds.ProductType
) -> None:
    """Let what waits to be submitted for `months` be submitted now: a person asks for it anew."""
    with installation.warehouse.begin() as connection:
        for request in read_open_requests(connection, cds.DATASET, product_type):
            if set(request.months) & set(months):
                save_due(connection, request.request_id)


def _open_requests(
    installation: Installation, product_type: cds.ProductType | None = None
) -> list[AskedFor]:
    with installation.warehouse.connect() as connection:
        return read_open_requests(connection, cds.DATASET, product_type)


def _plan(
    installation: Installation,
    store: Store,
    months: Collection[Month],
    area: cds.Area,
    product_type: cds.ProductType,
) -> Iterator[cds.Parts]:
    """Yield requests for the months that no open one covers: those lacking first, then oldest first.

    Months the warehouse holds go apart from those it lacks: of the latter the store may have a
    part only, and they are not to wait behind final values of years ago.
    """
    opened = _open_requests(installation, product_type)
    left = set(months) - {month for request in opened for month in request.months}
    with installation.warehouse.connect() as connection:
        held = set(read_months_held(connection, ERA5_LAND))
    for group in (left - held, left & held):
        for asked in cds.yearly_requests(group, area, product_type):
            yield from cds.fitting(asked, store.fits)


def _submit_due(installation: Installation, store: Store) -> int:
    """Submit every job that is due, those that take the place of one too large included."""
    submitted, seen = 0, set[int]()
    while found := _next_due(installation, seen):
        request, job = found
        seen.add(job.job_key)
        with _trouble_noted(installation, request):
            submitted += _submit(installation, store, request, job)
    return submitted


def _next_due(installation: Installation, seen: Collection[int]) -> tuple[AskedFor, Job] | None:
    for request in _open_requests(installation):
        for job in request.jobs:
            if job.state == "intended" and job.is_due and job.job_key not in seen:
                return request, job
    return None


def _submit(installation: Installation, store: Store, request: AskedFor, job: Job) -> bool:
    """Submit a job unless the store has it already; return whether the store has it now."""
    job_id = _found_again(installation, store, job)
    if job_id is None and _may_still_show(store, job):
        return False
    if job_id is None:
        with installation.warehouse.begin() as connection:
            save_tried(connection, job.job_key)
        job_id = _sent(installation, store, request, job)
    if job_id is None:
        return False
    with installation.warehouse.begin() as connection:
        save_submitted(connection, job.job_key, job_id)
        save_trouble(connection, request.request_id, None)
    return True


def _found_again(installation: Installation, store: Store, job: Job) -> str | None:
    """Look for a job whose submission was never answered, in the store's own list."""
    if job.tried_seconds is None:
        return None
    with installation.warehouse.connect() as connection:
        known = read_known_job_ids(connection)
    since = job.intended_at - _CLOCKS_DIFFER
    job_id = cds_jobs.find(store.client, dict(job.inputs), since=since, known=known)
    if job_id is not None:
        _log.warning("job %s: taken over, the answer to its submission was lost", job_id)
    return job_id


def _may_still_show(store: Store, job: Job) -> bool:
    return job.tried_seconds is not None and job.tried_seconds < store.access.pause_seconds


def _sent(installation: Installation, store: Store, request: AskedFor, job: Job) -> str | None:
    """Submit a job; return its id, or None where the store's answer leaves nothing to wait for."""
    try:
        return cds_jobs.submit(store.client, dict(job.inputs))
    except TooLargeError as error:
        _ask_smaller(installation, request, job, str(error))
    except NotPublishedError as error:
        with installation.warehouse.begin() as connection:
            save_ended(connection, job.job_key, "not_published", str(error))
    except InputError as error:
        _fail(installation, request, job, str(error))
        raise
    return None


def _ask_smaller(installation: Installation, request: AskedFor, job: Job, why: str) -> None:
    try:
        pieces = cds.smaller(dict(job.inputs))
    except InputError as error:
        _fail(installation, request, job, str(error))
        raise
    with installation.warehouse.begin() as connection:
        save_ended(connection, job.job_key, "too_large", why)
        if len(pieces) == 1:
            save_parts(connection, request.request_id, pieces[0])
            return
        close_request(connection, request.request_id, "too_large", trouble=why)
        for piece in pieces:
            save_request(connection, cds.DATASET, request.area, cds.months_of(piece[0]), piece)


def _fail(installation: Installation, request: AskedFor, job: Job, error: str) -> None:
    with installation.warehouse.begin() as connection:
        save_ended(connection, job.job_key, "failed", error)
        close_request(connection, request.request_id, "failed", trouble=error)


def bring_on(
    installation: Installation, store: Store, again_after: timedelta | None = None
) -> bool:
    """Submit what is due, ask how each job stands, and return whether no job is to be waited for.

    Call it as the only asker.

    Args:
        installation: whose requests.
        store: where they are.
        again_after: after how long to submit anew what the store had nothing of; None: never.

    Raises:
        InputError: the store refuses the key, the licence or a request.
        OSError: no answer came; call it again.
    """
    _submit_due(installation, store)
    for request in _open_requests(installation):
        for job in request.jobs:
            if job.state == "submitted" and job.job_id is not None:
                with _trouble_noted(installation, request):
                    seen = cds_jobs.look(store.client, job.job_id)
                _note(installation, store, request, job, seen, again_after)
    return all(has_ended(request) for request in _open_requests(installation))


def has_ended(request: AskedFor) -> bool:
    """Whether the store is done with all jobs of a request."""
    return all(job.state not in {"intended", "submitted"} for job in request.jobs)


def may_be_lost(job: Job) -> bool:
    """Whether a part may be submitted anew if the store drops its job: a few times."""
    return job.times_lost < _LOST_TIMES


def _note(
    installation: Installation,
    store: Store,
    request: AskedFor,
    job: Job,
    seen: cds_jobs.Look,
    again_after: timedelta | None,
) -> None:
    """Write down how a job stands, and what follows from it."""
    words = f"job {job.job_id}: " + " ".join(seen.story.split())[:_LONGEST_LINE]
    pause = _pause_seconds(store, job, seen.verdict, again_after)
    with installation.warehouse.begin() as connection:
        save_trouble(connection, request.request_id, words if seen.story else None)
        if seen.verdict is Verdict.READY:
            save_ready(connection, job.job_key)
        elif pause is not None:
            save_again(connection, job, seen.verdict, words, pause)
        elif seen.verdict is Verdict.NOT_PUBLISHED:
            save_ended(connection, job.job_key, "not_published", words)
        elif seen.verdict is not Verdict.WAITING:
            _log.error("job %s failed at the data store:\n%s", job.job_id, seen.story)
            save_ended(connection, job.job_key, "failed", words, seen.story)


def _pause_seconds(
    store: Store, job: Job, verdict: Verdict, again_after: timedelta | None
) -> float | None:
    """Return after how long a job that came to nothing is submitted anew; None: it is not."""
    if verdict is Verdict.REJECTED:
        longest = max(_LONGEST_WAIT_FOR_QUEUE_SECONDS, store.access.pause_seconds)
        return float(min(store.access.pause_seconds * 2 ** min(job.number, 20), longest))
    if verdict is Verdict.LOST and may_be_lost(job):
        return 0.0
    if verdict is Verdict.NOT_PUBLISHED and again_after is not None:
        return again_after.total_seconds()
    return None


@contextmanager
def _trouble_noted(installation: Installation, request: AskedFor) -> Iterator[None]:
    """Write down what keeps a request waiting, for `drought status`, and let the error pass."""
    try:
        yield
    except OSError as error:
        with installation.warehouse.begin() as connection:
            save_trouble(connection, request.request_id, f"{type(error).__name__}: {error}")
        raise
