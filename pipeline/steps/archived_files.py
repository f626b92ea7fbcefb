"""Grid files of the archive, opened for reading and closed together.

netCDF and HDF5 are not made for threads: read from one thread at a time.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from pipeline.sources import grid_files
from pipeline.sources.archive import Archive
from pipeline.sources.grid_files import GridFile
from pipeline.warehouse.files import HeldFile


class ArchivedFiles:
    """Files of the archive, each opened when it is first needed, all closed together."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._stack = ExitStack()
        self._opened: dict[HeldFile, GridFile] = {}

    def __enter__(self) -> Self:
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def __getitem__(self, file: HeldFile) -> GridFile:
        """Return `file`, open.

        Raises:
            InputError: it has gone from the archive, or is refused.
            ConflictError: it was changed there.
        """
        if file not in self._opened:
            path = self._archive.fetch(file.archive_key, self._folder)
            grid_file = grid_files.opened(path, product=file.product)
            self._opened[file] = self._stack.enter_context(grid_file)
        return self._opened[file]
