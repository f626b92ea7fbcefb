"""What is decided, landscape by landscape: from a basis to stages and changes of stage.

The evaluation writes it down, and a replay compares it with what was written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from pipeline.alerts.transitions import HeldStage, Link, transitions
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.steps.basis import Basis, Ruled
from pipeline.steps.changes import new_transition
from pipeline.steps.progress import Advance
from pipeline.warehouse.alerts import NewTransition, read_links
from pipeline.warehouse.landscapes import StoredLandscape
from pipeline.warehouse.stages import StageRow, read_held_stages


@dataclass(frozen=True, slots=True)
class Held:
    """What was decided before, by landscape key and drought type."""

    stages: Mapping[tuple[int, DroughtType], Mapping[Month, HeldStage]]
    links: Mapping[tuple[int, DroughtType], Sequence[Link]]


def read_held(connection: Connection, at: datetime | None = None) -> Held:
    """Return what was decided until a moment; None: until now."""
    return Held(read_held_stages(connection, at), read_links(connection, at))


@dataclass(frozen=True, slots=True)
class Decided:
    """What follows for one landscape."""

    landscape: StoredLandscape
    rows: Sequence[StageRow]
    changes: Sequence[NewTransition]
    """Oldest first within a drought type."""
    gone: Sequence[tuple[DroughtType, Month]]
    """Stages held of months that no ladder rules any more."""


def decisions(basis: Basis, held: Held, first: Month | None, advance: Advance) -> Iterator[Decided]:
    """Yield what follows from `basis`, a landscape at a time.

    A generator, because the histories of two thousand landscapes do not fit into memory at once.

    Args:
        basis: what stages are decided by.
        held: what was decided before.
        first: add no months before this one; months held already are decided all the same.
        advance: told of the progress.
    """
    for done, stored in enumerate(basis.landscapes):
        advance("stages", done, len(basis.landscapes))
        rows: list[StageRow] = []
        changes: list[NewTransition] = []
        gone: list[tuple[DroughtType, Month]] = []
        for drought_type in DroughtType:
            before = held.stages.get((stored.landscape_key, drought_type), {})
            ruled = basis.ruled_stages(stored, drought_type)
            kept = [one for one in ruled if _is_wanted(one, first, before)]
            rows += [_stage_row(stored, drought_type, one) for one in kept if one.is_stated]
            changes += _changes(basis, held, stored, drought_type, ruled, kept)
            gone += [(drought_type, m) for m in before if _is_gone(ruled, m)]
        yield Decided(stored, rows, changes, gone)


def _changes(
    basis: Basis,
    held: Held,
    stored: StoredLandscape,
    drought_type: DroughtType,
    ruled: Sequence[Ruled],
    kept: Sequence[Ruled],
) -> Iterator[NewTransition]:
    key = (stored.landscape_key, drought_type)
    wanted = {one.stage.month for one in kept}
    links = [*held.links.get(key, [])]
    for change in transitions(held.stages.get(key, {}), [one.stage for one in ruled]):
        if change.now.month in wanted:
            new = new_transition(basis, stored, drought_type, ruled, change, links)
            links.append(Link(new.month, new.chain_id))
            yield new


def _is_wanted(ruled: Ruled, first: Month | None, held: Mapping[Month, object]) -> bool:
    return first is None or ruled.stage.month >= first or ruled.stage.month in held


def _is_gone(ruled: Sequence[Ruled], month: Month) -> bool:
    n = month.ordinal - ruled[0].stage.month.ordinal if ruled else -1
    return 0 <= n < len(ruled) and not ruled[n].is_stated


def _stage_row(stored: StoredLandscape, drought_type: DroughtType, ruled: Ruled) -> StageRow:
    plan_id, version = ruled.plan.plan_id, ruled.plan.version
    of = ruled.unruled
    if of is not None and of.plan_id is not None and of.plan_version is not None:
        plan_id, version = of.plan_id, of.plan_version
    return StageRow(stored.landscape_key, drought_type, plan_id, version, ruled.stage)
