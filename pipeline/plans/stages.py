"""The stage of a landscape, month by month, from the rules of one ladder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from pipeline.core.errors import InputError
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE, Group
from pipeline.plans.ladders import Ladder, Stage
from pipeline.plans.rule_document import Heard, Land, Rule
from pipeline.plans.rules import Reading, RuleState, replay, speaks
from pipeline.plans.trees import Moment, Node, Tree, holds, path, planted, rest


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule heard and how it stood before and after: a line of evidence."""

    stage: str
    rule: Rule
    reading: Reading
    before: RuleState
    after: RuleState


@dataclass(frozen=True, slots=True)
class Path:
    """What the condition of one stage came to."""

    stage: str
    node: Node


@dataclass(frozen=True, slots=True)
class StageMonth:
    """The stage after one month."""

    month: Month
    stage: str
    rank: int
    """0 for none."""
    since: Month
    """First month of this stage, or of the record where nothing came before."""
    is_confirmed: bool
    """False once the rules behind the stage have been silent for more than the hold limit, or
    where none has ever heard a value: then `none` is not knowledge."""
    silent_months: int
    findings: tuple[Finding, ...]
    paths: tuple[Path, ...] = ()
    """Of the stages whose rules stand in groups."""
    is_held: bool = False
    """Whether the ladder, which remembers its stage, could not move for want of a value."""
    is_review: bool = False
    """Whether the stage has stood for its review period, or for that many times over."""


@dataclass(frozen=True, slots=True)
class _Rung:
    """A stage with its condition on one piece of land."""

    rank: int
    stage: Stage
    tree: Tree
    is_grouped: bool
    """Whether rules of the stage stand in groups, so that their path is worth telling."""


@dataclass(frozen=True, slots=True)
class _Course:
    """A ladder on one piece of land, with what its rules heard, month by month."""

    rungs: Sequence[_Rung]
    rules: Sequence[tuple[str, Rule]]
    series: Sequence[Sequence[Reading]]
    states: Sequence[Sequence[RuleState]]
    """Of each rule, one more than readings: the first is the state before."""
    limits: Sequence[int]
    has_memory: bool


def stage_history(
    ladder: Ladder,
    land: Land,
    readings: Mapping[Heard, Sequence[Reading]],
    *,
    hold_limit: int,
    after: StageMonth | None = None,
) -> list[StageMonth]:
    """Return the stage of every month of `readings`, oldest first.

    Args:
        ladder: the stages; a stage is on while any of its conditions is, and the gravest wins. A
            ladder with a memory moves only in months in which all its rules heard a value.
        land: rules for other land stay out, and those on a headwater that is not known.
        readings: consecutive months of all that the ladder hears, all of the same months.
        hold_limit: months of silence after which a stage is unconfirmed, where a rule says none.
        after: where the ladder stood in the month before; None: at the beginning of the record.

    Raises:
        InputError: something that the ladder hears has no readings, or their months differ, or
            they do not follow on `after`.
    """
    months = _months(readings)
    if after is not None and months and months[0] != after.month + 1:
        raise InputError(
            f"readings: expected them from {after.month + 1} on, the month after the stage given, "
            f"got {months[0]}"
        )
    course = _course(ladder, land, readings, hold_limit, after)
    history: list[StageMonth] = []
    previous = after
    for position, month in enumerate(months):
        previous = _stage_month(course, position, month, previous)
        history.append(previous)
    return history


def _course(
    ladder: Ladder,
    land: Land,
    readings: Mapping[Heard, Sequence[Reading]],
    hold_limit: int,
    after: StageMonth | None,
) -> _Course:
    rungs: list[_Rung] = []
    rules: list[tuple[str, Rule]] = []
    numbers = count()
    for rank, stage in enumerate(ladder.stages, start=1):
        tree, of_stage = planted(stage.rules, land, numbers)
        rules += [(stage.stage, rule) for rule in of_stage]
        is_grouped = any(isinstance(one, Group) for one in stage.rules)
        rungs += [] if tree is None else [_Rung(rank, stage, tree, is_grouped)]
    series = [_series(rule, readings) for _, rule in rules]
    before = [None] * len(rules) if after is None else [one.after for one in after.findings]
    return _Course(
        rungs,
        rules,
        series,
        [
            _track(rule, of_rule, state)
            for (_, rule), of_rule, state in zip(rules, series, before, strict=True)
        ],
        [hold_limit if rule.hold_limit is None else rule.hold_limit for _, rule in rules],
        ladder.has_memory,
    )


