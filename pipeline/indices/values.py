"""Index values of months, judged by a stored calibration: all of history, or the newest months."""

from __future__ import annotations

import numpy as np

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month
from pipeline.core.panels import Floats, GapCodes, Panel, gap_code
from pipeline.indices import engine, fits, windows
from pipeline.indices.blocks import blocks, in_blocks
from pipeline.indices.calibration import Calibration
from pipeline.indices.drivers import Drivers

PERCENT = 100.0


def index_values(calibration: Calibration, drivers: Drivers, *, newest: int | None = None) -> Panel:
    """Return the index for every month of the drivers, or for the `newest` alone.

    SPI, SPEI, SMRI, SWEI and SMA are unitless and cut at ±3.09; percent of normal is in percent.
    The newest months are computed from them and the months their windows hold, and equal those
    of all of history to the last bit; so do those of a record that begins with their windows.

    The first of these that is true names the gap: the index does not exist in this calendar
    month, or is blind in it (`not_applicable`: it would say nothing whatever the data were); the
    drivers lack what it adds up (`not_published`); the window reaches before the record
    (`short_history`); a month in it is missing (the gap of the newest such month, of rain before
    PET); the calibration has too few years (`calibration_short`).

    Args:
        calibration: from `calibrate`, for the same places in the same order.
        drivers: the record.
        newest: how many months to return, the last of the record; None: all.

    Raises:
        InputError: other places than calibrated, or more months than there are.
    """
    index = calibration.index
    months = _months(calibration, drivers, newest)
    first_month = drivers.precipitation_mm.first_month + (drivers.months - months)
    start = max(0, drivers.months - months - index.longest_window_months + 1)
    monthly = drivers.monthly(index.family, slice(start, None))
    if monthly is None or drivers.places == 0:
        return _unpublished(index, first_month, months, drivers.places)
    parts = [
        _values(calibration.part(places), part, months)
        for places, part in zip(blocks(drivers.places), in_blocks(monthly), strict=True)
    ]
    if len(parts) == 1:
        return Panel(first_month, *parts[0])
    values, gaps = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
    return Panel(first_month, values, gaps)


def _months(calibration: Calibration, drivers: Drivers, newest: int | None) -> int:
    if calibration.places != drivers.places:
        raise InputError(
            f"{calibration.index}: expected the {calibration.places} places of the calibration, "
            f"got {drivers.places}; calibrate the missing ones"
        )
    months = drivers.months if newest is None else newest
    if not 1 <= months <= drivers.months:
        raise InputError(
            f"{calibration.index}: expected 1 to {drivers.months} newest months, as many as the "
            f"record has, got {months}"
        )
    return months


def _unpublished(index: IndexCode, first_month: Month, months: int, places: int) -> Panel:
    gaps = np.full((months, places), gap_code(Gap.NOT_PUBLISHED), np.uint8)
    for row in range(months):
        if index.months_back((first_month + row).month) == 0:
            gaps[row] = gap_code(Gap.NOT_APPLICABLE)
    return Panel(first_month, np.full(gaps.shape, np.nan), gaps)


def _values(calibration: Calibration, monthly: Panel, months: int) -> tuple[Floats, GapCodes]:
    """Return values and gaps of the last `months` of the panel, dims ``(month, place)``."""
    totals = windows.window_totals(monthly, calibration.index, months)
    scores = _scores(calibration, totals)
    unfitted = _unfitted(calibration)[totals.calendar_months]
    if unfitted.any():
        np.copyto(scores, np.nan, where=unfitted != 0)
        is_silent = unfitted == gap_code(Gap.NOT_APPLICABLE)
        np.copyto(totals.gaps, unfitted, where=(totals.gaps == 0) | is_silent)
    values, gaps = totals.by_month(scores), totals.by_month(totals.gaps)
    if np.count_nonzero(np.isnan(values)) != np.count_nonzero(gaps):
        raise ArithmeticError(
            f"{calibration.index}: the engine gave no number for a total and a fit that are both "
            f"known; this is a defect of the program, not of the data"
        )
    return values, gaps


def _unfitted(calibration: Calibration) -> GapCodes:
    """Return why a calendar month of a place has no values, dims ``(calendar_month, place)``."""
    codes = np.zeros(calibration.n_years.shape, np.uint8)
    codes[calibration.is_short] = gap_code(Gap.CALIBRATION_SHORT)
    codes[calibration.is_blind] = gap_code(Gap.NOT_APPLICABLE)
    return codes


def _scores(calibration: Calibration, totals: windows.Folded) -> Floats:
    """Score totals, folded as they are; NaN stays NaN. A gamma's are made rainless in place."""
    at = totals.calendar_months
    given = {name: values[at] for name, values in calibration.parameters.items()}
    if calibration.distribution == "gamma":
        fits.set_rainless_to_zero(totals.values, given["rainless_below_mm"])
        share = calibration.probability_of_zero[at]
        return engine.gamma_scores(totals.values, given["alpha"], given["beta"], share)
    if calibration.distribution == "loglogistic":
        return engine.loglogistic_scores(
            totals.values, given["loc"], given["scale"], given["shape"]
        )
    if calibration.distribution == "normal":
        return engine.cut((totals.values - given["mean_m3_m3"]) / given["deviation_m3_m3"])
    normal_mm = np.where(given["normal_mm"] > 0.0, given["normal_mm"], np.nan)
    shares: Floats = totals.values * PERCENT / normal_mm
    return shares
