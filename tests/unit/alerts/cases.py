"""Alerts to word: each goes through a plan and the stage engine, as the real ones do.

The plans are the documents that the first version shipped: they are stored in warehouses for good,
and the letters on them do not change with the documents shipped now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

from shapely import box

from pipeline.alerts.evidence import Inputs
from pipeline.alerts.facts import AlertFacts, Approval, Change
from pipeline.alerts.gathering import PlanVersion, evidence
from pipeline.core.documents import mapping_from_yaml
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse, Origin, Release
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_stored
from pipeline.plans.rule_document import Heard, Land
from pipeline.plans.rules import Reading
from pipeline.plans.stages import StageMonth, stage_history


def _plans() -> Iterator[Plan]:
    for path in sorted(Path(__file__).with_name("plans").glob("*.yaml")):
        raw = mapping_from_yaml(path.read_text("utf-8"), path.name, "a plan")
        yield from_stored(raw, path.name)


PLANS: Mapping[Country, Plan] = {plan.country: plan for plan in _plans()}

JUNE = Month(2021, 6)

REAL = Inputs(
    source="era5-land",
    origin=Origin.REAL,
    release=Release.FINAL,
    calibration="1991-2020",
    coverage_fraction=0.968,
    landscape_version=1,
)
SIMULATED = REAL.model_copy(update={"origin": Origin.SIMULATED, "release": Release.PRELIMINARY})


def history(
    plan: Plan,
    kind: DroughtType,
    values: Sequence[float | Gap],
    *,
    last: Month,
    land_use: LandUse = LandUse.RAINFED,
) -> list[StageMonth]:
    """Return the stages of the months up to `last`, one value each for the ladder's index."""
    ladder = plan.ladders[kind]
    first = last - (len(values) - 1)
    readings = [
        Reading(first + n, None, value) if isinstance(value, Gap) else Reading(first + n, value)
        for n, value in enumerate(values)
    ]
    series: dict[Heard, list[Reading]] = dict.fromkeys(ladder.heard, readings)
    return stage_history(ladder, Land(land_use), series, hold_limit=plan.hold_limit)


def alert(
    country: Country,
    kind: DroughtType,
    change: Change,
    values: Sequence[float | Gap],
    *,
    inputs: Inputs = REAL,
    told_before: str | None = None,
    last: Month = JUNE,
    **others: object,
) -> AlertFacts:
    """Return the facts of an alert on the last of `values`; `others` replace single facts."""
    plan = PLANS[country]
    months = history(plan, kind, values, last=last)
    now, before = months[-1], months[-2].stage
    version = PlanVersion(plan.plan_id, plan.version, plan.fingerprint)
    facts = AlertFacts(
        alert_id=17,
        chain_id="UZ-JI-2021-06-m",
        change=change,
        month=last,
        drought_type=kind,
        from_stage=before if told_before is None else told_before,
        to_stage=now.stage,
        landscape_id="UZ-JI",
        landscape_names={"en": "Jizzakh", "ru": "Джизакская область", "uz": "Jizzax"},
        country=country,
        land_use=LandUse.RAINFED,
        is_salt_affected=False,
        geometry=box(66.5, 39.5, 68.5, 41.0),
        plan=plan,
        evidence=evidence(before, now, version, inputs, "0.1.0"),
    )
    return replace(facts, **others)


def began() -> AlertFacts:
    """Irrigated, salt-affected land of Uzbekistan in an exercise."""
    return alert(
        Country.UZBEKISTAN,
        DroughtType.METEOROLOGICAL,
        Change.BEGAN,
        [0.2, -1.324],
        inputs=SIMULATED,
        land_use=LandUse.IRRIGATED,
        is_salt_affected=True,
    )


def escalated() -> AlertFacts:
    """Pasture in Kazakhstan, real data, generic thresholds."""
    return alert(
        Country.KAZAKHSTAN,
        DroughtType.AGRICULTURAL,
        Change.ESCALATED,
        [-0.4, -1.2, -1.71],
        landscape_id="KZ-MAN",
        landscape_names={"en": "Mangystau", "ru": "Мангистауская область"},
        land_use=LandUse.PASTORAL,
        chain_id="KZ-MAN-2021-05-a",
    )


def ended() -> AlertFacts:
    """Two stages of a hydrological drought end in one month."""
    return alert(
        Country.TAJIKISTAN,
        DroughtType.HYDROLOGICAL,
        Change.ENDED,
        [-1.6, -0.3, 0.004],
        landscape_id="TJ-SU",
        landscape_names={"en": "Sughd", "ru": "Согдийская область"},
        chain_id="TJ-SU-2021-04-h",
        inputs=REAL.model_copy(update={"coverage_fraction": None}),
    )


def corrected() -> AlertFacts:
    """The final value is less dry than the preliminary one that had been told."""
    return alert(
        Country.KYRGYZSTAN,
        DroughtType.METEOROLOGICAL,
        Change.CORRECTED,
        [0.1, -1.08],
        told_before="warning",
        was_told=True,
        landscape_id="KG-N",
        landscape_names={"en": "Naryn", "ru": "Нарынская область"},
        chain_id="KG-N-2021-06-m",
    )


def turkish() -> AlertFacts:
    """Percent of normal on the table of TARBIL, to its last stage."""
    return alert(
        Country.TURKIYE,
        DroughtType.METEOROLOGICAL,
        Change.ESCALATED,
        [80.0, 62.0, 51.4],
        landscape_id="TR-42",
        landscape_names={"en": "Konya", "tr": "Konya", "ru": "Конья"},
        chain_id="TR-42-2021-05-m",
    )


def unconfirmed() -> AlertFacts:
    """A stage held through a silence longer than the plan allows."""
    return alert(
        Country.TURKMENISTAN,
        DroughtType.METEOROLOGICAL,
        Change.REMINDED,
        [-1.2, *[Gap.NOT_PUBLISHED] * 4],
        landscape_id="TM-M",
        landscape_names={"en": "Mary", "ru": "Марыйский велаят"},
        chain_id="TM-M-2021-02-m",
    )


def adopted() -> AlertFacts:
    """As `escalated`, by a plan that a country has adopted, every number with its citation."""
    facts = escalated()
    law = {"kind": "national", "reference": "Order No. 1 (invented for this test)"}
    raw = facts.plan.as_json() | {"status": "adopted", "authority": "the Test Authority"}
    for stage in (stage for ladder in raw["ladders"].values() for stage in ladder):
        for rule in stage["rules"]:
            rule["source"] = {"threshold": law, "exit": law, "persistence": law}
    plan = from_stored(raw, "the test")
    months = history(plan, facts.drought_type, [-0.4, -1.2, -1.71], last=facts.month)
    version = PlanVersion(plan.plan_id, plan.version, plan.fingerprint)
    record = evidence(months[-2].stage, months[-1], version, REAL, "0.1.0")
    return replace(facts, plan=plan, evidence=record)


APPROVAL = Approval(
    name="A. Karimova",
    office="Drought desk, Hydromet Centre",
    answered_at=datetime(2021, 7, 8, 10, 15, tzinfo=timezone(timedelta(hours=5))),
    legal_basis="Order No. 1 (invented for this test)",
    protocol="12",
    protocol_date=date(2021, 7, 5),
    note="Committee informed by telephone.",
    login="karimova",
)
