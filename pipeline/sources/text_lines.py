"""The lines of a text file that somebody else wrote: plain or gzip, any line ends, perhaps cut."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import pandas as pd

from pipeline.core.errors import InputError

GZIP = b"\x1f\x8b"
MOST_BYTES = 1 << 30
"""Of a text, unpacked: the days of three hundred gauges since 1950 are a third of it."""
NO_END = "the last line has no line end; it was taken as whole"


def plain_bytes(path: Path) -> bytes:
    """Return the bytes of a file, unpacked if they are gzip.

    Raises:
        InputError: a gzip file that is broken or cut; or more than `MOST_BYTES`.
    """
    with path.open("rb") as file:
        is_packed = file.read(len(GZIP)) == GZIP
    try:
        with gzip.open(path) if is_packed else path.open("rb") as whole:
            # Some kilobytes of gzip may stand for any number of bytes.
            raw = whole.read(MOST_BYTES + 1)
            if len(raw) <= MOST_BYTES:
                return raw
            raise InputError(
                f"{path.name}: expected at most {MOST_BYTES >> 30} GB of text, got more; cut it to "
                "your gauges, or give it in parts"
            )
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(
            f"{path.name}: expected a whole gzip file, got {error}; fetch the file again"
        ) from error


def numbered(text: str) -> pd.Series:
    """Return the lines that hold anything, indexed by their number from 1."""
    lines = split(text)
    series = pd.Series(lines, index=range(1, len(lines) + 1), dtype="str")
    return series[series.str.strip() != ""]


def split(text: str) -> list[str]:
    """Return the lines; one ends with LF, CR LF or CR, and nothing else ends one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def has_no_end(text: str) -> bool:
    """Return whether the last line lacks its line end, and so may have been cut."""
    return not text.endswith(("\n", "\r"))
