"""From this month on, alerts are told."""

from __future__ import annotations

from sqlalchemy import Connection

from pipeline.alerts.facts import Change
from pipeline.alerts.transitions import standing
from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.core.garbage import uncollected
from pipeline.core.ids import DroughtType
from pipeline.core.months import Month
from pipeline.steps.basis import read_basis
from pipeline.steps.changes import new_transition
from pipeline.steps.evaluate import evaluate
from pipeline.steps.installation import Installation, acts_as
from pipeline.steps.outcome import recorded
from pipeline.steps.records import decided_by
from pipeline.steps.telling import tell
from pipeline.warehouse.alerts import (
    NewTransition,
    read_alerts,
    read_links,
    request_approval,
    save_transitions,
)
from pipeline.warehouse.locks import only_writer
from pipeline.warehouse.outcomes import refuse_other_live_from, save_live_from


@acts_as(Component.CONFIGURE)
@uncollected()
def golive(installation: Installation, month: Month) -> int:
    """Tell alerts from `month` on; return how many alerts now wait for approval because of it.

    Each drought under way in the month before (a landscape may be in several, of different types)
    gets one `in_force` alert, so that nobody learns of it only by its end. Changes of `month` and later that were decided before
    going live are told too. Saying it twice changes nothing.

    Raises:
        ConflictError: another month was set before.
    """
    with installation.warehouse.connect() as asked:
        refuse_other_live_from(asked, month)  # it is wrong usage, and no outcome
    evaluate(installation, to=month - 1)
    with recorded(installation.warehouse, "golive", month) as report:
        with only_writer(installation.warehouse), installation.warehouse.begin() as connection:
            if not save_live_from(connection, month):
                report.rows = 0
                return 0
            under_way = _under_way(installation, connection, month - 1)
            told = save_transitions(connection, under_way, is_told=[True] * len(under_way))
            decided = read_alerts(connection, state="not_needed", from_month=month)
            late = [facts.alert_id for facts in decided if facts.change is not Change.IN_FORCE]
            for alert_id in late:
                request_approval(connection, alert_id)
            tell(installation, connection, [*told, *late])
            report.rows = len(told) + len(late)
        return report.rows


def _under_way(
    installation: Installation, connection: Connection, month: Month
) -> list[NewTransition]:
    """Return an `in_force` transition for each landscape that is in a stage in `month`.

    Raises:
        InputError: there are no stages of `month`.
    """
    basis = read_basis(connection, decided_by(connection, installation.settings), month)
    chains = read_links(connection)
    found: list[NewTransition] = []
    for stored in basis.landscapes:
        series = basis.rows.get(stored.landscape_key, [])
        if series and series[-1].month != month:
            raise InputError(
                f"golive: expected indices up to {month}, the month before, got them up to "
                f"{series[-1].month}; ingest and compute first"
            )
        for drought_type in DroughtType:
            ruled = basis.ruled_stages(stored, drought_type)
            if ruled and ruled[-1].stage.month == month and ruled[-1].stage.rank > 0:
                change = standing([one.stage for one in ruled])
                links = chains.get((stored.landscape_key, drought_type), [])
                found.append(new_transition(basis, stored, drought_type, ruled, change, links))
    return found
