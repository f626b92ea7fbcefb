"""Take the files of a drop folder, each once. The folder itself is never changed.

What a file is, its content decides. One that cannot be taken holds up no other.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from sqlalchemy.exc import InterfaceError, OperationalError

from pipeline.core.components import Component
from pipeline.core.errors import ConflictError, InputError
from pipeline.sources.archive import checksum
from pipeline.sources.contents import content_of
from pipeline.sources.drop_folder import DropFolder, ListedFile, is_settled
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.steps.refusal import kept_if_refused
from pipeline.steps.taking import GridWords, LayoutsBeside, take
from pipeline.warehouse.ingests import was_ingested
from pipeline.warehouse.locks import only_watcher
from pipeline.warehouse.watched import (
    Fate,
    Remembered,
    read_fate,
    read_remembered,
    save_remembered,
)

_LINK = (
    "expected a file, got a link that leads out of the folder; lay the file itself there, or watch the "
    "folder it lies in"
)


@dataclass
class Round:
    """What one round over drop folders came to. A line begins with the path of a file."""

    taken: list[str] = field(default_factory=list)
    """New files, each with what it came to."""
    refused: list[str] = field(default_factory=list)
    """Refused now, and not before: each with the reason."""
    troubled: list[str] = field(default_factory=list)
    """Could not be read or kept now; tried again in the next round."""
    waiting: list[str] = field(default_factory=list)
    """May still be being written; looked at again in the next round."""
    known: int = 0
    """Files that are known by their looks or their checksum."""

    @property
    def is_clean(self) -> bool:
        """Whether nothing was refused or troubled in this round."""
        return not (self.refused or self.troubled)

    def __add__(self, other: Round) -> Round:
        """Return what two rounds came to together."""
        return Round(
            self.taken + other.taken,
            self.refused + other.refused,
            self.troubled + other.troubled,
            self.waiting + other.waiting,
            self.known + other.known,
        )

    def __str__(self) -> str:
        """Return the line that is shown to people."""
        return (
            f"{len(self.taken)} files taken, {len(self.refused)} refused, {self.known} known, "
            f"{len(self.waiting)} left for the next round, {len(self.troubled)} not readable now"
        )


@dataclass(frozen=True)
class _Watching:
    """One round over one folder."""

    installation: Installation
    folder: DropFolder
    words: GridWords
    again: bool
    remembered: Mapping[str, Remembered]
    layouts: LayoutsBeside
    came: Round = field(default_factory=Round)


@acts_as(Component.INGEST)
def watch(
    installation: Installation,
    url: str,
    *,
    words: GridWords | None = None,
    again: bool = False,
    advance: Advance = lambda what, done, of: None,
) -> Round:
    """Take every new file of the drop folder at `url`; return what the round came to.

    A file is known by its path, size and time, and is then not read; else by its checksum. A
    refused one is tried again when its bytes change, when a new layout names it, or with `again`.
    Layouts go first; all else goes in the order of the paths, so that of two files with the same
    month the one that sorts last goes before the other.

    Raises:
        InputError: there is no such folder.
        UnreachableError: it cannot be listed now.
        Exception: the first defect a file brought to light, after all others were taken.
    """
    folder = DropFolder(url)
    with only_watcher(installation.warehouse), recorded(installation.warehouse, "watch") as report:
        files = sorted(folder.files(), key=lambda file: (not _is_yaml(file), file.path))
        with installation.warehouse.connect() as connection:
            remembered = read_remembered(connection, folder.name)
        layouts = LayoutsBeside(folder, _remembered_layouts(files, remembered))
        watching = _Watching(installation, folder, words or GridWords(), again, remembered, layouts)
        defects = []
        for done, file in enumerate(files):
            advance(file.path, done, len(files))
            defects += _look_at(watching, file)
        report.rows = len(watching.came.taken)
        report.message = f"{folder.name}: {watching.came}"
        if defects:
            raise defects[0]
    return watching.came


def _look_at(watching: _Watching, file: ListedFile) -> list[Exception]:
    """Take one file if it is new, and remember it; return the defect it brought to light."""
    held = watching.remembered.get(file.path)
    if _is_known(watching, file, held):
        watching.came.known += 1
        return []
    try:
        with tempfile.TemporaryDirectory() as temporary:
            seen = _seen(watching, file, held, Path(temporary))
    except (OperationalError, InterfaceError):
        raise
    except OSError as trouble:
        watching.came.troubled.append(f"{file.path}: {trouble}")
        return []
    except Exception as defect:  # noqa: BLE001 - the files after it must not wait until it is mended
        watching.came.troubled.append(f"{file.path}: {type(defect).__name__}: {defect}")
        return [defect]
    with watching.installation.warehouse.begin() as connection:
        save_remembered(connection, watching.folder.name, seen)
    return []


def _is_known(watching: _Watching, file: ListedFile, held: Remembered | None) -> bool:
    """Whether the listing alone says that nothing is to be done."""
    if held is None or held.fate is Fate.WAITING or file.stamp is None:
        return False
    if held.looks != (file.size_bytes, file.stamp):
        return False
    if held.fate is not Fate.REFUSED:
        return True
    return not (watching.again or watching.layouts.newly_name(file.path))


def _seen(
    watching: _Watching, file: ListedFile, held: Remembered | None, temporary: Path
) -> Remembered:
    """Take a file unless it may still be being written, or its bytes are known."""
    waiting = Remembered(file.path, file.size_bytes, file.stamp, None, Fate.WAITING)
    before = held.looks if held is not None else None
    if not is_settled(file, before, watching.installation.clock()):
        watching.came.waiting.append(file.path)
        return waiting
    if watching.folder.leads_out(file):
        watching.came.refused.append(f"{file.path}: {_LINK}")
        # Of the link: what it leads to is not read.
        mark = sha256(f"a link at {file.path}".encode()).hexdigest()
        return Remembered(file.path, file.size_bytes, file.stamp, mark, Fate.REFUSED, _LINK)
    path = watching.folder.local_copy(file, temporary)
    if path is None:
        watching.came.waiting.append(file.path)
        return waiting
    mark = checksum(path)
    fate, note = _known_fate(watching, file, mark) or _fate(watching, file, path)
    return Remembered(file.path, file.size_bytes, file.stamp, mark, fate, note)


def _known_fate(watching: _Watching, file: ListedFile, mark: str) -> tuple[Fate, str | None] | None:
    """Return what became of these bytes before, or None if they are to be taken now."""
    with watching.installation.warehouse.connect() as connection:
        if was_ingested(connection, mark):
            fate: tuple[Fate, str | None] = (Fate.TAKEN, "came before")
        else:
            known = read_fate(connection, mark)
            if known is None or known.fate is Fate.LAYOUT:
                return None
            if watching.again or watching.layouts.newly_name(file.path):
                return None
            fate = (known.fate, known.note)
    watching.came.known += 1
    return fate


def _fate(watching: _Watching, file: ListedFile, path: Path) -> tuple[Fate, str]:
    try:
        with kept_if_refused(watching.installation, path):
            content = content_of(path)
            layout = watching.layouts.read_if_layout(content, file.path, path)
            if layout is not None:
                return Fate.LAYOUT, layout
            words = watching.words.with_folders_of(file.path)
            note = take(watching.installation, path, content, words, watching.layouts)
    except (InputError, ConflictError) as refusal:
        reason = _without_name(str(refusal), path)
        watching.came.refused.append(f"{file.path}: {reason}")
        return Fate.REFUSED, reason
    watching.came.taken.append(f"{file.path}: {note}")
    return Fate.TAKEN, note


def _without_name(said: str, path: Path) -> str:
    """Return what was said of a file without its name: its path in the folder stands before it."""
    return said.replace(str(path), path.name).removeprefix(f"{path.name}: ")


def _is_yaml(file: ListedFile) -> bool:
    return file.path.lower().endswith((".yaml", ".yml"))


def _remembered_layouts(
    files: list[ListedFile], remembered: Mapping[str, Remembered]
) -> list[ListedFile]:
    """Return the layouts of earlier rounds that lie there still as they were."""
    return [
        file
        for file in files
        if (held := remembered.get(file.path)) is not None
        and held.fate is Fate.LAYOUT
        and held.looks == (file.size_bytes, file.stamp)
    ]
