"""The `info` of a CAP message: one alert in one language, the codes the same in all."""

from __future__ import annotations

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
from pipeline.alerts.naming import place, stage_of
from pipeline.alerts.reasons import reasons
from pipeline.alerts.records_in_words import other_record_in_words
from pipeline.alerts.words import Heading, Words, words_of
from pipeline.core.errors import InputError
from pipeline.plans.ladders import CapMapping

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
LIFETIME = timedelta(days=40)
"""The next month's evaluation has come by then, even late."""

DROUGHT_EVENT = ("OET:v1.2", "OET-063")
"""Drought in the OASIS event terms list."""

NO_DROUGHT_LEFT = CapMapping(
    severity="Minor", urgency="Past", certainty="Observed", response_type="None"
)
"""The mapping of a stage that has ended; its response type is said as `AllClear`."""


def info(
    facts: AlertFacts, approval: Approval, sent: datetime, language: str, polygons: Sequence[str]
) -> etree._Element:
    """Return the alert in one language; times, codes and parameters do not depend on it.

    Raises:
        InputError: there are no words in `language`, or a text holds a control character.
    """
    element = etree.Element(f"{{{NAMESPACE}}}info")
    add_all(element, _codes(facts, language))
    _add_pairs(element, "eventCode", [DROUGHT_EVENT])
    add_all(element, _times(facts, sent))
    add_all(element, _texts(facts, approval, language))
    _add_pairs(element, "parameter", parameters(facts))
    area = etree.SubElement(element, f"{{{NAMESPACE}}}area")
    add_all(area, [("areaDesc", place(facts, language)), *(("polygon", p) for p in polygons)])
    _add_pairs(area, "geocode", [("landscape_id", facts.landscape_id)])
    return element


def add_all(parent: etree._Element, elements: Iterable[tuple[str, str]]) -> None:
    """Append an element to `parent` for each name and text.

    Raises:
        InputError: a text holds a character that XML cannot.
    """
    for name, text in elements:
        try:
            etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = text
        except ValueError as error:
            raise InputError(
                f"CAP {name}: expected text without control characters, got {text!r}"
            ) from error


def _codes(facts: AlertFacts, language: str) -> list[tuple[str, str]]:
    stage = stage_of(facts, facts.to_stage)
    mapping = NO_DROUGHT_LEFT if stage is None else stage.cap
    return [
        ("language", language),
        ("category", "Met"),
        ("event", _event(facts, language)),
        ("responseType", "AllClear" if stage is None else mapping.response_type),
        ("urgency", mapping.urgency),
        ("severity", mapping.severity),
        ("certainty", mapping.certainty),
    ]


def _times(facts: AlertFacts, sent: datetime) -> list[tuple[str, str]]:
    now = local_time(sent, facts.country)
    # CAP lets no onset lie before `effective`; the month in question is in the parameters.
    return [
        ("effective", now),
        ("onset", now),
        ("expires", local_time(sent + LIFETIME, facts.country)),
    ]


def _texts(facts: AlertFacts, approval: Approval, language: str) -> list[tuple[str, str]]:
    texts = [
        ("senderName", approval.office),
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
