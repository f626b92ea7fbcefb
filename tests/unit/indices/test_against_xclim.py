"""SPI and SPEI against xclim: what must be equal, what may differ and how far, what must differ.

xclim is another project's implementation of the same published methods, on scipy's distributions.
It knows windows of so many months; those of a season are accumulated here by hand for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import fisk, norm

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.panels import Floats, Panel, gap_code
from pipeline.indices.calibration import Calibration, Limits, calibrate
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values
from tests.unit.indices import climates
from tests.unit.indices.records import cells, cfsr_fields, panel

with warnings.catch_warnings():  # it regrets at import that matplotlib is absent
    warnings.simplefilter("ignore")
    from xclim.indices import standardized_precipitation_index
    from xclim.indices.stats import standardized_index

Made = Callable[[], Floats]

PERIOD = CalibrationPeriod(1981, 2010)
CALIBRATION_MONTHS = 360
LAST_SCORE = 3.09
WINDOWS = ("1", "3", "6", "12", "hy")
ROUNDING = 1e-9
"""Both evaluate Thom's formula and the incomplete gamma function in double precision. xclim takes
a window's mean where we take its total, a factor that the fit takes up. What is seen is below
2e-13; another formula would differ by 1e-3 at least."""

SPI_CASES = [
    pytest.param(f"{family}_{window}", made, id=f"{family}_{window} of {kind}")
    for family, windows, made, kind in (
        ("spi", WINDOWS, climates.seasonal_rain_mm, "seasonal rain"),
        ("spi", WINDOWS, climates.arid_rain_mm, "arid rain"),
        ("smri", WINDOWS, climates.rain_and_melt_mm, "rain and melt"),
        ("swei", ("1",), climates.snow_that_lies_mm, "snow"),
    )
    for window in windows
]
SPEI_CASES = [
    pytest.param(f"spei_{window}", made, id=f"spei_{window} of {kind}")
    for made, kind in (
        (climates.seasonal_rain_mm, "a seasonal climate"),
        (climates.arid_rain_mm, "an arid climate"),
        (climates.rain_and_melt_mm, "a snowy climate"),
    )
    for window in WINDOWS
]


def fitted_and_scored(
    index: str, amounts_mm: Floats, limits: Limits | None = None
) -> tuple[Calibration, Panel]:
    """Ours, whichever driver the index looks at."""
    amounts = panel(amounts_mm)
    drivers = Drivers(
        precipitation_mm=amounts,
        pet_mm=panel(climates.demand_mm()),
        rain_and_melt_mm=amounts,
        snow_water_equivalent_mm=amounts,
    )
    calibration = calibrate(IndexCode.parse(index), drivers, PERIOD, limits)
    return calibration, index_values(calibration, drivers)


def by_hand(monthly: Floats, index: str) -> Floats:
    """The total that ends with each month; NaN where the window reaches before the record."""
    window = index.split("_")[1]
    totals = np.full(monthly.shape, np.nan)
    for row in range(len(monthly)):
        months_since_september = (row % 12 + 1 - 10) % 12 + 1
        length = months_since_september if window == "hy" else int(window)
        if row + 1 >= length:
            totals[row] = sum(monthly[row - k] for k in range(length))
    return totals


def balance_by_hand(made: Made, index: str) -> Floats:
    return by_hand(made() - climates.demand_mm(), index)


def for_xclim(amounts: Floats, first: str = "1981-01-01") -> xr.DataArray:
    """Monthly amounts in the guise of daily rates, which xclim asks for."""
    time = pd.date_range(first, periods=len(amounts), freq="MS", unit="s")
    return xr.DataArray(amounts, {"time": time}, ("time", "place"), attrs={"units": "mm/day"})


def scores_of(index: xr.DataArray) -> Floats:
    scores: Floats = index.transpose("time", "place").values
    return np.clip(scores, -LAST_SCORE, LAST_SCORE)


def xclim_gamma(totals: Floats, method: str, *, zeros_at: str = "center") -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return scores_of(
            standardized_index(
                for_xclim(totals), freq=None, window=1, dist="gamma", method=method,
                zero_inflated=True, prob_zero_interpolation=zeros_at, fitkwargs={"floc": 0},
                cal_start="1981-01-01", cal_end="2010-12-31",
            )
        )  # fmt: skip


def xclim_log_logistic(
    totals: Floats, first_year: int = 1981, params: xr.DataArray | None = None
) -> Floats:
    """Fitted by maximum likelihood with a free location, unless `params` are given."""
    years = (None, None) if params is not None else (f"{first_year}-01-01", "2010-12-31")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return scores_of(
            standardized_index(
                for_xclim(totals, f"{first_year}-01-01"), freq=None, window=1, dist="fisk",
                method="ML", zero_inflated=False, fitkwargs={},
                cal_start=years[0], cal_end=years[1], params=params,
            )
        )  # fmt: skip


def xclim_own_windows(rain: Panel, scale: int) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return scores_of(
            standardized_precipitation_index(
                for_xclim(rain.values, f"{rain.first_month}-01"), freq=None, window=scale,
                dist="gamma", method="APP", fitkwargs={"floc": 0},
                cal_start="1981-01-01", cal_end="2010-12-31",
            )
        )  # fmt: skip


def rainless_years(totals: Floats) -> tuple[Floats, Floats]:
    """Of each row's calendar month: years with a total of 0 in the calibration, and all years."""
    sample = totals[:CALIBRATION_MONTHS].reshape(30, 12, -1)
    zeros, years = (sample == 0.0).sum(axis=0), np.isfinite(sample).sum(axis=0)
    rows = np.arange(len(totals)) % 12
    return zeros[rows].astype(float), years[rows].astype(float)


