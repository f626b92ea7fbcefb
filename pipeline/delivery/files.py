"""Files in folders for whoever fetches them: letters and CAP files in `outgoing`, bulletins."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from pipeline.core.errors import DeliveryError


def write_to_folder(folder: Path, name: str, content: str | bytes) -> Path:
    """Write `content`, a text as UTF-8, as `folder/name` and return the path; nobody ever sees half of it.

    Raises:
        DeliveryError: the folder cannot be written to.
    """
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            file.write(content.encode() if isinstance(content, str) else content)
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
