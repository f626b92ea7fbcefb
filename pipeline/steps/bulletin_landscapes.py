"""The landscapes of a bulletin: their stages now and a month before, what was heard, and their rain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.delivery.bulletin.facts import (
    AreaFacts,
    LandscapeFacts,
    MonthOfRain,
    StageFacts,
    Standing,
)
from pipeline.delivery.bulletin.year import SMRI_HY, SPI_HY, TWELVE
from pipeline.plans.document import Plan
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Land, Rule
from pipeline.steps.heard import Heard, read_heard
from pipeline.warehouse.bulletin_facts import (
    read_bulletin_landscapes,
    read_rain,
    read_year_indices,
)
from pipeline.warehouse.plans import read_plan
from pipeline.warehouse.status import Rows, read_stages

PlanKey = tuple[str, str]
StageKey = tuple[str, DroughtType]
"""Landscape id and drought type."""
FEWEST_YEARS = 24
"""A calendar month has a normal from so many years of the calibration period on."""
_NOTHING = Heard({}, {})


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stages of the month and of the month before, and the plans they follow from."""

    month: Month
    now: Mapping[StageKey, Standing]
    before: Mapping[StageKey, Standing]
    plans: Mapping[PlanKey, Plan]
    heard: Mapping[str, Heard]
    """By landscape id."""

    def of_landscape(self, landscape_id: str, land: Land) -> dict[DroughtType, StageFacts]:
        plan = self.plan_of(landscape_id)
        return {one: self._stage(landscape_id, land, one, plan) for one in DroughtType}

    def plan_of(self, landscape_id: str) -> Plan | None:
        """Return the plan in force for a landscape; None where no stage was worked out."""
        standings = (self.now.get((landscape_id, one)) for one in DroughtType)
        found = [s for s in standings if s is not None]
        return self.plans[found[0].plan_id, found[0].plan_version] if found else None

    def _stage(
        self, landscape_id: str, land: Land, one: DroughtType, plan: Plan | None
    ) -> StageFacts:
        key, ladder = (landscape_id, one), None if plan is None else plan.ladders.get(one)
        now, heard = self.now.get(key), self.heard.get(landscape_id, _NOTHING)
        rules = () if ladder is None or now is None else _rules(ladder, now.rank, land)
        return StageFacts(
            now,
            self.before.get(key),
            {} if ladder is None else _gaps(ladder, heard),
            has_ladder=plan is None or ladder is not None,
            areas=tuple(_areas(rules, heard, self.month)),
        )


@dataclass(frozen=True, slots=True)
class _Year:
    """The rain and the indices of the year, by the source that decides for each landscape."""

    month: Month
    indices: Mapping[str, Mapping[str, Any]]
    rain: Mapping[tuple[str, str, int], Mapping[str, Any]]
    """By landscape id, source and calendar month."""
    grid: str

    def of_landscape(self, landscape_id: str) -> tuple[MonthOfRain, ...]:
        source = self.indices.get(landscape_id, {}).get("source", self.grid)
        months = [self.month - back for back in reversed(range(TWELVE))]
        rows = [self.rain.get((landscape_id, source, one.month), {}) for one in months]
        return tuple(map(_month_of_rain, months, rows))


def read_landscape_facts(
    connection: Connection,
    month: Month,
    indices: Rows,
    sources: Sequence[str],
    period: CalibrationPeriod,
) -> dict[Country, tuple[LandscapeFacts, ...]]:
    """Return the landscapes by country, in the order of country codes and English names.

    Args:
        connection: the caller's transaction.
        month: the month of the bulletin.
        indices: a row for each landscape that has indices in it, with their gaps.
        sources: by which stages are decided; the last one is the grid.
        period: what the indices are calibrated over.
    """
    stages = _read_stages(connection, month, indices, sources[-1], period)
    year = _read_year(connection, month, sources, period)
    found: dict[Country, list[LandscapeFacts]] = {}
    for row in read_bulletin_landscapes(connection):
        found.setdefault(Country(row["country_code"]), []).append(_landscape(row, stages, year))
    return {country: tuple(landscapes) for country, landscapes in found.items()}


