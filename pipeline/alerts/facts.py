"""All that a letter or a CAP message says about one alert, gathered before any wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

from pipeline.alerts.evidence import Evidence
from pipeline.core.ids import Country, DroughtType, LandUse, Origin
from pipeline.core.months import Month
from pipeline.plans.document import Plan


class Change(StrEnum):
    """What happened to the stage."""

    BEGAN = "began"
    ESCALATED = "escalated"
    EASED = "eased"
    ENDED = "ended"
    CORRECTED = "corrected"
    """A final value changed a stage that had been told."""
    IN_FORCE = "in_force"
    """The stage stood already when telling began."""
    REMINDED = "reminded"


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """One alert: a transition that is to be told, with everything needed to word it."""

    alert_id: int
    chain_id: str
    change: Change
    month: Month
    drought_type: DroughtType
    from_stage: str
    to_stage: str
    landscape_id: str
    landscape_names: Mapping[str, str]
    """Language code to name; `en` is always there."""
    country: Country
    land_use: LandUse
    is_salt_affected: bool
    geometry: BaseGeometry
    """The landscape in longitude and latitude, degrees."""
    plan: Plan = field(repr=False)
    evidence: Evidence
    headwater_names: Mapping[str, str] = field(default_factory=dict)
    """Of the landscape that the irrigation water comes from; empty where none is known."""
    was_told: bool = False
    """Of a correction: whether a message left that said `from_stage`, the last on this month."""

    @property
    def is_simulated(self) -> bool:
        return self.evidence.inputs.origin is Origin.SIMULATED

    @property
    def has_only_adopted_thresholds(self) -> bool:
        """Whether every threshold, exit and run used is national, in an adopted plan.

        Where no rule was asked, all rules of the plan that the drought stood under count.
        """
        used = self.evidence.comparisons
        if not used:
            return self.plan.has_only_adopted_thresholds
        return self.plan.status == "adopted" and all(line.source.are_national for line in used)


class Door(StrEnum):
    """Where an alert is answered."""

    COMMAND_LINE = "command line"
    AIRFLOW = "airflow"
    PLAN = "plan"
    """Nobody is asked: the plan cites an order that lets alerts of this stage leave by themselves."""


@dataclass(frozen=True, slots=True)
class Approval:
    """Who let an alert leave, in what office and on what basis."""

    name: str
    office: str
    answered_at: datetime
    """With an offset; letters show it as it stands here."""
    legal_basis: str | None = None
    protocol: str | None = None
    protocol_date: date | None = None
    note: str | None = None
    login: str | None = None
    """The account that was logged in; none where nobody was asked."""
    page_checksum: str | None = None
    """SHA-256 of the scanned page that was signed, hexadecimal."""
    door: Door = Door.COMMAND_LINE
