"""The evidence of one alert step by step, for people who want to check it: `drought explain`.

It speaks from the stored evidence alone, in the plan's own numbers, not rounded for a letter.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.alerts.evidence import Comparison, Document, OtherReading, Side
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.naming import place
from pipeline.alerts.outcomes import Outcome, has_dead_band, outcome
from pipeline.alerts.words import words_of
from pipeline.core.ids import BLENDED, IndexCode, IndexFamily
from pipeline.core.indicators import Measure
from pipeline.plans.document import NO_STAGE, Source

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


def explanation(facts: AlertFacts) -> str:
    """Return every comparison with value, thresholds, months in a row, sources, and how to replay.

    In English; ends with a newline. What is simulated says so first and last.
    """
    parts = [_what(facts), _inputs(facts), _other_record(facts), _plan(facts)]
    parts += [_rule(number, line) for number, line in enumerate(facts.evidence.comparisons, 1)]
    parts += [_result(facts), _replay(facts)]
    banner = words_of("en").banner
    if facts.is_simulated:
        parts = [iter([banner]), *parts, iter([banner])]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _what(facts: AlertFacts) -> Iterator[str]:
    record = facts.evidence
    yield f"Alert {facts.alert_id}, chain {facts.chain_id}"
    yield f"Landscape: {place(facts, 'en')} ({facts.landscape_id}), {_land(facts)}"
    yield f"Month: {facts.month}, {facts.drought_type} drought"
    yield f"Change: {facts.change}, from {facts.from_stage} to {facts.to_stage}"
    yield f"Decided by: version {record.engine} of this software"


def _land(facts: AlertFacts) -> str:
    salt = ", salt-affected" if facts.is_salt_affected else ""
    return f"version {facts.evidence.inputs.landscape_version}, {facts.land_use}{salt}"


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


def _rule(number: int, line: Comparison) -> Iterator[str]:
    unit = _unit(line.measure)
    ends = "at or above" if has_dead_band(line) else "above"
    yield f"RULE {number}: stage {line.stage} on {line.measure}"
    yield f"Value: {_value(line, unit)}"
    if line.document is not None:
        yield f"Document: {_document(line.document)}"
    yield f"Begins: at or below {line.enter_at:g}{unit} for {_months(line.enter_after)} in a row"
    yield f"Ends: {ends} {line.exit_at:g}{unit} for {_months(line.exit_after)} in a row"
    yield f"Before: {_state(line.was_active, line.run_before)}"
    yield f"After: {_state(line.is_active, line.run_after)}"
    yield f"So: {_DECIDED[outcome(line)]}"
    if line.silent_months:
        yield f"Silence: {_months(line.silent_months)} without a value"
    yield f"Threshold from: {_source(line.source.threshold)}"
    yield f"Exit from: {_source(line.source.exit)}"
    yield f"Months in a row from: {_source(line.source.persistence)}"


def _unit(measure: Measure) -> str:
    if isinstance(measure, IndexCode):
        return " %" if measure.family is IndexFamily.PERCENT_OF_NORMAL else ""
    return f" {measure.unit.replace('_', ' ')}"


def _value(line: Comparison, unit: str) -> str:
    if line.withheld is not None:
        return f"not open to everyone; it lies {_LIES[line.withheld]}"
    return f"no value ({line.gap})" if line.value is None else f"{line.value:.6g}{unit}"


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
