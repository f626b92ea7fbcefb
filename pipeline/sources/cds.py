"""ERA5-Land monthly means from the Copernicus Climate Data Store, by the `cdsapi` client.

Source: https://cds.climate.copernicus.eu/datasets/reanalysis-era5-land-monthly-means
A request may wait for hours in the store's queue. So submitting, polling and downloading are
separate steps joined by the job id, and none of them waits longer than it is told to.
"""

from __future__ import annotations

import hashlib
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import cdsapi
import requests
from ecmwf.datastores.processing import DownloadError, ProcessingFailedError, Results

from pipeline.core.errors import DroughtError, InputError, NotPublishedError
from pipeline.core.ids import Country
from pipeline.core.months import Month, months_between

DATASET = "reanalysis-era5-land-monthly-means"
VARIABLES = (
    "total_precipitation",
    "2m_temperature",
    "2m_dewpoint_temperature",
    "10m_u_component_of_wind",
    "10m_v_component_of_wind",
    "surface_solar_radiation_downwards",
    "surface_pressure",
)
KEY_PAGE = "https://cds.climate.copernicus.eu/profile"
DATASET_PAGE = f"https://cds.climate.copernicus.eu/datasets/{DATASET}"

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 30.0

Request = dict[str, Any]
"""The ``inputs`` of a request, as the store's own page words them."""


class BrokenDownloadError(OSError):
    """A file came that is not what the store announced. Transient: ask again."""


@dataclass(frozen=True, slots=True)
class Area:
    """A bounding box in degrees."""

    north: float
    west: float
    south: float
    east: float


COUNTRY_AREAS = {
    Country.KAZAKHSTAN: Area(55.5, 46.0, 40.5, 87.5),
    Country.KYRGYZSTAN: Area(43.5, 69.0, 39.0, 80.5),
    Country.TAJIKISTAN: Area(41.5, 67.0, 36.5, 75.5),
    Country.TURKMENISTAN: Area(43.0, 52.0, 35.0, 67.0),
    Country.UZBEKISTAN: Area(46.0, 55.5, 37.0, 73.5),
    Country.TURKIYE: Area(42.5, 25.5, 35.5, 45.0),
}
"""Land borders rounded outwards to half a degree."""


@dataclass(frozen=True, slots=True)
class CdsAccess:
    """Where the store is, who asks, and how patiently.

    The client's own patience (500 tries of two minutes) would hold a worker for 16 hours.
    """

    url: str
    key: str = field(repr=False)
    tries: int = 4
    seconds_between_tries: float = 15.0
    timeout_seconds: float = 60.0
    wait_seconds: float = 3 * 3600.0
    """How long `collect` polls one job before it gives up waiting."""

    def client(self) -> cdsapi.Client:
        """Return a client of the store, quiet and without a progress bar.

        Raises:
            InputError: URL or key cannot be right.
        """
        if not self.url.startswith(("http://", "https://")):
            raise InputError(f"CDSAPI_URL: expected a URL ending in /api, got {self.url!r}")
        if not self.key or ":" in self.key:
            form = "the retired form UID:key" if self.key else "nothing"
            raise InputError(
                f"CDSAPI_KEY: expected the store's token of 36 characters, got {form}; "
                f"copy yours from {KEY_PAGE}"
            )
        with warnings.catch_warnings():
            # It warns when the store's notices cannot be read; the request says so better.
            warnings.simplefilter("ignore", UserWarning)
            return cdsapi.Client(
                url=self.url,
                key=self.key,
                quiet=True,
                progress=False,
                timeout=self.timeout_seconds,
                retry_max=self.tries,
                sleep_max=self.seconds_between_tries,
                wait_until_complete=False,
            )


@dataclass(frozen=True, slots=True)
class FetchedFile:
    """A reply of the store on disk, with what its sidecar must tell."""

    path: Path
    dataset: str
    request: Request
    job_id: str
    size_bytes: int
    md5: str
    received_at: datetime


def area_of(countries: Iterable[Country]) -> Area:
    """Return the smallest box around `countries`.

    Raises:
        InputError: there is none.
    """
    boxes = [COUNTRY_AREAS[country] for country in countries]
    if not boxes:
        raise InputError(f"countries: expected at least one of {', '.join(Country)}, got none")
    return Area(
        north=max(box.north for box in boxes),
        west=min(box.west for box in boxes),
        south=min(box.south for box in boxes),
        east=max(box.east for box in boxes),
    )


def request(months: Sequence[Month], area: Area, variables: Sequence[str] = VARIABLES) -> Request:
    """Return the request for `months` of one year.

    Raises:
        InputError: no month, or months of several years: the store would take every pair of
            year and month.
    """
    years = {month.year for month in months}
    if len(years) != 1:
        raise InputError(f"request: expected months of one year, got {', '.join(map(str, months))}")
    return {
        "product_type": ["monthly_averaged_reanalysis"],
        "variable": list(variables),
        "year": [f"{years.pop()}"],
        "month": [f"{month.month:02d}" for month in months],
        "time": ["00:00"],
        "area": [area.north, area.west, area.south, area.east],
        "data_format": "netcdf",
        "download_format": "unarchived",
    }


