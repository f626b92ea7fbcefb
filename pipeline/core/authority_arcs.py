"""Arcs of alerting authorities, as WMO registers them: ``2.49.0.1.<country>.<authority>``.

The register lists authorities below ``2.49.0.0``; the messages of one are named below ``2.49.0.1``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.core.errors import InputError
from pipeline.core.ids import Country

ISO_NUMERIC: Mapping[Country, int] = {
    Country.KAZAKHSTAN: 398,
    Country.KYRGYZSTAN: 417,
    Country.TAJIKISTAN: 762,
    Country.TURKMENISTAN: 795,
    Country.UZBEKISTAN: 860,
    Country.TURKIYE: 792,
}
"""ISO 3166-1 numeric codes, the fifth number of an arc."""
_ARC = re.compile(r"2\.49\.0\.1\.(?P<country>0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+")


def country_of(authority_oid: str) -> Country:
    """Return the country of an authority's arc.

    Raises:
        InputError: it is no arc for messages, or of none of the six countries.
    """
    found = _ARC.fullmatch(authority_oid)
    for country, code in ISO_NUMERIC.items():
        if found is not None and found["country"] == str(code):
            return country
    known = ", ".join(f"{code} ({country})" for country, code in ISO_NUMERIC.items())
    raise InputError(
        "authority OID: expected 2.49.0.1, the ISO 3166-1 numeric code of the country "
        f"({known}) and the number of the authority, such as 2.49.0.1.860.0, got {authority_oid!r}; "
        "take the numbers from the WMO register of alerting authorities (which begins 2.49.0.0)"
    )
