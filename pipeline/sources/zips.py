"""What of ZIPs is looked at and unpacked."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MOST_PARTS = 10_000
"""Files of one ZIP: a month of each of eight variables since 1950 is a third of it."""
MOST_READ_AT_ONCE = 16 << 20
"""The list of its files is read in one go, before any of them can be counted."""
_USUAL = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class _Bounded(io.BufferedReader):
    """A file of which no more is read at once than the list of a ZIP takes."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MOST_READ_AT_ONCE:
            raise zipfile.BadZipFile(
                f"the list of its files has {size:,} bytes, expected {MOST_READ_AT_ONCE:,} at most"
            )
        return super().read(size)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open the ZIP at `path`.

    Raises:
        zipfile.BadZipFile: it is none, or has a list of files that is too long to be read.
    """
    with _Bounded(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
        yield archive


def is_usually_packed(archive: zipfile.ZipFile) -> bool:
    """Return whether all files of a ZIP are stored or deflated, as the data store packs them.

    Damaged bytes that are packed otherwise end in errors like those of the disk, or of a defect of
    ours, and such a file would be tried again for ever.
    """
    return {info.compress_type for info in archive.infolist()} <= _USUAL
