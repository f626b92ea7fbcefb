"""The archive of raw files: bytes as they came, written once, each with a sidecar.

Keys are made of the content's checksum, so that the same bytes have one place and nothing can be
overwritten by something else. Any fsspec URL will do.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec

from pipeline.core.errors import ConflictError, InputError
from pipeline.core.files import RawFile


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

    def keep(self, path: Path, *, source: str, sidecar: Mapping[str, Any]) -> RawFile:
        """Copy the file at `path` into the archive unless it is there, and describe it.

        `sidecar` says where it came from; name, size and checksum are added to it.
        """
        digest, size_bytes = checksum(path), path.stat().st_size
        key = f"{source}/{digest[:2]}/{digest}{path.suffix.lower()}"
        raw = RawFile(path.name, digest, size_bytes, key)
        store, root = self._store()
        # A copy of another size was cut short by a power cut: these bytes are the right ones.
        if not store.exists(f"{root}/{key}") or store.size(f"{root}/{key}") != size_bytes:
            described = {
                **sidecar,
                "name": raw.name,
                "sha256": digest,
                "size_bytes": raw.size_bytes,
            }
            text = json.dumps(described, indent=2, sort_keys=True, ensure_ascii=False)
            _write_once(store, f"{root}/{key}.json", text.encode())
            _write_once(store, f"{root}/{key}", path.read_bytes())
        return raw

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


def _write_once(store: fsspec.AbstractFileSystem, place: str, content: bytes) -> None:
    # Under another name first: a reader never sees half a file, nor a killed writer leave one.
    part = f"{place}.{secrets.token_hex(4)}.part"
    store.makedirs(str(PurePosixPath(place).parent), exist_ok=True)
    store.pipe_file(part, content)
    if "file" in store.protocol:
        with open(part, "rb") as file:  # noqa: PTH123 - fsspec's own path
            os.fsync(file.fileno())
    store.mv(part, place)
