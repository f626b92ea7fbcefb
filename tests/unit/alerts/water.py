"""Alerts on an agency's own indicators: a ladder on any of them, and one issue a month."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.gathering import PlanVersion, evidence
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.issues import Issue
from pipeline.plans.reading import from_stored
from pipeline.plans.rule_document import Land
from pipeline.plans.rules import Reading
from pipeline.plans.stages import stage_history
from tests.unit.alerts import cases

MARCH = Month(2021, 3)


def plan_on(indicator: str, unit: str, thresholds: Sequence[float], exit_at: float) -> Plan:
    """The shipped plan of Uzbekistan with its hydrological ladder on an indicator."""
    raw = copy.deepcopy(cases.PLANS[Country.UZBEKISTAN].as_json())
    for stage, enter_at in zip(raw["ladders"]["hydrological"], thresholds, strict=True):
        for rule in stage["rules"]:
            del rule["index"]
            rule |= {"indicator": indicator, "unit": unit, "enter_at": enter_at}
            rule |= {"exit_at": exit_at, "calendar_months": list(range(1, 10))}
    return from_stored(raw, "the test")


WATER = plan_on("water_availability_forecast", "percent_of_norm", (85, 70, 50), 95)


def issue(value: float, month: Month, *, is_open: bool, issued_by: str | None = None) -> Issue:
    """The forecast of the tenth of `month` for the vegetation season."""
    day = date(month.year, month.month, 10)
    season = Month(month.year, 4), Month(month.year, 9)
    return Issue(day, *season, value, f"{month.month}/21", issued_by, is_open)


def alert(
    values: Sequence[float | Gap],
    *,
    plan: Plan = WATER,
    change: Change = Change.BEGAN,
    last: Month = MARCH,
    is_open: bool = True,
    issued_by: str | None = "Uzhydromet",
    land_use: LandUse = LandUse.IRRIGATED,
) -> AlertFacts:
    """The facts of an alert in `last`, the month of the last of `values`."""
    ladder = plan.ladders[DroughtType.HYDROLOGICAL]
    readings = [
        Reading(month, None, value)
        if isinstance(value, Gap)
        else Reading(month, value, issue=issue(value, month, is_open=is_open, issued_by=issued_by))
        for month, value in zip(
            (last - n for n in reversed(range(len(values)))), values, strict=True
        )
    ]
    series: dict[Measure, list[Reading]] = dict.fromkeys(plan.measures, readings)
    months = stage_history(ladder, Land(land_use), series, hold_limit=plan.hold_limit)
    now, before = months[-1], months[-2].stage
    version = PlanVersion(plan.plan_id, plan.version, plan.fingerprint)
    return replace(
        cases.began(),
        change=change,
        month=last,
        drought_type=DroughtType.HYDROLOGICAL,
        from_stage=before,
        to_stage=now.stage,
        land_use=land_use,
        is_salt_affected=False,
        plan=plan,
        evidence=evidence(before, now, version, cases.REAL, "0.1.0"),
    )
