"""Monthly values of many landscapes side by side, each missing value with its reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.months import Month

Floats = npt.NDArray[np.float64]
GapCodes = npt.NDArray[np.uint8]

GAPS: tuple[Gap | None, ...] = (None, *Gap)
"""Gap codes inside arrays are positions in this tuple; 0 means the value is there."""


def gap_code(gap: Gap | None) -> int:
    """Return the number that stands for `gap` inside an array of gap codes."""
    return GAPS.index(gap)


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity: dims ``(month, landscape)``, months consecutive from `first_month`.

    `values` is NaN exactly where `gaps` is not 0.
    """

    first_month: Month
    values: Floats
    gaps: GapCodes

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape != self.gaps.shape:
            raise InputError(
                f"panel: expected values and gaps of one shape (month, landscape), "
                f"got {self.values.shape} and {self.gaps.shape}"
            )
        if not np.array_equal(np.isnan(self.values), self.gaps != 0):
            raise InputError("panel: expected NaN exactly where there is a gap code; name the gap")

    @property
    def last_month(self) -> Month:
        return self.first_month + (len(self.values) - 1)

    def position(self, month: Month) -> int:
        """Return the row of `month` (it may lie outside the panel)."""
        return month.ordinal - self.first_month.ordinal
