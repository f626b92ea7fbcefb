"""Why an alert was raised, step by step."""

from __future__ import annotations

from pipeline.alerts.explanation import explanation
from pipeline.core.errors import InputError
from pipeline.steps.installation import Installation
from pipeline.warehouse.alerts import read_alerts


def explain(installation: Installation, alert_id: int) -> str:
    """Return the evidence of an alert in words.

    Raises:
        InputError: there is no such alert.
    """
    with installation.warehouse.connect() as connection:
        found = read_alerts(connection, [alert_id])
    if not found:
        raise InputError(
            f"alert {alert_id}: there is no such alert; `drought status` lists the pending ones, "
            "and mart.alert all of them"
        )
    return explanation(found[0])
