"""What follows from the stages: each landscape's droughts, and areas in drought.

Nobody can wait while millions of stages are added up, so both are kept, and brought up to date in
the transaction that changes the stages.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from pipeline.core.ids import DroughtType, IndexCode
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.events import (
    DroughtEvent,
    NoSeverity,
    PlanKey,
    StandingMonth,
    drought_events,
    severity_index,
)
from pipeline.plans.rule_document import Land
from pipeline.steps.basis import Basis
from pipeline.steps.deciding import Decided
from pipeline.warehouse.events import (
    StageSeries,
    Standing,
    count_stage_months,
    read_heard_indices,
    read_standing,
    save_deciding_series,
    save_drought_events,
    sum_areas,
)
from pipeline.warehouse.plans import read_plan
from pipeline.warehouse.stages import StageRow

_LANDSCAPES_AT_ONCE = 250

Key = tuple[int, DroughtType]


class Droughts:
    """The droughts that follow from stages: told as these are decided, and saved after them."""

    def __init__(self, basis: Basis) -> None:
        self._basis = basis
        self._plans: dict[PlanKey, Plan] = {
            (plan.plan_id, plan.version): plan
            for timetable in basis.timetables.values()
            for _, plan in timetable.plans
        }
        self._indices: dict[tuple[PlanKey, DroughtType, Land], IndexCode | NoSeverity] = {}
        self._lands = {stored.landscape_key: basis.land(stored) for stored in basis.landscapes}
        self._events: dict[Key, list[tuple[StageSeries, DroughtEvent]]] = {}
        self._months: dict[Key, int] = {}

    def follow(self, decided: Decided) -> None:
        """Tell the droughts of one landscape from the stages that are about to be written."""
        for _, rows in groupby(decided.rows, attrgetter("drought_type")):
            # Of all types: one that a later plan has no ladder for does not stand for ever.
            self._follow(list(rows), max(row.stage.month for row in decided.rows))

    def _follow(self, rows: Sequence[StageRow], newest: Month) -> None:
        key, drought_type = rows[0].landscape_key, rows[0].drought_type
        series = self._basis.rows[key]
        start = series[0].month.ordinal
        standing = Standing(
            StageSeries(
                key, drought_type, self._basis.records.source(key), str(self._basis.by.period)
            ),
            newest,
            [
                StandingMonth(
                    row.stage.month,
                    row.stage.stage,
                    row.stage.rank,
                    row.stage.is_confirmed,
                    (row.plan_id, row.plan_version),
                    series[row.stage.month.ordinal - start].values,
                )
                for row in rows
                if row.stage.rank > 0
            ],
        )
        self._months[key, drought_type] = len(rows)
        self._tell(standing)

    def _tell(self, standing: Standing) -> None:
        of = standing.series
        told_in = partial(self._told_in, of)
        events = drought_events(standing.months, standing.newest, told_in)
        self._events[of.landscape_key, of.drought_type] = [(of, event) for event in events]

    def _told_in(self, of: StageSeries, plan: PlanKey) -> IndexCode | NoSeverity:
        land = self._lands[of.landscape_key]
        key = (plan, of.drought_type, land)
        if key not in self._indices:
            ladder = self._plans[plan].ladders[of.drought_type]
            self._indices[key] = severity_index(ladder, land)
        return self._indices[key]

    def save(self, connection: Connection) -> None:
        """Bring droughts and areas up to the stages that the warehouse holds now.

        Where it holds months that were not decided this time, before or after these, the droughts
        are told from what it holds.

        Args:
            connection: the transaction that wrote the stages.
        """
        sources = {key: self._basis.records.source(key) for key in self._basis.rows}
        save_deciding_series(connection, str(self._basis.by.period), sources)
        held = count_stage_months(connection)
        partly = sorted({key[0] for key, months in held.items() if self._months.get(key) != months})
        codes = read_heard_indices(connection) if partly else []
        for start in range(0, len(partly), _LANDSCAPES_AT_ONCE):
            part = partly[start : start + _LANDSCAPES_AT_ONCE]
            for standing in read_standing(connection, part, codes):
                for plan in {one.plan for one in standing.months} - self._plans.keys():
                    self._plans[plan] = read_plan(connection, *plan)
                self._tell(standing)
        save_drought_events(connection, [one for told in self._events.values() for one in told])
        sum_areas(connection)
