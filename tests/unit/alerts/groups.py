"""Alerts of ladders whose rules stand in groups, hear a headwater or remember: a plan to order."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pipeline.alerts.evidence import Evidence, NoRule, Replaced, Side, Unruled
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.gathering import PlanVersion, evidence
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse, Release
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_stored
from pipeline.plans.rule_document import Land, Where
from pipeline.plans.rules import Reading
from pipeline.plans.stages import stage_history
from tests.unit.alerts import cases

Values = Sequence[float | Gap]


def rule(index: str, enter_at: float, exit_at: float = 0.0, **keys: object) -> dict[str, Any]:
    """A rule on an index, with the generic sources of the shipped plan."""
    (first, *_) = cases.PLANS[Country.UZBEKISTAN].as_json()["ladders"]["meteorological"]
    rest = {"enter_at": enter_at, "exit_at": exit_at, "enter_after": 1, "exit_after": 1}
    return {"index": index, **rest, "source": first["rules"][0]["source"], **keys}


def plan_of(rules: Mapping[str, Sequence[Mapping[str, Any]]], **stage_keys: object) -> Plan:
    """The first plan of Uzbekistan with a meteorological ladder of these conditions by stage."""
    raw = copy.deepcopy(cases.PLANS[Country.UZBEKISTAN].as_json())
    written = raw["ladders"]["meteorological"]
    stages = {stage["stage"]: stage for stage in written}
    raw["ladders"]["meteorological"] = [
        {**stages.get(name, {**written[0], "names": {"en": name.capitalize()}}), "stage": name}
        | {"rules": list(conditions), **stage_keys}
        for name, conditions in rules.items()
    ]
    return from_stored(raw, "the test")


def alert(
    plan: Plan,
    values: Mapping[str, Values],
    change: Change,
    *,
    land: Land | None = None,
    told_before: str | None = None,
) -> AlertFacts:
    """An alert of the last month of `values`, which are given by what is heard, all as long."""
    land = land or Land(LandUse.RAINFED)
    ladder, kind = plan.ladders[DroughtType.METEOROLOGICAL], DroughtType.METEOROLOGICAL
    series = {
        heard: [
            Reading(cases.JUNE - back, None, value)
            if isinstance(value, Gap)
            else Reading(cases.JUNE - back, value)
            for back, value in zip(
                reversed(range(len(values[str(heard)]))), values[str(heard)], strict=True
            )
        ]
        for heard in ladder.heard
    }
    stages = stage_history(ladder, land, series, hold_limit=plan.hold_limit)
    now = stages[-1]
    before = stages[-2].stage if told_before is None else told_before
    version = PlanVersion(plan.plan_id, plan.version, plan.fingerprint)
    facts = cases.alert(Country.UZBEKISTAN, kind, change, [0.1, -1.2])
    return replace(
        facts,
        from_stage=before,
        to_stage=now.stage,
        land_use=land.land_use,
        plan=plan,
        evidence=evidence(before, now, version, cases.REAL, "0.1.0"),
    )


MEMORY = plan_of(
    {
        "recovery": [
            {
                "all_of": [rule("spi_3", 0.5, 1.0), rule("sma_1", 0.0, 0.5)],
                "coming_from": ["watch", "warning", "recovery"],
            }
        ],
        "watch": [rule("spi_3", -1.0, -0.5)],
        "warning": [{"all_of": [rule("spi_3", -1.0, -0.5), rule("sma_1", -1.0, -0.5)]}],
    }
)
"""As Europe's combined indicator has it: rain first, then soil, then recovery from either."""


def both_needed() -> AlertFacts:
    """Rain and soil moisture are both low enough: the graver stage needs them together."""
    return alert(MEMORY, {"spi_3": [-1.2, -1.4], "sma_1": [-0.2, -1.3]}, Change.ESCALATED)


def recovering() -> AlertFacts:
    """The stage eases into one that counts only after a graver one."""
    return alert(MEMORY, {"spi_3": [-1.2, -0.3], "sma_1": [-1.2, -0.4]}, Change.EASED)


def recovered() -> AlertFacts:
    """The stage that counts only after a graver one ends."""
    values = {"spi_3": [-1.2, -0.3, 1.2], "sma_1": [-1.2, -0.4, 0.6]}
    return alert(MEMORY, values, Change.ENDED)


def held_by_memory() -> AlertFacts:
    """The soil has no value, and a ladder that remembers does not move without it."""
    values: Mapping[str, Values] = {"spi_3": [-1.2, -1.4], "sma_1": [-1.2, Gap.NOT_PUBLISHED]}
    return alert(MEMORY, values, Change.REMINDED)


HEADWATER = plan_of(
    {
        "watch": [rule("spi_3", -1.0), rule("spi_12", -1.0, where="headwater")],
        "warning": [{"at_least": 2, "of": [
            rule("spi_3", -1.5), rule("spi_12", -1.5, where="headwater"),
            rule("spei_6", -1.5)]}],
    }
)  # fmt: skip


def fed_by_headwater() -> AlertFacts:
    """Irrigated land whose own rain is usual, and whose headwater is dry."""
    values = {"spi_3": [0.4, 0.3], "spei_6": [0.1, 0.2], "spi_12 of the headwater": [-0.4, -1.34]}
    facts = alert(HEADWATER, values, Change.BEGAN, land=Land(LandUse.IRRIGATED, False, True))
    return replace(facts, evidence=_in_headwater(facts), headwater_names={"en": "Upper Zarafshan"})


