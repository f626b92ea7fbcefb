"""A change of stage with its evidence, in the chain it belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.alerts.evidence import Evidence, Inputs, NoRule, Unruled
from pipeline.alerts.gathering import Grounds, PlanVersion, evidence
from pipeline.alerts.transitions import Link, Transition, chain_of
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.plans.ladders import Ladder
from pipeline.plans.rule_document import Land, Where
from pipeline.steps.basis import Basis, Ruled
from pipeline.steps.installation import ENGINE
from pipeline.warehouse.alerts import NewTransition
from pipeline.warehouse.landscapes import StoredLandscape


def new_transition(
    basis: Basis,
    stored: StoredLandscape,
    drought_type: DroughtType,
    ruled: Sequence[Ruled],
    change: Transition,
    links: Sequence[Link],
) -> NewTransition:
    """Return `change` with its evidence.

    Args:
        basis: what it was decided by.
        stored: the landscape.
        drought_type: the ladder.
        ruled: its stages, consecutive months.
        change: one of its changes.
        links: what was decided of it before, as `chain_of` wants it.
    """
    at = ruled[change.now.month.ordinal - ruled[0].stage.month.ordinal]
    name = f"{stored.landscape.landscape_id}/{drought_type}/{change.began}"
    return NewTransition(
        chain_of(change, links, name),
        stored,
        change.now.month,
        drought_type,
        change.change,
        change.from_stage,
        change.now.stage,
        _evidence(basis, stored, at.plan.ladders[drought_type], at, change),
    )


def _evidence(
    basis: Basis, stored: StoredLandscape, ladder: Ladder, at: Ruled, change: Transition
) -> Evidence:
    key, records = stored.landscape_key, basis.records
    hears_headwater = at.unruled is None and _hears_headwater(ladder, basis.land(stored))
    grounds = _grounds(basis, stored, change.now.month) if hears_headwater else None
    found = evidence(
        change.from_stage,
        change.now,
        PlanVersion(at.plan.plan_id, at.plan.version, at.plan.fingerprint),
        Inputs(
            source=records.source(key),
            origin=at.row.origin,
            release=at.row.release,
            calibration=str(basis.by.period),
            coverage_fraction=at.row.coverage_fraction,
            landscape_version=stored.version,
            beside=records.beside(key, change.now),
            gauges=records.gauges_behind(key, change.now),
        ),
        ENGINE,
        are_indices_open=records.is_open(key),
        mapped_by=records.grid,
        headwater=grounds,
        lacks_headwater=hears_headwater and grounds is None,
    )
    if change.now.findings:
        return found
    return found.model_copy(update={"unruled": at.unruled or _no_rule(at)})


def _no_rule(at: Ruled) -> Unruled:
    return Unruled(reason=NoRule.NO_RULE, plan_id=at.plan.plan_id, plan_version=at.plan.version)


def _hears_headwater(ladder: Ladder, land: Land) -> bool:
    """Whether a rule asks the headwater of such land, or would if it were known."""
    known = Land(land.land_use, land.is_salt_affected, has_headwater=True)
    return any(
        rule.where is Where.HEADWATER and rule.applies_to(known) for rule in ladder.every_rule
    )


def _grounds(basis: Basis, stored: StoredLandscape, month: Month) -> Grounds | None:
    """What the readings of the headwater rest on; None where it is not known."""
    key = basis.headwater(stored)
    if key is None or stored.landscape.headwater_landscape_id is None:
        return None
    series = basis.rows[key]
    n = month.ordinal - series[0].month.ordinal
    row = series[n] if 0 <= n < len(series) else None
    return Grounds(
        stored.landscape.headwater_landscape_id,
        basis.records.source(key),
        None if row is None else row.release,
        None if row is None else row.coverage_fraction,
        basis.records.is_open(key),
    )
