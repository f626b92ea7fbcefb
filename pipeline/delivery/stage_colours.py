"""The colours of stages on maps, tables and charts: one hue that darkens, told apart by any eye.

A colour never speaks alone: beside it stands the stage's name, or the number of its rank.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """A filled shape and the text on it, as ``#rrggbb``."""

    fill: str
    text: str


NOT_KNOWN = Colour("#d9d9d9", "#1a1a1a")
"""Hatched where a hatch can be drawn."""

_BY_RANK = (
    Colour("#f4f4ee", "#1a1a1a"),
    Colour("#fee391", "#1a1a1a"),
    Colour("#fe9929", "#1a1a1a"),
    Colour("#b8410a", "#ffffff"),
    Colour("#7a2405", "#ffffff"),
    Colour("#451203", "#ffffff"),
)


def colour_of_rank(rank: int) -> Colour:
    """Return the colour of a stage; rank 0 is no stage. The gravest serves all ranks beyond it."""
    return _BY_RANK[min(rank, len(_BY_RANK) - 1)]