# SPI and what is fitted like it


@pytest.mark.parametrize("scale", [1, 3, 6, 12])
def test_spi_agrees_with_xclims_own_windows(scale: int) -> None:
    rain = climates.seasonal_rain_mm()
    _, ours = fitted_and_scored(f"spi_{scale}", rain)
    theirs = xclim_own_windows(panel(rain), scale)
    assert ours.values[scale - 1 :] == pytest.approx(theirs[scale - 1 :], abs=ROUNDING)


@pytest.mark.parametrize("scale", [1, 3, 12])
def test_spi_agrees_with_xclim_on_the_real_grid(scale: int, shared_data: Path) -> None:
    whole = cells(cfsr_fields(shared_data)["precipitation_mm"])
    rain = Panel(whole.first_month, whole.values[:, ::12], whole.gaps[:, ::12])
    # xclim knows no limit below which a month is rainless: none here either.
    calibration = calibrate(
        IndexCode.parse(f"spi_{scale}"), Drivers(rain), PERIOD, Limits(rainless_below_mm=0.0)
    )
    ours, theirs = index_values(calibration, Drivers(rain)).values, xclim_own_windows(rain, scale)
    totals = pd.DataFrame(rain.values).rolling(scale).sum().to_numpy()
    told = np.isfinite(ours) & (totals > 1e-9)  # zeros are placed otherwise: see below
    assert told.mean() > 0.75
    assert ours[told] == pytest.approx(theirs[told], abs=1e-6)


@pytest.mark.parametrize(("index", "made"), SPI_CASES)
def test_where_something_fell_the_score_is_xclims(index: str, made: Made) -> None:
    """Rainless years count the same in both: H = p0 + (1 - p0) G, with p0 their share."""
    _, ours = fitted_and_scored(index, made())
    totals = by_hand(made(), index)
    told = np.isfinite(ours.values) & (totals > 0.0)
    assert told.sum() > 1000
    theirs = xclim_gamma(totals, "APP")
    assert ours.values[told] == pytest.approx(theirs[told], abs=ROUNDING)


@pytest.mark.parametrize(("index", "made"), SPI_CASES)
def test_maximum_likelihood_scores_within_the_error_of_thoms_formula(
    index: str, made: Made
) -> None:
    """Thom's shape solves ln α - ψ(α) = A to first order; ML solves it exactly.

    Put through both gamma integrals, the difference moves a score between -3 and 3 by at most
    0.028 for α = 0.8, 0.017 for 1, 0.003 for 2, 0.0002 for 5. No sample here has α below 0.8.
    """
    calibration, ours = fitted_and_scored(index, made())
    assert np.nanmin(calibration.parameters["alpha"]) > 0.8
    totals = by_hand(made(), index)
    told = np.isfinite(ours.values) & (totals > 0.0)
    assert ours.values[told] == pytest.approx(xclim_gamma(totals, "ML")[told], abs=0.03)


