"""The evidence of one alert step by step, for people who want to check it: `drought explain`.

It speaks from the stored evidence alone, in the plan's own numbers, not rounded for a letter.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.evidence import Comparison, Document, OtherReading, Side
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.indices_in_words import gap_in_words, index_in_words
from pipeline.alerts.naming import place
from pipeline.alerts.outcomes import Outcome, outcome, rests_on_indicators
from pipeline.alerts.words import words_of
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import BLENDED, IndexCode, IndexFamily, LandUse
from pipeline.core.indicators import Measure, index_behind
from pipeline.plans.document import NO_STAGE
from pipeline.plans.rule_document import Source

_DECIDED = {
    Outcome.BEGAN: "the rule turns on",
    Outcome.ENDED: "the rule turns off",
    Outcome.HOLDS: "the rule stays on: the value does not reach the end",
    Outcome.ENDING: "the rule stays on: not enough months in a row to end it yet",
    Outcome.QUIET: "the rule stays off: the value does not reach the threshold",
    Outcome.BEGINNING: "the rule stays off: not enough months in a row to begin it yet",
    Outcome.SILENT: "nothing changes: a gap is no evidence either way",
    Outcome.OUT_OF_SEASON: "nothing changes: the rule does not speak in this calendar month",
}

_LIES = {
    Side.ENTER: "at or below the threshold to begin",
    Side.BETWEEN: "between the thresholds",
    Side.EXIT: "where the rule ends",
}


_SIDES = {
    (False, True): ("at or below", "at or above"),
    (False, False): ("at or below", "above"),
    (True, True): ("at or above", "at or below"),
    (True, False): ("at or above", "below"),
}
"""Where a rule begins and ends, by whether more is drier, and whether it has a dead band."""


def explanation(facts: AlertFacts) -> str:
    """Return every comparison with value, thresholds, months in a row, sources, and how to replay.

    In English; ends with a newline. What is simulated says so first and last.
    """
    parts = [_what(facts), _inputs(facts), _other_record(facts), _plan(facts)]
    parts += [
        _rule(number, line, facts) for number, line in enumerate(facts.evidence.comparisons, 1)
    ]
    parts += [_result(facts), _replay(facts)]
    banner = words_of("en").banner
    if facts.is_simulated:
        parts = [iter([banner]), *parts, iter([banner])]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _what(facts: AlertFacts) -> Iterator[str]:
    record = facts.evidence
    yield f"Alert {facts.alert_id}, chain {facts.chain_id}"
    yield f"Landscape: {place(facts, 'en')} ({facts.landscape_id}), {_land(facts)}"
    if facts.land_use is LandUse.IRRIGATED:
        yield f"Headwater: {_headwater(facts)}"
    yield f"Month: {facts.month}, {facts.drought_type} drought"
    yield f"Change: {facts.change}, from {facts.from_stage} to {facts.to_stage}"
    yield f"Decided by: version {record.engine} of this software"


def _land(facts: AlertFacts) -> str:
    salt = ", salt-affected" if facts.is_salt_affected else ""
    return f"version {facts.evidence.inputs.landscape_version}, {facts.land_use}{salt}"


def _headwater(facts: AlertFacts) -> str:
    if rests_on_indicators(facts):
        return "no rule hears it; the agency's indicators below speak of the water"
    return (
        "no rule hears it; the indices below are of the land itself, without its irrigation water"
    )


def _inputs(facts: AlertFacts) -> Iterator[str]:
    inputs = facts.evidence.inputs
    share = inputs.coverage_fraction
    yield "INPUTS"
    yield f"Source: {inputs.source}, origin {inputs.origin}, release {inputs.release}"
    yield f"Calibration: {inputs.calibration}"
    of = "of the gauges" if inputs.source == BLENDED else "of the area"
    yield f"Coverage: {'not known' if share is None else f'{share:.3f} {of}'}"


def _other_record(facts: AlertFacts) -> Iterator[str]:
    beside, gauges = facts.evidence.inputs.beside, facts.evidence.inputs.gauges
    yield "OTHER RECORD"
    if beside is None:
        yield "None was compared"
    else:
        yield f"Source: {beside.source}"
        for reading in beside.readings:
            yield f"{reading.index}, for stage {reading.stage}: {_other_value(reading)}"
    if gauges is not None:
        yield f"Gauges: on the normals of {gauges.grid}, over {_months(gauges.n_months)}"
        yield f"Gauges that reported, in the month with fewest: {gauges.fewest}"
        yield f"Completeness policies: {', '.join(gauges.policies) or 'none'}"
        yield f"Days without a report taken as dry: {gauges.n_assumed_dry}"
        yield f"Suspect values counted: {gauges.n_suspect}"


def _other_value(reading: OtherReading) -> str:
    if reading.gap is not None:
        return f"no value ({reading.gap}): {reading.verdict}"
    value = "not open to everyone" if reading.value is None else f"{reading.value:.6g}"
    return f"{value}: {reading.verdict}"


def _plan(facts: AlertFacts) -> Iterator[str]:
    plan, record = facts.plan, facts.evidence
    yield "PLAN"
    yield f"{plan.title.texts['en']}: {record.plan_id}, version {record.plan_version}"
    yield f"Status: {plan.status}, adopted by {plan.authority or 'no authority'}"
    yield f"Issuing office: {plan.issuing.office.texts['en']}"
    yield f"Legal basis: {plan.issuing.legal_basis or 'none cited'}"
    yield f"Fingerprint: {record.plan_fingerprint}"


def _rule(number: int, line: Comparison, facts: AlertFacts) -> Iterator[str]:
    measure = line.measure
    begins, ends = _SIDES[line.thresholds.is_more_drier, line.thresholds.has_dead_band]
    yield f"RULE {number}: stage {line.stage} on {_named(measure)}"
    index = index_behind(measure)
    if index is not None:
        calibration = facts.evidence.inputs.calibration
        yield f"Index: {index_in_words(index, facts.month.month, calibration, words_of('en'))}"
    if line.mapped_by is not None:
        yield f"Maps: of {line.mapped_by}"
    yield f"Value: {_value(line, facts)}"
    if line.document is not None:
        yield f"Document: {_document(line.document)}"
    enter, leave = (_number(limit, measure) for limit in (line.enter_at, line.exit_at))
    yield f"Begins: {begins} {enter} for {_months(line.enter_after)} in a row"
    yield f"Ends: {ends} {leave} for {_months(line.exit_after)} in a row"
    yield from _decision(line)


def _decision(line: Comparison) -> Iterator[str]:
    yield f"Before: {_state(line.was_active, line.run_before)}"
    yield f"After: {_state(line.is_active, line.run_after)}"
    yield f"So: {_DECIDED[outcome(line)]}"
    if line.silent_months:
        yield f"Silence: {_months(line.silent_months)} without a value"
    yield f"Threshold from: {_source(line.source.threshold)}"
    yield f"Exit from: {_source(line.source.exit)}"
    yield f"Months in a row from: {_source(line.source.persistence)}"


def _named(measure: Measure) -> str:
    if isinstance(measure, AreaShare):
        limit = measure.at_or_below
        return f"the share of the area at which {measure.index} is at or below {limit}"
    return str(measure)


def _number(value: float, measure: Measure) -> str:
    """Return a number not rounded, with its unit."""
    if isinstance(measure, AreaShare):
        return f"{100 * value:.6g} %"
    if isinstance(measure, IndexCode):
        return f"{value:.6g}{' %' if measure.family is IndexFamily.PERCENT_OF_NORMAL else ''}"
    return f"{value:.6g} {measure.unit.replace('_', ' ')}"


def _value(line: Comparison, facts: AlertFacts) -> str:
    if line.withheld is not None:
        return f"not open to everyone; it lies {_LIES[line.withheld]}"
    if line.gap is not None:
        why = gap_in_words(line.gap, line.measure, facts.month.month, words_of("en"))
        return f"no value ({line.gap}: {why})"
    return "no value" if line.value is None else _number(line.value, line.measure)


def _document(document: Document) -> str:
    by = "" if document.issued_by is None else f" by {document.issued_by}"
    return (
        f"{document.document_number} of {document.issued_on}{by}, for {document.period_from} to "
        f"{document.period_to}"
    )


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


def _state(is_on: bool, run: int) -> str:
    stands, towards = ("on", "ending") if is_on else ("off", "beginning")
    return f"{stands}, {_months(run)} in a row towards {towards}" if run else stands


def _source(source: Source) -> str:
    note = f"; {source.note}" if source.note else ""
    return f"{source.reference} [{source.kind}]{note}"


def _result(facts: AlertFacts) -> Iterator[str]:
    record = facts.evidence
    yield "STAGE"
    if record.stage_after == NO_STAGE:
        yield f"No rule is on: no stage, since {record.since}"
    else:
        yield f"The gravest stage with a rule on is {record.stage_after}, since {record.since}"
    known = "confirmed" if record.is_confirmed else "unconfirmed"
    yield f"{known}, {_months(record.silent_months)} of silence"


def _replay(facts: AlertFacts) -> Iterator[str]:
    yield "LOOK IT UP"
    yield "The values and stages of that time, in the warehouse (TIME: mart.alert.decided_at):"
    yield f"mart.index_month_as_of(TIME), mart.stage_month_as_of(TIME), month {facts.month}-01"
    if any(line.indicator is not None for line in facts.evidence.comparisons):
        yield "mart.indicator_as_of(TIME) for indicators that are open to everyone"
    if any(line.area_share is not None for line in facts.evidence.comparisons):
        yield "mart.area_share_as_of(TIME) for shares of the area"
