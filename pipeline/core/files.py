"""A raw file as the archive keeps it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawFile:
    """Bytes received from outside, kept verbatim."""

    name: str
    """The file name it came under."""
    sha256: str
    size_bytes: int
    archive_key: str
    """Where it lies, relative to the archive."""


def storable(text: str) -> str:
    r"""Return `text` as Postgres and JSON can keep it: what they cannot is written out.

    File names on disk may be in another encoding than UTF-8, and damaged files may hold zeros.

    >>> storable("rain\x00\udcf0.csv")
    'rain\\x00\\udcf0.csv'
    """
    return text.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
