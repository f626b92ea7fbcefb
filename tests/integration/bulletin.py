"""The bulletin of a test's installation, as its reader has it."""

from __future__ import annotations

from pipeline.core.ids import Country
from pipeline.core.months import Month
from pipeline.delivery.bulletin import bulletin_text
from pipeline.delivery.bulletin.facts import BulletinFacts, Scope
from pipeline.steps.bulletin_facts import bulletin_facts
from pipeline.steps.installation import Installation


def facts_of(
    installation: Installation, scope: Scope = Country.UZBEKISTAN, month: Month | None = None
) -> BulletinFacts:
    """What there is to say about a month, or the newest."""
    with installation.warehouse.connect() as connection:
        return bulletin_facts(installation, connection, month, scope)


def bulletin(installation: Installation, scope: Scope = Country.UZBEKISTAN) -> str:
    """The English text of the newest month, on one line."""
    return " ".join(bulletin_text(facts_of(installation, scope), "en").split())
