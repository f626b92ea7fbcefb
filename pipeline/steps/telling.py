"""Alerts begin to be told: their messages are queued, and wait for a person.

The explicit exception is a plan that cites an order by which alerts of some stages leave by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from pipeline.alerts.waiting import approval_by_order
from pipeline.steps.cap_messages import in_turn
from pipeline.steps.installation import Installation
from pipeline.steps.messages import finish_messages, queue_messages
from pipeline.warehouse.alerts import save_answer


def tell(installation: Installation, connection: Connection, alert_ids: Sequence[int]) -> None:
    """Queue the messages of these alerts, and let those leave that nobody is asked about.

    Part of the decision's transaction. A translation that no speaker has checked stays behind where
    nobody could accept it.
    """
    told = queue_messages(installation, connection, alert_ids)
    orders = {
        facts.alert_id: order
        for facts in told
        if (order := approval_by_order(facts, installation.clock())) is not None
    }
    for facts in in_turn(connection, (one for one in told if one.alert_id in orders)):
        approval = orders[facts.alert_id]
        save_answer(connection, facts.alert_id, "approved", approval, accepts_unchecked=False)
        finish_messages(connection, facts, approval, installation.settings, accepts_unchecked=False)
