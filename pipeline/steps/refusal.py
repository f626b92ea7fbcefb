"""A file that is refused as a whole is kept too: what is wrong with it may be our understanding."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from pipeline.core.components import Component
from pipeline.core.errors import ConflictError, InputError
from pipeline.core.files import storable
from pipeline.sources.archive import REFUSED, checksum
from pipeline.steps.installation import Installation, acts_as
from pipeline.warehouse.ingests import is_registered, save_refused

_KEPT = f"Its bytes are kept in the archive under {REFUSED}/."


class NotKeptError(OSError):
    """A refused file could not be kept. Transient: give the file again when the archive answers."""


@contextmanager
def kept_if_refused(installation: Installation, path: Path) -> Iterator[None]:
    """Keep the file at `path` in the archive if the block refuses it, and let the refusal pass.

    The block must leave no transaction open. Bytes that were taken before are in the archive
    already, and only that they were refused this time is in the outcome of the step. Blocks may
    lie in one another: the innermost keeps the file.

    Raises:
        InputError, ConflictError: as the block does.
        NotKeptError: it did, and the archive or the warehouse could not take the file.
    """
    try:
        yield
    except (InputError, ConflictError) as refusal:
        if path.is_file() and _KEPT not in getattr(refusal, "__notes__", []):
            try:
                keep_refused(installation, path, str(refusal))
            except (OSError, SQLAlchemyError) as trouble:
                raise NotKeptError(
                    f"{path}: was refused and could not be kept, the archive or the warehouse says: "
                    f"{trouble}; the file is where it was, give it again; it was refused because: "
                    f"{refusal}"
                ) from refusal
            refusal.add_note(_KEPT)
        raise


@acts_as(Component.INGEST)
def keep_refused(installation: Installation, path: Path, reason: str) -> None:
    """Copy the file at `path` into the archive under ``refused/`` and register it there."""
    with installation.warehouse.connect() as connection:
        if is_registered(connection, checksum(path)):
            return
    sidecar = {
        "origin": None,
        "reason": storable(reason),
        "received_at": installation.clock().isoformat(),
    }
    raw = installation.archive.keep(path, source=REFUSED, sidecar=sidecar)
    with installation.warehouse.begin() as connection:
        save_refused(connection, raw, reason)