@pytest.mark.parametrize(
    ("index", "made", "seen"),
    [
        pytest.param("spi_1", climates.arid_rain_mm, 100, id="arid rain"),
        pytest.param("smri_1", climates.rain_and_melt_mm, 50, id="rain and melt"),
        pytest.param("swei_1", climates.snow_that_lies_mm, 50, id="snow"),
    ],
)
def test_a_zero_lies_half_a_year_lower_than_xclims(index: str, made: Made, seen: int) -> None:
    """Of n years m are rainless. Ours: the middle of their probability, m / 2n. xclim's "center":
    the middle between the ranks 1/n and m/n of the first and last of them, (m + 1) / 2n.

    With 6 rainless of 30 years that is Φ⁻¹(6/60) = -1.28 against Φ⁻¹(7/60) = -1.19; with none,
    and one later, Φ⁻¹(0), cut at -3.09, against Φ⁻¹(1/60) = -2.13.
    """
    _, ours = fitted_and_scored(index, made())
    totals = by_hand(made(), index)
    rainless, years = rainless_years(totals)
    zero = np.isfinite(ours.values) & (totals == 0.0)
    assert zero.sum() >= seen
    with np.errstate(divide="ignore"):
        our_place = np.maximum(norm.ppf(rainless / (2 * years)), -LAST_SCORE)
    assert ours.values[zero] == pytest.approx(our_place[zero], abs=1e-6)
    their_place = norm.ppf((rainless + 1) / (2 * years))
    theirs = xclim_gamma(totals, "APP")
    assert theirs[zero] == pytest.approx(their_place[zero], abs=1e-6)


def test_where_most_years_are_rainless_xclim_gives_numbers_and_we_do_not() -> None:
    """July has no rain in any year: xclim's middle is Φ⁻¹(31/60) = 0.04, "usual", every year, and
    its default, the upper end of the zeros, is Φ⁻¹(1), "as wet as can be". Neither is drought news.
    """
    rain = climates.arid_rain_mm()
    _, ours = fitted_and_scored("spi_1", rain)
    rainless, years = rainless_years(by_hand(rain, "spi_1"))
    blind = rainless / years > 0.3173
    assert np.array_equal(ours.gaps == gap_code(Gap.NOT_APPLICABLE), blind)
    assert not ours.gaps[~blind].any()
    middle, upper = (
        xclim_gamma(rain, "APP", zeros_at=place)[6::12] for place in ("center", "upper")
    )
    assert middle == pytest.approx(np.full(middle.shape, norm.ppf(31 / 60)))
    assert (upper == LAST_SCORE).all()


@pytest.mark.parametrize("index", ["spi_1", "spi_12", "spi_hy", "spei_1", "spei_12"])
def test_a_constant_series_is_not_applicable(index: str) -> None:
    """No spread, no distribution. xclim's Thom divides by ln(mean) - mean(ln) = 0 and gives NaN
    without a reason; its maximum likelihood stops with an error of the solver, and its log-logistic
    scores 0.09 for ever: the shape that its optimiser happened to stop at.
    """
    rain = climates.constant_mm()
    calibration, values = fitted_and_scored(index, rain)
    if index.startswith("spei"):
        drivers = Drivers(panel(rain), pet_mm=panel(rain * 2.0))
        calibration = calibrate(IndexCode.parse(index), drivers, PERIOD)
        values = index_values(calibration, drivers)
    whole = np.isfinite(by_hand(rain, index))
    assert (values.gaps[whole] == gap_code(Gap.NOT_APPLICABLE)).all()
    if index == "spi_1":
        assert np.isnan(xclim_gamma(rain, "APP")).all()
        with pytest.raises(ValueError, match="solver cannot continue"):
            xclim_gamma(rain, "ML")


# SPEI


