"""Bring raw files in: check them, keep their bytes, note what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from pipeline.core.components import Component
from pipeline.core.counts import Counts
from pipeline.core.errors import InputError
from pipeline.core.ids import BLENDED, ERA5_LAND, Release
from pipeline.core.months import Month
from pipeline.indices.pet_inputs import EXTREMES
from pipeline.sources import grid_files
from pipeline.sources.archive import REFUSED
from pipeline.sources.grid_files import Contents
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.refusal import kept_if_refused
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.files import save_file, save_grid_months
from pipeline.warehouse.ingests import save_ingest

_OF_USE_ALONE = {
    "precipitation_mm",
    *EXTREMES,
    "soil_moisture_m3_m3",
    "snow_water_equivalent_mm",
    "snow_melt_mm",
    "snowfall_mm",
}
"""What says something of a month whose rain is in another file; PET is made of one file."""
_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@acts_as(Component.INGEST)
def ingest_grid(
    installation: Installation,
    path: Path,
    *,
    source: str,
    product: str | None = None,
    release: Release | None = None,
    request: Mapping[str, Any] | None = None,
    also: Callable[[Connection, int], None] = lambda connection, file_id: None,
) -> list[Month]:
    """Archive a grid file and register its months; return them.

    Args:
        installation: where to.
        path: a file laid out as the CDS does.
        source: name of the data source, such as ``era5-land``.
        product: what accumulated fields stand for, where the file does not say.
        release: for months of which the file does not say it.
        request: what was asked of the data store, if it was.
        also: what is to be committed together with the file, told its id.

    A record is one month of one variable. One without any value counts too: its month is
    registered like any other, and its landscape means become gaps.

    Raises:
        InputError: the file is damaged, its content cannot be understood, or `source` is no name.
        ConflictError: it is simulated and the warehouse holds real data, or the other way. In
            both cases its bytes are kept under ``refused/``.
    """
    with recorded(installation.warehouse, "ingest") as report:
        _refuse_odd_source(source)
        with kept_if_refused(installation, path):
            releases, counts = _take_grid(
                installation, path, source, product, release, request, also
            )
        report.rows = counts.stored
        report.message = f"{path.name}: {len(releases)} months of {source}; {counts}"
        return list(releases)


def _take_grid(
    installation: Installation,
    path: Path,
    source: str,
    product: str | None,
    release: Release | None,
    request: Mapping[str, Any] | None,
    also: Callable[[Connection, int], None],
) -> tuple[dict[Month, Release], Counts]:
    held = grid_files.contents(path, product=product)
    _refuse_of_no_use(held, path)
    releases = month_releases(held.releases, release, path)
    n_fields, origin = held.fields, held.origin
    sidecar = {
        "source": source,
        "product": product,
        "origin": origin,
        "request": request,
        "received_at": installation.clock().isoformat(),
        "releases": {str(month): str(r) for month, r in releases.items()},
    }
    with installation.warehouse.begin() as connection:
        claim_origin(connection, origin, str(path))
        raw = installation.archive.keep(path, source=source, sidecar=sidecar)
        file_id, is_new = save_file(
            connection,
            raw,
            kind="grid",
            source=source,
            product=product,
            origin=origin,
            request=request,
            variables=held.variables,
        )
        save_grid_months(connection, file_id, source, releases)
        counts = Counts(n_fields, n_fields, 0, 0) if is_new else Counts(n_fields, 0, 0, n_fields)
        save_ingest(connection, file_id, counts, _note(held))
        also(connection, file_id)
    return releases, counts


def _refuse_of_no_use(held: Contents, path: Path) -> None:
    if _OF_USE_ALONE.isdisjoint(held.variables):
        raise InputError(
            f"{path}: expected total precipitation ('tp'), snow, soil moisture, or 2m_temperature by "
            f"the hour of the day, got only {', '.join(held.variables)}; ask the data store for rain "
            "in the same file as the other variables"
        )


def _note(held: Contents) -> str | None:
    """Return what was noticed in the cells of a file, or None where nothing was."""
    raised, empty = held.raised_cells, held.empty_fields
    cells = ", ".join(f"{count} cells of {name}" for name, count in raised.items())
    said = (
        f"{cells} a little below 0 were raised to 0" if raised else "",
        f"{empty} months of a variable hold no value: they are gaps" if empty else "",
    )
    return "; ".join(filter(None, said)) or None


def _refuse_odd_source(source: str) -> None:
    """The name becomes a folder of the archive and is typed in settings."""
    if _SOURCE_NAME.fullmatch(source) is None or source in {REFUSED, BLENDED}:
        raise InputError(
            f"--source: expected small letters, digits and hyphens, such as {ERA5_LAND}, and not "
            f"{REFUSED} or {BLENDED}, got {source!r}; name it so"
        )


def month_releases(
    said: Mapping[Month, str], otherwise: Release | None, path: Path
) -> dict[Month, Release]:
    """Return the release of each month: what the file says, else `otherwise`.

    Raises:
        InputError: the file does not say it of some month, and nor does the caller.
    """
    releases: dict[Month, Release] = {}
    for month, text in said.items():
        known = text or otherwise
        if known is None:
            raise InputError(
                f"{path}: {month}: the file does not say whether it is preliminary or final, "
                "expected 'expver'; add --release final or --release preliminary"
            )
        releases[month] = Release(known)
    return releases
