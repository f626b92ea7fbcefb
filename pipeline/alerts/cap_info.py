"""The `info` of a CAP message: one alert in one language, the codes the same in all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from lxml import etree

from pipeline.alerts.actions_in_words import proposals
from pipeline.alerts.evidence import Comparison
from pipeline.alerts.facts import AlertFacts, Approval
from pipeline.alerts.letter_case import capitalised
from pipeline.alerts.letters import (
    data_in_words,
    notes,
    plan_in_words,
    subject,
    what_happened,
)
from pipeline.alerts.local_time import local_time
from pipeline.alerts.naming import one_line, place, stage_of
from pipeline.alerts.reasons import reasons
from pipeline.alerts.records_in_words import other_record_in_words
from pipeline.alerts.sending import MessageKind, Sending
from pipeline.alerts.words import Heading, Words, words_of
from pipeline.plans.ladders import CapMapping

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
GRACE = timedelta(days=40)
"""So long the next word may take: the data of its month, and the answer of who may issue."""
LONGEST_MONTH = timedelta(days=31)
UNREVIEWED_MONTHS = 12
"""A stage that the plan never says again stands so long for those who heard of it."""

DROUGHT_EVENT = ("OET:v1.2", "OET-063")
"""Drought in the OASIS event terms list."""

NO_DROUGHT_LEFT = CapMapping(
    severity="Minor", urgency="Past", certainty="Observed", response_type="None"
)
"""The mapping of a stage that has ended; its response type is said as `AllClear`."""

NO_DROUGHT_EVER = CapMapping(
    severity="Minor", urgency="Past", certainty="Unlikely", response_type="None"
)
"""The mapping of a stage that is taken back."""

_NOT_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def info(
    facts: AlertFacts, approval: Approval, sending: Sending, language: str, polygons: Sequence[str]
) -> etree._Element:
    """Return the alert in one language; times, codes and parameters do not depend on it.

    Raises:
        InputError: there are no words in `language`.
    """
    element = etree.Element(f"{{{NAMESPACE}}}info")
    add_all(element, _codes(facts, sending.kind, language))
    _add_pairs(element, "eventCode", [DROUGHT_EVENT])
    add_all(element, _times(facts, sending))
    add_all(element, _texts(facts, approval, language))
    _add_pairs(element, "parameter", parameters(facts))
    area = etree.SubElement(element, f"{{{NAMESPACE}}}area")
    add_all(area, [("areaDesc", place(facts, language)), *(("polygon", p) for p in polygons)])
    _add_pairs(
        area, "geocode", [("landscape_id", facts.landscape_id), ("ISO3166-1", facts.country)]
    )
    return element


def add_all(parent: etree._Element, elements: Iterable[tuple[str, str]]) -> None:
    """Append an element to `parent` for each name and text.

    A character that XML cannot hold shows as �: a name of a landscape must never hold up an alert.
    """
    for name, text in elements:
        etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = _NOT_IN_XML.sub("\ufffd", text)


def _codes(facts: AlertFacts, kind: MessageKind, language: str) -> list[tuple[str, str]]:
    mapping, response = _mapping(facts, kind)
    return [
        ("language", language),
        ("category", "Met"),
        ("event", _event(facts, language)),
        ("responseType", response),
        ("urgency", mapping.urgency),
        ("severity", mapping.severity),
        ("certainty", mapping.certainty),
    ]


def _mapping(facts: AlertFacts, kind: MessageKind) -> tuple[CapMapping, str]:
    """Return how the stage is said, and its response type."""
    if kind is MessageKind.CANCEL:
        return NO_DROUGHT_EVER, NO_DROUGHT_EVER.response_type
    stage = stage_of(facts, facts.to_stage)
    if stage is None:
        return NO_DROUGHT_LEFT, "AllClear"
    return stage.cap, stage.cap.response_type


def _times(facts: AlertFacts, sending: Sending) -> list[tuple[str, str]]:
    now = local_time(sending.sent, facts.country)
    # CAP lets no onset lie before `effective`; the month in question is in the parameters.
    return [
        ("effective", now),
        ("onset", now),
        ("expires", local_time(expires(facts, sending), facts.country)),
    ]


def expires(facts: AlertFacts, sending: Sending) -> datetime:
    """Return until when the message counts, if no other comes.

    A stage stands until the plan lets it be said again (`review_after`), and as long as that may
    take. No message expires before one whose place it takes: that one would seem to count again.
    """
    stage = stage_of(facts, facts.to_stage)
    months = 0 if stage is None else stage.review_after or UNREVIEWED_MONTHS
    own = sending.sent + months * LONGEST_MONTH + GRACE
    return max([own, *(one.expires for one in sending.references)])


def _texts(facts: AlertFacts, approval: Approval, language: str) -> list[tuple[str, str]]:
    texts = [
        ("senderName", one_line(approval.office)),
        ("headline", subject(facts, language)),
        ("description", _description(facts, language)),
    ]
    proposed = proposals(facts, language)
    if proposed:
        texts.append(("instruction", _instruction(proposed, words_of(language))))
    return texts


def _event(facts: AlertFacts, language: str) -> str:
    return capitalised(words_of(language).drought[facts.drought_type], language)


def _description(facts: AlertFacts, language: str) -> str:
    words = words_of(language)
    text = [
        *what_happened(facts, language),
        *reasons(facts, language),
        *data_in_words(facts, words),
        *other_record_in_words(facts, words),
        *plan_in_words(facts, language),
        *notes(facts, language),
    ]
    return "\n".join([words.banner, *text, words.banner] if facts.is_simulated else text)


def _instruction(proposed: Sequence[str], words: Words) -> str:
    return f"{words.headings[Heading.ACTIONS]}. " + "\n".join(proposed)


def parameters(facts: AlertFacts) -> list[tuple[str, str]]:
    """Return what a machine needs to check the message; the same in every language."""
    record, inputs = facts.evidence, facts.evidence.inputs
    share = inputs.coverage_fraction
    return [
        ("chain_id", facts.chain_id),
        ("change", facts.change),
        ("drought_type", facts.drought_type),
        ("month", str(facts.month)),
        ("stage_from", facts.from_stage),
        ("stage_to", facts.to_stage),
        ("stage_since", record.since),
        ("stage_is_confirmed", str(record.is_confirmed).lower()),
        ("plan_id", record.plan_id),
        ("plan_version", record.plan_version),
        ("plan_status", facts.plan.status),
        ("plan_fingerprint", record.plan_fingerprint),
        ("source", inputs.source),
        ("origin", inputs.origin),
        ("release", inputs.release),
        ("calibration", inputs.calibration),
        ("coverage_fraction", "unknown" if share is None else f"{share:.3f}"),
        *dict.fromkeys(_value(line) for line in record.comparisons),
        *(_threshold(line) for line in record.comparisons),
    ]


def _value(line: Comparison) -> tuple[str, str]:
    said = "withheld" if line.value is None else f"{line.value:.6g}"
    if line.gap is not None:
        said = f"gap {line.gap}"
    cited = line.document
    if cited is not None:
        said += f"; document {cited.document_number} of {cited.issued_on}"
    return f"value:{line.measure}", said


def _threshold(line: Comparison) -> tuple[str, str]:
    source = line.source.threshold
    return (
        f"threshold:{line.stage}:{line.measure}",
        f"enter_at {line.enter_at:g} for {line.enter_after}, exit_at {line.exit_at:g} for "
        f"{line.exit_after}; {source.kind} ({source.reference})",
    )


def _add_pairs(parent: etree._Element, name: str, pairs: Iterable[tuple[str, str]]) -> None:
    for key, value in pairs:
        pair = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
        add_all(pair, [("valueName", key), ("value", value)])
