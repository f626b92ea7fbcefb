"""The names of CAP messages: each is given with the decision, and no other message has it.

An authority that is registered with WMO (Register of WMO Members' Alerting Authorities) names its
messages below its own arc, ``2.49.0.1.<ISO 3166-1 numeric>.<authority>``. Without one, and for a
country that the arc is not of, the name has a form of our own.
"""

from __future__ import annotations

import hashlib

from pipeline.alerts.facts import AlertFacts
from pipeline.core.authority_arcs import country_of

_ARC_LIMIT = 10**9
"""Numbers below it fit what the narrowest readers of object identifiers keep."""


def cap_identifier(facts: AlertFacts, installation: str, authority_oid: str | None) -> str:
    """Return the name of the message on `facts`: the same each time, and no other's.

    The alert's number tells apart what one installation says, in whatever second. Below an
    authority's arc the last number follows from the decision itself: where a warehouse is restored
    and numbers are given again, another decision has another name, and the same one its own.

    Args:
        facts: one alert, whose number is unique within the installation.
        installation: a name that no other installation has, made when its database is made.
        authority_oid: the authority's arc; None: there is none.
    """
    if authority_oid is None or country_of(authority_oid) is not facts.country:
        return f"cacilm-drought.{installation}.{facts.country}.{facts.month}.{facts.alert_id}"
    numbers = [_arc(installation), facts.month.year, facts.month.month, facts.alert_id]
    return ".".join([f"urn:oid:{authority_oid}", *map(str, numbers), str(_arc(_decision(facts)))])


def _decision(facts: AlertFacts) -> str:
    said = (facts.landscape_id, facts.chain_id, facts.drought_type, facts.change)
    return "\n".join([*said, facts.from_stage, facts.to_stage, facts.evidence.model_dump_json()])


def _arc(text: str) -> int:
    """Return a number that follows from `text`."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % _ARC_LIMIT
