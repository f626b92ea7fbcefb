"""Every number of the shipped documents, by what it does; and none can change unnoticed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode, LandUse
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.reading import from_mapping
from pipeline.plans.rule_document import Heard, Land, OfHeadwater
from pipeline.plans.rules import Reading
from pipeline.plans.shipped import shipped_plans
from pipeline.plans.stages import StageMonth, stage_history

PLANS = {plan.country: plan for plan in shipped_plans()}
FIRST = Month(2000, 1)
DRY_FIELD = Land(LandUse.RAINFED)
CANAL = Land(LandUse.IRRIGATED, has_headwater=True)


@dataclass(frozen=True)
class Published:
    """What a ladder was to do on some land, from the sources and not from the document."""

    drought_type: DroughtType
    land: Land
    heard: Heard
    enter_at: tuple[float, ...]
    """Mildest stage first."""
    exit_at: tuple[float, ...]
    is_band_open: bool = True
    """Whether a value on the exit ends the stage; without a dead band it does not."""
    step: float = 0.01


def _spi(index: str, drought_type: DroughtType, land: Land, *, of_headwater: bool) -> Published:
    """McKee et al. 1993 and WMO-No. 1090: class limits, and the end of an event at 0."""
    measure = IndexCode.parse(index)
    heard: Heard = OfHeadwater(measure) if of_headwater else measure
    return Published(drought_type, land, heard, (-1.0, -1.5, -2.0), (0.0, 0.0, 0.0))


AGRICULTURAL = [
    _spi("spei_6", DroughtType.AGRICULTURAL, land, of_headwater=False)
    for land in (DRY_FIELD, CANAL)
]
HYDROLOGICAL = [
    _spi("spi_12", DroughtType.HYDROLOGICAL, DRY_FIELD, of_headwater=False),
    _spi("spi_12", DroughtType.HYDROLOGICAL, CANAL, of_headwater=False),
    _spi("spi_12", DroughtType.HYDROLOGICAL, CANAL, of_headwater=True),
]
METEOROLOGICAL = [
    _spi("spi_3", DroughtType.METEOROLOGICAL, land, of_headwater=False)
    for land in (DRY_FIELD, CANAL)
]
TARBIL = [
    # 65-75 start monitoring, 55-65 warning, below 55 emergency, in percent of normal.
    Published(
        DroughtType.METEOROLOGICAL,
        land,
        IndexCode.parse("pn_3"),
        (75.0, 65.0, 55.0),
        (75.0, 65.0, 55.0),
        is_band_open=False,
        step=0.1,
    )
    for land in (DRY_FIELD, CANAL)
]


def published(country: Country) -> list[Published]:
    meteorological = TARBIL if country is Country.TURKIYE else METEOROLOGICAL
    return [*meteorological, *AGRICULTURAL, *HYDROLOGICAL]


def months(plan: Plan, said: Published, values: list[float | Gap]) -> list[StageMonth]:
    """The stages where one measure takes `values` and all others are usual."""
    ladder = plan.ladders[said.drought_type]
    usual = 100.0 if said.enter_at[0] > 0 else 0.5
    series: dict[Heard, list[Reading]] = {}
    for heard in ladder.heard:
        of_it = values if heard == said.heard else [usual] * len(values)
        series[heard] = [
            Reading(FIRST + n, None, v) if isinstance(v, Gap) else Reading(FIRST + n, v)
            for n, v in enumerate(of_it)
        ]
    return stage_history(ladder, said.land, series, hold_limit=plan.hold_limit)


def faults(plan: Plan) -> Iterator[str]:
    """Yield what a plan does otherwise than was published."""
    for said in published(plan.country):
        for rank, (enter, leave) in enumerate(zip(said.enter_at, said.exit_at, strict=True), 1):
            expected = {
                "on the threshold": ([enter], rank),
                "above the threshold": ([enter + said.step], rank - 1),
                "short of the exit": ([enter, leave - said.step], rank),
                "on the exit": ([enter, leave], 0 if said.is_band_open else rank),
                "beyond the exit": (
                    [enter, leave + said.step],
                    0 if said.is_band_open else rank - 1,
                ),
            }
            for what, (values, stands) in expected.items():
                got = months(plan, said, [*values])[-1].rank
                if got != stands:
                    yield f"{said.drought_type} {said.heard}, {what} of stage {rank}: {got}"
            silence = months(plan, said, [enter, *[Gap.NOT_PUBLISHED] * 4])
            if [month.is_confirmed for month in silence] != [True, True, True, True, False]:
                yield f"{said.heard}, stage {rank}: not confirmed for just three silent months"
            if {month.rank for month in silence} != {rank}:
                yield f"{said.heard}, stage {rank}: not held through silence"


each = pytest.mark.parametrize(
    "plan", PLANS.values(), ids=[plan.plan_id for plan in PLANS.values()]
)


@each
def test_a_document_does_what_was_published(plan: Plan) -> None:
    assert list(faults(plan)) == []


def mutants(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the plan with one number changed, for each of its numbers, a little more and less."""
    whole = plan.as_json()
    for by in (-1, 1):
        yield f"hold_limit {by:+}", whole | {"hold_limit": whole["hold_limit"] + by}
    for kind, ladder in whole["ladders"].items():
        for n, stage in enumerate(ladder):
            for m, rule in enumerate(stage["rules"]):
                step = 0.02 if abs(rule["enter_at"]) < 10 else 0.2
                changes: dict[str, list[Any]] = {
                    "enter_at": [rule["enter_at"] - step, rule["enter_at"] + step],
                    "exit_at": [rule["exit_at"] - step, rule["exit_at"] + step],
                    "enter_after": [2],
                    "exit_after": [2],
                    "index": ["spi_9"],
                    "where": ["headwater" if "where" not in rule else "landscape"],
                    "hold_limit": [1],
                    "ends_after_silence": [1],
                }
                for key, values in changes.items():
                    for value in values:
                        changed = copy.deepcopy(whole)
                        changed["ladders"][kind][n]["rules"][m][key] = value
                        yield f"{kind} {stage['stage']} rule {m + 1}: {key} {value}", changed


@each
def test_no_number_of_a_document_can_change_unnoticed(plan: Plan) -> None:
    unnoticed = [name for name, mutant in mutants(plan) if not is_noticed(mutant)]
    assert unnoticed == []


def is_noticed(mutant: dict[str, Any]) -> bool:
    """Whether a changed plan is refused as a contradiction, or does something else."""
    try:
        plan = from_mapping(mutant, "mutant")
        return next(faults(plan), None) is not None
    except InputError:
        return True
