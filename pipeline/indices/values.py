"""Index values of months, judged by a stored calibration: all of history, or the newest month."""

from __future__ import annotations

import numpy as np

from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexFamily
from pipeline.core.panels import Floats, GapCodes, Panel, gap_code
from pipeline.indices import engine, windows
from pipeline.indices.calibration import Calibration, without_rainless

PERCENT = 100.0


def index_values(calibration: Calibration, precipitation_mm: Panel, pet_mm: Panel) -> Panel:
    """Return the index for every month of the panels.

    SPI and SPEI are unitless and cut at ±3.09; percent of normal is in percent. To get the
    newest months alone, hand in those and the scale - 1 months before: the values are the
    same to the last bit. The first scale - 1 months of whatever is handed in come back as
    `short_history`, so a caller with only a tail keeps the months it asked for.

    The first of these that is true names the gap: the window reaches before the panels
    (`short_history`); a month in it is missing (the gap of the newest such month, of rain
    before PET); the calibration has too few years (`calibration_short`); the index is blind
    in this calendar month (`not_applicable`).

    Args:
        calibration: from `calibrate`, for the same landscapes in the same order.
        precipitation_mm: dims ``(month, landscape)``, mm a month.
        pet_mm: as the precipitation; used by SPEI only.

    Raises:
        InputError: other landscapes than calibrated, negative or infinite rain, or PET that
            does not match it.
    """
    family, scale_months = calibration.index.family, calibration.index.scale_months
    monthly = windows.monthly_quantity_mm(family, precipitation_mm, pet_mm)
    _check_landscapes(calibration, monthly)
    totals = windows.window_totals(monthly, scale_months)
    gaps = _gaps(calibration, totals)
    given = Panel(totals.first_month, np.where(gaps == 0, totals.values, np.nan), gaps)
    scores = windows.by_month(_scores(calibration, windows.by_year(given)), given)
    values = np.where(gaps == 0, scores, np.nan)
    if np.isnan(values[gaps == 0]).any():
        raise ArithmeticError(
            f"{calibration.index}: the engine gave no number for a total and a fit that are both "
            f"known; this is a defect of the program, not of the data"
        )
    return Panel(totals.first_month, values, gaps)


def _gaps(calibration: Calibration, totals: Panel) -> GapCodes:
    column = np.where(
        ~calibration.has_enough_years,
        gap_code(Gap.CALIBRATION_SHORT),
        np.where(calibration.is_blind, gap_code(Gap.NOT_APPLICABLE), 0),
    ).astype(np.uint8)
    of_month = column[windows.calendar_months(totals)]
    return np.where(totals.gaps != 0, totals.gaps, of_month)


def _scores(calibration: Calibration, totals_mm: Floats) -> Floats:
    """Score totals with dims ``(year, calendar_month, landscape)``; NaN stays NaN."""
    given = calibration.parameters
    if calibration.index.family is IndexFamily.SPI:
        rain = without_rainless(totals_mm, given["rainless_below_mm"])
        share = calibration.probability_of_zero
        return engine.gamma_scores(rain, given["alpha"], given["beta"], share)
    if calibration.index.family is IndexFamily.SPEI:
        return engine.loglogistic_scores(totals_mm, given["loc"], given["scale"], given["shape"])
    blind = calibration.is_blind | ~calibration.has_enough_years
    return PERCENT * totals_mm / np.where(blind, np.nan, given["normal_mm"])


def _check_landscapes(calibration: Calibration, monthly: Panel) -> None:
    expected, got = calibration.n_years.shape[1], monthly.values.shape[1]
    if expected != got:
        raise InputError(
            f"{calibration.index}: expected the {expected} landscapes of the calibration, "
            f"got {got}; calibrate the missing ones"
        )
