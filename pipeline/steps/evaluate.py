"""From indices to stages, and from changes of stage to alerts that wait for approval.

One transaction: stages, transitions with their evidence, approval requests and messages are
there together or not at all. History is replayed each time, so a month evaluated twice changes
nothing, and a value that changed later shows as a correction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pipeline.alerts.evidence import Inputs, PlanVersion, evidence
from pipeline.alerts.facts import Change
from pipeline.alerts.transitions import Transition, onset, transitions
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, IndexCode
from pipeline.core.months import Month
from pipeline.plans.document import Plan
from pipeline.plans.rules import Reading
from pipeline.plans.stages import StageMonth, stage_history
from pipeline.steps.installation import ENGINE, Installation, deciding_source
from pipeline.steps.messages import queue_messages
from pipeline.steps.outcome import recorded
from pipeline.warehouse.alerts import NewTransition, read_told_chains, save_transition
from pipeline.warehouse.indices import IndexRow, read_index_rows
from pipeline.warehouse.landscapes import StoredLandscape, read_landscapes
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.plans import Timetable, read_plans
from pipeline.warehouse.stages import StageRow, lock_evaluation, read_held_stages, save_stages

Advance = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Ruled:
    """The stage of a month, the plan that ruled it and the indices it follows from."""

    plan: Plan
    row: IndexRow
    stage: StageMonth


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation wrote."""

    stage_rows: int
    transitions: int
    told: int


def evaluate(
    installation: Installation,
    *,
    first: Month | None = None,
    to: Month | None = None,
    advance: Advance = lambda what, done, of: None,
) -> Evaluation:
    """Bring stages and alerts up to date.

    Args:
        installation: where.
        first: add no months before this one; months held already are corrected all the same.
        to: look at no month after this one; None: all that have indices.
        advance: told of the progress.

    Raises:
        InputError: there are no indices, or a country with landscapes has no plan.
    """
    with recorded(installation.warehouse, "evaluate", to) as report:
        with installation.warehouse.begin() as connection:
            lock_evaluation(connection)
            done = _evaluate(installation, connection, first, to, advance)
        report.rows = done.stage_rows
        report.message = f"{done.transitions} changes of stage, {done.told} to be told"
        return done


def _evaluate(
    installation: Installation,
    connection: Connection,
    first: Month | None,
    to: Month | None,
    advance: Advance,
) -> Evaluation:
    basis = _read_basis(installation, connection, to)
    held = read_held_stages(connection)
    stages: list[StageRow] = []
    changes: list[NewTransition] = []
    for done, stored in enumerate(basis.landscapes):
        advance("stages", done, len(basis.landscapes))
        for drought_type in DroughtType:
            key = (stored.landscape_key, drought_type)
            ruled = basis.ruled_stages(stored, drought_type)
            kept = [r for r in ruled if _is_wanted(r, first, held.get(key, {}))]
            stages += [_stage_row(stored, drought_type, r) for r in kept]
            found = transitions(held.get(key, {}), [r.stage for r in ruled])
            wanted = {r.stage.month for r in kept}
            changes += [
                basis.new_transition(stored, drought_type, ruled, change)
                for change in found
                if change.now.month in wanted
            ]
    return Evaluation(
        save_stages(connection, stages), len(changes), _tell(installation, connection, changes)
    )


def _codes(plan: Plan) -> set[IndexCode]:
    return {
        rule.index
        for ladder in plan.ladders.values()
        for stage in ladder.stages
        for rule in stage.rules
    }


def _is_wanted(ruled: Ruled, first: Month | None, held: Mapping[Month, object]) -> bool:
    return first is None or ruled.stage.month >= first or ruled.stage.month in held


