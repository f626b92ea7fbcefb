"""What corrections are owed to, looked up in what the last evaluation read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pipeline.alerts.evidence import Replaced
from pipeline.alerts.facts import Change
from pipeline.alerts.replaced import Openness, latched_in, replaced
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import DroughtType, IndexCode
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.rule_document import Where
from pipeline.plans.stages import StageMonth
from pipeline.steps.basis import Basis
from pipeline.steps.records import DecidedBy, read_records
from pipeline.warehouse.alerts import NewTransition
from pipeline.warehouse.area_shares import read_area_shares
from pipeline.warehouse.evaluations import PastEvaluation, read_evaluation, read_time
from pipeline.warehouse.indicators import read_issues
from pipeline.warehouse.indices import read_known_from
from pipeline.warehouse.landscapes import StoredLandscape

LANDSCAPES_AT_ONCE = 50
"""Bounds memory: what was read of the history of so many."""
_INSTANT = timedelta(microseconds=1)


def with_replaced(
    connection: Connection,
    basis: Basis,
    changes: Sequence[NewTransition],
    at: datetime | None = None,
) -> list[NewTransition]:
    """Return `changes`, the corrections among them with what they are owed to in their evidence.

    Args:
        connection: the caller's transaction.
        basis: what they were decided by.
        changes: in any order, which stays.
        at: the moment as of which `basis` was read; None: now.
    """
    owed = [n for n, change in enumerate(changes) if _is_owed(change)]
    last = read_evaluation(connection, at or read_time(connection)) if owed else None
    told = list(changes)
    if last is None:
        return told
    for some in _by_landscapes(owed, changes):
        keys = {changes[n].landscape.landscape_key: changes[n].landscape for n in some}
        histories = _Histories(basis, _former(connection, basis, last, list(keys.values())))
        found = {n: histories.told(changes[n]) for n in some}
        known = _known_from(connection, basis, changes, found, at)
        for n, (readings, latch) in found.items():
            told[n] = _with(
                changes[n], [_since(one, known, basis, changes[n]) for one in readings], latch
            )
    return told


def _is_owed(change: NewTransition) -> bool:
    return change.change is Change.CORRECTED and change.evidence.unruled is None


def _by_landscapes(numbers: Sequence[int], changes: Sequence[NewTransition]) -> Iterator[list[int]]:
    """Yield the numbers of the changes of so many landscapes at a time."""
    by_key: dict[int, list[int]] = {}
    for n in numbers:
        by_key.setdefault(changes[n].landscape.landscape_key, []).append(n)
    groups = list(by_key.values())
    for start in range(0, len(groups), LANDSCAPES_AT_ONCE):
        yield [n for group in groups[start : start + LANDSCAPES_AT_ONCE] for n in group]


def _former(
    connection: Connection,
    basis: Basis,
    last: PastEvaluation,
    landscapes: Sequence[StoredLandscape],
) -> Basis:
    """What the last evaluation read of some landscapes and their headwaters.

    Beside the landscapes and plans of now: only readings are told.
    """
    at = last.decided_at - _INSTANT
    by = basis.by if last.period is None else DecidedBy(last.sources, last.period)
    above = {basis.headwater(one) for one in landscapes}
    keys = [*(one.landscape_key for one in landscapes), *(key for key in above if key)]
    plans = {one.landscape.country: basis.timetables[one.landscape.country] for one in landscapes}
    measures = {m for t in plans.values() for _, plan in t.plans for m in plan.measures}
    codes = sorted(one for one in measures if isinstance(one, IndexCode))
    shares = [one for one in measures if isinstance(one, AreaShare)]
    hears_more = len(codes) + len(shares) < len(measures)
    return Basis(
        by,
        landscapes,
        basis.timetables,
        read_records(connection, by, codes, last.to, at, keys=keys),
        read_issues(connection, at) if hears_more else {},
        read_area_shares(connection, by.grid, by.period, shares, until=last.to, at=at, keys=keys),
        basis.keys,
    )


@dataclass(frozen=True, slots=True)
class _Histories:
    """The stages by what is read now and by what was read before, each worked out once."""

    basis: Basis
    former: Basis
    _made: dict[tuple[int, DroughtType, str, str], tuple[list[StageMonth], list[StageMonth]]] = (
        field(default_factory=dict)
    )

    def told(self, change: NewTransition) -> tuple[tuple[Replaced, ...], Month | None]:
        """Return the readings that a correction is owed to, and the month that holds its stage."""
        stored, of = change.landscape, change.evidence
        key = (stored.landscape_key, change.drought_type, of.plan_id, of.plan_version)
        if key not in self._made:
            plan = _plan(self.basis, stored, of.plan_id, of.plan_version)
            self._made[key] = (
                self.former.stages_under(plan, stored, change.drought_type),
                self.basis.stages_under(plan, stored, change.drought_type),
            )
        before, now = self._made[key]
        readings = replaced(
            before,
            now,
            change.month,
            self._openness(stored),
            stored.landscape.headwater_landscape_id,
        )
        return readings, latched_in(now, change.month)

    def _openness(self, stored: StoredLandscape) -> Mapping[Where, Openness]:
        own, above = stored.landscape_key, self.basis.headwater(stored)
        return {
            Where.LANDSCAPE: self._open(own),
            Where.HEADWATER: Openness(False, False) if above is None else self._open(above),
        }

    def _open(self, key: int) -> Openness:
        records = self.basis.records
        was_by_gauges = key in self.former.records.decided_by_both
        # Gauges of then that are none of ours now are shown to nobody.
        are_gauges_open = key in records.gauges and records.gauges[key].is_open
        return Openness(not was_by_gauges or are_gauges_open, records.is_open(key))


def _plan(basis: Basis, stored: StoredLandscape, plan_id: str, version: str) -> Plan:
    loaded = basis.timetables[stored.landscape.country].loaded
    return next(plan for _, plan in loaded if (plan.plan_id, plan.version) == (plan_id, version))


def _place(one: Replaced, basis: Basis, change: NewTransition) -> tuple[int, Month, str]:
    """The landscape key, month and source that an index was read of."""
    above = basis.headwater(change.landscape) if one.where is Where.HEADWATER else None
    key = change.landscape.landscape_key if above is None else above
    return key, Month.parse(one.month), basis.records.source(key)


def _known_from(
    connection: Connection,
    basis: Basis,
    changes: Sequence[NewTransition],
    found: Mapping[int, tuple[Sequence[Replaced], Month | None]],
    at: datetime | None,
) -> Mapping[tuple[int, Month, str], datetime]:
    wanted = {
        _place(one, basis, changes[n])
        for n, (readings, _) in found.items()
        for one in readings
        if one.index is not None
    }
    return read_known_from(connection, sorted(wanted), basis.by.period, at)


def _since(
    one: Replaced,
    known: Mapping[tuple[int, Month, str], datetime],
    basis: Basis,
    change: NewTransition,
) -> Replaced:
    if one.index is None:
        return one
    return one.model_copy(update={"known_from": known.get(_place(one, basis, change))})


def _with(
    change: NewTransition, readings: Sequence[Replaced], latch: Month | None
) -> NewTransition:
    told = {"replaced": tuple(readings), "latched_in": None if latch is None else str(latch)}
    return replace(change, evidence=change.evidence.model_copy(update=told))
