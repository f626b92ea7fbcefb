"""The archive of raw files: bytes as they came, written once, each with a sidecar.

Keys are made of the content's checksum, so that the same bytes have one place and nothing can be
overwritten by something else. Any fsspec URL will do.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import fsspec

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.files import RawFile, storable
from pipeline.sources.object_stores import told_as_outside

REFUSED = "refused"
"""The folder of files that were refused as a whole; no source may bear its name."""
CHUNK_BYTES = 1 << 20
"""What is held of a file while it is copied, however large it is."""
_BUCKETS = {"abfs", "az", "gcs", "gs", "s3", "s3a"}
"""Stores without folders. To make one there would make the bucket, under a name that was mistyped."""
_OUTSIDE = told_as_outside("DROUGHT_ARCHIVE_URL")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


class ChangedMeanwhileError(OSError):
    """A file changed while it was copied. Transient: it is whole when its writer is done."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A folder, local or remote, of raw files."""

    url: str

    def _store(self) -> tuple[fsspec.AbstractFileSystem, str]:
        try:
            store, root = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise InputError(
                f"DROUGHT_ARCHIVE_URL: expected a URL that fsspec can open, got this: {error}; "
                "correct it, or unset it to keep files in $DROUGHT_VAR/archive"
            ) from error
        return store, root

    @_OUTSIDE
    def keep(self, path: Path, *, source: str, sidecar: Mapping[str, Any]) -> RawFile:
        """Copy the file at `path` into the archive unless it is there, and describe it.

        `sidecar` says where it came from; name, size and checksum are added to it. The file may
        be larger than the memory.

        Raises:
            ChangedMeanwhileError: it changed while it was copied; none of its bytes was kept.
        """
        digest, size_bytes = checksum(path), path.stat().st_size
        suffix = path.suffix.lower()
        key = f"{source}/{digest[:2]}/{digest}{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        raw = RawFile(storable(path.name), digest, size_bytes, key)
        store, root = self._store()
        # A copy of another size was cut short by a power cut: these bytes are the right ones.
        if self.size_of(key) != size_bytes:
            described = {**sidecar, "name": raw.name, "sha256": digest, "size_bytes": size_bytes}
            text = json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False)
            _write_once(store, f"{root}/{key}.json", iter([text.encode()]))
            with path.open("rb") as file:
                _write_once(store, f"{root}/{key}", _verified(_chunks(file), path, digest))
        return raw

    @_OUTSIDE
    def size_of(self, archive_key: str) -> int | None:
        """Return the size in bytes of what is kept under `archive_key`, or None if nothing is."""
        store, root = self._store()
        try:
            return int(
                store.info(f"{root}/{archive_key}")["size"]
            )  # one question to an object store
        except FileNotFoundError:
            return None

    @_OUTSIDE
    def checksum_of(self, archive_key: str) -> str:
        """Return the SHA-256 of what is kept under `archive_key`, hexadecimal."""
        store, root = self._store()
        with store.open(f"{root}/{archive_key}", "rb") as file:
            return _digest(_chunks(file))

    @_OUTSIDE
    def probe(self) -> None:
        """Write a small file into the archive, read it again and delete it.

        Raises:
            OSError: one of them cannot be done, or other bytes came back.
        """
        store, root = self._store()
        place, content = f"{root}/probe-{secrets.token_hex(8)}", secrets.token_bytes(64)
        _write_once(store, place, iter([content]))
        try:
            if store.cat_file(place) != content:
                raise OSError("other bytes came back than were written")
        finally:
            store.rm_file(place)

    @_OUTSIDE
    def fetch(self, archive_key: str, folder: Path) -> Path:
        """Return a local path with the bytes of `archive_key`, copied into `folder` if remote.

        Raises:
            InputError: the archive no longer holds it.
            ConflictError: the bytes are not those that were archived.
        """
        store, root = self._store()
        place = f"{root}/{archive_key}"
        if not store.exists(place):
            raise InputError(
                f"archive: expected {archive_key}, which the warehouse knows; restore "
                "it from a backup, or ingest the file again"
            )
        if "file" in store.protocol:
            path = Path(place)
        else:
            path = folder / PurePosixPath(archive_key).name
            store.get_file(place, str(path))
        held = checksum(path)
        if not PurePosixPath(archive_key).name.startswith(held):
            raise ConflictError(
                f"archive: {archive_key} was changed after it was archived, got checksum "
                f"{held[:12]}; restore it from a backup"
            )
        return path


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _digest(chunks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()


def _verified(chunks: Iterator[bytes], path: Path, expected: str) -> Iterator[bytes]:
    """Pass `chunks` on, and fail at their end unless they have the checksum `expected`."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
    if digest.hexdigest() != expected:
        raise ChangedMeanwhileError(f"{path}: changed while it was copied; give it again")


def _protocols(store: fsspec.AbstractFileSystem) -> Sequence[str]:
    return (store.protocol,) if isinstance(store.protocol, str) else store.protocol


def _write_once(store: fsspec.AbstractFileSystem, place: str, chunks: Iterator[bytes]) -> None:
    # Under another name first: a reader never sees half a file, nor a killed writer leave one.
    part = f"{place}.{secrets.token_hex(4)}.part"
    if not _BUCKETS.intersection(_protocols(store)):
        store.makedirs(str(PurePosixPath(place).parent), exist_ok=True)
    try:
        with store.open(part, "wb") as target:
            for chunk in chunks:
                target.write(chunk)
            if "file" in store.protocol:
                target.flush()
                os.fsync(target.fileno())
    except BaseException:
        if store.exists(part):
            store.rm_file(part)
        raise
    store.mv(part, place)
    if "file" in store.protocol:
        _settle(Path(place).parent)


def _settle(folder: Path) -> None:
    """Bring new names to the disk, that of the folder too: what the warehouse knows must outlast a power cut."""
    for one in (folder, folder.parent):
        handle = os.open(one, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
