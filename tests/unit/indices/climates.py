"""Made-up climates of 35 years and six places: seasonal, arid, snowy, constant; mm a month.

What falls, lies or runs at all is 1 mm or more, so that no limit for rainless months takes part.
"""

from __future__ import annotations

import numpy as np

from pipeline.core.panels import Floats
from tests.unit.indices.records import pet_mm, rain_mm

YEARS, PLACES = 35, 6
MONTHS = YEARS * 12


def seasonal_rain_mm() -> Floats:
    """Dry summers and wet springs, some rain in every month."""
    return rain_mm(YEARS, PLACES)


def arid_rain_mm() -> Floats:
    """Summers without rain; springs and autumns that often stay dry, winters that may."""
    dry = _of_calendar_months([0.1, 0.1, 0.05, 0.1, 0.25, 0.7, 1, 1, 1, 0.6, 0.2, 0.1])
    return _now_and_then(dry, usual_mm=np.full((MONTHS, 1), 14.0), shape=1.0, seed=3)


def snow_that_lies_mm() -> Floats:
    """Water in the snow: none from June to October, now and then none in May and November."""
    bare = _of_calendar_months([0, 0, 0, 0, 0.25, 1, 1, 1, 1, 1, 0.2, 0])
    usual = _of_calendar_months([90, 120, 130, 80, 30, 0, 0, 0, 0, 0, 10, 40])
    return _now_and_then(bare, usual, shape=3.0, seed=4)


def rain_and_melt_mm() -> Floats:
    """What runs off a headwater: nothing in some winters, most of it in spring."""
    frozen = _of_calendar_months([0.3, 0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1])
    usual = _of_calendar_months([5, 8, 40, 110, 90, 40, 25, 20, 15, 18, 15, 8])
    return _now_and_then(frozen, usual, shape=2.0, seed=5)


def constant_mm() -> Floats:
    """The same in every month of every year."""
    return np.full((MONTHS, PLACES), 20.0)


def demand_mm() -> Floats:
    """PET: high in summer, a little different every year."""
    return pet_mm(YEARS, PLACES)


def _of_calendar_months(figures: list[float]) -> Floats:
    """Twelve figures, January first, for every month of the record, as a column."""
    return np.tile(np.array(figures, dtype=float), YEARS)[:, None]


def _now_and_then(none: Floats, usual_mm: Floats, shape: float, seed: int) -> Floats:
    """Gamma amounts of a mean near `usual_mm`; nothing at all with the probability `none`."""
    rng = np.random.default_rng(seed)
    some = rng.random((MONTHS, PLACES)) >= none
    return np.where(some, 1.0 + usual_mm * rng.gamma(shape, 1.0 / shape, some.shape), 0.0)
