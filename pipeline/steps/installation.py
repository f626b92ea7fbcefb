"""What every step needs: the settings, the warehouse, the archive, and a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.ids import BLENDED
from pipeline.settings import Settings
from pipeline.sources.archive import Archive
from pipeline.warehouse.blended import has_blended
from pipeline.warehouse.engine import acting_as
from pipeline.warehouse.files import read_sources

_Rest = ParamSpec("_Rest")
_Done = TypeVar("_Done")
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

    def acting_as(self, component: Component) -> Installation:
        """Return it with the rights of one component in the warehouse, where the login may take them."""
        return replace(self, warehouse=acting_as(self.warehouse, component))

    @property
    def archive(self) -> Archive:
        return Archive(self.settings.archive)

    @property
    def weights_folder(self) -> Path:
        return self.settings.var / "weights"


_Step = Callable[Concatenate[Installation, _Rest], _Done]


def acts_as(component: Component) -> Callable[[_Step[_Rest, _Done]], _Step[_Rest, _Done]]:
    """Give a step the rights of its component in the warehouse, whoever calls it."""

    def of(step: _Step[_Rest, _Done]) -> _Step[_Rest, _Done]:
        @wraps(step)
        def acting(
            installation: Installation, /, *given: _Rest.args, **named: _Rest.kwargs
        ) -> _Done:
            return step(installation.acting_as(component), *given, **named)

        return acting

    return of


def deciding_sources(connection: Connection, settings: Settings) -> tuple[str, ...]:
    """Return the sources by which stages are decided; the first that a landscape has counts.

    The grid alone, or with ``DROUGHT_SOURCE=blended`` the blended series before it: a landscape
    without enough gauges still has its grid, and stands wholly on one of the two.

    Raises:
        InputError: as `grid_source`; or `blended` is chosen and no landscape has such a series.
    """
    grid = grid_source(connection, settings)
    if settings.source != BLENDED:
        return (grid,)
    if not has_blended(connection):
        raise InputError(
            f"DROUGHT_SOURCE: expected a landscape with enough gauges beside {grid}, got none; run "
            "`drought compute`, and see series.agreement for what they lack"
        )
    return BLENDED, grid


def grid_source(connection: Connection, settings: Settings) -> str:
    """Return the grid that decides, or that gauges are blended with.

    Raises:
        InputError: nothing was ingested, or several grids were and none is chosen.
    """
    held = read_sources(connection)
    is_blended = settings.source == BLENDED
    name = "DROUGHT_BLEND_WITH" if is_blended else "DROUGHT_SOURCE"
    chosen = settings.blend_with if is_blended else settings.source
    if chosen is not None:
        if chosen in held:
            return chosen
        raise InputError(
            f"{name}: expected one of the ingested sources ({', '.join(held) or 'none yet'}), "
            f"got {chosen!r}; correct it or ingest that source"
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
        f"set {name}"
    )