def yearly_requests(first: Month, last: Month, area: Area) -> list[Request]:
    """Return one request a year for the months from `first` to `last`, both included."""
    years = groupby(months_between(first, last), key=lambda month: month.year)
    return [request(list(months), area) for _, months in years]


def submit(client: cdsapi.Client, asked: Request) -> str:
    """Put a request into the store's queue and return the id of its job.

    Raises:
        InputError: the store refuses the key, the licence, the size or the request itself.
        NotPublishedError: the store has none of the months yet.
    """
    with _verdicts("submit"):
        return str(client.retrieve(DATASET, asked).request_id)


def is_ready(client: cdsapi.Client, job_id: str) -> bool:
    """Ask once whether the job is done.

    Raises:
        InputError: the job failed, or the store does not know it (any more).
        NotPublishedError: it failed because the months are not out yet.
    """
    with _verdicts(f"job {job_id}"):
        return bool(client.client.get_remote(job_id).results_ready)


def download(client: cdsapi.Client, job_id: str, target: Path) -> tuple[int, str]:
    """Download the reply of a finished job to `target`, and return its size in bytes and MD5.

    `target` appears only once the file is whole; a broken transfer is resumed by the client.

    Raises:
        BrokenDownloadError: the file is not what the store announced; ask again.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        with _verdicts(f"job {job_id}"):
            results = client.client.get_results(job_id)
            _download_whole(results, part)
            size, md5 = _checked(part, results.asset)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return size, md5


def collect(
    access: CdsAccess,
    asked: Request,
    job_id: str,
    target: Path,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> FetchedFile:
    """Wait for a submitted job and download its reply to `target`.

    Raises:
        TimeoutError: the job is still waiting after `access.wait_seconds`; it goes on waiting in
            the store and can be collected later by its id.
        InputError, NotPublishedError, BrokenDownloadError: as `is_ready` and `download` say.
    """
    client = access.client()
    waited, pause = 0.0, _FIRST_PAUSE_SECONDS
    while not is_ready(client, job_id):
        if waited >= access.wait_seconds:
            raise TimeoutError(
                f"job {job_id}: not ready after {waited:.0f} s; it stays in the store's queue, "
                "collect it later"
            )
        sleep(pause)
        waited += pause
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    size, md5 = download(client, job_id, target)
    return FetchedFile(target, DATASET, asked, job_id, size, md5, clock())


def fetch(
    access: CdsAccess,
    asked: Request,
    target: Path,
    *,
    clock: Callable[[], datetime],
    sleep: Callable[[float], None] = time.sleep,
) -> FetchedFile:
    """Submit a request, wait for it and download its reply to `target`.

    Raises:
        InputError, NotPublishedError, BrokenDownloadError, TimeoutError: as the steps say.
    """
    job_id = submit(access.client(), asked)
    return collect(access, asked, job_id, target, clock=clock, sleep=sleep)


def _download_whole(results: Results, part: Path) -> None:
    try:
        results.download(str(part))
    except (AssertionError, DownloadError) as error:
        # The client asserts sizes where it means a broken transfer.
        raise BrokenDownloadError(f"{part.name}: {error}; fetch it again") from error


def _checked(part: Path, asset: dict[str, Any]) -> tuple[int, str]:
    """Compare a file with what the store announced; the client compares the size only."""
    content = part.read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    expected = str(asset.get("file:checksum") or md5)
    if md5 != expected:
        raise BrokenDownloadError(
            f"{part.name}: expected MD5 {expected}, got {md5}; the transfer was damaged, "
            "fetch it again"
        )
    return len(content), md5


@contextmanager
def _verdicts(where: str) -> Iterator[None]:
    """Say what a refusal of the store asks of a person; let everything transient pass."""
    try:
        yield
    except requests.HTTPError as error:
        verdict = _verdict(where, error)
        if verdict is None:
            raise
        raise verdict from error
    except ProcessingFailedError as error:
        raise _failure(where, str(error)) from error


def _verdict(where: str, error: requests.HTTPError) -> DroughtError | None:
    if error.response is None:
        return None
    status, story = error.response.status_code, str(error)
    if status == 401:
        return InputError(
            f"CDSAPI_KEY: {error.response.url.partition('/retrieve')[0]} does not accept the key; "
            f"copy the token from {KEY_PAGE}"
        )
    if status == 403 and "cost limits exceeded" in story:
        return InputError(f"{where}: the store finds the request too large; ask for fewer months")
    if status == 403 and "licences not accepted" in story:
        return InputError(
            f"{where}: a licence of {DATASET} is not accepted yet; sign in, accept it at "
            f"{_page_in(story)}, and ask again"
        )
    if 400 <= status < 500 and status not in {408, 429}:
        return _failure(where, story.partition("\n")[2] or story)
    return None


def _failure(where: str, story: str) -> DroughtError:
    """Tell "not yet" from "no": the store says both with the same status."""
    told = " ".join(story.split())
    if "available yet" in told:
        return NotPublishedError(f"{where}: the months are not published yet; the store: {told}")
    return InputError(f"{where}: the store gave no data; the store: {told}")


def _page_in(story: str) -> str:
    pages = [word for word in story.split() if word.startswith("https://") and "licences" in word]
    return pages[0].rstrip(".,;") if pages else f"{DATASET_PAGE}?tab=download#manage-licences"
