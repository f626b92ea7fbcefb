"""What a plan proposes in a stage: what to do, of which kind, by whom, by when, on which land.

Proposals for consideration, never orders. The families are those of the Turkish regulation of 2
March 2008 (no. 26804), with two more: monitoring, and the management of salinity.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    ValidationInfo,
    model_serializer,
    model_validator,
)

from pipeline.core.ids import LandUse
from pipeline.plans.rule_document import STORED, Count, LandUses, Strict
from pipeline.plans.texts import LocalText


class Family(StrEnum):
    """The kind of an action."""

    MONITORING = "monitoring"
    WATER_MANAGEMENT = "water_management"
    INVESTMENTS = "investments"
    AGRONOMY = "agronomy"
    SEED_AND_CROP_DIVERSITY = "seed_and_crop_diversity"
    IRRIGATION_TECHNIQUE = "irrigation_technique"
    PEST_CONTROL = "pest_control"
    SUPPORT = "support"
    PASTURE_GRAZING_PLANS = "pasture_grazing_plans"
    LAND_USE_PLANS = "land_use_plans"
    RESTRICTIONS = "restrictions"
    EMERGENCY_ACTION = "emergency_action"
    SALINITY_MANAGEMENT = "salinity_management"


class Action(Strict):
    """One proposal. Family, who and when are missing in documents of before only."""

    do: LocalText
    """What is proposed."""
    family: Family | None = None
    who: LocalText | None = None
    """Who is proposed to do it."""
    within_days: Count | None = Field(default=None, ge=1, le=366)
    """By when, counted from the day the alert is issued."""
    land_uses: LandUses = Field(default=frozenset(LandUse), min_length=1)
    """The land it is proposed for."""
    salt_affected: bool | None = None
    """True: on salt-affected land only; False: on other land only; None: on both."""

    @model_validator(mode="before")
    @classmethod
    def _bare_text(cls, value: object, info: ValidationInfo) -> object:
        """Read the bare text that an action was until plans named family, who and when."""
        if not isinstance(value, dict) or "do" in value or "en" not in value:
            return value
        if info.context is not STORED:
            raise ValueError(
                "expected {do: …, family: …, who: …, within_days: …}, got a bare text; put it under "
                "'do' and say of which family it is, who would do it and by when"
            )
        return {"do": value}

    @model_serializer(mode="wrap")
    def _as_written(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = write(self)
        # A stored document keeps its fingerprint.
        return dict(written["do"]) if written.keys() == {"do"} else written

    @model_validator(mode="after")
    def _says_who_and_when(self, info: ValidationInfo) -> Self:
        lacking = [name for name in ("family", "who", "within_days") if getattr(self, name) is None]
        if lacking and info.context is not STORED:
            raise ValueError(
                f"expected do, family, who and within_days, got no {', '.join(lacking)}; a "
                "committee asks what, who and by when"
            )
        return self

    def applies_to(self, land_use: LandUse, *, is_salt_affected: bool) -> bool:
        """Return whether it is proposed for this land."""
        return land_use in self.land_uses and self.salt_affected in {None, is_salt_affected}
