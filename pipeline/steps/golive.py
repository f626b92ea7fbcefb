"""From this month on, alerts are told."""

from __future__ import annotations

from pipeline.alerts.facts import Change
from pipeline.core.months import Month
from pipeline.steps.evaluate import evaluate, standing_stages
from pipeline.steps.installation import Installation
from pipeline.steps.messages import queue_messages
from pipeline.steps.outcome import recorded
from pipeline.warehouse.alerts import read_alerts, request_approval, save_transition
from pipeline.warehouse.outcomes import save_live_from
from pipeline.warehouse.stages import lock_evaluation


def golive(installation: Installation, month: Month) -> int:
    """Tell alerts from `month` on; return how many alerts now wait for approval because of it.

    Each landscape that is in a stage in the month before gets one `in_force` alert, so that nobody
    learns of a drought only by its end. Changes of `month` and later that were decided before
    going live are told too. Saying it twice changes nothing.

    Raises:
        ConflictError: another month was set before.
    """
    evaluate(installation, to=month - 1)
    with recorded(installation.warehouse, "golive", month) as report:
        with installation.warehouse.begin() as connection:
            lock_evaluation(connection)
            if not save_live_from(connection, month):
                report.rows = 0
                return 0
            standing = standing_stages(installation, connection, month - 1)
            told = [save_transition(connection, new, is_told=True) for new in standing]
            decided = read_alerts(connection, state="not_needed", from_month=month)
            late = [facts.alert_id for facts in decided if facts.change is not Change.IN_FORCE]
            for alert_id in late:
                request_approval(connection, alert_id)
            queue_messages(installation, connection, [*told, *late])
            report.rows = len(told) + len(late)
        return report.rows
