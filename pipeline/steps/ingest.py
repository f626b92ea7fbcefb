"""Bring raw files in: check them, keep their bytes, note what they hold."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.core.ids import Country, Origin, Release
from pipeline.core.months import Month, months_between
from pipeline.sources import cds, grid_files
from pipeline.steps.installation import Installation
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.warehouse.engine import claim_origin
from pipeline.warehouse.files import save_file, save_grid_months

ERA5_LAND = "era5-land"
"""The source name of ERA5-Land monthly means."""

_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def ingest_grid(
    installation: Installation,
    path: Path,
    *,
    source: str,
    product: str | None = None,
    release: Release | None = None,
    request: Mapping[str, Any] | None = None,
) -> list[Month]:
    """Archive a grid file and register its months; return them.

    Args:
        installation: where to.
        path: a file laid out as the CDS does.
        source: name of the data source, such as ``era5-land``.
        product: what accumulated fields stand for, where the file does not say.
        release: for months of which the file does not say it.
        request: what was asked of the data store, if it was.

    Raises:
        InputError: the file is damaged, its content cannot be understood, or `source` is no name.
        ConflictError: it is simulated and the warehouse holds real data, or the other way.
    """
    with recorded(installation.warehouse, "ingest") as report:
        _refuse_odd_source(source)
        fields = grid_files.read(path, product=product)
        if "precipitation_mm" not in fields:
            raise InputError(
                f"{path}: expected total precipitation ('tp'), got only "
                f"{', '.join(map(str, fields.data_vars))}; ask the data store for rain in the same "
                "file as the other variables"
            )
        releases = month_releases(fields, release, path)
        origin = Origin(fields.attrs["origin"])
        with installation.warehouse.begin() as connection:
            claim_origin(connection, origin, str(path))
            sidecar = {
                "source": source,
                "product": product,
                "origin": origin,
                "request": request,
                "received_at": installation.clock().isoformat(),
                "releases": {str(month): str(r) for month, r in releases.items()},
            }
            raw = installation.archive.keep(path, source=source, sidecar=sidecar)
            file_id, is_new = save_file(
                connection,
                raw,
                kind="grid",
                source=source,
                product=product,
                origin=origin,
                request=request,
            )
            save_grid_months(connection, file_id, source, releases)
        report.rows = len(releases) if is_new else 0
        report.message = f"{path.name}: {len(releases)} months of {source}"
        return list(releases)


def _refuse_odd_source(source: str) -> None:
    """The name becomes a folder of the archive and is typed in settings."""
    if _SOURCE_NAME.fullmatch(source) is None:
        raise InputError(
            f"--source: expected small letters, digits and hyphens, such as {ERA5_LAND}, got "
            f"{source!r}; name it so"
        )


def ingest_era5_land(
    installation: Installation,
    first: Month,
    last: Month,
    *,
    countries: Sequence[Country] = tuple(Country),
    advance: Advance = lambda what, done, of: None,
) -> list[Month]:
    """Fetch ERA5-Land from the Copernicus data store, a year at a time, and ingest it.

    Args:
        installation: where to.
        first: the first month.
        last: the last month, included.
        countries: whose area to ask for.
        advance: told of the progress.

    Raises:
        InputError: the store refuses the key, the licence or the request.
        NotPublishedError: the store has none of the months yet.
    """
    settings = installation.settings
    access = cds.CdsAccess(
        settings.cdsapi_url,
        settings.cdsapi_key.get_secret_value() if settings.cdsapi_key else "",
    )
    asked = cds.yearly_requests(first, last, cds.area_of(countries))
    months: list[Month] = []
    with tempfile.TemporaryDirectory() as folder:
        for done, one in enumerate(asked):
            year, of_year = one["year"][0], one["month"]
            advance(f"ERA5-Land {year}", done, len(asked))
            name = f"era5-land-{year}-{of_year[0]}-{of_year[-1]}.nc"
            with recorded(installation.warehouse, "fetch", last):
                fetched = cds.fetch(access, one, Path(folder) / name, clock=installation.clock)
            said = {"dataset": fetched.dataset, "job_id": fetched.job_id, "inputs": one}
            months += ingest_grid(
                installation, fetched.path, source=ERA5_LAND, product="monthly-mean", request=said
            )
    missing = [month for month in months_between(first, last) if month not in set(months)]
    if missing:
        # The store leaves out what it does not have yet, and says nothing.
        raise NotPublishedError(
            f"ERA5-Land: expected {first} to {last}, got nothing for "
            f"{', '.join(map(str, missing))}; the store publishes a month about five days after "
            "its end; the other months are ingested"
        )
    return months


def months_of(fields: xr.Dataset) -> list[Month]:
    """Return the months on the ``month`` axis."""
    epoch = Month(1970, 1)
    ordinals = fields["month"].to_numpy().astype("datetime64[M]").astype(np.int64)
    return [epoch + int(ordinal) for ordinal in ordinals]


def month_releases(
    fields: xr.Dataset, otherwise: Release | None, path: Path
) -> dict[Month, Release]:
    """Return the release of each month: what the file says, else `otherwise`.

    Raises:
        InputError: the file does not say it of some month, and nor does the caller.
    """
    said = fields["release"].to_numpy()
    releases: dict[Month, Release] = {}
    for month, text in zip(months_of(fields), said, strict=True):
        known = text or otherwise
        if known is None:
            raise InputError(
                f"{path}: {month}: the file does not say whether it is preliminary or final, "
                "expected 'expver'; add --release final or --release preliminary"
            )
        releases[month] = Release(known)
    return releases
