"""What a replay finds: where a decision, or a value behind it, comes out otherwise than it did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import zip_longest
from typing import Any

from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.warehouse.alerts import NewTransition
from pipeline.warehouse.stages import StageRow

StageRows = Mapping[tuple[Month, DroughtType], StageRow]


class Kind(StrEnum):
    """What differs."""

    INDEX = "index"
    STAGE = "stage"
    CHANGE = "change of stage"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that was, and what would be now."""

    kind: Kind
    landscape_id: str
    month: Month
    of: str
    """The drought type, or the index."""
    was: str
    """Empty: there was nothing."""
    now: str
    """Empty: there would be nothing."""
    is_waiting: bool = False
    """Of an index: its series changed before the decision and it had not been computed anew, so
    that the decision rests on a value of an older series, whatever computes it."""
    source: str = ""
    """Of an index: the data source."""


def stage_differences(
    landscape_id: str,
    was: StageRows,
    now: Sequence[StageRow],
    written: Set[tuple[Month, DroughtType]],
) -> Iterator[Difference]:
    """Yield the stages of a landscape that would be others now.

    Args:
        landscape_id: the landscape.
        was: what was held after the decision.
        now: what would be saved.
        written: month and drought type of the stages that the decision itself wrote, or would take
            away now: what it left alone, as under an older plan, need not come again.
    """
    again = {(row.stage.month, row.drought_type): row for row in now}
    for key in sorted(again.keys() | (was.keys() & written)):
        held, new = was.get(key), again.get(key)
        old_said, new_said = _stage_facts(held), _stage_facts(new)
        if old_said != new_said:
            said = _apart(old_said, new_said)
            yield Difference(Kind.STAGE, landscape_id, key[0], str(key[1]), *said)


def _stage_facts(row: StageRow | None) -> dict[str, str]:
    if row is None:
        return {}
    stage = row.stage
    return {
        "stage": stage.stage,
        "rank": str(stage.rank),
        "since": str(stage.since),
        "confirmed": "yes" if stage.is_confirmed else "no",
        "silent months": str(stage.silent_months),
        "plan": f"{row.plan_id} version {row.plan_version}",
    }


def change_differences(
    was: Sequence[NewTransition], now: Sequence[NewTransition]
) -> Iterator[Difference]:
    """Yield the changes of stage of a landscape, or what their evidence says, that would be others.

    The software that decided is named in evidence too; a replay tells of it once for all.
    """
    old, new = _by_subject(was), _by_subject(now)
    for subject in sorted(old.keys() | new.keys()):
        before, after = old.get(subject, []), new.get(subject, [])
        for one, again in zip_longest(before, after):
            if not _is_same(one, again):
                landscape_id, month, drought_type, _ = subject
                said = _apart(_change_facts(one), _change_facts(again))
                yield Difference(Kind.CHANGE, landscape_id, month, drought_type, *said)


def _by_subject(
    changes: Sequence[NewTransition],
) -> dict[tuple[str, Month, str, str], list[NewTransition]]:
    found = defaultdict(list)
    for one in changes:
        landscape_id = one.landscape.landscape.landscape_id
        found[landscape_id, one.month, str(one.drought_type), str(one.change)].append(one)
    return dict(found)


def _is_same(one: NewTransition | None, again: NewTransition | None) -> bool:
    if one is None or again is None:
        return False
    told = [
        (change.chain_id, change.landscape.version, change.from_stage, change.to_stage)
        for change in (one, again)
    ]
    by_the_same = again.evidence.model_copy(update={"engine": one.evidence.engine})
    return told[0] == told[1] and one.evidence == by_the_same


def _change_facts(change: NewTransition | None) -> dict[str, str]:
    if change is None:
        return {}
    evidence = change.evidence.model_dump(mode="json", exclude={"engine"})
    return {
        "change": f"{change.change}, {change.from_stage} to {change.to_stage}",
        "chain": change.chain_id,
        "landscape version": str(change.landscape.version),
        **dict(_flat("evidence", evidence)),
    }


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as JSON is
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _flat(f"{path}.{n}", inner)
    else:
        yield path, "" if value is None else str(value)


def _apart(was: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, str]:
    """Return in words what differs; of what is wholly absent on one side, the first word."""
    if not was or not now:
        return next(iter(was.values()), ""), next(iter(now.values()), "")
    names = [name for name in (*was, *(now.keys() - was.keys())) if was.get(name) != now.get(name)]
    return _said(was, names), _said(now, names)


def _said(facts: Mapping[str, str], names: Sequence[str]) -> str:
    return ", ".join(f"{name} {facts[name] or 'nothing'}" for name in names if name in facts)
