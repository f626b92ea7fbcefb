"""The evidence of an alert as tables: every comparison with its numbers as they are stored.

Nothing is rounded here; the argument rounds. Rows are texts, for a terminal to lay out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from pipeline.alerts.evidence import Comparison, Document, OtherReading, Replaced, Side, Step
from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.outcomes import Outcome, outcome
from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode, IndexFamily
from pipeline.core.indicators import Measure
from pipeline.plans.conditions import Form
from pipeline.plans.rule_document import Source, Where

Row = tuple[str, ...]

_OUTCOMES = {
    Outcome.BEGAN: "turns on",
    Outcome.ENDED: "turns off",
    Outcome.HOLDS: "stays on",
    Outcome.ENDING: "stays on, ending",
    Outcome.QUIET: "stays off",
    Outcome.BEGINNING: "stays off, beginning",
    Outcome.SILENT: "as before: no value",
    Outcome.LAPSED: "lets go: silent too long",
    Outcome.OUT_OF_SEASON: "as before: not asked",
}
_LIES = {
    Side.ENTER: "beyond enter",
    Side.BETWEEN: "between",
    Side.EXIT: "beyond exit",
}
_HOLDS = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Section:
    """One table: headings, rows, and the columns whose words must never be broken."""

    title: str
    headings: Row
    rows: tuple[Row, ...]
    unbroken: frozenset[int] = frozenset()
    legend: str = ""


def sections(facts: AlertFacts) -> list[Section]:
    """Return the tables of an alert, without those that would be empty."""
    found = [
        Section(
            "Comparisons",
            ("#", "stage", "heard", "reading", "enter", "exit", "run", "outcome"),
            _numbered(facts, _comparison),
            frozenset({0, 3, 4, 5, 6}),
            "enter, exit: the threshold, and how many months in a row; run: off or on with the "
            "months in a row counted towards a turn, before the month and after it",
        ),
        Section(
            "What the readings rest on",
            ("#", "of", "month", "silent months", "source", "release", "coverage"),
            _grouped(facts, _grounds),
            frozenset({1, 2, 3, 4, 5, 6}),
        ),
        Section("Documents", ("#", "document"), _grouped(facts, _documents)),
        Section(
            "Where the numbers come from",
            ("#", "number", "kind", "reference"),
            _sources(facts),
        ),
        Section(
            "The other record",
            ("stage", "heard", "reading", "verdict"),
            tuple(_other(facts)),
            frozenset({2}),
        ),
        Section(
            "Readings replaced since the stage was told",
            ("month", "heard", "before", "now", "known from"),
            tuple(map(_replaced, facts.evidence.replaced)),
            frozenset({0, 2, 3}),
        ),
        Section("The decision", ("", ""), tuple(_decision(facts))),
    ]
    return [section for section in found if section.rows]


def rule_path(facts: AlertFacts) -> list[str]:
    """Return how the rules of each stage count, as an indented tree, gravest stage last."""
    grouped = {path.stage: path.condition for path in facts.evidence.paths}
    told: list[str] = []
    for stage in dict.fromkeys(line.stage for line in facts.evidence.comparisons):
        condition = grouped.get(stage) or _any_of(stage, facts)
        told.append(f"stage {stage}: {_HOLDS[condition.holds]}")
        told += _tree((condition,), "  ")
    return told


def _any_of(stage: str, facts: AlertFacts) -> Step:
    """Return the path of a stage without groups: any of its rules is enough."""
    members = tuple(
        Step(holds=line.is_active, comparison=number)
        for number, line in enumerate(facts.evidence.comparisons, 1)
        if line.stage == stage
    )
    if len(members) == 1:
        return members[0]
    return Step(holds=any(step.holds for step in members), form=Form.ANY_OF, members=members)


def _tree(steps: Iterable[Step], indent: str) -> Iterator[str]:
    for step in steps:
        if step.comparison is not None:
            yield f"{indent}line {step.comparison}: {_HOLDS[step.holds]}"
            continue
        form = str(step.form).replace("_", " ")
        needed = f" {step.needed}" if step.form is Form.AT_LEAST else ""
        coming = f", coming from {' or '.join(step.coming_from)}" if step.coming_from else ""
        yield f"{indent}{form}{needed}{coming}: {_HOLDS[step.holds]}"
        yield from _tree(step.members, f"{indent}  ")


def _numbered(facts: AlertFacts, row: Callable[[Comparison, AlertFacts], Row]) -> tuple[Row, ...]:
    lines = enumerate(facts.evidence.comparisons, 1)
    return tuple((str(number), *row(line, facts)) for number, line in lines)


def _grouped(facts: AlertFacts, row: Callable[[Comparison, AlertFacts], Row]) -> tuple[Row, ...]:
    """Return a row for all lines that have it in common, with their numbers first."""
    lines: dict[Row, list[int]] = {}
    for number, line in enumerate(facts.evidence.comparisons, 1):
        lines.setdefault(row(line, facts), []).append(number)
    return tuple((_numbers(numbers), *cells) for cells, numbers in lines.items() if cells)


def _numbers(numbers: list[int]) -> str:
    """Return numbers in order as they are said: ``1-3, 5``."""
    runs = groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0])
    spans = [[number for _, number in run] for _, run in runs]
    return ", ".join(str(n[0]) if len(n) == 1 else f"{n[0]}-{n[-1]}" for n in spans)


def _comparison(line: Comparison, facts: AlertFacts) -> Row:
    more = line.thresholds.is_more_drier
    begins, ends = (">=", "<=") if more else ("<=", ">=")
    if not line.thresholds.has_dead_band:
        ends = ends.removesuffix("=")
    return (
        line.stage,
        _heard(line.measure, line.where),
        _reading(line.value, line.gap, line.withheld),
        f"{begins} {line.enter_at!r}\n{_months(line.enter_after)}",
        f"{ends} {line.exit_at!r}\n{_months(line.exit_after)}",
        f"{_state(line.was_active, line.run_before)}\n{_state(line.is_active, line.run_after)}",
        _OUTCOMES[outcome(line)],
    )


def _state(is_on: bool, run: int) -> str:
    return f"{'on' if is_on else 'off'} {run}"


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"


def _heard(measure: Measure, where: Where) -> str:
    of = " of the headwater" if where is Where.HEADWATER else ""
    if isinstance(measure, AreaShare):
        return f"share of area with {measure.index} <= {measure.at_or_below}{of}"
    if isinstance(measure, IndexCode):
        percent = ", %" if measure.family is IndexFamily.PERCENT_OF_NORMAL else ""
        return f"{measure}{percent}{of}"
    return f"{measure.code}, {measure.unit}".replace("_", " ") + of


def _reading(value: float | None, gap: Gap | None, withheld: Side | None) -> str:
    if value is not None:
        return repr(value)
    if withheld is not None:
        return f"not open: {_LIES[withheld]}"
    return "none" if gap is None else f"none: {gap}".replace("_", " ")


def _grounds(line: Comparison, facts: AlertFacts) -> Row:
    heard = str(line.where), str(facts.month), str(line.silent_months)
    if line.indicator is not None:
        return *heard, "a document", "", ""
    inputs = facts.evidence.inputs
    if line.area_share is not None:
        return *heard, f"maps of {line.mapped_by or inputs.source}", "", ""
    is_own = line.where is Where.HEADWATER or line.data_source is not None
    share = line.coverage_fraction if is_own else inputs.coverage_fraction
    return (
        *heard,
        line.data_source or inputs.source,
        str(line.release or inputs.release),
        "not known" if share is None else repr(share),
    )


def _documents(line: Comparison, facts: AlertFacts) -> Row:
    return () if line.document is None else (_document(line.document),)


def _document(document: Document) -> str:
    by = "" if document.issued_by is None else f", {document.issued_by}"
    return (
        f"{document.document_number} of {document.issued_on}{by}, for {document.period_from} to "
        f"{document.period_to}"
    )


def _sources(facts: AlertFacts) -> tuple[Row, ...]:
    """Return each source once, with the lines and the numbers that it stands behind."""
    found: dict[Row, list[int]] = {}
    for number, line in enumerate(facts.evidence.comparisons, 1):
        named = {
            "enter": line.source.threshold,
            "exit": line.source.exit,
            "months in a row": line.source.persistence,
        }
        for what, source in named.items():
            found.setdefault((what, str(source.kind), _cited(source)), []).append(number)
    return tuple((_numbers(numbers), *cells) for cells, numbers in found.items())


def _cited(source: Source) -> str:
    return f"{source.reference}; {source.note}" if source.note else source.reference


def _other(facts: AlertFacts) -> Iterator[Row]:
    beside = facts.evidence.inputs.beside
    for reading in () if beside is None else beside.readings:
        yield reading.stage, reading.index, _other_reading(reading), str(reading.verdict)


def _other_reading(reading: OtherReading) -> str:
    if reading.gap is None and reading.value is None:
        return "not open"
    return _reading(reading.value, reading.gap, None)


def _replaced(one: Replaced) -> Row:
    return (
        one.month,
        _heard(one.measure, one.where),
        _reading(one.value_before, one.gap_before, one.side_before),
        _reading(one.value, one.gap, one.side),
        "" if one.known_from is None else one.known_from.isoformat(" ", "seconds"),
    )


def _decision(facts: AlertFacts) -> Iterator[Row]:
    """Yield what else the evidence holds, and where to look it up."""
    record, plan = facts.evidence, facts.plan
    yield "chain", facts.chain_id
    yield "change", f"{facts.change}, from {facts.from_stage} to {facts.to_stage}"
    yield "stage", f"{record.stage_after}, since {record.since}; {_known(facts)}"
    salt = ", salt-affected" if facts.is_salt_affected else ""
    version = f"version {record.inputs.landscape_version}, {facts.land_use}{salt}"
    yield "landscape", f"{facts.landscape_id}, {version}"
    if record.headwater_landscape_id is not None:
        yield "headwater", record.headwater_landscape_id
    yield "plan", f"{record.plan_id}, version {record.plan_version}, {plan.status}"
    yield "fingerprint", record.plan_fingerprint
    yield from _data(facts)
    yield "decided by", record.engine
    yield "look it up", f"{_views(facts)}, month {facts.month}-01; TIME: decided_at in mart.alert"


def _views(facts: AlertFacts) -> str:
    """Return where the readings can be looked up as they were known then."""
    lines = facts.evidence.comparisons
    views = ["index_month", "stage_month"]
    views += ["indicator"] if any(line.indicator for line in lines) else []
    views += ["area_share"] if any(line.area_share for line in lines) else []
    return ", ".join(f"mart.{view}_as_of(TIME)" for view in views)


def _known(facts: AlertFacts) -> str:
    record = facts.evidence
    held = ", held by its memory" if record.is_held else ""
    silent = f", {record.silent_months} months of silence" if record.silent_months else ""
    return f"{'confirmed' if record.is_confirmed else 'unconfirmed'}{silent}{held}"


def _data(facts: AlertFacts) -> Iterator[Row]:
    inputs, share = facts.evidence.inputs, facts.evidence.inputs.coverage_fraction
    covered = "not known" if share is None else repr(share)
    yield (
        "data",
        f"{inputs.source}, {inputs.origin}, {inputs.release}, coverage {covered}; compared with "
        f"{inputs.calibration}",
    )
    if inputs.beside is not None:
        yield (
            "other record",
            f"{inputs.beside.source}, {'open' if inputs.beside.is_open else 'not open'}",
        )
    if inputs.gauges is not None:
        of = inputs.gauges
        yield (
            "gauges",
            f"on the normals of {of.grid}, over {of.n_months} months; in the month with fewest "
            f"{of.fewest} reported; completeness by {', '.join(of.policies) or 'no policy'}; days "
            f"taken as dry: {of.n_assumed_dry}; suspect values counted: {of.n_suspect}",
        )
