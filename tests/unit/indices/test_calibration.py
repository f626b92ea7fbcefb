"""What is fitted, what is not, and how the difference is told."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.ids import INDEX_CODES, IndexCode, IndexFamily
from pipeline.core.panels import Floats
from pipeline.indices.calibration import (
    DISTRIBUTIONS,
    PARAMETERS,
    Calibration,
    Limits,
    calibrate,
    joined,
    nothing_fitted,
)
from pipeline.indices.drivers import Drivers
from tests.unit.indices.records import panel, pet_mm, rain_mm

PERIOD = CalibrationPeriod(1981, 2010)
NAN = float("nan")
JANUARY, FEBRUARY = 0, 1


def fitted(
    index: str, rain: Floats, first: str = "1981-01", limits: Limits | None = None
) -> Calibration:
    """Fitted to one and the same record, whichever driver the index looks at."""
    record = panel(rain, first)
    demand = panel(np.full(record.values.shape, 50.0), first)
    drivers = Drivers(record, demand, record, record, record)
    return calibrate(IndexCode.parse(index), drivers, PERIOD, limits)


def januaries(values: list[float]) -> Floats:
    """Thirty years in which only January is told; all other months get ordinary rain."""
    rain = rain_mm(years=30)
    rain[0::12, 0] = values
    return rain


def test_gamma_parameters_are_thoms() -> None:
    # Worked by hand from Thom (1958) for ten each of 10, 20 and 40 mm: mean 70/3,
    # A = ln(70/3) - ln(20) = 0.1541507, alpha = (1 + sqrt(1 + 4A/3)) / 4A, beta = mean / alpha.
    calibration = fitted("spi_1", januaries([10.0, 20.0, 40.0] * 10))
    assert calibration.distribution == "gamma"
    assert calibration.parameters["alpha"][JANUARY, 0] == pytest.approx(3.4025, abs=1e-4)
    assert calibration.parameters["beta"][JANUARY, 0] == pytest.approx(70 / 3 / 3.4025, abs=1e-3)
    assert calibration.probability_of_zero[JANUARY, 0] == 0.0


def test_the_normal_is_the_mean_total_of_the_period_alone() -> None:
    rain = np.concatenate([rain_mm(years=2) + 500.0, np.full((360, 1), 30.0)])
    calibration = fitted("pn_3", rain, "1979-01")
    assert calibration.distribution == "normal_total"
    normal = calibration.parameters["normal_mm"][:, 0]
    assert normal[2:].tolist() == pytest.approx([90.0] * 10)
    assert normal[JANUARY] > 90.0, "the window of January 1981 reaches into the wetter 1980"
    assert calibration.n_years[:, 0].tolist() == [30] * 12


def test_years_after_the_period_do_not_move_the_fit() -> None:
    rain = rain_mm(years=40)
    short, long = fitted("spi_3", rain[:360]), fitted("spi_3", rain)
    for name, values in short.parameters.items():
        assert np.array_equal(values, long.parameters[name], equal_nan=True)


ONE_OF_EACH = ["spi_1", "spei_1", "pn_1", "smri_1", "swei_1", "sma_1"]


@pytest.mark.parametrize("index", ONE_OF_EACH)
@pytest.mark.parametrize(
    ("missing", "enough"),
    [
        pytest.param(6, True, id="24 valid years are enough"),
        pytest.param(7, False, id="23 are not"),
    ],
)
def test_valid_years_are_counted_per_calendar_month(index: str, missing: int, enough: bool) -> None:
    rain = rain_mm(years=30)
    rain[12 * np.arange(missing), 0] = NAN
    calibration = fitted(index, rain)
    assert calibration.n_years[[JANUARY, FEBRUARY], 0].tolist() == [30 - missing, 30]
    assert calibration.has_enough_years[[JANUARY, FEBRUARY], 0].tolist() == [enough, True]
    assert calibration.is_short[[JANUARY, FEBRUARY], 0].tolist() == [not enough, False]
    first = next(iter(calibration.parameters.values()))
    assert np.isfinite(first[[JANUARY, FEBRUARY], 0]).tolist() == [enough, True]
    assert not calibration.is_blind.any()


def test_one_missing_month_costs_every_window_that_holds_it() -> None:
    rain = rain_mm(years=31)
    rain[12 * 10 + 5, 0] = NAN
    calibration = fitted("spi_12", rain, "1980-01")
    assert calibration.n_years[:, 0].tolist() == [29] * 12


@pytest.mark.parametrize("index", ["spi_1", "spei_3", "pn_1"])
def test_a_record_without_the_whole_period_fits_nothing(index: str) -> None:
    calibration = fitted(index, rain_mm(years=30), "1981-02")
    assert not calibration.n_years.any()
    assert not calibration.is_blind.any()
    first = next(iter(calibration.parameters.values()))
    assert np.isnan(first).all()


@pytest.mark.parametrize(
    ("january", "share", "blind"),
    [
        pytest.param([0.0] * 9 + [20.0, 30.0, 40.0] * 7, 0.3, False, id="9 of 30 rainless: told"),
        pytest.param([0.0] * 10 + [20.0, 40.0] * 10, 1 / 3, True, id="10 of 30 rainless: blind"),
        pytest.param([0.0] * 30, 1.0, True, id="it never rains: blind"),
        pytest.param([0.0] * 29 + [5.0], 29 / 30, True, id="it rained once: blind"),
        pytest.param([0.9, 0.2] * 5 + [20.0, 40.0] * 10, 1 / 3, True, id="drizzle is rainless"),
        pytest.param([1.0, 1.5] * 5 + [20.0, 40.0] * 10, 0.0, False, id="1 mm is rain"),
        pytest.param([25.0] * 30, 0.0, True, id="always the same rain: nothing to compare"),
        pytest.param([0.0] * 9 + [25.0] * 21, 0.3, True, id="when it rains, always the same"),
    ],
)
def test_spi_is_blind_where_rain_cannot_tell(
    january: list[float], share: float, blind: bool
) -> None:
    calibration = fitted("spi_1", januaries(january))
    assert calibration.probability_of_zero[JANUARY, 0] == pytest.approx(share)
    assert calibration.is_blind[JANUARY, 0] == blind
    assert np.isnan(calibration.parameters["alpha"][JANUARY, 0]) == blind
    assert not calibration.is_blind[1:].any()


def test_a_rounding_error_is_not_a_spread() -> None:
    almost_three = (0.1 + 0.2) * 10
    assert almost_three != 3.0
    for index in ("spi_1", "spei_1", "sma_1"):
        assert fitted(index, januaries([almost_three, 3.0] * 15)).is_blind[JANUARY, 0]


def test_the_limit_of_rainless_years_can_be_set() -> None:
    rain = januaries([0.0] * 18 + [20.0, 40.0] * 6)
    lenient = fitted("spi_1", rain, limits=Limits(rainless_share=0.66))
    assert np.isfinite(lenient.parameters["alpha"][JANUARY, 0])


@pytest.mark.parametrize(
    ("index", "normal", "blind"),
    [
        pytest.param("pn_1", 5.0, False, id="5 mm a month is enough"),
        pytest.param("pn_1", 4.9, True, id="4.9 mm is not"),
        pytest.param("pn_3", 4.9, True, id="nor is 14.7 mm in three months"),
        pytest.param("pn_1", 0.0, True, id="no normal rain at all"),
    ],
)
def test_percent_of_normal_is_blind_where_the_normal_is_small(
    index: str, normal: float, blind: bool
) -> None:
    calibration = fitted(index, np.full((360, 1), normal))
    assert calibration.is_blind.all() == blind
    assert calibration.is_blind.any() == blind
    assert np.isfinite(calibration.parameters["normal_mm"]).all(), "the normal stays readable"


def test_spei_of_an_unchanging_balance_is_blind() -> None:
    calibration = fitted("spei_1", januaries([25.0] * 30))
    assert calibration.is_blind[:, 0].tolist() == [True] + [False] * 11
    assert np.isnan(calibration.probability_of_zero).all(), "a balance has no heap at zero"


def test_an_unfit_neighbour_changes_nothing() -> None:
    rain = rain_mm(years=30, landscapes=3)
    alone = fitted("spi_3", rain[:, :1])
    dry = rain.copy()
    dry[:, 1], dry[:, 2] = 0.0, NAN
    beside = fitted("spi_3", dry)
    for name, values in alone.parameters.items():
        assert np.array_equal(values[:, 0], beside.parameters[name][:, 0])
    assert beside.is_blind.all(axis=0).tolist() == [False, True, False]
    assert beside.is_short.all(axis=0).tolist() == [False, False, True]


def test_parameters_of_the_water_balance_are_in_its_own_millimetres() -> None:
    rain, demand = panel(rain_mm(years=30)), panel(pet_mm(years=30))
    calibration = calibrate(IndexCode.parse("spei_1"), Drivers(rain, demand), PERIOD)
    balance = (rain.values - demand.values)[:, 0].reshape(30, 12)
    # The location of a log-logistic is its median; no hidden offset is added.
    assert calibration.parameters["loc"][:, 0] == pytest.approx(np.median(balance, 0), abs=12)


def test_soil_moisture_is_judged_by_mean_and_deviation_of_the_sample() -> None:
    # Fifteen of 0.1 and of 0.3: mean 0.2, and 30 squares of 0.1 over 29 degrees of freedom.
    calibration = fitted("sma_1", januaries([0.1, 0.3] * 15))
    assert calibration.distribution == "normal"
    assert calibration.parameters["mean_m3_m3"][JANUARY, 0] == pytest.approx(0.2)
    deviation = (30 * 0.01 / 29) ** 0.5
    assert calibration.parameters["deviation_m3_m3"][JANUARY, 0] == pytest.approx(deviation)
    assert np.isnan(calibration.probability_of_zero).all()


def test_a_missing_year_does_not_move_mean_and_deviation_of_the_others() -> None:
    calibration = fitted("sma_1", januaries([0.1, 0.3] * 14 + [NAN, NAN]))
    assert calibration.parameters["mean_m3_m3"][JANUARY, 0] == pytest.approx(0.2)
    deviation = (28 * 0.01 / 27) ** 0.5
    assert calibration.parameters["deviation_m3_m3"][JANUARY, 0] == pytest.approx(deviation)


@pytest.mark.parametrize("index", ["smri_1", "swei_1"])
def test_snow_is_fitted_as_rain_is(index: str) -> None:
    of_snow, of_rain = (fitted(code, rain_mm(years=30)) for code in (index, "spi_1"))
    assert of_snow.distribution == "gamma"
    for name, values in of_rain.parameters.items():
        assert np.array_equal(values, of_snow.parameters[name])
    assert np.array_equal(of_rain.probability_of_zero, of_snow.probability_of_zero)


@pytest.mark.parametrize("index", ["spi_1", "smri_1", "swei_1"])
def test_the_limit_of_rainless_years_is_kept_in_what_was_fitted(index: str) -> None:
    rain = januaries([0.0] * 10 + [20.0, 40.0] * 10)
    lenient = fitted(index, rain, limits=Limits(rainless_share=0.34))
    strict = fitted(index, rain, limits=Limits(rainless_share=0.3))
    assert [bool(fit.is_blind[JANUARY, 0]) for fit in (lenient, strict)] == [False, True]


def test_outside_its_season_an_index_is_neither_short_nor_blind() -> None:
    calibration = fitted("spi_veg", rain_mm(years=31), "1980-01")
    summer = [False] * 3 + [True] * 6 + [False] * 3
    assert calibration.exists[:, 0].tolist() == summer
    assert calibration.n_years[:, 0].tolist() == [30 * there for there in summer]
    assert np.isfinite(calibration.parameters["alpha"][:, 0]).tolist() == summer
    assert not calibration.is_short.any()
    assert not calibration.is_blind.any()


def test_a_season_that_begins_before_the_record_costs_its_first_year() -> None:
    calibration = fitted("spi_hy", rain_mm(years=30))
    assert calibration.n_years[:, 0].tolist() == [29] * 9 + [30] * 3


@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_every_fit_has_the_parameters_of_its_family(code: IndexCode) -> None:
    calibration = fitted(str(code), rain_mm(years=31, landscapes=2), "1980-01")
    assert calibration.distribution == DISTRIBUTIONS[code.family]
    assert tuple(calibration.parameters) == PARAMETERS[code.family]
    assert {values.shape for values in calibration.parameters.values()} == {(12, 2)}
    assert not calibration.is_short.any()
    assert not calibration.is_blind.any()


@pytest.mark.parametrize("index", ["spei_3", "smri_3", "swei_1", "sma_3"])
def test_without_its_driver_nothing_is_fitted(index: str) -> None:
    drivers = Drivers(panel(rain_mm(years=30)))
    calibration = calibrate(IndexCode.parse(index), drivers, PERIOD)
    assert not calibration.n_years.any()
    assert calibration.is_short.all()
    assert all(np.isnan(values).all() for values in calibration.parameters.values())


def equal(one: Calibration, other: Calibration) -> bool:
    arrays = [
        ([*fit.parameters.values(), fit.probability_of_zero], fit.n_years) for fit in (one, other)
    ]
    return all(
        np.array_equal(a, b, equal_nan=True)
        for a, b in zip(arrays[0][0], arrays[1][0], strict=True)
    ) and np.array_equal(arrays[0][1], arrays[1][1])


@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_a_calibration_is_the_sum_of_its_parts(code: IndexCode) -> None:
    rain = rain_mm(years=31, landscapes=5)
    rain[:, 3] = 0.0
    whole = fitted(str(code), rain, "1980-01")
    first, rest = whole.part(slice(0, 2)), whole.part(slice(2, None))
    assert (first.places, rest.places) == (2, 3)
    assert equal(first, fitted(str(code), rain[:, :2], "1980-01"))
    assert equal(joined([first, rest]), whole)


def test_only_parts_that_were_calibrated_alike_are_joined() -> None:
    spi, spei = fitted("spi_1", rain_mm(years=30)), fitted("spei_1", rain_mm(years=30))
    with pytest.raises(InputError, match="expected parts of one index and period, got 2 kinds"):
        joined([spi, spei])
    with pytest.raises(InputError, match="got 0 kinds"):
        joined([])


def test_of_no_places_there_is_nothing_to_fit() -> None:
    none = fitted("spi_3", np.empty((360, 0)))
    assert equal(none, nothing_fitted(IndexCode.parse("spi_3"), PERIOD, 0))
    assert PARAMETERS[IndexFamily.SPI] == tuple(none.parameters)
