"""The folder `outgoing`: letters and CAP files, for whoever fetches them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.core.errors import DeliveryError


def write_to_folder(folder: Path, name: str, text: str) -> Path:
    """Write `text` as `folder/name` and return the path; nobody ever sees half of it.

    Raises:
        DeliveryError: the folder cannot be written to.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, suffix=".part", delete=False, encoding="utf-8", newline="\n"
        ) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())  # it will be noted as sent: a power cut must not empty it
        part = Path(file.name)
        part.chmod(0o644)
        part.replace(path)
    except OSError as error:
        raise DeliveryError(
            f"{path}: could not be written: {error.strerror}; free space or mend the folder's rights"
        ) from error
    return path
