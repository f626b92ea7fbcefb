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
from scipy.special import ndtri

from pipeline.core.panels import Floats

Mask = npt.NDArray[np.bool_]

CLIP = 3.09
"""Scores are cut at ±3.09 (1 in 1,000): some thirty years say nothing beyond."""

COLUMNS_PER_CALL = 12 * 500
"""A column is a calendar month of a place. The engine is fastest at 200 to 1,000 places."""


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


class _Filters:
    """Warning filters of the process while any thread is inside the engine.

    The first thread in sets them, the last one out restores what was there.
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._inside = 0
        self._before = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._changing:
            if self._inside == 0:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.resetwarnings()
                warnings.simplefilter("ignore", ClimateIndicesWarning)
                warnings.simplefilter("error", CalibrationPeriodClampedWarning)
            self._inside += 1

    def __exit__(self, *raised: object) -> None:
        with self._changing:
            self._inside -= 1
            if self._inside == 0:
                self._before.__exit__(None, None, None)


FILTERS = _Filters()


@contextlib.contextmanager
def rules() -> Iterator[None]:
    """Our rules replace the engine's advice; another calibration period is an error.

    The engine's compiled kernels run only where floating-point faults are ignored (a matter of
    the thread) and no filter turns them into errors (a matter of the process).
    """
    with np.errstate(all="ignore"), FILTERS:
        yield


def _fit(
    method: Callable[..., tuple[Floats, ...]], count: int, sample: Floats, fitted: Mask
) -> tuple[Floats, ...]:
    """Fit each column where `fitted`; NaN elsewhere.

    Columns that are not to be fitted are given a harmless ramp: one that cannot be fitted
    would turn off the engine's compiled kernel for all of its block.
    """
    years = len(sample)
    columns, wanted = sample.reshape(years, -1), fitted.reshape(-1)
    parameters = np.full((count, len(wanted)), np.nan)
    with rules():
        for part in _parts(len(wanted)):
            usable, of_part = columns[:, part], wanted[part]
            if not of_part.all():
                ramp = np.arange(1.0, years + 1.0)[:, None]
                usable = np.where(of_part, usable, ramp)
            found = method(_in_twelves(usable), 1, 1, years, _MONTHLY)
            for whole, of_columns in zip(parameters[:, part], found, strict=True):
                np.copyto(whole, of_columns.reshape(-1)[: len(of_part)], where=of_part)
    return tuple(parameters.reshape(count, *fitted.shape))


def gamma_parameters(sample_mm: Floats, fitted: Mask) -> tuple[Floats, Floats]:
    """Return alpha (shape) and beta (scale, mm) of the positive totals, fitted by Thom (1958).

    Args:
        sample_mm: dims ``(year, ...)``, the years of the calibration period, each column apart;
            NaN where missing.
        fitted: dims ``(...)``; where False the parameters are NaN. Where True at least two
            different positive totals must be there.
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
    method: Callable[..., Floats], totals: Floats, parameters: tuple[Floats, ...]
) -> Floats:
    """Score each total by its column's parameters; NaN where either is missing."""
    years = len(totals)
    columns = totals.reshape(years, -1)
    given = [parameter.reshape(1, -1) for parameter in parameters]
    scored = []
    with rules():
        for part in _parts(columns.shape[1]):
            of_part = [_in_twelves(parameter[:, part])[0] for parameter in given]
            result = method(_in_twelves(columns[:, part]), *of_part)
            scored.append(cut(result).reshape(years, -1)[:, : part.stop - part.start])
    scores = scored[0] if len(scored) == 1 else np.concatenate(scored, axis=1)
    return scores.reshape(totals.shape)


def cut(scores: Floats) -> Floats:
    """Cut scores at ±3.09, in place, and return them."""
    return np.clip(scores, -CLIP, CLIP, out=scores)


def _parts(columns: int) -> Iterator[slice]:
    """Yield the columns in parts that the engine takes at once, of one size if there are many."""
    for first in range(0, columns, COLUMNS_PER_CALL):
        yield slice(first, min(first + COLUMNS_PER_CALL, columns))


def _in_twelves(columns: Floats) -> Floats:
    """Return columns as the engine wants them, dims ``(row, 12, place)``.

    It takes each column apart, so any twelve may stand where it expects calendar months. Where
    there are not as many the last is repeated.
    """
    rows, count = columns.shape
    lacking = -count % _MONTHLY.period_length
    if lacking:
        columns = np.concatenate([columns, np.repeat(columns[:, -1:], lacking, axis=1)], axis=1)
    return np.ascontiguousarray(columns).reshape(rows, _MONTHLY.period_length, -1)


def gamma_scores(
    totals_mm: Floats, alpha: Floats, beta: Floats, probability_of_zero: Floats
) -> Floats:
    """Return SPI values; a total of 0 is placed at half the probability of zero.

    Args:
        totals_mm: dims ``(year, ...)``, each column apart; NaN where missing.
        alpha: dims ``(...)``, as `beta` and `probability_of_zero`; NaN: the column has no score.
        beta: in mm.
        probability_of_zero: share of rainless years, below 1.
    """
    fitted = np.isfinite(alpha)
    share = np.where(fitted, probability_of_zero, 0.0)
    # Where no year is rainless there is nothing to place, and the engine need not look for it.
    handling = "center_of_mass" if share.any() else "classic"

    def transform(totals: Floats, *given: Floats) -> Floats:
        scored: Floats = compute.transform_fitted_gamma(
            totals, 0, 0, 0, _MONTHLY, *given, zero_handling=handling
        )
        return scored

    scores = _scores(transform, totals_mm, (alpha, beta, share))
    if not fitted.all():
        scores[:, ~fitted] = np.nan
    return scores


def loglogistic_scores(totals_mm: Floats, loc: Floats, scale: Floats, shape: Floats) -> Floats:
    """Return SPEI values of totals of the climatic water balance; dims as in `gamma_scores`."""

    def transform(totals: Floats, *given: Floats) -> Floats:
        below: Floats = compute.transform_fitted_loglogistic(
            totals, 0, 0, 0, _MONTHLY, *given, output_scale="probability"
        )
        # The engine would ask the same function through scipy.stats, at twice the time.
        scored: Floats = ndtri(below, out=below)
        return scored

    return _scores(transform, totals_mm, (loc, scale, shape))
