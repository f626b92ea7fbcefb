"""Who may issue alerts, and what becomes of those that nobody answers."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from pipeline.plans.rule_document import Count, Strict
from pipeline.plans.texts import LocalText


class Automatic(Strict):
    """The explicit exception: alerts that leave without a person."""

    stages: tuple[str, ...] = Field(min_length=1)
    """Only alerts that lead to one of these stages, and come from none or from one of them."""
    order: str = Field(min_length=1)
    """The order of the competent authority that allows it."""


class AtOnce(Strict):
    """Alerts that do not wait for a reader's working hours. They need an approval like any other."""

    stages: tuple[str, ...] = Field(min_length=1)
    """Only alerts that lead to one of these stages."""
    order: str | None = Field(default=None, min_length=1)
    """The order or protocol that says so; null where it is the desk's own choice."""


class Issuing(Strict):
    """Who may issue, by which order. Nothing leaves without an approval."""

    office: LocalText
    """Who may issue."""
    legal_basis: str | None = None
    """The order that names the office; null where none could be found in public."""
    answer_within_days: Count | None = Field(default=None, ge=1)
    """An approval unanswered for so many days is escalated."""
    escalate_to: LocalText | None = None
    """The office that is told then."""
    expires_after_days: Count | None = Field(default=None, ge=1)
    """An approval unanswered for so many days expires: its messages never leave."""
    automatic: Automatic | None = None
    """Alerts that leave without a person, where an order allows it; null: none does."""
    at_once: AtOnce | None = None
    """Alerts that may come to a reader at night and on a day of rest; null: none does."""

    def is_at_once(self, stage: str) -> bool:
        """Return whether an alert that leads to `stage` waits for nobody's working hours."""
        return self.at_once is not None and stage in self.at_once.stages

    @model_validator(mode="after")
    def _escalates_before_it_expires(self) -> Self:
        if self.escalate_to is not None and self.answer_within_days is None:
            raise ValueError(
                "escalate_to needs answer_within_days: after how many days is it told?"
            )
        first, last = self.answer_within_days, self.expires_after_days
        if first is not None and last is not None and last <= first:
            raise ValueError(
                f"expires_after_days: expected more than answer_within_days ({first}), got {last}: "
                "nobody could answer after being reminded"
            )
        return self
