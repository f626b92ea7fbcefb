"""From indices to stages, and from changes of stage to alerts that wait for approval.

One transaction: stages, transitions with their evidence, approval requests, messages and the
record of the evaluation are there together or not at all. History is replayed each time, so a
month evaluated twice changes nothing, and a value that changed later shows as a correction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import compress

from sqlalchemy import Connection

from pipeline import logs
from pipeline.alerts.facts import Change
from pipeline.core.components import Component
from pipeline.core.garbage import uncollected
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.plans.conditions import NO_STAGE
from pipeline.steps.basis import read_basis
from pipeline.steps.deciding import decisions, read_held
from pipeline.steps.droughts import Droughts
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.progress import Advance
from pipeline.steps.records import decided_by
from pipeline.steps.replaced import with_replaced
from pipeline.steps.telling import tell
from pipeline.steps.versions import running_versions
from pipeline.warehouse.alerts import NewTransition, read_told_chains, save_transitions
from pipeline.warehouse.computed import read_stale_count
from pipeline.warehouse.evaluations import EvaluationRow, save_evaluation
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.outcomes import read_identity
from pipeline.warehouse.stages import StageRow, save_stages, withdraw_stages

_log = logging.getLogger(__name__)
_OF_THE_PAST = (Change.CORRECTED, Change.REMINDED)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What an evaluation wrote."""

    stage_rows: int
    transitions: int
    told: int


@acts_as(Component.DECIDE)
@uncollected()
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
        # One state of the warehouse from the first question to the last, which a replay asks for.
        with (
            only_writer(installation.warehouse),
            installation.warehouse.connect().execution_options(
                isolation_level="REPEATABLE READ"
            ) as connection,
            connection.begin(),
        ):
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
    settings = installation.settings
    by = decided_by(connection, settings)
    changes: list[NewTransition] = []
    gone: list[tuple[int, DroughtType, Month]] = []
    basis, held = read_basis(connection, by, to), read_held(connection)
    droughts = Droughts(basis)

    def rows() -> Iterator[StageRow]:
        for decided in decisions(basis, held, first, advance):
            changes.extend(decided.changes)
            gone.extend((decided.landscape.landscape_key, *one) for one in decided.gone)
            droughts.follow(decided)
            yield from decided.rows

    written = save_stages(connection, rows())  # and now `changes` and `gone` are complete
    written += withdraw_stages(connection, gone)
    droughts.save(connection)
    changes = with_replaced(connection, basis, changes)
    done = Evaluation(written, len(changes), _tell(installation, connection, changes))
    save_evaluation(
        connection,
        EvaluationRow(
            running_versions(),
            by.period,
            by.sources,
            settings.min_coverage,
            first,
            to,
            done.stage_rows,
            done.transitions,
            done.told,
            read_stale_count(connection, by.sources, by.period),
        ),
    )
    return done


def _tell(
    installation: Installation, connection: Connection, changes: Sequence[NewTransition]
) -> int:
    """Write the transitions, and queue the messages of those that are to be told; return how many."""
    live_from = read_identity(connection).live_from
    in_order = in_order_of_telling(changes)
    is_told = are_told(in_order, live_from, read_told_chains(connection))
    alert_ids = save_transitions(connection, in_order, is_told=is_told)
    to_tell = list(compress(alert_ids, is_told))
    tell(installation, connection, to_tell)
    for new in compress(in_order, is_told):
        with logs.bound(month=new.month, landscape=new.landscape.landscape.landscape_id):
            _log.info("alert: %s %s to %s", new.drought_type, new.change, new.to_stage)
    return len(to_tell)


def in_order_of_telling(changes: Iterable[NewTransition]) -> list[NewTransition]:
    """Return changes of stage by month, landscape and drought type."""
    return sorted(
        changes, key=lambda c: (c.month, c.landscape.landscape.landscape_id, c.drought_type)
    )


def are_told(
    in_order: Sequence[NewTransition], live_from: Month | None, told_chains: set[str]
) -> list[bool]:
    """Return which changes are to be told, given the chains of which something was, or waits to be.

    What is told of a chain now counts for the changes after it.
    """
    known = set(told_chains)
    found = []
    for new in in_order:
        is_known = new.chain_id in known
        is_told = live_from is not None and (
            (new.month >= live_from and (is_known or not _presumes_knowledge(new)))
            or (new.change in _OF_THE_PAST and is_known)
        )
        found.append(is_told)
        if is_told:
            known.add(new.chain_id)
    return found


def _presumes_knowledge(new: NewTransition) -> bool:
    """Whether a change says nothing to who was not told of the drought before.

    So a drought whose alert was refused does not come back by its reminders or its end; that it
    grows graver does come.
    """
    is_ease = new.change in (Change.EASED, Change.ENDED, Change.REMINDED)
    return is_ease or (new.change is Change.CORRECTED and new.to_stage == NO_STAGE)