def dry_below_its_headwater() -> AlertFacts:
    """Irrigated land whose own rain is short, and whose headwater is wet."""
    values = {"spi_3": [0.4, -1.3], "spei_6": [0.1, 0.2], "spi_12 of the headwater": [0.4, 0.9]}
    return alert(HEADWATER, values, Change.BEGAN, land=Land(LandUse.IRRIGATED, False, True))


def _in_headwater(facts: AlertFacts) -> Evidence:
    lines = [
        line.model_copy(
            update={
                "landscape_id": "TJ-UZ",
                "data_source": "era5-land",
                "release": Release.PRELIMINARY,
                "coverage_fraction": 0.731,
            }
        )
        if line.where is Where.HEADWATER
        else line
        for line in facts.evidence.comparisons
    ]
    return facts.evidence.model_copy(
        update={"comparisons": tuple(lines), "headwater_landscape_id": "TJ-UZ"}
    )


def without_headwater() -> AlertFacts:
    """The same plan on irrigated land whose headwater is not known."""
    values = {"spi_3": [0.4, -1.3], "spei_6": [0.1, 0.2], "spi_12 of the headwater": [0.0, 0.0]}
    facts = alert(HEADWATER, values, Change.BEGAN, land=Land(LandUse.IRRIGATED))
    return replace(facts, evidence=facts.evidence.model_copy(update={"lacks_headwater": True}))


LETTING_GO = plan_of({"watch": [rule("spi_3", -1.0, ends_after_silence=2)]})


def let_go() -> AlertFacts:
    """The rule lets go after two silent months, as the plan says."""
    return alert(LETTING_GO, {"spi_3": [-1.2, *[Gap.NOT_PUBLISHED] * 3]}, Change.ENDED)


PATIENT = plan_of(
    {"watch": [rule("spi_3", -1.0, enter_after=2, exit_after=3)],
     "warning": [rule("spi_3", -1.5, enter_after=2, exit_after=3)]},
    review_after=3,
)  # fmt: skip


def second_month() -> AlertFacts:
    """The second month in a row begins the stage; the first of the graver one is counted."""
    return alert(PATIENT, {"spi_3": [0.2, -1.2, -1.62]}, Change.BEGAN)


def ending() -> AlertFacts:
    """Reviewed after three months, while the months that would end it are being counted."""
    return alert(PATIENT, {"spi_3": [-1.2, -1.2, -1.1, 0.2, 0.3]}, Change.REMINDED)


def in_force() -> AlertFacts:
    """The stage stood when telling began, by a value that would not begin it."""
    return alert(PATIENT, {"spi_3": [-1.2, -1.2, -0.44]}, Change.IN_FORCE)


def blind() -> AlertFacts:
    """In force in a month in which the index says nothing."""
    return alert(PATIENT, {"spi_3": [-1.2, -1.2, Gap.NOT_APPLICABLE]}, Change.IN_FORCE)


def revised() -> AlertFacts:
    """Another value of May, come late, moves June too: the stage of May still stands."""
    facts = alert(
        MEMORY,
        {"spi_3": [0.2, -1.08, -0.72], "sma_1": [0.1, -0.2, -0.3]},
        Change.CORRECTED,
        told_before="none",
    )
    replaced = Replaced(
        index="spi_3",
        month="2021-05",
        value_before=-0.93,
        side_before=Side.BETWEEN,
        value=-1.08,
        side=Side.ENTER,
        known_from=datetime(2021, 8, 6, 4, 30, tzinfo=UTC),
    )
    update = {"replaced": (replaced,), "latched_in": "2021-05"}
    return replace(facts, evidence=facts.evidence.model_copy(update=update))


def no_rule_left() -> AlertFacts:
    """The drought ends because the plan now in force asks nothing of this land."""
    facts = alert(PATIENT, {"spi_3": [-1.2, -1.2, 0.1]}, Change.ENDED, told_before="watch")
    update = {
        "comparisons": (),
        "stage_after": "none",
        "unruled": Unruled(reason=NoRule.NO_LADDER, plan_id="uz-new", plan_version="7"),
    }
    return replace(facts, to_stage="none", evidence=facts.evidence.model_copy(update=update))


def zafarabad() -> AlertFacts:
    """A district of Uzbekistan in April 2000, by the rain of NCEP's CFSR (1979-2014), as it is."""
    real = cases.REAL.model_copy(
        update={"source": "cfsr", "calibration": "1981-2010", "coverage_fraction": 0.884065}
    )
    spi_12 = [
        -0.9604876821026775,
        -1.118710537272335,
        -1.8008197447126542,
        -2.1415686460861814,
    ]
    return cases.alert(
        Country.UZBEKISTAN,
        DroughtType.HYDROLOGICAL,
        Change.ESCALATED,
        spi_12,
        inputs=real,
        last=Month(2000, 4),
        alert_id=3692,
        chain_id="UZ-ZAFARABAD/hydrological/2000-02",
        landscape_id="UZ-ZAFARABAD",
        landscape_names={"en": "Zafarabad"},
        land_use=LandUse.IRRIGATED,
    )