@dataclass(frozen=True, slots=True)
class Basis:
    """All that stages are decided by."""

    source: str
    calibration: str
    landscapes: Sequence[StoredLandscape]
    timetables: Mapping[Country, Timetable]
    rows: Mapping[int, Sequence[IndexRow]]
    """Indices by landscape key, consecutive months, oldest first."""

    def ruled_stages(self, stored: StoredLandscape, drought_type: DroughtType) -> list[Ruled]:
        """Return the stage of each month under the plan in force in that month.

        Each plan is replayed over the whole series, so that a plan which takes effect in the
        middle of a drought knows what went before. Months without a plan, or whose plan has no
        ladder for the drought type, are left out.
        """
        series = self.rows.get(stored.landscape_key, [])
        timetable = self.timetables[stored.landscape.country]
        by_plan: dict[tuple[str, str], list[StageMonth]] = {}
        for _, plan in timetable.plans:
            ladder = plan.ladders.get(drought_type)
            if ladder is not None and series:
                by_plan[plan.plan_id, plan.version] = stage_history(
                    ladder,
                    stored.landscape.land_use,
                    {code: _readings(series, code) for code in _codes(plan)},
                    hold_limit=plan.hold_limit,
                )
        ruled: list[Ruled] = []
        for row, position in zip(series, range(len(series)), strict=True):
            plan_in_force = timetable.in_force(row.month)
            if plan_in_force is not None:
                history = by_plan.get((plan_in_force.plan_id, plan_in_force.version))
                ruled += [] if history is None else [Ruled(plan_in_force, row, history[position])]
        return ruled

    def new_transition(
        self,
        stored: StoredLandscape,
        drought_type: DroughtType,
        ruled: Sequence[Ruled],
        change: Transition,
    ) -> NewTransition:
        """Return `change` with its evidence."""
        at = next(r for r in ruled if r.stage.month == change.now.month)
        return NewTransition(
            f"{stored.landscape.landscape_id}/{drought_type}/{change.chain_month}",
            stored,
            change.now.month,
            drought_type,
            change.change,
            change.from_stage,
            change.now.stage,
            evidence(
                change.from_stage,
                change.now,
                PlanVersion(at.plan.plan_id, at.plan.version, at.plan.fingerprint),
                Inputs(
                    source=self.source,
                    origin=at.row.origin,
                    release=at.row.release,
                    calibration=self.calibration,
                    coverage_fraction=at.row.coverage_fraction,
                    landscape_version=stored.version,
                ),
                ENGINE,
            ),
        )


def _read_basis(installation: Installation, connection: Connection, to: Month | None) -> Basis:
    source = deciding_source(connection, installation.settings)
    period = installation.settings.calibration
    timetables = read_plans(connection)
    landscapes = read_landscapes(connection)
    without = {s.landscape.country for s in landscapes} - timetables.keys()
    if without:
        raise InputError(
            f"plans: expected one for each country with landscapes, got none for "
            f"{', '.join(sorted(without))}; run `drought db migrate` or `drought plans load FILE`"
        )
    codes = sorted(
        {code for t in timetables.values() for _, plan in t.plans for code in _codes(plan)}
    )
    rows = read_index_rows(connection, source, period, codes, to)
    if not rows:
        raise InputError(
            f"{source}: expected indices calibrated {period}, got none; run `drought compute` first"
        )
    return Basis(source, str(period), landscapes, timetables, rows)


def standing_stages(
    installation: Installation, connection: Connection, month: Month
) -> list[NewTransition]:
    """Return an `in_force` transition for each landscape that is in a stage in `month`.

    Raises:
        InputError: there are no stages of `month`.
    """
    basis = _read_basis(installation, connection, month)
    standing: list[NewTransition] = []
    for stored in basis.landscapes:
        for drought_type in DroughtType:
            ruled = basis.ruled_stages(stored, drought_type)
            if ruled and ruled[-1].stage.month != month:
                raise InputError(
                    f"golive: expected indices up to {month}, the month before, got them up to "
                    f"{ruled[-1].stage.month}; ingest and compute first"
                )
            if ruled and ruled[-1].stage.rank > 0:
                now = ruled[-1].stage
                change = Transition(
                    Change.IN_FORCE, now.stage, now, onset([r.stage for r in ruled])
                )
                standing.append(basis.new_transition(stored, drought_type, ruled, change))
    return standing


def _readings(series: Sequence[IndexRow], code: IndexCode) -> list[Reading]:
    return [
        Reading(row.month, None, value) if isinstance(value, Gap) else Reading(row.month, value)
        for row in series
        for value in (row.values[code],)
    ]


def _stage_row(stored: StoredLandscape, drought_type: DroughtType, ruled: Ruled) -> StageRow:
    plan = ruled.plan
    return StageRow(stored.landscape_key, drought_type, plan.plan_id, plan.version, ruled.stage)


def _tell(
    installation: Installation, connection: Connection, changes: Sequence[NewTransition]
) -> int:
    """Write the transitions, and queue the messages of those that are to be told; return how many."""
    live_from = read_identity(connection).live_from
    told_chains = read_told_chains(connection)
    in_order = sorted(
        changes, key=lambda c: (c.month, c.landscape.landscape.landscape_id, c.drought_type)
    )
    told = 0
    for new in in_order:
        is_told = live_from is not None and (
            new.month >= live_from
            or (new.change is Change.CORRECTED and new.chain_id in told_chains)
        )
        alert_id = save_transition(connection, new, is_told=is_told)
        if is_told:
            queue_messages(installation, connection, [alert_id])
            told += 1
    return told
