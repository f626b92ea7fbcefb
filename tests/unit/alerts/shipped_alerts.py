"""Alerts by the plans that ship, on the landscapes that ship: what short messages have to hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hypothesis import strategies as st
from shapely import box

from pipeline.alerts.evidence import Evidence, Inputs
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.gathering import PlanVersion, evidence
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE
from pipeline.plans.document import Plan
from pipeline.plans.shipped import shipped_plans
from tests.unit.alerts import cases

PLANS = {plan.country: plan for plan in shipped_plans()}
SQUARE = box(66.5, 39.5, 68.5, 41.0)


@dataclass(frozen=True)
class Place:
    """A landscape of the default set."""

    landscape_id: str
    country: Country
    land_use: LandUse
    is_salt_affected: bool
    names: dict[str, str]


def _places() -> list[Place]:
    raw = files("pipeline.landscapes").joinpath("default", "landscapes.geojson").read_text("utf-8")
    rows: list[dict[str, Any]] = [one["properties"] for one in json.loads(raw)["features"]]
    return [
        Place(
            row["landscape_id"],
            Country(row["country_code"]),
            LandUse(row["land_use"]),
            row["is_salt_affected"],
            {**row["names"], "en": row["name_en"]},
        )
        for row in rows
    ]


PLACES = _places()


def alert(
    place: Place,
    kind: DroughtType,
    change: Change,
    from_stage: str,
    to_stage: str,
    *,
    inputs: Inputs = cases.REAL,
    month: Month = cases.JUNE,
    alert_id: int = 17,
) -> AlertFacts:
    """Return an alert by the plan of the country, with evidence of a drought there."""
    plan = PLANS[place.country]
    return AlertFacts(
        alert_id=alert_id,
        chain_id="chain",
        change=change,
        month=month,
        drought_type=kind,
        from_stage=from_stage,
        to_stage=to_stage,
        landscape_id=place.landscape_id,
        landscape_names=place.names,
        country=place.country,
        land_use=place.land_use,
        is_salt_affected=place.is_salt_affected,
        geometry=SQUARE,
        plan=plan,
        evidence=_evidence(place.country, kind, place.land_use, inputs, change is Change.REMINDED),
    )


@cache
def _evidence(
    country: Country, kind: DroughtType, land_use: LandUse, inputs: Inputs, is_silent: bool
) -> Evidence:
    plan = PLANS[country]
    dry = 40.0 if plan.plan_id == "tr-tarbil" and kind is DroughtType.METEOROLOGICAL else -2.4
    values: list[float | Gap] = [90.0 if dry > 0 else 0.5, dry]
    if is_silent:
        values += [Gap.NOT_PUBLISHED] * 5
    months = cases.history(plan, kind, values, last=cases.JUNE, land_use=land_use)
    version = PlanVersion(plan.plan_id, plan.version, plan.fingerprint)
    return evidence(months[-2].stage, months[-1], version, inputs, "0.1.0")


def stages(plan: Plan, kind: DroughtType) -> list[str]:
    """Return none and the stages of a ladder, mildest first."""
    return [NO_STAGE, *(stage.stage for stage in plan.ladders[kind].stages)]


def _drawn(
    place: Place,
    kind: DroughtType,
    change: Change,
    old: int,
    new: int,
    inputs: Inputs,
    month: int,
    alert_id: int,
) -> AlertFacts:
    ladder = stages(PLANS[place.country], kind)
    # What ends was a stage; only a correction, too, can lead to none.
    ended = change is Change.ENDED
    from_stage = ladder[max(old, 1) if ended else old]
    to_stage = ladder[0 if ended else new if change is Change.CORRECTED else max(new, 1)]
    return alert(
        place,
        kind,
        change,
        from_stage,
        to_stage,
        inputs=inputs,
        month=Month(2021, month),
        alert_id=alert_id,
    )


def alerts(*inputs: Inputs) -> st.SearchStrategy[AlertFacts]:
    """Return what draws any alert there can be, and some that cannot."""
    return st.builds(
        _drawn,
        st.sampled_from(PLACES),
        st.sampled_from(DroughtType),
        st.sampled_from(Change),
        st.integers(0, 3),
        st.integers(0, 3),
        st.sampled_from(inputs or (cases.REAL, cases.SIMULATED)),
        st.integers(1, 12),
        st.integers(1, 10**9),
    )
