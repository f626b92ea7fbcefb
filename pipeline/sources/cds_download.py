"""The file of a finished job: fetched in as many transfers as it takes, and checked.

What came of a broken transfer stays on disk, so that the next one, of this process or of another,
goes on where it ended.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cdsapi
import requests
import urllib3

from pipeline.sources.cds_answers import LostJobError, StoreDownError, is_down

_DAMAGED_TIMES = 3
_STUCK_TIMES = 4
_CHUNK_BYTES = 1 << 20
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The oldest time a ZIP can state."""


class BrokenDownloadError(OSError):
    """A file came that is not what the store announced. Transient: ask again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A file as the store announces it."""

    url: str
    size_bytes: int
    md5: str | None


def download(client: cdsapi.Client, announced: Reply, part: Path) -> None:
    """Make `part` the announced file, whole and checked, going on where it ends.

    A damaged file is thrown away and fetched anew, a few times. What came of an incomplete one
    stays for the next attempt, of this process or another.

    Raises:
        BrokenDownloadError: what comes is not what was announced, or no longer grows.
        LostJobError: the store no longer has the file.
    """
    damaged = stuck = longest = 0
    while damaged < _DAMAGED_TIMES and stuck < _STUCK_TIMES:
        before = _size(part)
        if before > announced.size_bytes:
            part.unlink()
        elif before == announced.size_bytes:
            if announced.md5 in {None, md5_of(part)}:
                return
            part.unlink()
            damaged, longest = damaged + 1, 0
        else:
            _fetch_rest(client, announced, part)
            # Longer than ever: a store without ranges sends the beginning again and again.
            stuck = 0 if _size(part) > max(before, longest) else stuck + 1
            longest = max(longest, _size(part))
    raise BrokenDownloadError(
        f"{part.name}: expected {announced.size_bytes} bytes with MD5 {announced.md5}, got "
        + (f"others {damaged} times" if damaged else f"{_size(part)} bytes and no more")
        + "; the transfer fails, ask again later"
    )


def _fetch_rest(client: cdsapi.Client, announced: Reply, part: Path) -> None:
    """Append what is missing of `part`; a transfer that breaks off leaves what came."""
    start = _size(part)
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={start}-"} if start else {})}
    with (
        suppress(requests.ConnectionError, urllib3.exceptions.HTTPError),
        client.session.get(
            announced.url, headers=headers, stream=True, timeout=client.timeout
        ) as answer,
    ):
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            part.unlink()
            return
        _refuse_no_file(answer, part.stem)
        goes_on = answer.status_code == requests.codes.partial_content
        with part.open("ab" if goes_on else "wb") as file:
            # `iter_content` would lose the piece in which a transfer breaks off.
            while chunk := answer.raw.read1(_CHUNK_BYTES):
                file.write(chunk)


def _refuse_no_file(answer: requests.Response, job_id: str) -> None:
    if answer.status_code in {403, 404, 410}:
        raise LostJobError(f"job {job_id}: the store no longer has its file; it is asked for again")
    if not answer.ok:
        raise StoreDownError(is_down(answer.status_code, answer.reason))


def md5_of(path: Path) -> str:
    """Return the MD5 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def join(parts: Mapping[str, Path], target: Path) -> None:
    """Put the replies to the parts of one request into a ZIP, each as it came.

    The same replies make the same bytes, whenever it is done.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, path in sorted(parts.items()):
            archive.writestr(zipfile.ZipInfo(name, _EARLIEST), path.read_bytes())
