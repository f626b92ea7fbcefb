"""What the data store has ready: downloaded, ingested, and only then forgotten at the store."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.ids import ERA5_LAND, Product
from pipeline.sources import cds, cds_download, cds_jobs
from pipeline.sources.cds_answers import LostJobError
from pipeline.steps.fetch_jobs import Store, has_ended, may_be_lost
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.installation import Installation
from pipeline.warehouse.jobs import (
    AskedFor,
    Job,
    close_request,
    read_open_requests,
    read_requests,
    save_again,
    save_announced,
    save_ended,
)
from pipeline.warehouse.locks import collecting

_log = logging.getLogger(__name__)


def take_ready(installation: Installation, store: Store) -> dict[int, OSError]:
    """End all requests the store is done with: take their files, or note why there is none.

    A request another process is taking is left to it. How each ended stands in the warehouse.

    Returns:
        Of each request whose transfer failed, by its id, why. What came of it stays, call it again.
    """
    troubles: dict[int, OSError] = {}
    with installation.warehouse.connect() as connection:
        found = read_open_requests(connection, cds.DATASET)
    for request in filter(has_ended, found):
        with collecting(installation.warehouse, request.request_id) as is_mine:
            if is_mine and _is_still_open(installation, request):
                try:
                    _settle(installation, store, request)
                except OSError as trouble:
                    _log.warning("data store: request %s: %s", request.request_id, trouble)
                    troubles[request.request_id] = trouble
    return troubles


def _is_still_open(installation: Installation, request: AskedFor) -> bool:
    with installation.warehouse.connect() as connection:
        (now,) = read_requests(connection, cds.DATASET, [request.request_id])
    return now.state == "open" and has_ended(now)


def _settle(installation: Installation, store: Store, request: AskedFor) -> None:
    """End a request whose jobs have ended."""
    for state in ("failed", "not_published"):
        errors = [job.error for job in request.jobs if job.state == state]
        if errors:
            with installation.warehouse.begin() as connection:
                close_request(connection, request.request_id, state, trouble=errors[0])
            _leave_nothing(installation, store, request)
            return
    if _have_come(installation, store, request):
        _ingest(installation, request)
        _leave_nothing(installation, store, request)


def _have_come(installation: Installation, store: Store, request: AskedFor) -> bool:
    """Download the parts of a request; return False if the store dropped one of them meanwhile."""
    for job in request.jobs:
        try:
            _download(installation, store, job)
        except LostJobError as error:
            with installation.warehouse.begin() as connection:
                if may_be_lost(job):
                    save_again(connection, job, "lost", str(error), 0.0)
                else:
                    save_ended(connection, job.job_key, "failed", str(error))
            return False
    return True


def _download(installation: Installation, store: Store, job: Job) -> None:
    announced = cds_jobs.reply(store.client, str(job.job_id))
    with installation.warehouse.begin() as connection:
        save_announced(connection, job.job_key, announced.size_bytes, announced.md5)
    part = _part(installation, job)
    part.parent.mkdir(parents=True, exist_ok=True)
    cds_download.download(store.client, announced, part)


def _part(installation: Installation, job: Job) -> Path:
    return installation.settings.downloads / f"{job.job_id}.part"


def _ingest(installation: Installation, request: AskedFor) -> None:
    """Ingest the downloaded parts as one file; the request ends in the same transaction."""
    path = _whole(installation, request)
    inputs = dict(request.jobs[0].inputs)
    inputs["variable"] = [name for job in request.jobs for name in job.inputs["variable"]]
    job_ids = " ".join(str(job.job_id) for job in request.jobs)
    try:
        ingest_grid(
            installation,
            path,
            source=ERA5_LAND,
            product=_product(request),
            request={"dataset": cds.DATASET, "job_id": job_ids, "inputs": inputs},
            also=lambda connection, file_id: close_request(
                connection, request.request_id, "received", file_id=file_id
            ),
        )
    except (InputError, ConflictError) as error:
        with installation.warehouse.begin() as connection:
            close_request(connection, request.request_id, "failed", trouble=str(error))


def _product(request: AskedFor) -> Product | None:
    """Temperature by the hour of the day accumulates nothing."""
    return Product.MONTHLY_MEAN if request.product_type == cds.ProductType.MONTHS else None


def _whole(installation: Installation, request: AskedFor) -> Path:
    """Return the reply to a request as one file, under a name that says its months."""
    folder = _folder(installation, request)
    folder.mkdir(parents=True, exist_ok=True)
    first, last = request.months[0], request.months[-1]
    kind = "" if request.product_type == cds.ProductType.MONTHS else "hours-of-day-"
    name = f"{ERA5_LAND}-{kind}{first}-{last.month:02d}"
    if len(request.jobs) > 1:
        parts = {
            f"{job.part.replace(' ', '+')}.nc": _part(installation, job) for job in request.jobs
        }
        cds_download.join(parts, folder / f"{name}.zip")
        return folder / f"{name}.zip"
    return Path(shutil.copyfile(_part(installation, request.jobs[0]), folder / f"{name}.nc"))


def _folder(installation: Installation, request: AskedFor) -> Path:
    return installation.settings.downloads / f"request-{request.request_id}"


def _leave_nothing(installation: Installation, store: Store, request: AskedFor) -> None:
    """Delete the jobs at the store, and what was downloaded of them."""
    for job in request.jobs:
        if job.job_id is not None:
            cds_jobs.forget(store.client, job.job_id)
            _part(installation, job).unlink(missing_ok=True)
    shutil.rmtree(_folder(installation, request), ignore_errors=True)


def sweep(installation: Installation) -> None:
    """Remove what no open request will go on with: a process was killed before it could."""
    found = set(installation.settings.downloads.glob("*"))
    with installation.warehouse.connect() as connection:
        opened = read_open_requests(connection, cds.DATASET)
    kept = {_folder(installation, request) for request in opened}
    kept |= {_part(installation, job) for request in opened for job in request.jobs}
    for path in found - kept:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
