"""The desk of the simulated data store: jobs and replies as the Climate Data Store words them.

No HTTP here: `data_store` brings the calls. Only the times stamped on jobs come from the clock;
no value does.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal

from pipeline.core.errors import DroughtError, InputError
from pipeline.core.months import Month
from pipeline.local.simulated_files import DATASET, Selection, answer, selection

LICENCE_PAGE = f"https://cds.climate.copernicus.eu/datasets/{DATASET}?tab=download#manage-licences"

_LICENCE = {"id": "cc-by", "revision": 1}

Reply = dict[str, Any]
Status = Literal["accepted", "running", "successful", "failed", "rejected", "dismissed"]
QUEUE_FULL = (
    "Number queued requests for this dataset is temporarily limited. "
    "Please configure your scripts accordingly"
)


class RefusalError(Exception):
    """An HTTP error, with the document that explains it."""

    def __init__(self, status: HTTPStatus, title: str, **details: str) -> None:
        super().__init__(title)
        self.status = status
        self.document = {"type": title, "title": title, "status": status.value, **details}


@dataclass(frozen=True, slots=True)
class Call:
    """What an endpoint is told: the name in its path, its query, and the body of a POST."""

    name: str
    body: object
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Job:
    """A submitted request, from the queue to its file."""

    job_id: str
    selection: Selection
    inputs: Reply
    created: str
    status: Status = "accepted"
    polls: int = 0
    file: bytes = b""
    traceback: str = ""
    doom: str = ""
    """What becomes of it at the next poll: the name of a fault of `Behaviour`."""

    @property
    def path(self) -> str:
        return f"/cache/{self.job_id}.{'zip' if self.selection.is_zip else 'nc'}"

    @property
    def media_type(self) -> str:
        return "application/zip" if self.selection.is_zip else "application/netcdf"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the store serves, and how it fails when a test wants it to."""

    queue_polls: int = 1
    """Polls a job stays queued; then it runs for one more. 0: it is done at once."""
    fail_jobs: str = ""
    """Traceback with which every job fails; empty: none does."""
    reject_licence: bool = False
    """Refuse submissions until a licence is accepted, which it never is."""
    max_cost: int | None = None
    """Refuse requests of more fields (variables times months and hours) than this."""
    cut_downloads: int = 0
    """Break so many downloads off in the middle, before serving whole ones."""
    spoil: Literal["", "short", "corrupt"] = ""
    """Serve files shorter than announced, or of the announced size with other content."""
    spoilt_downloads: int = 1_000_000
    """So many downloads are spoilt, and those after them whole."""
    maintenance: int = 0
    """Answer so many calls, those for the notices aside, with 503 and a web page."""
    too_many_calls: int = 0
    """Answer so many submissions with 429."""
    lose_submit_replies: int = 0
    """Take so many submissions and hang up without an answer."""
    queue_full: int = 0
    """Take so many jobs and reject them afterwards, because too many are queued."""
    dismiss_jobs: int = 0
    """Dismiss so many jobs while they are queued."""
    forget_jobs: int = 0
    """Know nothing any more of so many jobs when they are asked for."""
    are_jobs_silent: bool = False
    """Do not say what a job asks for."""
    expire_results: int = 0
    """Keep so many jobs without the file they made."""


_DOOMS = ("queue_full", "dismiss_jobs", "forget_jobs", "expire_results")


@dataclass(slots=True)
class Faults:
    """The faults of a behaviour that are still to come."""

    left: dict[str, int]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, name: str) -> bool:
        """Use one of the faults of this name up; return whether there was one."""
        with self.lock:
            self.left[name] -= 1
            return self.left[name] >= 0


