"""A past decision once more: from what was known then, by the code of today, without writing.

What an evaluation read is what was committed before its transaction began, because whoever writes
such things waits for it (`pipeline.warehouse.locks.only_writer`). So its inputs can be asked for
again; and what comes out of them is compared with what the warehouse says was decided.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from pipeline.core.errors import InputError
from pipeline.core.garbage import uncollected
from pipeline.core.ids import BLENDED
from pipeline.core.moments import Moment
from pipeline.steps.basis import Basis, read_basis
from pipeline.steps.deciding import Decided, decisions, read_held
from pipeline.steps.differences import Difference, Kind, change_differences, stage_differences
from pipeline.steps.installation import Installation
from pipeline.steps.progress import Advance, quietly
from pipeline.steps.records import DecidedBy
from pipeline.steps.replaced import with_replaced
from pipeline.steps.replay_indices import RELEASE, ReplayedIndices, Tell, WereKnown, replay_indices
from pipeline.steps.versions import running_versions
from pipeline.warehouse.alerts import NewTransition, read_decided
from pipeline.warehouse.evaluations import (
    PastEvaluation,
    read_evaluation,
    read_first_commit,
    read_time,
)
from pipeline.warehouse.stages import read_stage_rows

LANDSCAPES_AT_ONCE = 50
"""Bounds memory: some 3,000 stages each."""
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Replay:
    """What came of a replay."""

    evaluation: PastEvaluation
    running: Mapping[str, str]
    """Versions of today."""
    indices: Sequence[ReplayedIndices]
    """By source."""
    compared: Counter[Kind] = field(default_factory=Counter)
    differing: Counter[Kind] = field(default_factory=Counter)
    landscapes: int = 0

    @property
    def waiting(self) -> int:
        """Return how many indices were of an older series when it was decided."""
        return sum(tally.waiting for one in self.indices for tally in one.tallies.values())

    @property
    def other_versions(self) -> dict[str, tuple[str | None, str | None]]:
        """Return what decided then and now by name, where it is not the same; None: not known."""
        then = self.evaluation.versions
        names = sorted(then.keys() | self.running.keys())
        return {
            name: (then.get(name), self.running.get(name))
            for name in names
            if then.get(name) != self.running.get(name)
        }

    @property
    def is_failure(self) -> bool:
        """Whether the same software comes to something else: history was changed, or a defect."""
        return self.differing.total() > 0 and not self.other_versions


@uncollected()
def replay(
    installation: Installation,
    moment: Moment,
    *,
    tell: Tell = lambda difference: None,
    advance: Advance = quietly,
) -> Replay:
    """Decide once more what the last evaluation before a moment decided, and compare.

    Nothing is written and nobody is told. Calibration, sources and months are those of that
    evaluation, whatever the settings are now.

    Args:
        installation: where.
        moment: the last evaluation that was committed until then.
        tell: told of each difference, as they are found.
        advance: told of the progress.

    Raises:
        InputError: the moment is in the future, or before the first evaluation; or it is not known
            by what that one decided.
    """
    with installation.warehouse.connect().execution_options(
        isolation_level="REPEATABLE READ", postgresql_readonly=True
    ) as connection:
        evaluation, by = _evaluation(connection, moment)
        at = evaluation.decided_at - _INSTANT
        basis = read_basis(connection, by, evaluation.to, at)
        names = {one.landscape_key: one.landscape.landscape_id for one in basis.landscapes}
        indices = [
            replay_indices(
                connection,
                WereKnown(source, by.period, at, names, evaluation.stale_landscapes != 0),
                tell,
                advance,
            )
            for source in dict.fromkeys((*by.sources, BLENDED))
        ]
        found = Replay(evaluation, running_versions(), indices, landscapes=len(names))
        for one in indices:
            for name, tally in one.tallies.items():
                found.compared[Kind.INDEX] += 0 if name == RELEASE else tally.compared
                found.differing[Kind.INDEX] += tally.differing
        for difference in _decisions(connection, evaluation, basis, at, found.compared, advance):
            found.differing[difference.kind] += 1
            tell(difference)
        return found


def _evaluation(connection: Connection, moment: Moment) -> tuple[PastEvaluation, DecidedBy]:
    """The evaluation asked for, and by what it decided."""
    found = read_evaluation(connection, moment.until(read_time(connection)))
    if found is None:
        first = read_first_commit(connection)
        raise InputError(
            f"evaluate: expected a moment after the first evaluation, got {moment.text}; "
            + ("nothing was decided yet" if first is None else f"the first was of {_said(first)}")
        )
    if found.period is None:
        raise InputError(
            f"evaluate: the evaluation of {_said(found.decided_at)} cannot be replayed: it is older "
            "than their record and changed no stage, so that nothing tells by which calibration and "
            "source it decided; expected a later moment"
        )
    return found, DecidedBy(found.sources, found.period)


def _said(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _decisions(
    connection: Connection,
    evaluation: PastEvaluation,
    basis: Basis,
    at: datetime,
    compared: Counter[Kind],
    advance: Advance,
) -> Iterator[Difference]:
    """Yield how stages and changes of stage differ, and count what was compared."""
    told: dict[int, list[NewTransition]] = defaultdict(list)
    for change in read_decided(connection, evaluation.decided_at):
        told[change.landscape.landscape_key].append(change)
    held = read_held(connection, at)
    for some in _blocks(decisions(basis, held, evaluation.first, advance)):
        keys = [one.landscape.landscape_key for one in some]
        after = read_stage_rows(connection, keys, evaluation.committed_at)
        changes: dict[int, list[NewTransition]] = defaultdict(list)
        for change in with_replaced(
            connection, basis, [c for one in some for c in one.changes], at
        ):
            changes[change.landscape.landscape_key].append(change)
        for one in some:
            key = one.landscape.landscape_key
            was = {place: row.row for place, row in after[key].items()}
            written = {
                p for p, row in after[key].items() if row.known_from == evaluation.decided_at
            } | {(month, drought_type) for drought_type, month in one.gone}
            compared[Kind.STAGE] += len(one.rows)
            compared[Kind.CHANGE] += len(told[key])
            name = one.landscape.landscape.landscape_id
            yield from stage_differences(name, was, one.rows, written)
            yield from change_differences(told[key], changes[key])


def _blocks(decided: Iterator[Decided]) -> Iterator[list[Decided]]:
    some: list[Decided] = []
    for one in decided:
        some.append(one)
        if len(some) == LANDSCAPES_AT_ONCE:
            yield some
            some = []
    if some:
        yield some
