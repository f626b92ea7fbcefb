"""A bulletin in its four forms, from one wording: web page, plain text, PDF, and DOCX to edit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from pipeline.delivery.bulletin.content import BulletinContent
from pipeline.delivery.bulletin.docx import bulletin_docx
from pipeline.delivery.bulletin.facts import BulletinFacts, scope_name
from pipeline.delivery.bulletin.page import as_page
from pipeline.delivery.bulletin.text import as_text
from pipeline.delivery.bulletin.typst import bulletin_pdf
from pipeline.delivery.bulletin.wording import bulletin_content

_FORMS: Mapping[str, Callable[[BulletinContent, datetime], bytes]] = {
    "html": lambda said, made_at: as_page(said).encode(),
    "txt": lambda said, made_at: as_text(said).encode(),
    "pdf": bulletin_pdf,
    "docx": bulletin_docx,
}


def is_issued(facts: BulletinFacts, language: str) -> bool:
    """Whether the bulletin in this language is issued with `facts`, and no working paper."""
    return bulletin_content(facts, language).is_issued


def forms(facts: BulletinFacts, language: str) -> dict[str, bytes]:
    """Return a bulletin in one language by the names of its files; the same for the same facts."""
    said, stem = bulletin_content(facts, language), f"{scope_name(facts.scope)}.{language}"
    return {f"{stem}.{form}": write(said, facts.made_at) for form, write in _FORMS.items()}


def names_of(scope: str, language: str) -> list[str]:
    """Return the names of the files of a bulletin in one language."""
    return [f"{scope.lower()}.{language}.{form}" for form in _FORMS]
