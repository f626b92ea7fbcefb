"""What stages are decided by: landscapes, plans in force, what the rules hear; and the stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipeline.alerts.evidence import NoRule, Unruled
from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode
from pipeline.core.indicators import Indicator, Measure
from pipeline.core.months import Month
from pipeline.plans.areas import area_readings
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.document import Plan
from pipeline.plans.indicators import indicator_readings
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Heard, Land, OfHeadwater
from pipeline.plans.rules import Reading
from pipeline.plans.stages import StageMonth, stage_history
from pipeline.plans.timetable import Timetable
from pipeline.steps.records import DecidedBy, Records, Rows, read_records
from pipeline.warehouse.area_shares import read_area_shares
from pipeline.warehouse.indicators import Issues, read_issues
from pipeline.warehouse.indices import IndexRow
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.plans import read_plans

AreaShares = Mapping[int, Mapping[Month, Mapping[AreaShare, float | Gap]]]
"""Shares of area by landscape key and month; a month that was never mapped is not there."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """The stage of a month, the plan that ruled it and the indices it follows from."""

    plan: Plan
    """Where no rule asks, the last one that had stages for the drought type."""
    row: IndexRow
    stage: StageMonth
    unruled: Unruled | None = None
    """Why no rule asks; the stage is `none` then, which is not known but a want of rules."""
    is_stated: bool = True
    """Whether the stage is written down: of months that no ladder rules only the first, with which
    what stood until then is over."""


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
    keys: Mapping[str, int]
    """Of all landscapes, by their ids."""

    @property
    def rows(self) -> Rows:
        """The indices that decide."""
        return self.records.deciding

    def headwater(self, stored: StoredLandscape) -> int | None:
        """Return the key of the landscape that the irrigation water comes from.

        None where nobody said it, or where we have no such landscape or no indices of it. It may lie
        in another country.
        """
        key = self.keys.get(stored.landscape.headwater_landscape_id or "")
        return key if key != stored.landscape_key and self.rows.get(key or 0) else None

    def land(self, stored: StoredLandscape) -> Land:
        """Return what of a landscape decides which rules are for it."""
        of = stored.landscape
        return Land(of.land_use, of.is_salt_affected, self.headwater(stored) is not None)

    def ruled_stages(self, stored: StoredLandscape, drought_type: DroughtType) -> list[Ruled]:
        """Return the stage of each month under the plan in force in that month.

        Each plan is replayed over the whole series, so that a plan which takes effect in the
        middle of a drought knows what went before. In a month without a plan, or whose plan has no
        ladder for the drought type, no stage stands; where none ever had one, nothing is returned.
        """
        with_ladder = self.with_ladder(stored.landscape.country, drought_type)
        return list(self._ruled(stored, drought_type, with_ladder[-1])) if with_ladder else []

    def with_ladder(self, country: Country, drought_type: DroughtType) -> list[Plan]:
        """Return the plans of a country, in force or not, that have stages for a drought type."""
        loaded = self.timetables[country].loaded
        return [plan for _, plan in loaded if drought_type in plan.ladders]

    def _ruled(
        self, stored: StoredLandscape, drought_type: DroughtType, words: Plan
    ) -> Iterator[Ruled]:
        """Yield as `ruled_stages`; `words` has the names of stages until a plan with some rules."""
        timetable = self.timetables[stored.landscape.country]
        ruling = {(plan.plan_id, plan.version): plan for _, plan in timetable.plans}
        by_plan = {
            key: self.stages_under(plan, stored, drought_type) for key, plan in ruling.items()
        }
        before: Ruled | None = None
        for position, row in enumerate(self.rows.get(stored.landscape_key, [])):
            plan = timetable.in_force(row.month)
            history = [] if plan is None else by_plan[plan.plan_id, plan.version]
            if plan is not None and history:
                before = Ruled(plan, row, history[position])
            else:
                before = _unruled(row, plan, before, words)
            yield before

    def stages_under(
        self, plan: Plan, stored: StoredLandscape, drought_type: DroughtType
    ) -> list[StageMonth]:
        """Return the stage of each month as if `plan` had ruled from the beginning.

        Nothing where the landscape has no indices, or the plan no ladder for the drought type.
        """
        ladder = plan.ladders.get(drought_type)
        if ladder is None or not self.rows.get(stored.landscape_key):
            return []
        return stage_history(
            ladder,
            self.land(stored),
            self.readings(stored, ladder),
            hold_limit=plan.hold_limit,
        )

    def readings(self, stored: StoredLandscape, ladder: Ladder) -> dict[Heard, list[Reading]]:
        """Return what a ladder hears in each month that the landscape has indices of.

        A month that its headwater lacks is a gap, `not_published`; so are all where the headwater
        is not known, and no rule asks for them.
        """
        own = stored.landscape_key
        months = [row.month for row in self.rows[own]]
        above, readings = self.headwater(stored), dict[Heard, list[Reading]]()
        of = stored.landscape
        for heard in ladder.heard:
            if isinstance(heard, OfHeadwater):
                readings[heard] = self._read(
                    above, of.headwater_landscape_id, heard.measure, months
                )
            elif isinstance(heard, IndexCode | AreaShare | Indicator):
                readings[heard] = self._read(own, of.landscape_id, heard, months)
        return readings

    def _read(
        self, key: int | None, landscape_id: str | None, measure: Measure, months: Sequence[Month]
    ) -> list[Reading]:
        if key is None or landscape_id is None:
            return [Reading(month, None, Gap.NOT_PUBLISHED) for month in months]
        if isinstance(measure, IndexCode):
            return _index_readings(self.rows[key], measure, months)
        if isinstance(measure, AreaShare):
            of_key = self.areas.get(key, {})
            shares = {month: of_month.get(measure) for month, of_month in of_key.items()}
            return area_readings(measure, shares, months)
        return indicator_readings(self.issues.get(landscape_id, {}).get(measure, ()), months)


def _unruled(row: IndexRow, plan: Plan | None, before: Ruled | None, words: Plan) -> Ruled:
    """Return that no ladder rules in a month; with the first such month what stood is over."""
    goes_on = before is not None and before.unruled is not None
    since = before.stage.since if before is not None and before.stage.rank == 0 else row.month
    stage = StageMonth(row.month, NO_STAGE, 0, since, False, 0, ())
    reason = NoRule.NO_PLAN if plan is None else NoRule.NO_LADDER
    return Ruled(
        words if before is None else before.plan,
        row,
        stage,
        Unruled(
            reason=reason,
            plan_id=None if plan is None else plan.plan_id,
            plan_version=None if plan is None else plan.version,
        ),
        is_stated=before is not None and not goes_on,
    )


def read_basis(
    connection: Connection,
    by: DecidedBy,
    to: Month | None,
    at: datetime | None = None,
    *,
    besides: Sequence[Plan] = (),
    keys: Sequence[int] | None = None,
) -> Basis:
    """Return the basis of the stages up to `to`; None: of all that have indices.

    Args:
        connection: the caller's transaction.
        by: which indices decide.
        to: the last month.
        at: as all of it was known at this moment; None: now.
        besides: plans that are not in force, what they hear is read as well.
        keys: only of these landscapes; None: of all.

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
    plans = [*besides, *(plan for t in timetables.values() for _, plan in t.plans)]
    measures = {measure for plan in plans for measure in plan.measures}
    codes = sorted(measure for measure in measures if isinstance(measure, IndexCode))
    records = read_records(connection, by, codes, to, at, keys=keys)
    shares = [measure for measure in measures if isinstance(measure, AreaShare)]
    return Basis(
        by,
        landscapes,
        timetables,
        records,
        read_issues(connection, at),
        read_area_shares(connection, by.grid, by.period, shares, until=to, at=at, keys=keys),
        {stored.landscape.landscape_id: stored.landscape_key for stored in landscapes},
    )


def with_headwaters(known: Sequence[StoredLandscape], ours: Sequence[StoredLandscape]) -> list[int]:
    """Return the keys of landscapes, and of those their water comes from."""
    heads = {one.landscape.headwater_landscape_id for one in ours}
    chosen = {one.landscape_key for one in ours}
    return [
        one.landscape_key
        for one in known
        if one.landscape_key in chosen or one.landscape.landscape_id in heads
    ]


def _index_readings(
    series: Sequence[IndexRow], code: IndexCode, months: Sequence[Month]
) -> list[Reading]:
    """Return the readings of `months`; a month that the series lacks is a gap."""
    if not months or not series:
        return [Reading(month, None, Gap.NOT_PUBLISHED) for month in months]
    start, end = series[0].month.ordinal, series[-1].month.ordinal
    return [
        _reading(month, series[month.ordinal - start].values[code])
        if start <= month.ordinal <= end
        else Reading(month, None, Gap.NOT_PUBLISHED)
        for month in months
    ]


def _reading(month: Month, value: float | Gap) -> Reading:
    return Reading(month, None, value) if isinstance(value, Gap) else Reading(month, value)
