"""Jobs at the Climate Data Store: submit, find again, look, download, forget.

Each function asks the store once, through the `cdsapi` client, and repeats nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import cdsapi
import requests
from ecmwf.datastores.processing import LinkError, ProcessingFailedError
from ecmwf.datastores.utils import string_to_datetime

from pipeline.sources.cds import DATASET, Request, is_same
from pipeline.sources.cds_answers import LostJobError, is_not_published, story_of, verdicts
from pipeline.sources.cds_download import Reply

_JOBS_A_PAGE = 50


class Verdict(StrEnum):
    """How a job stands."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    NOT_PUBLISHED = "not_published"
    REJECTED = "rejected"
    """The queue was full: submit it again later."""
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Look:
    """How a job stands, and what the store says about it."""

    verdict: Verdict
    story: str = ""
    """The store's own words, whole; empty where it says nothing."""


def cost_check(client: cdsapi.Client) -> Callable[[Request], bool]:
    """Return a function that asks the store whether it would take a request of such a size.

    What is asked once is remembered: requests for as many months, variables and times of the day
    weigh the same. Where the store cannot say, it is taken to fit: the submission will tell.
    """
    known: dict[tuple[int, ...], bool] = {}

    def fits(asked: Request) -> bool:
        size = tuple(len(asked[key]) for key in ("month", "variable", "time"))
        if size not in known:
            known[size] = _would_take(client, asked)
        return known[size]

    return fits


def _would_take(client: cdsapi.Client, asked: Request) -> bool:
    try:
        with verdicts("costs"):
            said = client.client.estimate_costs(DATASET, asked)
    except OSError:
        return True
    limit = float(said.get("limit") or 0)
    return limit <= 0 or float(said.get("cost") or 0) <= limit


def submit(client: cdsapi.Client, asked: Request) -> str:
    """Put a request into the store's queue, once, and return the id of its job.

    Raises:
        InputError: the store refuses the key, the licence or the request itself.
        TooLargeError: it refuses the size.
        NotPublishedError: the store has none of the months yet.
        OSError: no answer came; the store may have the request or not, see `find`.
    """
    with verdicts("submit"):
        return str(client.client.submit(DATASET, asked).request_id)


def find(
    client: cdsapi.Client, asked: Request, *, since: datetime, known: Collection[str]
) -> str | None:
    """Look through the store's list of jobs for one that asks for the same; return its id.

    Args:
        client: of the account that submitted it.
        asked: what it asked for.
        since: older jobs are left aside.
        known: ids of jobs that are accounted for already.
    """
    with verdicts("list of jobs"):
        page = client.client.get_jobs(limit=_JOBS_A_PAGE, sortby="-created")
        while page is not None:
            jobs = page.json["jobs"]
            fresh = [job for job in jobs if string_to_datetime(job["created"]) >= since]
            for job in fresh:
                if _may_be(job, known) and _asks_for(client, job["jobID"], asked):
                    return str(job["jobID"])
            page = page.next if jobs and len(fresh) == len(jobs) else None
    return None


def _may_be(job: Mapping[str, Any], known: Collection[str]) -> bool:
    return job["processID"] == DATASET and job["jobID"] not in known and not _is_dropped(job)


def _is_dropped(job: Mapping[str, Any]) -> bool:
    return job["status"] in {"dismissed", "deleted"}


def _asks_for(client: cdsapi.Client, job_id: str, asked: Request) -> bool:
    # The list itself leaves out what was asked.
    try:
        with verdicts(f"job {job_id}"):
            theirs = client.client.get_remote(job_id)
            # One that does not say what it asks for must not keep ours from being submitted.
            with suppress(KeyError, TypeError):
                return is_same(asked, theirs.request)
    except LostJobError:
        pass
    return False


def look(client: cdsapi.Client, job_id: str) -> Look:
    """Ask once how a job stands.

    Raises:
        InputError: the store refuses the key.
        OSError: no answer came; ask again.
    """
    try:
        with verdicts(f"job {job_id}"):
            is_ready = client.client.get_remote(job_id).results_ready
    except LostJobError as error:
        return Look(Verdict.LOST, str(error))
    except ProcessingFailedError as error:
        return Look(Verdict.LOST, f"the store dropped it: {error}")
    except requests.HTTPError as error:
        return _sad_look(story_of(error))
    return Look(Verdict.READY if is_ready else Verdict.WAITING)


def _sad_look(story: str) -> Look:
    if "queued requests" in story or "temporarily limited" in story:
        return Look(Verdict.REJECTED, story)
    return Look(Verdict.NOT_PUBLISHED if is_not_published(story) else Verdict.FAILED, story)


def reply(client: cdsapi.Client, job_id: str) -> Reply:
    """Return what the store announces of the file of a finished job.

    Raises:
        LostJobError: the store has dropped the job or its file.
        OSError: no answer came; ask again.
    """
    with verdicts(f"job {job_id}"):
        results = client.client.get_results(job_id)
        said = str(results.asset.get("file:checksum") or "")
        md5 = said if re.fullmatch(r"[0-9a-f]{32}", said) else None
        return Reply(results.location, results.content_length, md5)


def forget(client: cdsapi.Client, job_id: str) -> None:
    """Delete a job at the store, if the store can be reached; it forgets jobs by itself too."""
    with suppress(OSError, LinkError):
        client.client.get_remote(job_id).delete()
