"""The distributions that indices are judged by, each fitted to many columns at once.

A sample has dims ``(year, calendar_month, place)``, NaN where missing. Its columns do not know
of each other. Parameters have dims ``(calendar_month, place)``, NaN where `enough` is False or
the sample cannot tell more from less.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipeline.core.panels import Floats
from pipeline.indices import engine

Mask = npt.NDArray[np.bool_]

PARAMETERS = {
    "gamma": ("alpha", "beta", "rainless_below_mm"),
    "loglogistic": ("loc", "scale", "shape"),
    "normal": ("mean_m3_m3", "deviation_m3_m3"),
    "normal_total": ("normal_mm", "smallest_normal_mm"),
}
LEAST_SPREAD = 1e-6
"""Range of a sample, relative to its largest value, below which it is constant: grids come in
single precision, which tells apart no less than 6e-8."""


def set_rainless_to_zero(totals_mm: Floats, rainless_below_mm: Floats | float) -> None:
    """Make every rainless total exactly 0, in place."""
    np.copyto(totals_mm, 0.0, where=totals_mm < rainless_below_mm)


def share_of_zeros(sample_mm: Floats, n_years: npt.NDArray[np.int64]) -> Floats:
    """Return the share of valid years whose total is 0; NaN without a year."""
    zeros = np.count_nonzero(sample_mm == 0.0, axis=0)
    return np.where(n_years > 0, zeros / np.maximum(n_years, 1), np.nan)


def gamma(sample_mm: Floats, enough: Mask) -> tuple[Floats, Floats]:
    """Return shape and scale (mm) of the totals above 0."""
    # Totals are not negative: one that is not above 0 is 0, and leaves the smallest alone.
    highest = np.fmax.reduce(sample_mm, axis=0)
    lowest = np.fmin.reduce(np.where(sample_mm > 0.0, sample_mm, np.inf), axis=0)
    return engine.gamma_parameters(sample_mm, enough & _differ(lowest, highest))


def loglogistic(sample_mm: Floats, enough: Mask) -> tuple[Floats, Floats, Floats]:
    """Return location, scale (both mm) and shape."""
    return engine.loglogistic_parameters(sample_mm, enough & _varies(sample_mm))


def normal(sample: Floats, enough: Mask) -> tuple[Floats, Floats]:
    """Return mean and standard deviation (n - 1 degrees of freedom) in the sample's unit."""
    fitted = enough & _varies(sample)
    mean = _mean(sample)
    squares = np.where(np.isnan(sample), 0.0, (sample - mean) ** 2).sum(axis=0)
    deviation = np.sqrt(squares / np.maximum(_count(sample) - 1, 1))
    return np.where(fitted, mean, np.nan), np.where(fitted, deviation, np.nan)


def normal_total(sample_mm: Floats, enough: Mask) -> Floats:
    """Return the mean total in mm, as readable where it does not vary."""
    return np.where(enough, _mean(sample_mm), np.nan)


def _count(sample: Floats) -> npt.NDArray[np.int64]:
    return np.asarray(np.count_nonzero(~np.isnan(sample), axis=0), np.int64)


def _mean(sample: Floats) -> Floats:
    mean: Floats = np.nansum(sample, axis=0) / np.maximum(_count(sample), 1)
    return mean


def _varies(sample: Floats) -> Mask:
    """Whether each column holds two values that differ by more than rounding."""
    return _differ(np.fmin.reduce(sample, axis=0), np.fmax.reduce(sample, axis=0))


def _differ(lowest: Floats, highest: Floats) -> Mask:
    largest = np.maximum(np.abs(lowest), np.abs(highest))
    with np.errstate(invalid="ignore"):  # of a column without any value: infinity less infinity
        differ: Mask = highest - lowest > LEAST_SPREAD * largest
    return differ
