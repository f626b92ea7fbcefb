"""Whether the other record of a landscape's rain agrees with what decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.alerts.evidence import Beside, OtherReading, Verdict
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.plans.rule_document import Where
from pipeline.plans.stages import Finding

Values = Mapping[IndexCode, float | Gap]


def compared_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that decided, of rules that heard an index of the landscape itself.

    Those are the rules that turned in this month; where none did, those that are on; where none
    is, all of them. Where agencies' indicators, areas, gaps or the headwater decided there may be
    none: that a quiet index is quiet in both records says nothing of them, and the gauges of a
    landscape say nothing of its headwater.
    """
    turned = [one for one in findings if one.before.active != one.after.active]
    decided = turned or [one for one in findings if one.after.active] or findings
    return [
        one
        for one in decided
        if one.rule.index and one.rule.where is Where.LANDSCAPE and one.reading.value is not None
    ]


def beside(
    source: str, findings: Sequence[Finding], values: Values, *, is_open: bool
) -> Beside | None:
    """Return what the record `source` says of the same month; None where nothing is compared.

    Args:
        source: name of the other record.
        findings: of the month, all of them.
        values: the other record's indices of the month.
        is_open: whether its values may be shown; if not they are left out.
    """
    readings = tuple(
        _reading(one, one.rule.index, values, is_open=is_open)
        for one in compared_findings(findings)
        if one.rule.index is not None
    )
    return Beside(source=source, is_open=is_open, readings=readings) if readings else None


def _reading(finding: Finding, index: IndexCode, values: Values, *, is_open: bool) -> OtherReading:
    other = values.get(index, Gap.NOT_PUBLISHED)
    told = {"stage": finding.stage, "index": str(index)}
    if isinstance(other, Gap):
        return OtherReading(**told, value=None, gap=other, verdict=Verdict.SILENT)
    shown = other if is_open else None
    return OtherReading(**told, value=shown, gap=None, verdict=_verdict(finding, other))


def _verdict(finding: Finding, other: float) -> Verdict:
    """Compare on which side of the threshold that counts both values lie.

    That is the end of a rule that ended, or that is on and hears less than its beginning asks for;
    else the beginning.
    """
    own, thresholds = finding.reading.value, finding.rule.thresholds
    if own is None:
        return Verdict.SILENT
    has_ended = finding.before.active and not finding.after.active
    is_held_between = finding.before.active and not thresholds.argues_for(own)
    ends = has_ended or is_held_between
    counts = thresholds.argues_against if ends else thresholds.argues_for
    return Verdict.AGREES if counts(own) == counts(other) else Verdict.DISAGREES
