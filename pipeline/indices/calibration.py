"""Fitting an index to its calibration period: once, so that history does not shift.

What is returned is all that is needed to judge a month later; it is stored with a version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.core.calibration import MIN_VALID_YEARS, CalibrationPeriod
from pipeline.core.ids import IndexCode, IndexFamily
from pipeline.core.panels import Floats, Panel
from pipeline.indices import engine, windows

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

DISTRIBUTIONS = {
    IndexFamily.SPI: "gamma",
    IndexFamily.SPEI: "loglogistic",
    IndexFamily.PERCENT_OF_NORMAL: "normal_total",
}
PARAMETERS = {
    IndexFamily.SPI: ("alpha", "beta", "rainless_below_mm"),
    IndexFamily.SPEI: ("loc", "scale", "shape"),
    IndexFamily.PERCENT_OF_NORMAL: ("normal_mm", "smallest_normal_mm"),
}
LEAST_SPREAD = 1e-6
"""Range of a sample, relative to its largest value, below which it is constant: grids come in
single precision, which tells apart no less than 6e-8."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Where an index stops being able to tell a drought. `docs/method.md` argues each."""

    rainless_below_mm: float = 1.0
    """A smaller total is rainless: it holds not one wet day (of 1 mm or more, as WMO counts)."""

    rainless_share: float = 0.3173
    """SPI is blind above this share of rainless years, 2Φ(-1): there even no rain at all
    scores above -1, where the mildest stage begins."""

    smallest_normal_mm_per_month: float = 5.0
    """Percent of normal is blind below this: an average day evaporates as much."""


@dataclass(frozen=True)
class Calibration:
    """One index fitted to one period, for many landscapes side by side.

    `parameters` names arrays with dims ``(calendar_month, landscape)``. SPI: ``alpha``,
    ``beta`` (mm) and ``rainless_below_mm``. SPEI: ``loc``, ``scale`` (mm of rain less PET)
    and ``shape``. Percent of normal: ``normal_mm`` and ``smallest_normal_mm``. What is fitted
    is NaN where it could not be: too few years, or (with enough) the index is blind there.
    """

    index: IndexCode
    period: CalibrationPeriod
    distribution: str
    parameters: Mapping[str, Floats]
    probability_of_zero: Floats
    """Share of rainless years, dims ``(calendar_month, landscape)``. Known for SPI only: NaN
    for SPEI, whose water balance has no heap at zero, and for percent of normal."""
    n_years: Counts
    """Valid totals inside the period, dims ``(calendar_month, landscape)``; all 0 where the
    record does not hold the whole period."""

    @property
    def has_enough_years(self) -> Mask:
        return self.n_years >= MIN_VALID_YEARS

    @property
    def is_blind(self) -> Mask:
        """Enough years, and yet the index cannot tell drought in this calendar month."""
        if self.index.family is IndexFamily.PERCENT_OF_NORMAL:
            small = self.parameters["normal_mm"] < self.parameters["smallest_normal_mm"]
            return self.has_enough_years & small
        first = PARAMETERS[self.index.family][0]
        return self.has_enough_years & np.isnan(self.parameters[first])


def calibrate(
    index: IndexCode,
    precipitation_mm: Panel,
    pet_mm: Panel,
    period: CalibrationPeriod,
    limits: Limits | None = None,
) -> Calibration:
    """Fit `index` to the years of `period`.

    Args:
        index: the index and its scale.
        precipitation_mm: the record, dims ``(month, landscape)``, mm a month.
        pet_mm: as the precipitation; used by SPEI only.
        period: years the record must hold from January to December, or nothing is fitted
            and every value will be `calibration_short`.
        limits: where the index is blind; None means the documented ones.

    Raises:
        InputError: rain is negative or infinite, or PET does not match it.

    Method: SPI is McKee et al. (1993) with a gamma distribution by Thom's approximation, zeros
    at the centre of their mass (Stagge et al. 2015); SPEI is Vicente-Serrano et al. (2010) with
    a log-logistic by unbiased probability-weighted moments (Beguería et al. 2014).
    """
    monthly = windows.monthly_quantity_mm(index.family, precipitation_mm, pet_mm)
    totals = windows.window_totals(monthly, index.scale_months)
    sample = windows.calibration_sample(totals, period)
    n_years = np.isfinite(sample).sum(axis=0, dtype=np.int64)
    fit = {
        IndexFamily.SPI: _gamma,
        IndexFamily.SPEI: _loglogistic,
        IndexFamily.PERCENT_OF_NORMAL: _normal_total,
    }[index.family]
    parameters, probability_of_zero = fit(
        sample, n_years, index.scale_months, Limits() if limits is None else limits
    )
    return Calibration(
        index,
        period,
        DISTRIBUTIONS[index.family],
        dict(zip(PARAMETERS[index.family], parameters, strict=True)),
        probability_of_zero,
        n_years,
    )


def without_rainless(totals_mm: Floats, rainless_below_mm: Floats | float) -> Floats:
    """Return the totals with every rainless one as exactly 0."""
    return np.where(totals_mm < rainless_below_mm, 0.0, totals_mm)


def _gamma(
    sample: Floats, n_years: Counts, scale_months: int, limits: Limits
) -> tuple[tuple[Floats, ...], Floats]:
    rain = without_rainless(sample, limits.rainless_below_mm)
    rainless = (rain == 0.0).sum(axis=0)
    share = np.where(n_years > 0, rainless / np.maximum(n_years, 1), np.nan)
    fitted = (
        (n_years >= MIN_VALID_YEARS)
        & (share <= limits.rainless_share)
        & _varies(np.where(rain > 0.0, rain, np.nan))
    )
    alpha, beta = engine.gamma_parameters(rain, fitted)
    return (alpha, beta, np.full(share.shape, limits.rainless_below_mm)), share


def _loglogistic(
    sample: Floats, n_years: Counts, scale_months: int, limits: Limits
) -> tuple[tuple[Floats, ...], Floats]:
    fitted = (n_years >= MIN_VALID_YEARS) & _varies(sample)
    return engine.loglogistic_parameters(sample, fitted), np.full(n_years.shape, np.nan)


def _normal_total(
    sample: Floats, n_years: Counts, scale_months: int, limits: Limits
) -> tuple[tuple[Floats, ...], Floats]:
    total = np.nansum(sample, axis=0)
    enough = n_years >= MIN_VALID_YEARS
    normal = np.where(enough, total / np.maximum(n_years, 1), np.nan)
    smallest = np.full(n_years.shape, limits.smallest_normal_mm_per_month * scale_months)
    return (normal, smallest), np.full(n_years.shape, np.nan)


def _varies(sample: Floats) -> Mask:
    """Whether each column holds two values that differ by more than rounding."""
    known = np.isfinite(sample)
    highest = np.max(sample, axis=0, where=known, initial=-np.inf)
    lowest = np.min(sample, axis=0, where=known, initial=np.inf)
    largest = np.maximum(np.abs(highest), np.abs(lowest))
    some = known.any(axis=0)
    spread = np.where(some, highest, 0.0) - np.where(some, lowest, 0.0)
    return spread > LEAST_SPREAD * np.where(some, largest, 0.0)
