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