@dataclass(slots=True)
class Desk:
    """The store without its HTTP: one method an endpoint, each returning the JSON of its reply."""

    newest_month: Month
    seed: int
    behaviour: Behaviour
    url: str = ""
    jobs: dict[str, Job] = field(default_factory=dict)
    submitted: list[Reply] = field(default_factory=list)
    """The inputs of every request that was taken, in order."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    faults: Faults = field(init=False)

    def __post_init__(self) -> None:
        counts = asdict(self.behaviour)
        self.faults = Faults({name: n for name, n in counts.items() if isinstance(n, int)})

    def messages(self, call: Call) -> Reply:
        return {"messages": []}

    def account(self, call: Call) -> Reply:
        return {"id": "simulated", "role": "user"}

    def licences(self, call: Call) -> Reply:
        return {"licences": [] if self.behaviour.reject_licence else [_LICENCE]}

    def collection(self, call: Call) -> Reply:
        self.process(call)
        return {"id": DATASET, "title": "SIMULATED ERA5-Land monthly means", "links": []}

    def form(self, call: Call) -> list[Reply]:
        """The fields of the download form; of them only the licences are described."""
        self.process(call)
        licence = {**_LICENCE, "label": "CC-BY licence"}
        return [
            {"name": "variable", "type": "StringListArrayWidget", "details": {}},
            {"name": "licences", "type": "LicenceWidget", "details": {"licences": [licence]}},
        ]

    def process(self, call: Call) -> Reply:
        if call.name != DATASET:
            raise RefusalError(
                HTTPStatus.NOT_FOUND, "process not found", detail=f"dataset {call.name} not found"
            )
        return {"id": DATASET, "title": "SIMULATED ERA5-Land monthly means", "version": "1.0.0"}

    def costs(self, call: Call) -> Reply:
        limit = self.behaviour.max_cost
        return {"id": "size", "cost": self._selection(call).cost, "limit": limit or 1e9}

    def submit(self, call: Call) -> Reply:
        chosen = self._selection(call)
        if self.faults.take("too_many_calls"):
            raise RefusalError(HTTPStatus.TOO_MANY_REQUESTS, "too many requests")
        if self.behaviour.reject_licence:
            raise RefusalError(
                HTTPStatus.FORBIDDEN,
                "required licences not accepted",
                detail="Not all the required licences have been accepted; "
                f"please visit {LICENCE_PAGE} to accept the required licence(s).",
            )
        if self.behaviour.max_cost is not None and chosen.cost > self.behaviour.max_cost:
            raise RefusalError(
                HTTPStatus.FORBIDDEN,
                "cost limits exceeded",
                detail="Your request is too large, please reduce your selection.",
            )
        job = Job(str(uuid.uuid4()), chosen, _normalised(_inputs(call.body)), _now())
        job.doom = next(filter(self.faults.take, _DOOMS), "")
        with self.lock:
            self.jobs[job.job_id] = job
            self.submitted.append(job.inputs)
        return self._document(job)

    def list_jobs(self, call: Call) -> Reply:
        """Return a page of the jobs, newest first; what each asked for is left out."""
        start, limit = int(call.query.get("cursor", 0)), int(call.query.get("limit", 10))
        newest_first = list(reversed(self.jobs.values()))
        page = [self._document(job) for job in newest_first[start : start + limit]]
        links = []
        if start + limit < len(newest_first):
            query = f"limit={limit}&sortby=-created&cursor={start + limit}"
            links = [{"rel": "next", "href": f"{self.url}/retrieve/v1/jobs?{query}"}]
        return {"jobs": page, "links": links, "metadata": {"totalCount": len(newest_first)}}

    def poll(self, call: Call) -> Reply:
        job = self._job(call.name)
        with self.lock:
            job.polls += 1
            self._advance(job)
        job = self._job(call.name)
        document = self._document(job)
        is_asked = call.query.get("request", "").lower() == "true"
        if is_asked and not self.behaviour.are_jobs_silent:
            document["metadata"] = {**document["metadata"], "request": {"ids": job.inputs}}
        return document

    def results(self, call: Call) -> Reply:
        job = self._job(call.name)
        if job.status in {"failed", "rejected"}:
            raise RefusalError(
                HTTPStatus.BAD_REQUEST,
                f"The job has {'failed' if job.status == 'failed' else 'been rejected'}",
                instance=f"{self.url}/retrieve/v1/jobs/{job.job_id}/results",
                trace_id=job.job_id,
                traceback=job.traceback,
            )
        if job.status != "successful":
            raise RefusalError(
                HTTPStatus.NOT_FOUND,
                "job results not ready",
                detail=f"status of {job.job_id} is '{job.status}'",
            )
        if job.doom == "expire_results":
            raise RefusalError(HTTPStatus.NOT_FOUND, "results expired")
        value = {
            "type": job.media_type,
            "href": f"{self.url}{job.path}",
            "file:size": len(job.file),
            "file:checksum": hashlib.md5(job.file, usedforsecurity=False).hexdigest(),
            "file:local_path": job.path,
        }
        return {"asset": {"value": value}}

    def delete(self, call: Call) -> Reply:
        job = self._job(call.name)
        del self.jobs[job.job_id]
        return {**self._document(job), "status": "dismissed"}

    def _selection(self, call: Call) -> Selection:
        self.process(call)
        try:
            return selection(_inputs(call.body))
        except InputError as error:
            raise RefusalError(
                HTTPStatus.BAD_REQUEST, "invalid request", detail=str(error)
            ) from error

    def _job(self, job_id: str) -> Job:
        if job_id not in self.jobs:
            raise RefusalError(
                HTTPStatus.NOT_FOUND, "job not found", detail=f"job {job_id} not found"
            )
        return self.jobs[job_id]

    def _advance(self, job: Job) -> None:
        """Move a job on by one poll."""
        if job.doom == "queue_full":
            job.status, job.traceback = "rejected", QUEUE_FULL
        elif job.doom == "dismiss_jobs":
            job.status = "dismissed"
        elif job.doom == "forget_jobs":
            del self.jobs[job.job_id]
        queued = self.behaviour.queue_polls
        if job.status == "accepted" and 0 < queued < job.polls:
            job.status = "running"
        elif job.status == "running" or (job.status == "accepted" and queued == 0):
            self._run(job)

    def _run(self, job: Job) -> None:
        job.status = "failed"
        job.traceback = self.behaviour.fail_jobs
        if job.traceback:
            return
        try:
            job.file = answer(job.selection, self.newest_month, self.seed)
            job.status = "successful"
        except DroughtError as error:
            job.traceback = f"The job failed with: MultiAdaptorNoDataError\n{error}"

    def _document(self, job: Job) -> Reply:
        monitor = f"{self.url}/retrieve/v1/jobs/{job.job_id}"
        links = [{"rel": rel, "href": monitor} for rel in ("self", "monitor")]
        if job.status in {"successful", "failed", "rejected"}:
            links.append({"rel": "results", "href": f"{monitor}/results"})
        return {
            "processID": DATASET,
            "type": "process",
            "jobID": job.job_id,
            "status": job.status,
            "created": job.created,
            "updated": _now(),
            "links": links,
            "metadata": {"origin": "api"},
        }


def _inputs(body: object) -> Reply:
    inputs = body.get("inputs") if isinstance(body, dict) else None
    if not isinstance(inputs, dict):
        raise RefusalError(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid body", detail='expected {"inputs": {…}}'
        )
    return inputs


def _normalised(inputs: Reply) -> Reply:
    """Return a request as the store keeps it: with its defaults, and its lists sorted."""
    kept = {
        key: sorted(value) if isinstance(value, list) and key != "area" else value
        for key, value in inputs.items()
    }
    return {"data_format": "grib", "download_format": "unarchived", **kept}


def _now() -> str:
    return datetime.now(UTC).isoformat()
