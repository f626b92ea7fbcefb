"""Files in folders for whoever fetches them: letters and CAP files in `outgoing`, bulletins."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from pipeline.core.errors import DeliveryError


def write_to_folder(folder: Path, name: str, content: str | bytes) -> Path:
    """Write `content`, a text as UTF-8, as `folder/name` and return the path; nobody ever sees half of it.

    Raises:
        DeliveryError: the folder cannot be written to.
    """
    path = folder / name
    part: Path | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            part = Path(file.name)
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())  # it will be noted as sent: a power cut must not empty it
        part.chmod(0o644)
        part.replace(path)
        _settle(folder)
    except OSError as error:
        # On a full disk each attempt would leave a piece, and so keep it full.
        if part is not None:
            with suppress(OSError):
                part.unlink()
        raise DeliveryError(
            f"{path}: could not be written: {error.strerror}; free space or mend the folder's rights"
        ) from error
    return path


def _settle(folder: Path) -> None:
    """Bring the name of a new file to the disk: a power cut must not take back what is noted as sent."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
