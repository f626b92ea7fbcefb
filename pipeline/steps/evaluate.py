"""From indices to stages, and from changes of stage to alerts that wait for approval.

One transaction: stages, transitions with their evidence, approval requests and messages are
there together or not at all. History is replayed each time, so a month evaluated twice changes
nothing, and a value that changed later shows as a correction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from sqlalchemy import Connection

from pipeline.alerts.facts import Change
from pipeline.alerts.transitions import HeldStage, Link, transitions
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.steps.basis import Basis, Ruled, read_basis
from pipeline.steps.installation import Installation
from pipeline.steps.messages import queue_messages
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.warehouse.alerts import (
    NewTransition,
    read_links,
    read_told_chains,
    save_transitions,
)
from pipeline.warehouse.landscapes import StoredLandscape
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.stages import StageRow, read_held_stages, save_stages

_OF_THE_PAST = (Change.CORRECTED, Change.REMINDED)


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
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
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
    basis = read_basis(installation, connection, to)
    changes: list[NewTransition] = []
    held = Held(read_held_stages(connection), read_links(connection))
    rows = _stage_rows(basis, held, first, changes, advance)
    written = save_stages(connection, rows)  # and now `changes` is complete
    return Evaluation(written, len(changes), _tell(installation, connection, changes))


@dataclass(frozen=True, slots=True)
class Held:
    """What was decided before, by landscape key and drought type."""

    stages: Mapping[tuple[int, DroughtType], Mapping[Month, HeldStage]]
    links: Mapping[tuple[int, DroughtType], Sequence[Link]]


def _stage_rows(
    basis: Basis,
    held: Held,
    first: Month | None,
    changes: list[NewTransition],
    advance: Advance,
) -> Iterator[StageRow]:
    """Yield the stages to hold, a landscape at a time, and add what changed to `changes`.

    A generator, because the histories of two thousand landscapes do not fit into memory at once.
    """
    for done, stored in enumerate(basis.landscapes):
        advance("stages", done, len(basis.landscapes))
        for drought_type in DroughtType:
            key = (stored.landscape_key, drought_type)
            before = held.stages.get(key, {})
            ruled = basis.ruled_stages(stored, drought_type)
            kept = [one for one in ruled if _is_wanted(one, first, before)]
            wanted = {one.stage.month for one in kept}
            links = [*held.links.get(key, [])]
            for change in transitions(before, [one.stage for one in ruled]):
                # A plan without a rule for this land can show nothing for a change.
                if change.now.month in wanted and change.now.findings:
                    new = basis.new_transition(stored, drought_type, ruled, change, links)
                    links.append(Link(new.month, new.chain_id))
                    changes.append(new)
            yield from (_stage_row(stored, drought_type, one) for one in kept)


def _is_wanted(ruled: Ruled, first: Month | None, held: Mapping[Month, object]) -> bool:
    return first is None or ruled.stage.month >= first or ruled.stage.month in held


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
    is_told = [
        live_from is not None
        and (new.month >= live_from or (new.change in _OF_THE_PAST and new.chain_id in told_chains))
        for new in in_order
    ]
    alert_ids = save_transitions(connection, in_order, is_told=is_told)
    to_tell = list(compress(alert_ids, is_told))
    queue_messages(installation, connection, to_tell)
    return len(to_tell)