def as_fisk(calibration: Calibration, mirrored: bool) -> xr.DataArray:
    """Our fit as parameters of xclim; NaN where the fit has the other tail.

    Hosking's F = 1 / (1 + (1 - κ (x - ξ) / a)^(1/κ)) with κ < 0 is scipy's fisk with c = -1/κ,
    scale -a/κ and loc ξ + a/κ. With κ > 0 it is that of -x, counted from the other end: 1 - F.
    """
    xi, a, kappa = (calibration.parameters[name] for name in ("loc", "scale", "shape"))
    if mirrored:
        xi, kappa = -xi, -kappa
    with np.errstate(invalid="ignore", divide="ignore"):
        parts = np.where(kappa < 0.0, [-1.0 / kappa, xi + a / kappa, -a / kappa], np.nan)
    return xr.DataArray(
        parts,
        {"dparams": ["c", "loc", "scale"], "month": np.arange(1, 13)},
        ("dparams", "month", "place"),
        attrs={
            "freq": "", "window": 1, "scipy_dist": "fisk", "time_indexer": "{}",
            "group": "time.month",
        },
    )  # fmt: skip


@pytest.mark.parametrize(("index", "made"), SPEI_CASES)
def test_given_our_fit_xclim_scores_as_we_do(index: str, made: Made) -> None:
    calibration, ours = fitted_and_scored(index, made())
    totals = balance_by_hand(made, index)
    upper = xclim_log_logistic(totals, params=as_fisk(calibration, mirrored=False))
    lower = -xclim_log_logistic(-totals, params=as_fisk(calibration, mirrored=True))
    theirs = np.where(np.isfinite(upper), upper, lower)
    whole = np.isfinite(totals)
    assert np.isfinite(ours.values[whole]).all()
    # Rounding again; near ±3 a probability of 0.999 is known to 1e-16, the score to 3e-14.
    assert ours.values[whole] == pytest.approx(theirs[whole], abs=1e-8)


@pytest.mark.parametrize(("index", "made"), SPEI_CASES)
def test_fitted_by_xclim_spei_differs_by_less_than_thirty_years_can_tell(
    index: str, made: Made
) -> None:
    """Ours are unbiased probability-weighted moments, xclim's maximum likelihood: two estimators of
    three parameters from 30 values. A score z has a standard error of √((1 + z²/2) / 30) (0.18 at 0,
    0.32 at -2) from a sample of that size even when two parameters are fitted, so the two methods
    may differ by a part of it: half the values by a quarter, nine in ten by less than the whole.
    The rest lie in the tails, and where likelihood has no maximum: fisk's is unbounded at a location
    near the smallest value, and it has no form for a tail that ends above (κ > 0).
    """
    few = slice(0, 2)  # xclim takes a quarter of a second for a place
    _, whole = fitted_and_scored(index, made())
    ours = whole.values[:, few]
    theirs = xclim_log_logistic(balance_by_hand(made, index)[:, few])
    told = np.isfinite(ours)
    difference = np.abs(ours - theirs)[told]
    error = np.sqrt((1.0 + ours[told] ** 2 / 2.0) / 30.0)
    assert np.median(difference / error) < 0.25
    assert (difference < error).mean() > 0.9
    assert np.corrcoef(ours[told], theirs[told])[0, 1] > 0.98


@pytest.mark.parametrize(
    ("years", "apart"),
    [
        pytest.param(30, 0.40, id="30 years"),
        pytest.param(270, 0.40 / 3, id="nine times as many years, a third of the difference"),
    ],
)
def test_with_more_years_both_fits_come_to_the_distribution_that_was_drawn_from(
    years: int, apart: float
) -> None:
    """The error of a fit falls with the root of the years."""
    drawn = fisk(c=5.0, loc=-150.0, scale=120.0)
    balance = drawn.rvs((years * 12, 2), random_state=6)
    first = 2011 - years
    record, nothing = (
        panel(balance + 1000.0, f"{first}-01"),
        panel(np.full(balance.shape, 1000.0), f"{first}-01"),
    )
    drivers = Drivers(record, pet_mm=nothing)
    calibration = calibrate(IndexCode.parse("spei_1"), drivers, CalibrationPeriod(first, 2010))
    ours, theirs = index_values(calibration, drivers).values, xclim_log_logistic(balance, first)
    truth = norm.ppf(drawn.cdf(balance))
    told = np.abs(truth) < 1.5
    for one, other in ((ours, truth), (theirs, truth), (ours, theirs)):
        assert np.percentile(np.abs(one - other)[told], 90) < apart
