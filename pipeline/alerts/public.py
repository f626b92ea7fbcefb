"""What may be public: real data, thresholds that the country adopted, and an authority to speak for.

The one place of this rule. CAP messages and their feed, the public site and public bulletins ask
it; that a person let out what leaves is asked besides.
"""

from __future__ import annotations

from enum import StrEnum

from pipeline.alerts.facts import AlertFacts
from pipeline.core.ids import Origin
from pipeline.plans.document import Plan


class Withheld(StrEnum):
    """Why something may not be public; the first that applies."""

    NO_DATA = "no_data"
    """Nothing is held yet, so nobody knows whether it is real."""
    SIMULATED = "simulated"
    THRESHOLDS_NOT_ADOPTED = "thresholds_not_adopted"
    """The plan is a template, or a threshold, an exit or a run in it is not the country's own."""
    NO_AUTHORITY = "no_authority"
    """No authority is configured in whose name anything could be said."""
    WORDS_UNCHECKED = "words_unchecked"
    """The plan has, in every language of the site, words that no speaker has checked."""


def withheld_because(plan: Plan, origin: Origin | None, authority: str | None) -> Withheld | None:
    """Return why what follows from `plan` may not be public; None: it may.

    Args:
        plan: of one country; all its rules count, those that never spoke too.
        origin: of the data held; None: there are none.
        authority: the one configured.
    """
    return _first(origin, authority, is_adopted=plan.has_only_adopted_thresholds)


def alert_withheld_because(facts: AlertFacts, authority: str | None) -> Withheld | None:
    """Return why one alert may not be public, by the thresholds it used; None: it may."""
    is_adopted = facts.has_only_adopted_thresholds
    return _first(facts.evidence.inputs.origin, authority, is_adopted=is_adopted)


def _first(origin: Origin | None, authority: str | None, *, is_adopted: bool) -> Withheld | None:
    if origin is None:
        return Withheld.NO_DATA
    if origin is Origin.SIMULATED:
        return Withheld.SIMULATED
    if not is_adopted:
        return Withheld.THRESHOLDS_NOT_ADOPTED
    return Withheld.NO_AUTHORITY if authority is None else None
