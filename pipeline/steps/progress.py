"""How a long step says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Advance = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and how much there is."""


def quietly(what: str, done: int, of: int) -> None:
    """Tell nobody."""
