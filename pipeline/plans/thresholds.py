"""The pair of thresholds of a rule: when a value argues for a stage, and when against it.

Of an index or an indicator less is drier; of a share of the area at which an index is low, more.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """One to enter and one to leave. Equal ones have no dead band: a value on them is dry.

    >>> on_index = Thresholds(-1.0, 0.0)
    >>> on_index.argues_for(-1.0), on_index.argues_against(-0.5), on_index.argues_against(0.0)
    (True, False, True)
    >>> Thresholds(0.5, 0.3, is_more_drier=True).argues_for(0.62)
    True
    """

    enter_at: float
    exit_at: float
    is_more_drier: bool = False
    """As of a share of the area."""

    @property
    def has_dead_band(self) -> bool:
        return self.enter_at != self.exit_at

    @property
    def do_cross(self) -> bool:
        """Whether the exit lies on the dry side of the threshold to enter."""
        return self.has_dead_band and self.argues_for(self.exit_at)

    def argues_for(self, value: float) -> bool:
        return value >= self.enter_at if self.is_more_drier else value <= self.enter_at

    def argues_against(self, value: float) -> bool:
        if not self.has_dead_band:
            return not self.argues_for(value)
        return value <= self.exit_at if self.is_more_drier else value >= self.exit_at
