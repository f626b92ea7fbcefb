"""Fitting an index to its calibration period: once, so that history does not shift.

What is returned is all that is needed to judge a month later; it is stored with a version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from pipeline.core.calibration import MIN_VALID_YEARS, CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.ids import IndexCode, IndexFamily
from pipeline.core.months import Month
from pipeline.core.panels import Floats, Panel
from pipeline.indices import fits, windows
from pipeline.indices.blocks import in_blocks
from pipeline.indices.drivers import Drivers

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

DISTRIBUTIONS = {
    IndexFamily.SPI: "gamma",
    IndexFamily.SPEI: "loglogistic",
    IndexFamily.PERCENT_OF_NORMAL: "normal_total",
    IndexFamily.SMRI: "gamma",
    IndexFamily.SWEI: "gamma",
    IndexFamily.SMA: "normal",
}
PARAMETERS = {family: fits.PARAMETERS[name] for family, name in DISTRIBUTIONS.items()}


@dataclass(frozen=True, slots=True)
class Limits:
    """Where an index stops being able to tell a drought. `docs/method.md` argues each."""

    rainless_below_mm: float = 1.0
    """A smaller total is rainless: it holds not one wet day (of 1 mm or more, as WMO counts)."""

    rainless_share: float = 0.3173
    """SPI is blind above this share of rainless years, 2Φ(-1): there even no rain at all
    scores above -1, where the mildest stage begins. The same holds for SMRI and SWEI."""

    smallest_normal_mm_per_month: float = 5.0
    """Percent of normal is blind below this: an average day evaporates as much."""


@dataclass(frozen=True)
class Calibration:
    """One index fitted to one period, for many places side by side.

    `parameters` names arrays with dims ``(calendar_month, place)``, those of `PARAMETERS`: what
    is fitted is NaN where it could not be (too few years, or the index is blind there), and
    beside it stands the limit that applied. See `fits` for what each means.
    """

    index: IndexCode
    period: CalibrationPeriod
    distribution: str
    parameters: Mapping[str, Floats]
    probability_of_zero: Floats
    """Share of rainless (or snowless) years, dims ``(calendar_month, place)``. Known for a gamma
    distribution only: what the others are fitted to has no heap at zero, and it is NaN."""
    n_years: Counts
    """Valid totals inside the period, dims ``(calendar_month, place)``; all 0 where the record
    does not hold the whole period, and outside the season of the index."""

    @property
    def places(self) -> int:
        """How many landscapes or cells stand side by side."""
        return int(self.n_years.shape[1])

    @property
    def exists(self) -> Mask:
        """The calendar months in which there is such an index, dims ``(calendar_month, 1)``."""
        return np.array([[self.index.months_back(month) > 0] for month in range(1, 13)])

    @property
    def has_enough_years(self) -> Mask:
        return self.n_years >= MIN_VALID_YEARS

    @property
    def is_short(self) -> Mask:
        """There is such an index in this calendar month, and too few years to fit it to."""
        return self.exists & ~self.has_enough_years

    @property
    def is_blind(self) -> Mask:
        """Enough years, and yet the index cannot tell drought in this calendar month."""
        if self.index.family is IndexFamily.PERCENT_OF_NORMAL:
            small = self.parameters["normal_mm"] < self.parameters["smallest_normal_mm"]
            return self.has_enough_years & small
        first = PARAMETERS[self.index.family][0]
        return self.has_enough_years & np.isnan(self.parameters[first])

    def part(self, places: slice) -> Calibration:
        """Return the calibration of some of the places: views, no copies."""
        return replace(
            self,
            parameters={name: values[:, places] for name, values in self.parameters.items()},
            probability_of_zero=self.probability_of_zero[:, places],
            n_years=self.n_years[:, places],
        )


def joined(parts: Sequence[Calibration]) -> Calibration:
    """Return the calibrations of many places as one, the places in the order of the parts.

    Raises:
        InputError: there are no parts, or they are of different indices or periods.
    """
    kinds = {(part.index, part.period, part.distribution) for part in parts}
    if len(kinds) != 1:
        raise InputError(
            f"calibration: expected parts of one index and period, got {len(kinds)} kinds; "
            f"join only what was calibrated alike"
        )
    names = parts[0].parameters
    return replace(
        parts[0],
        parameters={
            name: np.concatenate([part.parameters[name] for part in parts], axis=1)
            for name in names
        },
        probability_of_zero=np.concatenate([part.probability_of_zero for part in parts], axis=1),
        n_years=np.concatenate([part.n_years for part in parts], axis=1),
    )


def calibrate(
    index: IndexCode,
    drivers: Drivers,
    period: CalibrationPeriod,
    limits: Limits | None = None,
) -> Calibration:
    """Fit `index` to the years of `period`.

    Args:
        index: the index and its window.
        drivers: the record. Where it lacks what the index adds up, nothing is fitted.
        period: years the record must hold from January to December, or nothing is fitted
            and every value will be `calibration_short`.
        limits: where the index is blind; None means the documented ones.

    Method: SPI is McKee et al. (1993) with a gamma distribution by Thom's approximation, zeros
    at the centre of their mass (Stagge et al. 2015); SPEI is Vicente-Serrano et al. (2010) with
    a log-logistic by unbiased probability-weighted moments (Beguería et al. 2014); SMRI is
    Staudinger et al. (2014), fitted as SPI is, and so is SWEI.
    """
    applied = Limits() if limits is None else limits
    monthly = _monthly(index, drivers, period)
    if monthly is None or drivers.places == 0:
        return nothing_fitted(index, period, drivers.places)
    parts = [_fitted(index, period, part, applied) for part in in_blocks(monthly)]
    return parts[0] if len(parts) == 1 else joined(parts)


def _monthly(index: IndexCode, drivers: Drivers, period: CalibrationPeriod) -> Panel | None:
    """Return what is added up in the period and the window before; None where it is not held."""
    first = drivers.precipitation_mm.position(Month(period.first_year, 1))
    last = drivers.precipitation_mm.position(Month(period.last_year, 12))
    if first < 0 or last >= drivers.months:
        return None
    start = max(0, first - index.longest_window_months + 1)
    return drivers.monthly(index.family, slice(start, last + 1))


def _fitted(
    index: IndexCode, period: CalibrationPeriod, monthly: Panel, limits: Limits
) -> Calibration:
    years = period.last_year - period.first_year + 1
    totals = windows.window_totals(monthly, index, years * windows.CALENDAR_MONTHS)
    n_years = np.count_nonzero(totals.gaps == 0, axis=0).astype(np.int64)
    distribution = DISTRIBUTIONS[index.family]
    share = np.full(n_years.shape, np.nan)
    if distribution == "gamma":
        fits.set_rainless_to_zero(totals.values, limits.rainless_below_mm)
        share = fits.share_of_zeros(totals.values, n_years)
    found = _parameters(index, totals.values, n_years, share, limits)
    parameters = dict(zip(PARAMETERS[index.family], found, strict=True))
    return Calibration(index, period, distribution, parameters, share, n_years)


def _parameters(
    index: IndexCode, sample: Floats, n_years: Counts, share: Floats, limits: Limits
) -> tuple[Floats, ...]:
    enough = n_years >= MIN_VALID_YEARS
    match DISTRIBUTIONS[index.family]:
        case "gamma":
            alpha, beta = fits.gamma(sample, enough & (share <= limits.rainless_share))
            return alpha, beta, np.full(share.shape, limits.rainless_below_mm)
        case "loglogistic":
            return fits.loglogistic(sample, enough)
        case "normal":
            return fits.normal(sample, enough)
        case _:
            smallest = limits.smallest_normal_mm_per_month * index.longest_window_months
            return fits.normal_total(sample, enough), np.full(share.shape, smallest)


def nothing_fitted(index: IndexCode, period: CalibrationPeriod, places: int) -> Calibration:
    """Return the calibration of `places` of which nothing is known."""
    shape = (windows.CALENDAR_MONTHS, places)
    return Calibration(
        index,
        period,
        DISTRIBUTIONS[index.family],
        {name: np.full(shape, np.nan) for name in PARAMETERS[index.family]},
        np.full(shape, np.nan),
        np.zeros(shape, np.int64),
    )
