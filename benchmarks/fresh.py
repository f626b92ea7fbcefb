"""A fresh installation for one benchmark: an embedded Postgres in a folder deleted at the end."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from shapely.geometry.base import BaseGeometry
from sqlalchemy import create_engine

from pipeline.core.ids import Country, LandUse
from pipeline.landscapes.landscape import Landscape
from pipeline.local.postgres import EmbeddedPostgres
from pipeline.settings import Settings
from pipeline.steps.installation import Installation
from pipeline.steps.landscapes import load_landscapes
from pipeline.warehouse.migrations import migrate

SOURCE = "benchmark"


@contextmanager
def fresh_installation(landscapes: Sequence[Landscape]) -> Iterator[tuple[Installation, Path]]:
    """A warehouse that holds nothing but `landscapes`, and the folder that all of it lies in."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = EmbeddedPostgres(folder / "postgres")
        server.start()
        try:
            server.ensure_database("benchmark")
            installation = reached(server.url("benchmark"), folder)
            migrate(installation.warehouse)
            load_landscapes(installation, landscapes)
            yield installation, folder
            installation.warehouse.dispose()
        finally:
            server.stop()


def reached(url: str, folder: Path) -> Installation:
    """The installation in `folder`, from any process."""
    return Installation(Settings(var=folder / "var", source=SOURCE), create_engine(url))


def url_of(installation: Installation) -> str:
    """What another process reaches it by."""
    return installation.warehouse.url.render_as_string(hide_password=False)


def made_up(shapes: Sequence[BaseGeometry]) -> list[Landscape]:
    """Landscapes of these shapes."""
    return [
        Landscape(
            landscape_id=f"kz-{n:05}",
            country=Country.KAZAKHSTAN,
            name_en=f"Landscape {n}",
            names={"en": f"Landscape {n}"},
            land_use=LandUse.RAINFED,
            is_salt_affected=False,
            is_derived=True,
            headwater_landscape_id=None,
            geometry=shape,
        )
        for n, shape in enumerate(shapes)
    ]
