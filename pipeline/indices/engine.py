"""The one door to climate-indices: fits, scores and FAO-56 formulae as plain array functions.

The library configures the logging of the whole process when it is imported and logs every
call; here it is imported with that undone, and only its errors are let through. It reports
a poor fit as a warning or as NaN; here a column without a usable fit is named beforehand
(`fitted`) and comes back as NaN, and no other NaN is made.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt
import structlog

from pipeline.core.panels import Floats

Mask = npt.NDArray[np.bool_]

CLIP = 3.09
"""Scores are cut at ±3.09 (1 in 1,000): some thirty years say nothing beyond."""

LANDSCAPES_PER_CALL = 500
"""The engine holds about 85 kB a landscape while it fits, and is fastest at 200 to 1,000."""


@contextlib.contextmanager
def _logging_left_alone() -> Iterator[None]:
    """Restore the process's logging after the body has reconfigured it."""
    root = logging.getLogger()
    handlers, level, configuration = root.handlers, root.level, structlog.get_config()
    was_configured = structlog.is_configured()
    try:
        yield
    finally:
        root.handlers = handlers
        root.setLevel(level)
        structlog.reset_defaults()
        if was_configured:
            structlog.configure(**configuration)


with _logging_left_alone():
    from climate_indices import compute, pm_eto
    from climate_indices.exceptions import (
        CalibrationPeriodClampedWarning,
        ClimateIndicesWarning,
    )

    logging.getLogger("climate_indices").setLevel(logging.ERROR)
    # Bound while the library's own configuration is in force, its logger stays with the
    # standard library's logging, whose level was set above.
    compute._logger.bind()  # noqa: SLF001 - the library offers no way to silence its info lines

_MONTHLY = compute.Periodicity.monthly
_CALLING = threading.Lock()  # warning filters belong to the process, not to a thread

saturation_vapour_pressure_kpa = pm_eto.saturation_vapor_pressure
mean_saturation_vapour_pressure_kpa = pm_eto.mean_saturation_vapor_pressure
vapour_pressure_slope_kpa_c = pm_eto.vapor_pressure_slope
pressure_kpa = pm_eto.atmospheric_pressure
psychrometric_constant_kpa_c = pm_eto.psychrometric_constant
extraterrestrial_radiation_mj_m2_day = pm_eto.extraterrestrial_radiation
clear_sky_radiation_mj_m2_day = pm_eto.clear_sky_solar_radiation
net_radiation_mj_m2_day = pm_eto.net_radiation
wind_speed_2m_m_s = pm_eto.wind_speed_2m
penman_monteith_mm_day = pm_eto.pm_eto


@contextlib.contextmanager
def _engine_rules() -> Iterator[None]:
    """Our rules replace the engine's advice; another calibration period is an error.

    The engine's compiled kernels run only where floating-point faults are ignored and no
    filter turns them into errors, hence the fresh filters.
    """
    with _CALLING, np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("ignore", ClimateIndicesWarning)
        warnings.simplefilter("error", CalibrationPeriodClampedWarning)
        yield


def _blocks(landscapes: int) -> Iterator[slice]:
    return (
        slice(first, min(first + LANDSCAPES_PER_CALL, landscapes))
        for first in range(0, landscapes, LANDSCAPES_PER_CALL)
    )


def _fit(
    method: Callable[..., tuple[Floats, ...]], count: int, sample: Floats, fitted: Mask
) -> tuple[Floats, ...]:
    """Fit each column where `fitted`; NaN elsewhere.

    Columns that are not to be fitted are given a harmless ramp: one that cannot be fitted
    would turn off the engine's compiled kernel for all of its block.
    """
    years, _, landscapes = sample.shape
    ramp = np.arange(1.0, years + 1.0)[:, None, None]
    parameters = tuple(np.full(fitted.shape, np.nan) for _ in range(count))
    with _engine_rules():
        for block in _blocks(landscapes):
            usable = np.ascontiguousarray(np.where(fitted[:, block], sample[..., block], ramp))
            for whole, part in zip(parameters, method(usable, 1, 1, years, _MONTHLY), strict=True):
                whole[:, block] = np.where(fitted[:, block], part, np.nan)
    return parameters


def gamma_parameters(sample_mm: Floats, fitted: Mask) -> tuple[Floats, Floats]:
    """Return alpha (shape) and beta (scale, mm) of the positive totals, fitted by Thom (1958).

    Args:
        sample_mm: dims ``(year, calendar_month, landscape)``, the years of the calibration
            period; NaN where missing.
        fitted: dims ``(calendar_month, landscape)``; where False the parameters are NaN.
            Where True at least two different positive totals must be there.
    """
    alpha, beta = _fit(compute.gamma_parameters, 2, sample_mm, fitted)
    return alpha, beta


def loglogistic_parameters(sample_mm: Floats, fitted: Mask) -> tuple[Floats, Floats, Floats]:
    """Return location (mm), scale (mm) and shape of a log-logistic fit by L-moments.

    The three-parameter form is Hosking's generalized logistic, fitted by unbiased
    probability-weighted moments. Arguments as in `gamma_parameters`. A sample that has no
    such distribution gets NaN.
    """
    loc, scale, shape = _fit(compute.loglogistic_parameters, 3, sample_mm, fitted)
    exists = (scale > 0.0) & (np.abs(shape) < 1.0) & np.isfinite(loc)
    return (
        np.where(exists, loc, np.nan),
        np.where(exists, scale, np.nan),
        np.where(exists, shape, np.nan),
    )


def _scores(
    method: Callable[..., Floats], totals_mm: Floats, parameters: tuple[Floats, ...]
) -> Floats:
    """Score each total by its column's parameters; NaN where either is missing."""
    fitted = np.all([np.isfinite(parameter) for parameter in parameters], axis=0)
    stand_ins = tuple(np.where(fitted, parameter, 0.5) for parameter in parameters)
    scores = np.full(totals_mm.shape, np.nan)
    with _engine_rules():
        for block in _blocks(totals_mm.shape[2]):
            part = np.ascontiguousarray(totals_mm[..., block])
            given = tuple(np.ascontiguousarray(parameter[:, block]) for parameter in stand_ins)
            scores[..., block] = method(part, given)
    return np.where(fitted, np.clip(scores, -CLIP, CLIP), np.nan)


def gamma_scores(
    totals_mm: Floats, alpha: Floats, beta: Floats, probability_of_zero: Floats
) -> Floats:
    """Return SPI values; a total of 0 is placed at half the probability of zero.

    Args:
        totals_mm: dims ``(year, calendar_month, landscape)``; NaN where missing.
        alpha: dims ``(calendar_month, landscape)``, as `beta` and `probability_of_zero`.
        beta: in mm.
        probability_of_zero: share of rainless years, below 1.
    """

    def transform(totals: Floats, given: tuple[Floats, ...]) -> Floats:
        scored: Floats = compute.transform_fitted_gamma(
            totals, 0, 0, 0, _MONTHLY, *given, zero_handling="center_of_mass"
        )
        return scored

    return _scores(transform, totals_mm, (alpha, beta, probability_of_zero))


def loglogistic_scores(totals_mm: Floats, loc: Floats, scale: Floats, shape: Floats) -> Floats:
    """Return SPEI values of totals of the climatic water balance; dims as in `gamma_scores`."""

    def transform(totals: Floats, given: tuple[Floats, ...]) -> Floats:
        scored: Floats = compute.transform_fitted_loglogistic(totals, 0, 0, 0, _MONTHLY, *given)
        return scored

    return _scores(transform, totals_mm, (loc, scale, shape))
