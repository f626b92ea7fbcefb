"""Alerts on the share of the area at which SPI-3 is low: a ladder on it, one share a month."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pipeline.alerts.evidence import Inputs
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.gathering import PlanVersion, evidence
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType
from pipeline.core.indicators import Measure
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_stored
from pipeline.plans.rule_document import Land
from pipeline.plans.rules import Reading
from pipeline.plans.stages import stage_history
from tests.unit.alerts import cases

SPI_3 = {"index": "spi_3", "at_or_below": -1.0}
MILDEST_FIRST = (0.5, 0.7, 0.9)


def plan_on(
    measure: dict[str, Any] = SPI_3,
    enter_at: Sequence[float] = MILDEST_FIRST,
    exit_at: Sequence[float] = (0.3, 0.3, 0.3),
    **rule_keys: object,
) -> Plan:
    """The shipped plan of Uzbekistan with its meteorological ladder on a share of the area."""
    raw = copy.deepcopy(cases.PLANS[Country.UZBEKISTAN].as_json())
    for stage, begin, end in zip(raw["ladders"]["meteorological"], enter_at, exit_at, strict=True):
        for rule in stage["rules"]:
            del rule["index"]
            rule |= {"area_share": measure, "enter_at": begin, "exit_at": end, **rule_keys}
    return from_stored(raw, "the test")


AREA = plan_on()


def alert(
    shares: Sequence[float | Gap],
    *,
    plan: Plan = AREA,
    change: Change = Change.BEGAN,
    last: Month = cases.JUNE,
    inputs: Inputs = cases.REAL,
    are_indices_open: bool = True,
) -> AlertFacts:
    """The facts of an alert in `last`, the month of the last of `shares`."""
    ladder = plan.ladders[DroughtType.METEOROLOGICAL]
    months = [last - n for n in reversed(range(len(shares)))]
    readings = [
        Reading(month, None, share) if isinstance(share, Gap) else Reading(month, share)
        for month, share in zip(months, shares, strict=True)
    ]
    series: dict[Measure, list[Reading]] = dict.fromkeys(ladder.measures, readings)
    stages = stage_history(ladder, Land(cases.LandUse.RAINFED), series, hold_limit=plan.hold_limit)
    now, before = stages[-1], stages[-2].stage
    version = PlanVersion(plan.plan_id, plan.version, plan.fingerprint)
    return replace(
        cases.alert(Country.UZBEKISTAN, DroughtType.METEOROLOGICAL, change, [0.1, -1.2]),
        change=change,
        month=last,
        from_stage=before,
        to_stage=now.stage,
        plan=plan,
        evidence=evidence(
            before,
            now,
            version,
            inputs,
            "0.1.0",
            are_indices_open=are_indices_open,
            mapped_by="era5-land",
        ),
    )
