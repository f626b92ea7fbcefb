"""What was asked of the ERA5-Land data set, as the warehouse has it."""

from __future__ import annotations

from collections.abc import Collection

from pipeline.sources import cds
from pipeline.steps.fetch_files import sweep
from pipeline.steps.installation import Installation
from pipeline.warehouse.jobs import (
    AskedFor,
    read_open_requests,
    read_requests,
    read_untold_requests,
    save_told,
)

MONTHS, HOURS_OF_DAY = cds.ProductType.MONTHS, cds.ProductType.HOURS_OF_DAY


def open_requests(
    installation: Installation, product_type: cds.ProductType | None = None
) -> list[AskedFor]:
    """Return the requests that have not ended, oldest first; of one product type, or all."""
    with installation.warehouse.connect() as connection:
        return read_open_requests(connection, cds.DATASET, product_type)


def requests(installation: Installation, ids: Collection[int]) -> list[AskedFor]:
    """Return these requests, oldest first."""
    with installation.warehouse.connect() as connection:
        return read_requests(connection, cds.DATASET, ids)


def untold_requests(
    installation: Installation,
    area: cds.Area | None = None,
    product_type: cds.ProductType | None = None,
) -> list[AskedFor]:
    """Return what came for all of the area while whoever waited for it was killed."""
    with installation.warehouse.connect() as connection:
        found = read_untold_requests(connection, cds.DATASET)
    of_type = [one for one in found if product_type in (None, one.product_type)]
    return [one for one in of_type if area is None or cds.Area(*one.area).holds(area)]


def tell(installation: Installation, request_ids: Collection[int]) -> None:
    """Note that who waited for these requests knows what came of them."""
    sweep(installation)
    with installation.warehouse.begin() as connection:
        save_told(connection, request_ids)
