"""Whether a series of yearly values holds a step: the standard normal homogeneity test.

Alexandersson (1986), for one step of the mean in a series of normal values of unknown mean and
spread. It is somewhat too ready to find a step in the first or last few years of a series.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.core.panels import Floats

CRITICAL_95: dict[int, float] = {
    10: 5.637, 12: 6.068, 14: 6.402, 16: 6.674, 18: 6.899, 20: 7.089, 22: 7.257, 24: 7.400,
    26: 7.529, 28: 7.643, 30: 7.747, 32: 7.841, 34: 7.930, 36: 8.009, 38: 8.081, 40: 8.151,
    42: 8.214, 44: 8.273, 46: 8.331, 48: 8.382, 50: 8.432, 60: 8.647, 70: 8.814, 80: 8.951,
    90: 9.067, 100: 9.167, 120: 9.330, 150: 9.519,
}  # fmt: skip
"""Number of values to the statistic that one series in twenty without a step exceeds: Khaliq and
Ouarda (2007), from a million simulations each."""

MIN_VALUES = min(CRITICAL_95)
"""Shorter series are not in the table, and hold too little to tell a step."""


@dataclass(frozen=True, slots=True)
class Step:
    """The strongest step of a series, whether it is significant or not."""

    position: int
    """Index of the first value after it."""
    statistic: float
    critical: float

    @property
    def is_significant(self) -> bool:
        """Whether fewer than one series in twenty without a step shows as much."""
        return self.statistic > self.critical


def strongest_step(values: Floats) -> Step | None:
    """Return where the mean of `values` changes most.

    With z the values standardised by their mean and sample standard deviation, the statistic of a
    step after the k-th of n values is k mean(z[:k])² + (n - k) mean(z[k:])²; the largest counts.

    Args:
        values: in order of time, none of them NaN.

    Returns:
        None where there are fewer than ten values, or all are the same.
    """
    count = len(values)
    if count < MIN_VALUES or np.ptp(values) == 0.0:
        return None
    standardised = (values - values.mean()) / values.std(ddof=1)
    sums = standardised.cumsum()[:-1]
    before = np.arange(1, count)
    # The standardised values add up to 0, so those after sum to less the sum of those before.
    statistics = sums**2 / before + sums**2 / (count - before)
    position = int(statistics.argmax()) + 1
    return Step(position, float(statistics[position - 1]), critical_95(count))


def critical_95(count: int) -> float:
    """Return the critical value for `count` values, linear between those of the table.

    Beyond 150 values that of 150 is used: it grows by 0.05 from there to 160.
    """
    return float(np.interp(count, list(CRITICAL_95), list(CRITICAL_95.values())))
