"""Why an alert was raised: as an argument, as tables, and as data for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.alerts.argument import argument, label
from pipeline.alerts.comparison_table import Section, rule_path, sections
from pipeline.alerts.facts import AlertFacts
from pipeline.core.components import Component
from pipeline.core.errors import InputError
from pipeline.steps.installation import Installation, acts_as
from pipeline.warehouse.alerts import read_alerts


@dataclass(frozen=True, slots=True)
class Explained:
    """The evidence of one alert, to be read."""

    label: str
    """What must be said first and last; empty where nothing must."""
    argument: str
    """In plain English, lines of at most 80 columns, the label included."""
    tables: Sequence[Section]
    rule_path: Sequence[str]
    """Lines of an indented tree."""
    data: dict[str, Any]
    """The stored evidence with the argument, as plain values for JSON."""


@acts_as(Component.WATCH)
def explain(installation: Installation, alert_id: int) -> Explained:
    """Return why an alert was raised.

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
    return explained(found[0])


def explained(facts: AlertFacts) -> Explained:
    """Return what `facts` hold in each form."""
    told = argument(facts)
    return Explained(label(facts), told, sections(facts), rule_path(facts), _data(facts, told))


def _data(facts: AlertFacts, told: str) -> dict[str, Any]:
    return {
        "alert_id": facts.alert_id,
        "chain_id": facts.chain_id,
        "landscape_id": facts.landscape_id,
        "month": str(facts.month),
        "drought_type": str(facts.drought_type),
        "change": str(facts.change),
        "from_stage": facts.from_stage,
        "to_stage": facts.to_stage,
        "argument": told,
        "evidence": facts.evidence.model_dump(mode="json"),
    }