def plans_in_force(landscapes: Iterable[LandscapeFacts]) -> tuple[Plan, ...]:
    """Return the plans by which stages were decided, each once."""
    found = (one.plan for one in landscapes)
    by_key = {(plan.plan_id, plan.version): plan for plan in found if plan is not None}
    return tuple(plan for _, plan in sorted(by_key.items()))


def _read_stages(
    connection: Connection, month: Month, indices: Rows, grid: str, period: CalibrationPeriod
) -> _Stages:
    now, before = read_stages(connection, month), read_stages(connection, month - 1)
    keys = {(row["plan_id"], row["plan_version"]) for row in (*now, *before)}
    plans = {key: read_plan(connection, *key) for key in sorted(keys)}
    measures = {measure for plan in plans.values() for measure in plan.measures}
    heard = read_heard(connection, month, indices, measures, grid, period)
    return _Stages(month, _standings(now, plans), _standings(before, plans), plans, heard)


def _read_year(
    connection: Connection, month: Month, sources: Sequence[str], period: CalibrationPeriod
) -> _Year:
    rows = read_year_indices(connection, month, sources, period)
    rain = read_rain(connection, month, TWELVE, sources, period)
    return _Year(
        month,
        {row["landscape_id"]: row for row in rows},
        {(row["landscape_id"], row["source"], row["calendar_month"]): row for row in rain},
        sources[-1],
    )


def _month_of_rain(month: Month, row: Mapping[str, Any]) -> MonthOfRain:
    normal = row.get("normal_mm") if row.get("years", 0) >= FEWEST_YEARS else None
    return MonthOfRain(month, row.get("precipitation_mm"), normal)


def _landscape(row: Mapping[str, Any], stages: _Stages, year: _Year) -> LandscapeFacts:
    landscape_id, land_use = row["landscape_id"], LandUse(row["land_use"])
    land = Land(land_use, row["is_salt_affected"])
    held = year.indices.get(landscape_id)
    return LandscapeFacts(
        landscape_id=landscape_id,
        names={**(row["names"] or {}), "en": row["name_en"]},
        land_use=land_use,
        is_salt_affected=row["is_salt_affected"],
        is_derived=row["is_derived"],
        area_km2=row["area_km2"],
        stages=stages.of_landscape(landscape_id, land),
        rain=year.of_landscape(landscape_id),
        indices={} if held is None else {one: held[str(one)] for one in (SPI_HY, SMRI_HY)},
        plan=stages.plan_of(landscape_id),
    )


def _standings(rows: Rows, plans: Mapping[PlanKey, Plan]) -> dict[StageKey, Standing]:
    return {
        (row["landscape_id"], DroughtType(row["drought_type"])): _standing(
            row, plans[row["plan_id"], row["plan_version"]]
        )
        for row in rows
    }


def _standing(row: Mapping[str, Any], plan: Plan) -> Standing:
    names = None
    if row["stage_rank"]:
        names = plan.ladders[DroughtType(row["drought_type"])].stage(row["stage"]).names
    return Standing(
        names,
        row["stage_rank"],
        Month.of(row["since_month"]),
        row["is_confirmed"],
        row["silent_months"],
        plan.plan_id,
        plan.version,
    )


def _rules(ladder: Ladder, rank: int, land: Land) -> tuple[Rule, ...]:
    """Return the rules for `land` of the stage with this rank; of none, nothing."""
    rules = ladder.stages[rank - 1].every_rule if rank else ()
    # Without a headwater: what is told here is of the landscape itself.
    return tuple(rule for rule in rules if rule.applies_to(land))


def _areas(rules: Iterable[Rule], heard: Heard, month: Month) -> Iterator[AreaFacts]:
    for rule in rules:
        share = None if rule.area_share is None else heard.shares.get(rule.area_share)
        if rule.area_share is not None and share is not None:
            yield AreaFacts(rule.area_share, month, share, rule.enter_at)


def _gaps(ladder: Ladder, heard: Heard) -> dict[Measure, Gap]:
    """Return why the measures of a ladder have no value; nothing while one of them has."""
    gaps = {one: heard.gaps[str(one)] for one in ladder.measures if str(one) in heard.gaps}
    return gaps if gaps.keys() == ladder.measures else {}
