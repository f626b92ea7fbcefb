"""Which months wait for their final values: the re-ingest of finals that schedules itself."""

from __future__ import annotations

from pipeline.core.components import Component
from pipeline.core.ids import ERA5_LAND
from pipeline.core.months import Month
from pipeline.sources import cds
from pipeline.steps.installation import Installation, acts_as
from pipeline.warehouse.schedules import read_months_to_settle


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
