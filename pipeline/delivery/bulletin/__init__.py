"""The monthly bulletin of one country or the region: facts, then one wording, then its renderings.

`facts` holds what there is to say, `wording` says it in one language as `content`, and `text` and
`page` lay it out. Stages stand in it as computed, whether or not an alert about them was approved.
"""

from __future__ import annotations

from pipeline.delivery.bulletin.facts import BulletinFacts
from pipeline.delivery.bulletin.page import as_page
from pipeline.delivery.bulletin.text import as_text
from pipeline.delivery.bulletin.wording import bulletin_content, has_unchecked

__all__ = ["bulletin_content", "bulletin_html", "bulletin_text", "has_unchecked"]


def bulletin_text(facts: BulletinFacts, language: str) -> str:
    """Return the bulletin as plain text, 72 columns."""
    return as_text(bulletin_content(facts, language))


def bulletin_html(facts: BulletinFacts, language: str) -> str:
    """Return the bulletin as one HTML file that needs no other."""
    return as_page(bulletin_content(facts, language))
