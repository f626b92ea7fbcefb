"""Fits that do not know some months, against SciPy and arithmetic on a record without them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.months import Month
from pipeline.core.panels import Panel, gap_code
from pipeline.indices.calibration import calibrate
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values

YEARS = 30
FIRST = Month(1981, 1)
PERIOD = CalibrationPeriod(1981, 2010)
RAIN = np.random.default_rng(3).gamma(4.0, 10.0, (12 * YEARS, 1))
LEFT_OUT = Month(2000, 1), Month(2001, 12)


def drivers(rain: np.ndarray) -> Drivers:
    panel = Panel(FIRST, rain, np.zeros(rain.shape, dtype=np.uint8))
    pet = Panel(FIRST, np.full(rain.shape, 30.0), panel.gaps)
    return Drivers(panel, pet)


def by_scipy(window: int, without: tuple[Month, Month]) -> np.ndarray:
    """SPI of every month by a gamma fitted (Thom 1958) to totals with no month left out in them."""
    totals = np.full(len(RAIN), np.nan)
    clean = np.zeros(len(RAIN), dtype=bool)
    away = range(without[0].ordinal - FIRST.ordinal, without[1].ordinal - FIRST.ordinal + 1)
    for at in range(window - 1, len(RAIN)):
        months = range(at - window + 1, at + 1)
        totals[at] = RAIN[list(months), 0].sum()
        clean[at] = not set(months) & set(away)
    found = np.full(len(RAIN), np.nan)
    for calendar in range(12):
        here = (np.arange(len(RAIN)) % 12 == calendar) & np.isfinite(totals)
        sample = totals[here & clean]
        spread = np.log(sample.mean()) - np.log(sample).mean()
        alpha = (1 + np.sqrt(1 + 4 * spread / 3)) / (4 * spread)
        below = stats.gamma.cdf(totals[here], alpha, scale=sample.mean() / alpha)
        found[here] = np.clip(stats.norm.ppf(below), -3.09, 3.09)
    return found


@pytest.mark.parametrize("window", [1, 3, 12])
def test_the_index_is_that_of_a_fit_to_totals_without_the_months(window: int) -> None:
    whole = drivers(RAIN)
    code = IndexCode.parse(f"spi_{window}")
    fitted = calibrate(code, whole.without(*LEFT_OUT), PERIOD)
    found = index_values(fitted, whole).values[:, 0]
    np.testing.assert_allclose(found, by_scipy(window, LEFT_OUT), atol=1e-6)


def test_a_total_that_holds_one_month_of_it_is_left_out() -> None:
    """24 months left out: two of each calendar month, three of the 12-month windows but in December."""
    whole = drivers(RAIN)
    one, twelve = (
        calibrate(IndexCode.parse(code), whole.without(*LEFT_OUT), PERIOD).n_years[:, 0].tolist()
        for code in ("spi_1", "spi_12")
    )
    assert one == [28] * 12
    # The first eleven windows of the record reach before it.
    assert twelve == [26] * 11 + [28]


def test_the_months_left_out_say_nothing_of_the_fit() -> None:
    other = RAIN.copy()
    other[Month(2000, 1).ordinal - FIRST.ordinal : Month(2001, 12).ordinal - FIRST.ordinal + 1] = (
        1e4
    )
    fits = [
        calibrate(IndexCode.parse("spei_6"), drivers(rain).without(*LEFT_OUT), PERIOD)
        for rain in (RAIN, other)
    ]
    for name, values in fits[0].parameters.items():
        np.testing.assert_array_equal(values, fits[1].parameters[name])


def test_too_few_years_are_left_as_before() -> None:
    whole = drivers(RAIN)
    fitted = calibrate(
        IndexCode.parse("spi_1"), whole.without(Month(2000, 1), Month(2006, 12)), PERIOD
    )
    found = index_values(fitted, whole)
    assert (found.gaps == gap_code(Gap.CALIBRATION_SHORT)).all()


@pytest.mark.parametrize(
    ("first", "last", "missing"),
    [
        pytest.param(Month(1970, 1), Month(1981, 2), 2, id="it begins before the record"),
        pytest.param(Month(2010, 11), Month(2030, 1), 2, id="it ends after it"),
        pytest.param(Month(2030, 1), Month(2031, 1), 0, id="it lies outside"),
        pytest.param(Month(1970, 1), Month(1971, 1), 0, id="it lies before"),
    ],
)
def test_months_outside_the_record_do_not_matter(first: Month, last: Month, missing: int) -> None:
    found = drivers(RAIN).without(first, last)
    assert np.count_nonzero(found.precipitation_mm.gaps) == missing
    assert found.pet_mm is not None
    assert np.count_nonzero(found.pet_mm.gaps) == missing
