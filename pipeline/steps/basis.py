"""What stages are decided by: landscapes, plans in force, what the rules hear; and the stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipeline.alerts.evidence import Inputs, PlanVersion, evidence
from pipeline.alerts.transitions import Link, Transition, chain_of
from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.areas import area_readings
from pipeline.plans.document import Ladder, Plan
from pipeline.plans.indicators import indicator_readings
from pipeline.plans.rules import Reading
from pipeline.plans.stages import StageMonth, stage_history
from pipeline.steps.installation import ENGINE
from pipeline.steps.records import DecidedBy, Records, Rows, read_records
from pipeline.warehouse.alerts import NewTransition
from pipeline.warehouse.area_shares import read_area_shares
from pipeline.warehouse.indicators import Issues, read_issues
from pipeline.warehouse.indices import IndexRow
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.plans import Timetable, read_plans

AreaShares = Mapping[int, Mapping[Month, Mapping[AreaShare, float | Gap]]]
"""Shares of area by landscape key and month; a month that was never mapped is not there."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """The stage of a month, the plan that ruled it and the indices it follows from."""

    plan: Plan
    row: IndexRow
    stage: StageMonth


@dataclass(frozen=True, slots=True)
class Basis:
    """All that stages are decided by."""

    by: DecidedBy
    landscapes: Sequence[StoredLandscape]
    timetables: Mapping[Country, Timetable]
    records: Records
    issues: Issues
    """Of the agencies' own indicators, by landscape id."""
    areas: AreaShares
    """Shares of area by the maps of the grid, whichever record decides."""

    @property
    def rows(self) -> Rows:
        """The indices that decide."""
        return self.records.deciding

    def ruled_stages(self, stored: StoredLandscape, drought_type: DroughtType) -> list[Ruled]:
        """Return the stage of each month under the plan in force in that month.

        Each plan is replayed over the whole series, so that a plan which takes effect in the
        middle of a drought knows what went before. Months without a plan, or whose plan has no
        ladder for the drought type, are left out.
        """
        series = self.rows.get(stored.landscape_key, [])
        timetable = self.timetables[stored.landscape.country]
        by_plan: dict[tuple[str, str], list[StageMonth]] = {}
        for _, plan in timetable.plans:
            ladder = plan.ladders.get(drought_type)
            if ladder is not None and series:
                by_plan[plan.plan_id, plan.version] = stage_history(
                    ladder,
                    stored.landscape.land_use,
                    self._readings(stored, ladder),
                    hold_limit=plan.hold_limit,
                )
        ruled: list[Ruled] = []
        for row, position in zip(series, range(len(series)), strict=True):
            plan_in_force = timetable.in_force(row.month)
            if plan_in_force is not None:
                history = by_plan.get((plan_in_force.plan_id, plan_in_force.version))
                ruled += [] if history is None else [Ruled(plan_in_force, row, history[position])]
        return ruled

    def _readings(self, stored: StoredLandscape, ladder: Ladder) -> dict[Measure, list[Reading]]:
        series = self.rows[stored.landscape_key]
        months = [row.month for row in series]
        issues = self.issues.get(stored.landscape.landscape_id, {})
        areas = self.areas.get(stored.landscape_key, {})
        readings: dict[Measure, list[Reading]] = {}
        for measure in ladder.measures:
            if isinstance(measure, IndexCode):
                readings[measure] = _index_readings(series, measure)
            elif isinstance(measure, AreaShare):
                shares = {month: of_month.get(measure) for month, of_month in areas.items()}
                readings[measure] = area_readings(measure, shares, months)
            else:
                readings[measure] = indicator_readings(issues.get(measure, ()), months)
        return readings

    def new_transition(
        self,
        stored: StoredLandscape,
        drought_type: DroughtType,
        ruled: Sequence[Ruled],
        change: Transition,
        links: Sequence[Link],
    ) -> NewTransition:
        """Return `change` with its evidence, in the chain it belongs to after `links`."""
        at = next(r for r in ruled if r.stage.month == change.now.month)
        key = stored.landscape_key
        name = f"{stored.landscape.landscape_id}/{drought_type}/{change.began}"
        return NewTransition(
            chain_of(change, links, name),
            stored,
            change.now.month,
            drought_type,
            change.change,
            change.from_stage,
            change.now.stage,
            evidence(
                change.from_stage,
                change.now,
                PlanVersion(at.plan.plan_id, at.plan.version, at.plan.fingerprint),
                Inputs(
                    source=self.records.source(key),
                    origin=at.row.origin,
                    release=at.row.release,
                    calibration=str(self.by.period),
                    coverage_fraction=at.row.coverage_fraction,
                    landscape_version=stored.version,
                    beside=self.records.beside(key, change.now),
                    gauges=self.records.gauges_behind(key, change.now),
                ),
                ENGINE,
                are_indices_open=self.records.is_open(key),
                mapped_by=self.records.grid,
            ),
        )


def read_basis(
    connection: Connection, by: DecidedBy, to: Month | None, at: datetime | None = None
) -> Basis:
    """Return the basis of the stages up to `to`; None: of all that have indices.

    Args:
        connection: the caller's transaction.
        by: which indices decide.
        to: the last month.
        at: as all of it was known at this moment; None: now.

    Raises:
        InputError: a country with landscapes has no plan, or there are no indices.
    """
    timetables = read_plans(connection, at)
    landscapes = read_landscapes(connection, at=at)
    without = {s.landscape.country for s in landscapes} - timetables.keys()
    if without:
        raise InputError(
            f"plans: expected one for each country with landscapes, got none for "
            f"{', '.join(sorted(without))}; run `drought db migrate` or `drought plans load FILE`"
        )
    measures = {m for t in timetables.values() for _, plan in t.plans for m in plan.measures}
    codes = sorted(measure for measure in measures if isinstance(measure, IndexCode))
    records = read_records(connection, by, codes, to, at)
    shares = [measure for measure in measures if isinstance(measure, AreaShare)]
    return Basis(
        by,
        landscapes,
        timetables,
        records,
        read_issues(connection, at),
        read_area_shares(connection, by.grid, by.period, shares, until=to, at=at),
    )


def _index_readings(series: Sequence[IndexRow], code: IndexCode) -> list[Reading]:
    return [
        Reading(row.month, None, value) if isinstance(value, Gap) else Reading(row.month, value)
        for row in series
        for value in (row.values[code],)
    ]
