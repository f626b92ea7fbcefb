"""Which months are to be asked for: those that lack, and those that wait for their final values."""

from __future__ import annotations

from pipeline.core.components import Component
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.sources import cds
from pipeline.steps.fetch_requests import MONTHS, open_requests
from pipeline.steps.installation import Installation, acts_as
from pipeline.warehouse.schedules import read_lacking_months, read_months_to_settle


@acts_as(Component.INGEST)
def months_to_ask(installation: Installation, wanted: Month) -> list[Month]:
    """Return what a scheduler asks the store for in the turn of a month.

    The month itself; those before it that lack, for their turns may have passed while the server was
    away; and those whose final values are due. What an open request brings is not asked for beside it.
    """
    coming = {month for request in open_requests(installation, MONTHS) for month in request.months}
    with installation.warehouse.connect() as connection:
        lacking = read_lacking_months(connection, ERA5_LAND, installation.clock(), last=wanted)
    missed = [month for month in lacking if month != wanted and month not in coming]
    return [wanted, *missed, *months_to_settle(installation)]


@acts_as(Component.INGEST)
def months_to_settle(installation: Installation) -> list[Month]:
    """Return the months of ERA5-Land held as preliminary whose final values are due, oldest first.

    Due by the source's schedule at the installation's clock. A month is returned until its final
    values are here, but not twice in a calendar month: asking again within days brings nothing.
    However old: after a long outage all of them are asked for, a year to a request.
    """
    with installation.warehouse.connect() as connection:
        return read_months_to_settle(
            connection,
            ERA5_LAND,
            cds.DATASET,
            cds.ProductType.MONTHS,
            installation.clock(),
        )
