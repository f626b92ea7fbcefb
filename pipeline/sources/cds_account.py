"""How the account of the Climate Data Store stands: the key, the licences, and the store's clock."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import requests

from pipeline.sources.cds import DATASET, CdsAccess
from pipeline.sources.cds_answers import verdicts

LICENCE_PAGE = f"https://cds.climate.copernicus.eu/datasets/{DATASET}?tab=download#manage-licences"
_LICENCE_FIELD = "LicenceWidget"
"""How the form of a data set calls the field that lists the licences to accept."""


def licences_to_accept(access: CdsAccess) -> list[str]:
    """Return the licences of the data set that the account has not accepted, by their ids.

    A new revision of a licence has to be accepted anew.

    Raises:
        InputError: the store does not accept the key, or its URL cannot be right.
        OSError: the store does not answer.
    """
    client = access.client().client
    with verdicts("account"):
        client.check_authentication()
        accepted = {_licence(one) for one in client.get_accepted_licences()}
        form = client.get_collection(DATASET).form
    fields = [field for field in form if field.get("type") == _LICENCE_FIELD]
    required = [one for field in fields for one in field["details"]["licences"]]
    return [one["id"] for one in required if _licence(one) not in accepted]


def time_at(url: str, timeout_seconds: float) -> datetime | None:
    """Return the time by the clock of the server at `url`, or None if it does not say it.

    Raises:
        OSError: it does not answer.
    """
    said = requests.head(url, timeout=timeout_seconds, allow_redirects=True).headers.get("Date")
    return parsedate_to_datetime(said) if said else None


def _licence(one: dict[str, object]) -> tuple[str, str]:
    return str(one["id"]), str(one["revision"])