def _series(rule: Rule, readings: Mapping[Heard, Sequence[Reading]]) -> Sequence[Reading]:
    if rule.heard not in readings:
        raise InputError(
            f"ladder: expected readings of {rule.heard}, got {sorted(map(str, readings))}"
        )
    return readings[rule.heard]


def _track(rule: Rule, series: Sequence[Reading], before: RuleState | None) -> list[RuleState]:
    if not series:
        return []
    return list(replay(rule, before or RuleState(series[0].month - 1), series))


def _months(readings: Mapping[Heard, Sequence[Reading]]) -> list[Month]:
    of_each = {tuple(reading.month for reading in series) for series in readings.values()}
    if len(of_each) > 1:
        raise InputError("readings: expected the same months for every measure; pad with gaps")
    return list(of_each.pop()) if of_each else []


def _stage_month(
    course: _Course, position: int, month: Month, previous: StageMonth | None
) -> StageMonth:
    stood = NO_STAGE if previous is None else previous.stage
    now = Moment([states[position + 1] for states in course.states], course.limits, stood)
    is_held = course.has_memory and not _all_heard(course, position)
    rung = _standing(course, now, stood) if is_held else _gravest(course, now)
    unconfirmed, silent = _rest(course, rung, now, is_held=is_held)
    stage, rank = (NO_STAGE, 0) if rung is None else (rung.stage.stage, rung.rank)
    since = previous.since if previous is not None and previous.stage == stage else month
    return StageMonth(
        month,
        stage,
        rank,
        since,
        is_confirmed=not unconfirmed,
        silent_months=silent,
        findings=tuple(_findings(course, position)),
        paths=tuple(Path(r.stage.stage, path(r.tree, now)) for r in course.rungs if r.is_grouped),
        is_held=is_held,
        is_review=rung is not None and _is_review(rung.stage, since, month),
    )


def _all_heard(course: _Course, position: int) -> bool:
    return all(
        series[position].value is not None and speaks(rule, series[position])
        for (_, rule), series in zip(course.rules, course.series, strict=True)
    )


def _standing(course: _Course, now: Moment, stage: str) -> _Rung | None:
    return next((rung for rung in course.rungs if rung.stage.stage == stage), None)


def _gravest(course: _Course, now: Moment) -> _Rung | None:
    return next((rung for rung in reversed(course.rungs) if holds(rung.tree, now)), None)


def _rest(course: _Course, rung: _Rung | None, now: Moment, *, is_held: bool) -> tuple[bool, int]:
    """What the knowledge of the stage rests on: of `none`, that every stage is off."""
    if is_held:
        of_each = [rest(number, now, is_on=True) for number in range(len(course.rules))]
    elif rung is not None:
        of_each = [rest(rung.tree, now, is_on=True)]
    else:
        of_each = [rest(one.tree, now, is_on=False) for one in course.rungs]
    unconfirmed, silent = max(of_each, default=(True, 0))
    # Where nobody has heard anything yet, `none` is not knowledge.
    return unconfirmed or not any(state.heard for state in now.states), silent


def _is_review(stage: Stage, since: Month, month: Month) -> bool:
    stood = month.ordinal - since.ordinal
    return stage.review_after is not None and stood > 0 and stood % stage.review_after == 0


def _findings(course: _Course, position: int) -> Iterator[Finding]:
    for (stage, rule), series, states in zip(
        course.rules, course.series, course.states, strict=True
    ):
        yield Finding(stage, rule, series[position], *states[position : position + 2])
