"""A plan in short lines: its stages, when each begins and ends, and who stands behind the numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.core.ids import LandUse
from pipeline.plans.conditions import Form, Group
from pipeline.plans.issuing import Issuing
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import ALL_YEAR, Rule

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_FORMS = {
    Form.ANY_OF: "any of",
    Form.ALL_OF: "all of",
    Form.NONE_OF: "none of",
    Form.AT_LEAST: "at least {least} of",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One rule, or the head of a group, as a row of a table."""

    stage: str
    """Empty where the line above is of the same stage."""
    begins: str
    ends: str = ""
    source: str = ""


def outline(ladder: Ladder) -> list[Line]:
    """Return the lines of a ladder, mildest stage first."""
    lines = []
    for stage in ladder.stages:
        name = stage.stage
        for one in stage.rules:
            for line in _condition(one, 0):
                lines.append(Line(name, line.begins, line.ends, line.source))
                name = ""
    return lines


def issuing_in_words(issuing: Issuing) -> list[str]:
    """Return who issues, and which alerts leave by themselves or at any hour, a line each."""
    lines = [f"issued by: {issuing.office.in_language('en')}"]
    automatic, at_once = issuing.automatic, issuing.at_once
    if automatic is not None:
        lines.append(f"without a person: {', '.join(automatic.stages)}, by {automatic.order}")
    if at_once is not None:
        by = "" if at_once.order is None else f", by {at_once.order}"
        lines.append(f"at any hour: {', '.join(at_once.stages)}{by}")
    return lines


def rule_in_words(rule: Rule) -> str:
    """Return when a rule begins and ends, and where and when it speaks, in one line."""
    return f"{_begins(rule)}; ends at {_ends(rule)}"


def _condition(one: Rule | Group, depth: int) -> Iterator[Line]:
    indent = "  " * depth
    if isinstance(one, Rule):
        yield Line("", indent + _begins(one), _ends(one), _sources(one))
        return
    yield Line("", f"{indent}{_head(one)}:")
    for member in one.members:
        yield from _condition(member, depth + 1)


def _head(group: Group) -> str:
    form = _FORMS[group.form].format(least=group.at_least)
    if not group.coming_from:
        return form
    after = f"after {' or '.join(group.coming_from)}"
    is_alone = len(group.members) == 1 and group.form is not Form.NONE_OF
    return f"{after} alone" if is_alone else f"{form}, {after} alone"


def _begins(rule: Rule) -> str:
    where = f" ({only})" if (only := ", ".join(_only(rule))) else ""
    sign = ">=" if rule.thresholds.is_more_drier else "<="
    return f"{rule.heard} {sign} {rule.enter_at:g}{_for(rule.enter_after)}{where}"


def _ends(rule: Rule) -> str:
    sign = "<" if rule.thresholds.is_more_drier else ">"
    beyond = sign if not rule.thresholds.has_dead_band else f"{sign}="
    silence = rule.ends_after_silence
    lets_go = "" if silence is None else f", or more than {silence} months without a value"
    return f"{beyond} {rule.exit_at:g}{_for(rule.exit_after)}{lets_go}"


def _for(months: int) -> str:
    return "" if months == 1 else f" for {months} months"


def _only(rule: Rule) -> Iterator[str]:
    if rule.calendar_months != ALL_YEAR:
        yield months_in_words(rule.calendar_months)
    if rule.land_uses != frozenset(LandUse):
        yield " or ".join(use.value for use in LandUse if use in rule.land_uses)
    if rule.salt_affected is not None:
        yield "salt-affected" if rule.salt_affected else "not salt-affected"


def months_in_words(calendar_months: frozenset[int]) -> str:
    """Return calendar months as runs, over the new year too.

    >>> months_in_words(frozenset({11, 12, 1, 5}))
    'May, Nov-Jan'
    """
    begins = [m for m in range(1, 13) if m in calendar_months and _before(m) not in calendar_months]
    runs = []
    for first in begins:
        last = (first + _length(first, calendar_months) - 2) % 12 + 1
        names = (_MONTHS[first - 1], _MONTHS[last - 1])
        runs.append(names[0] if first == last else "-".join(names))
    return ", ".join(runs)


def _before(month: int) -> int:
    return (month - 2) % 12 + 1


def _length(first: int, calendar_months: frozenset[int]) -> int:
    length = 0
    while length < 12 and (first + length - 1) % 12 + 1 in calendar_months:
        length += 1
    return length


def _sources(rule: Rule) -> str:
    kinds = (rule.source.threshold.kind, rule.source.exit.kind, rule.source.persistence.kind)
    if len(set(kinds)) == 1:
        return str(kinds[0])
    names = ("threshold", "exit", "months")
    return ", ".join(f"{name} {kind}" for name, kind in zip(names, kinds, strict=True))
