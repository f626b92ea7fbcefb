"""Capitals by the rules of a language: Turkish keeps the dot of its i."""

from __future__ import annotations

_DOTTED = str.maketrans({"i": "İ"})
_WITH_DOTTED_I = frozenset({"tr"})


def capitals(text: str, language: str) -> str:
    """Return `text` in capitals."""
    return (text.translate(_DOTTED) if language in _WITH_DOTTED_I else text).upper()


def capitalised(text: str, language: str) -> str:
    """Return `text` with a capital at its beginning."""
    return capitals(text[:1], language) + text[1:]
