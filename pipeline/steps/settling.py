"""What is asked for in the turn of a month: the month, those that were missed, those due to be final."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.ids import ERA5_LAND, Country
from pipeline.core.months import Month
from pipeline.sources import cds
from pipeline.steps.fetch import ask
from pipeline.steps.fetch_requests import MONTHS, open_requests
from pipeline.steps.installation import Installation, acts_as
from pipeline.warehouse.schedules import read_lacking_months, read_months_to_settle

MOST_MISSED = 24
"""So many months that lack are asked for in a turn, the newest: a server was away. What lacks before
is a history, which somebody loads who knows from when on."""
_AT_ONCE = 4
"""No missed month is asked for beside so many open requests, such as those of who loads a history."""


@acts_as(Component.INGEST)
def ask_in_turn(
    installation: Installation, wanted: Month, *, countries: Sequence[Country] = tuple(Country)
) -> list[str]:
    """Ask the store for all that is due in the turn of a month; return why it refused the rest of it.

    The month goes first and in a request of its own. Of several months the store sends those it has, and
    the request has ended; one of which it has nothing stays, and is submitted again until it is out.

    Raises:
        InputError: the store refuses the key, the licence or the request for `wanted`.
        OSError: no answer came; call it again, nothing is submitted twice.
    """
    ask(installation, [wanted], countries=countries, with_ranges=False)
    refused = []
    rest = (
        (_months_missed(installation, wanted), _AT_ONCE, False),
        (months_to_settle(installation), None, True),
    )
    for months, at_once, with_ranges in rest:
        if not months and not with_ranges:
            continue
        try:
            ask(installation, months, countries=countries, at_once=at_once, with_ranges=with_ranges)
        except InputError as error:
            refused.append(str(error))
        except BlockingIOError as error:  # of an open request for less
            refused.append(f"{error}; in Airflow: clear the task `ask` when that one has ended")
    return refused


def _months_missed(installation: Installation, wanted: Month) -> list[Month]:
    """Return the newest months before `wanted` that lack and that no open request brings.

    Their turns may have passed while the server was away.
    """
    coming = {month for request in open_requests(installation, MONTHS) for month in request.months}
    with installation.warehouse.connect() as connection:
        lacking = read_lacking_months(connection, ERA5_LAND, installation.clock(), last=wanted - 1)
    return [month for month in lacking if month not in coming][-MOST_MISSED:]


@acts_as(Component.INGEST)
def months_to_settle(installation: Installation) -> list[Month]:
    """Return the months of ERA5-Land held as preliminary whose final values are due, oldest first.

    Due by the source's schedule at the installation's clock. A month is returned until its final
    values are here, also while a request for it is open, so that who was killed is gone on for; but not
    again in a calendar month in which one was answered: asking within days brings nothing.
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
