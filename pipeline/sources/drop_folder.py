"""A drop folder: files that people and programs lay there, local or behind any fsspec URL.

It is read and never changed: nothing in it is moved, renamed or deleted. Links to folders are not
followed, and links to files only within the folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import fsspec

from pipeline.core.errors import InputError

SETTLES_AFTER = timedelta(seconds=30)
"""A file changed more recently than this may still be being written."""

_UNFINISHED = (".part", ".filepart", ".partial", ".crdownload", ".tmp", "~")
"""How names end while a program is still writing under them."""
_OF_THE_SYSTEM = {"thumbs.db", "desktop.ini"}
_TIMES = ("mtime", "LastModified", "last_modified", "modified", "updated", "modify", "created")
"""The names under which the file systems of fsspec tell when a file was changed."""
_TAGS = ("ETag", "etag", "md5Hash", "content_md5")


class UnreachableError(OSError):
    """A drop folder, or a file in it, cannot be read now. Transient: it is looked at again."""


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as its folder lists it, without a look inside."""

    path: str
    """Relative to the folder, with ``/`` between parts."""
    size_bytes: int
    changed_at: datetime | None
    """When it was changed; None where the folder does not say."""
    stamp: str | None
    """Differs after a change; None where the folder gives neither a time nor a tag."""


@dataclass(frozen=True, slots=True)
class DropFolder:
    """A folder, local or remote, named by a path or a URL."""

    url: str = field(repr=False)
    """As it was given; it may hold a password."""

    @property
    def name(self) -> str:
        """The folder as it may be shown and stored: without user, password and query.

        A local folder has one name, however it was given.
        """
        if "://" not in self.url and "::" not in self.url:
            return Path(self.url).absolute().as_posix()
        parts = urlsplit(self.url)
        if parts.scheme in {"file", "local"}:
            return parts.path
        return parts._replace(
            netloc=parts.netloc.rpartition("@")[2], query="", fragment=""
        ).geturl()

    def files(self) -> list[ListedFile]:
        """Return the files of the folder and its sub-folders, by path, unfinished names left out.

        Raises:
            InputError: there is no such folder, or fsspec has no way to reach it.
            UnreachableError: it cannot be listed now.
        """
        with self._faults_told():
            return self._listing()

    def _listing(self) -> list[ListedFile]:
        store, root = self._store()
        store.invalidate_cache()
        if not store.isdir(root):
            raise InputError(
                f"{self.name}: expected a folder to watch, got none; make it, or correct its name"
            )
        # Elsewhere than on disk, what cannot be listed raises by itself.
        strictly = {"on_error": "raise"} if _is_local(store) else {}
        found = store.find(root, detail=True, **strictly)
        listed = [
            _listed(_relative(place, root), _followed(about))
            for place, about in found.items()
            if _followed(about).get("type") == "file"
        ]
        return sorted(
            (file for file in listed if not is_passed_over(file.path)), key=lambda file: file.path
        )

    def leads_out(self, file: ListedFile) -> bool:
        """Whether a file is a link to one that does not lie in the folder.

        Who may lay files there could else have any file of this machine read, kept and shown.
        """
        store, root = self._store()
        if not _is_local(store):
            return False
        place = Path(root)
        return not (place / file.path).resolve().is_relative_to(place.resolve())

    def local_copy(self, file: ListedFile, folder: Path) -> Path | None:
        """Return a local path with the bytes of `file`, in `folder` if they had to be fetched.

        Returns None where the file is not, or no longer, as it was listed: somebody is writing it.

        Raises:
            UnreachableError: it cannot be read now.
        """
        with self._faults_told():
            return self._copied(file, folder)

    def _copied(self, file: ListedFile, folder: Path) -> Path | None:
        store, root = self._store()
        place = f"{root.rstrip('/')}/{file.path}"
        if _is_local(store):
            path = Path(place)
        else:
            path = folder / PurePosixPath(file.path).name
            store.get_file(place, str(path))
        return path if self._is_as_listed(file, path) else None

    def _is_as_listed(self, file: ListedFile, path: Path) -> bool:
        store, root = self._store()
        store.invalidate_cache()
        now = _listed(file.path, _followed(store.info(f"{root.rstrip('/')}/{file.path}")))
        same = (now.size_bytes, now.stamp) == (file.size_bytes, file.stamp)
        return same and path.stat().st_size == file.size_bytes

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        """Make one kind of error of all that file systems raise, without user, password and query.

        That of FTP is no `OSError`, and that of HTTP shows the whole URL.
        """
        try:
            yield
        except InputError:
            raise
        except Exception as fault:  # noqa: BLE001 - every file system of fsspec has its own errors
            said = f"{type(fault).__name__}: {fault}".replace(self.url, self.name)
            parts = urlsplit(self.url)
            for secret in filter(None, (parts.password, parts.query)):
                said = said.replace(secret, "***")
            raise UnreachableError(f"{self.name}: cannot be read now: {said}") from None

    def _store(self) -> tuple[fsspec.AbstractFileSystem, str]:
        try:
            store, root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise InputError(
                f"{self.name}: expected a folder or a URL that fsspec can open, got: {error}; "
                "correct it, or install what it names"
            ) from error
        return store, root


def is_passed_over(path: str) -> bool:
    """Whether a name says that a file is hidden, a lock, unfinished, or the system's own."""
    name = PurePosixPath(path).name.lower()
    return (
        any(part.startswith(".") for part in PurePosixPath(path).parts)
        or name.startswith("~$")
        or name.endswith(_UNFINISHED)
        or name in _OF_THE_SYSTEM
    )


def is_settled(file: ListedFile, seen_before: tuple[int, str | None] | None, now: datetime) -> bool:
    """Whether the writer of a file is done with it, as far as a listing can tell.

    It is where the last change lies `SETTLES_AFTER` back. A time in the future, by a clock that is
    wrong, and no time at all tell nothing: then it must have looked the same the round before.

    Args:
        file: as it is listed now.
        seen_before: size and stamp with which it was listed in an earlier round.
        now: the time now.
    """
    if file.changed_at is not None and file.changed_at <= now:
        return now - file.changed_at >= SETTLES_AFTER
    return seen_before == (file.size_bytes, file.stamp)


def _is_local(store: fsspec.AbstractFileSystem) -> bool:
    return "file" in store.protocol


def _relative(place: str, root: str) -> str:
    return place.removeprefix(root.rstrip("/")).lstrip("/")


def _followed(about: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is known of a file on disk behind a link; all else unchanged."""
    if not (about.get("islink") and Path(about["name"]).is_file()):
        return about
    behind = Path(about["name"]).stat()
    return {"type": "file", "size": behind.st_size, "mtime": behind.st_mtime}


def _listed(path: str, about: Mapping[str, Any]) -> ListedFile:
    changed_at = next((_moment(about[key]) for key in _TIMES if about.get(key)), None)
    tag = next((str(about[key]) for key in _TAGS if about.get(key)), None)
    said = [text for text in (changed_at.isoformat() if changed_at else None, tag) if text]
    return ListedFile(path, int(about.get("size") or 0), changed_at, " ".join(said) or None)


def _moment(value: object) -> datetime | None:
    """Return a time as the file systems of fsspec give it: seconds, a datetime, or a text."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    text = str(value)
    if text.isdigit():  # FTP: 20261031093000
        text = f"{text[:8]}T{text[8:]}"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
