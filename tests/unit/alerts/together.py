"""Alerts on rules that count together and on a headwater, by one plan in all eight languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from shapely import box

from pipeline.alerts.evidence import Comparison, Inputs
from pipeline.alerts.facts import AlertFacts, Change
from pipeline.alerts.gathering import PlanVersion, evidence
from pipeline.core.area_shares import AreaShare
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.ladders import Stage
from pipeline.plans.reading import from_stored, from_yaml
from pipeline.plans.rule_document import Heard, Land, OfHeadwater, Where
from pipeline.plans.rules import Reading
from pipeline.plans.stages import stage_history
from tests.unit.alerts import cases

_FILE = Path(__file__).with_name("plan_in_eight_languages.yaml")
PLAN = from_yaml(_FILE.read_text("utf-8"), _FILE.name)

SPI_12, SPI_6, SPEI_6 = (IndexCode.parse(code) for code in ("spi_12", "spi_6", "spei_6"))
SPI_3_LOW = AreaShare(index=IndexCode.parse("spi_3"), at_or_below=-1.0)
HEADWATER = OfHeadwater(SPI_12)

Values = Mapping[Heard, Sequence[float | Gap]]

DEEPENS: Values = {
    SPI_12: [0.1, -1.2, -1.3],
    HEADWATER: [-0.3, -1.42, -1.68],
    SPI_6: [-0.2, -1.14, -1.21],
    SPEI_6: [-0.1, -0.9, -1.03],
    SPI_3_LOW: [0.1, 0.62, 0.55],
}
"""The headwater is the last of what the second stage needs; two of three others hold."""


def readings(values: Values, last: Month = cases.JUNE) -> dict[Heard, list[Reading]]:
    """Return one reading a month for all that is heard, up to `last`."""
    return {
        heard: [
            Reading(last - (len(row) - 1 - n), *((None, v) if isinstance(v, Gap) else (v, None)))
            for n, v in enumerate(row)
        ]
        for heard, row in values.items()
    }


def alert(
    values: Values = DEEPENS,
    change: Change = Change.ESCALATED,
    *,
    plan: Plan = PLAN,
    inputs: Inputs = cases.SIMULATED,
    is_salt_affected: bool = True,
    has_headwater: bool = True,
) -> AlertFacts:
    """The facts of an alert on the last month of `values`: irrigated land below Naryn."""
    land = Land(LandUse.IRRIGATED, is_salt_affected, has_headwater)
    ladder = plan.ladders[DroughtType.HYDROLOGICAL]
    months = stage_history(ladder, land, readings(values), hold_limit=plan.hold_limit)
    now, before = months[-1], months[-2].stage
    version = PlanVersion(plan.plan_id, plan.version, plan.fingerprint)
    record = evidence(before, now, version, inputs, "0.1.0", mapped_by="era5-land")
    record = record.model_copy(
        update={
            "comparisons": tuple(map(_placed, record.comparisons)),
            "headwater_landscape_id": "KG-N" if has_headwater else None,
            "lacks_headwater": not has_headwater,
        }
    )
    return AlertFacts(
        alert_id=18,
        chain_id="UZ-FE-2021-05-h",
        change=change,
        month=cases.JUNE,
        drought_type=DroughtType.HYDROLOGICAL,
        from_stage=before,
        to_stage=now.stage,
        landscape_id="UZ-FE",
        landscape_names={"en": "Fergana", "ru": "Ферганская область", "uz": "Fargʻona viloyati"},
        country=Country.UZBEKISTAN,
        land_use=LandUse.IRRIGATED,
        is_salt_affected=is_salt_affected,
        geometry=box(70.5, 40.0, 72.0, 41.0),
        plan=plan,
        evidence=record,
        headwater_names={"en": "Naryn", "ru": "Нарын", "ky": "Нарын"} if has_headwater else {},
    )


def with_stage(facts: AlertFacts, stage: Stage) -> AlertFacts:
    """The same alert by a plan in which `stage` is another."""
    ladder = facts.plan.ladders[facts.drought_type]
    stages = tuple(stage if one.stage == stage.stage else one for one in ladder.stages)
    ladders = facts.plan.ladders | {
        facts.drought_type: ladder.model_copy(update={"stages": stages})
    }
    return replace(facts, plan=facts.plan.model_copy(update={"ladders": ladders}))


def let_go() -> AlertFacts:
    """A stage that ends because its rule, by another plan, lets go after two silent months."""
    raw = PLAN.as_json()
    raw["ladders"]["hydrological"] = raw["ladders"]["hydrological"][:1]
    raw["ladders"]["hydrological"][0]["rules"][0]["ends_after_silence"] = 2
    values: Values = {SPI_12: [0.1, -1.2, *[Gap.NOT_PUBLISHED] * 3]}
    return alert(values, Change.ENDED, plan=from_stored(raw, "the test"), inputs=cases.REAL)


def _placed(line: Comparison) -> Comparison:
    """Say of which landscape a headwater's value is, and what it rests on."""
    if line.where is Where.LANDSCAPE:
        return line
    return line.model_copy(update={"landscape_id": "KG-N", "coverage_fraction": 0.9})
