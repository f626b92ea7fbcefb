"""How one file of a drop folder is taken, by the kind of its content."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from pipeline.core.errors import InputError
from pipeline.core.ids import Product, Release, StationFormat
from pipeline.sources.contents import Content
from pipeline.sources.drop_folder import DropFolder, ListedFile
from pipeline.sources.layouts import layout_for, read_layout
from pipeline.sources.station_files import format_of
from pipeline.stations.agency_layout import Layout
from pipeline.steps.ingest import ingest_grid
from pipeline.steps.ingest_indicator import ingest_indicator
from pipeline.steps.ingest_stations import ingest_stations
from pipeline.steps.installation import Installation

GRIDS_FOLDER = "grids"
"""Folders below one of this name say of the grid files in them what these do not say."""


@dataclass(frozen=True, slots=True)
class GridWords:
    """What a person says of grid files that do not say it themselves."""

    source: str | None = None
    release: Release | None = None
    product: Product | None = None

    def with_folders_of(self, path: str) -> GridWords:
        """Return these words, and for those not said the words of the folders above a file.

        >>> GridWords().with_folders_of("grids/cfsr/final/1991.nc").source
        'cfsr'
        """
        folders = PurePosixPath(path).parts[:-1]
        if GRIDS_FOLDER not in folders:
            return self
        below = folders[folders.index(GRIDS_FOLDER) + 1 :]
        return GridWords(
            self.source or (below[0] if below else None),
            self.release or next((one for one in Release if one in below[1:]), None),
            self.product or next((one for one in Product if one in below[1:]), None),
        )


@dataclass
class LayoutsBeside:
    """The layouts of a drop folder: those of earlier rounds, read when one is needed, and new ones."""

    folder: DropFolder
    held: Sequence[ListedFile]
    new: dict[str, Layout] = field(default_factory=dict)
    _read: dict[str, Layout] | None = None

    def read_if_layout(self, content: Content, name: str, path: Path) -> str | None:
        """Read the file at `path` if it is a layout and say so; return None for all else.

        Raises:
            InputError: it cannot be understood.
        """
        if content is not Content.LAYOUT:
            return None
        self.new[name] = layout = read_layout(path)
        return f"layout for {', '.join(layout.files) or 'no file: it names none'}"

    def newly_name(self, path: str) -> bool:
        """Whether a layout that came in this round is for the file at `path`."""
        return any(layout_for(Path(path), {name: one}) for name, one in self.new.items())

    def layout_of(self, path: Path) -> Layout | None:
        """Return the layout that names a file, or None.

        Raises:
            InputError: two layouts name it.
        """
        if self._read is None:
            self._read = {}
            with tempfile.TemporaryDirectory() as temporary:
                for file in self.held:
                    local = self.folder.local_copy(file, Path(temporary))
                    if local is not None:
                        self._read[file.path] = read_layout(local)
        return layout_for(path, {**self._read, **self.new})


def take(
    installation: Installation,
    path: Path,
    content: Content,
    words: GridWords,
    layouts: LayoutsBeside,
) -> str:
    """Ingest the file at `path` as what it is; return a line that says what it came to.

    Raises:
        InputError, ConflictError: it is refused; its bytes are kept.
    """
    if content is Content.GRID:
        return _take_grid(installation, path, words)
    if content is Content.INDICATORS:
        return str(ingest_indicator(installation, path))
    form = format_of(path)
    # A layout of "*.csv" is not meant for the files of others that lie beside.
    layout = layouts.layout_of(path) if form is StationFormat.AGENCY else None
    return str(ingest_stations(installation, path, form, layout))


def _take_grid(installation: Installation, path: Path, words: GridWords) -> str:
    if words.source is None:
        raise InputError(
            f"{path}: a grid file does not say of which source it is, expected --source NAME, or "
            f"the file in a folder {GRIDS_FOLDER}/NAME; then watch with --again"
        )
    months = ingest_grid(
        installation, path, source=words.source, release=words.release, product=words.product
    )
    return f"{len(months)} months of {words.source}, {months[0]} to {months[-1]}"
