"""Which language stands in where a text is not in the reader's own: names, plans and pages alike."""

from __future__ import annotations

from collections.abc import Iterable

_READS_RUSSIAN = frozenset({"kaa", "kk", "ky", "tg", "tk", "uz"})


def nearest(language: str, there: Iterable[str]) -> str:
    """Return the language, of those that are there, that serves a reader of `language` best.

    Their own; else Russian for readers of a Central Asian language; else English; else the first.
    """
    found = tuple(there)
    wanted = (language, *(["ru"] if language in _READS_RUSSIAN else []), "en")
    return next((one for one in wanted if one in found), found[0])
