"""What every step needs: the settings, the warehouse, the archive, and a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection, Engine

from pipeline.core.errors import InputError
from pipeline.settings import Settings
from pipeline.sources.archive import Archive
from pipeline.warehouse.files import read_sources

ENGINE = f"cacilm-drought {version('cacilm-drought')}"
"""The software that decides, as evidence names it."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation of the system."""

    settings: Settings
    warehouse: Engine
    clock: Callable[[], datetime] = _now

    @property
    def archive(self) -> Archive:
        return Archive(self.settings.archive)

    @property
    def weights_folder(self) -> Path:
        return self.settings.var / "weights"


def deciding_source(connection: Connection, settings: Settings) -> str:
    """Return the grid source by which indices and stages are decided.

    Raises:
        InputError: nothing was ingested, or several sources were and none is chosen.
    """
    held = read_sources(connection)
    if settings.source is not None:
        if settings.source in held:
            return settings.source
        raise InputError(
            f"DROUGHT_SOURCE: expected one of the ingested sources ({', '.join(held) or 'none yet'}), "
            f"got {settings.source!r}; correct it or ingest that source"
        )
    if len(held) == 1:
        return held[0]
    if not held:
        raise InputError(
            "warehouse: expected ingested grids, got none; run `drought ingest era5-land` or "
            "`drought ingest grid` first"
        )
    raise InputError(
        f"warehouse: holds several sources ({', '.join(held)}), expected one to decide by; "
        "set DROUGHT_SOURCE"
    )
