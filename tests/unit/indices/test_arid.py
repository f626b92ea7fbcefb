"""Arid land: each way in which an index has nothing to say has a name, and the rest is right.

Most cases tell 30 Januaries of a calibration and the five after it; other months have rain.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import gamma, norm

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.gaps import Gap
from pipeline.core.ids import IndexCode
from pipeline.core.panels import GAPS, Floats, Panel
from pipeline.indices.calibration import Limits, calibrate
from pipeline.indices.drivers import Drivers
from pipeline.indices.values import index_values
from tests.unit.indices.records import panel, pet_mm, rain_mm

PERIOD = CalibrationPeriod(1981, 2010)
NAN = float("nan")
YEARS = 35
LATER = slice(360, None, 12)
"""The Januaries after the calibration period."""


def told(
    index: str, period: list[float], later: list[float], limits: Limits | None = None
) -> Panel:
    """The index where the Januaries hold this much of what it looks at."""
    water = panel(with_januaries(period, later))
    demand = panel(np.full(water.values.shape, 20.0))
    drivers = Drivers(water, demand, water, water, water)
    return index_values(calibrate(IndexCode.parse(index), drivers, PERIOD, limits), drivers)


def with_januaries(period: list[float], later: list[float]) -> Floats:
    water = rain_mm(years=YEARS)
    water[0::12, 0] = period + later
    return water


def reasons(values: Panel) -> list[Gap | None]:
    return [GAPS[code] for code in values.gaps[:, 0]]


RAINLESS = [
    pytest.param([0.0] * 30, [0.0] * 5, id="always dry, and dry again: not the engine's -3.09"),
    pytest.param([0.0] * 30, [4.0] * 5, id="first rain after a dry calibration: not its NaN"),
    pytest.param([0.0] * 30, [80.0] * 5, id="a flood after a dry calibration"),
    pytest.param([0.0] * 29 + [5.0], [0.0] * 5, id="rain once in thirty years"),
    pytest.param([0.0] * 29 + [5.0], [5.0] * 5, id="and the same rain again"),
    pytest.param([0.0] * 27 + [2.0, 3.0, 4.0], [0.0] * 5, id="rain is rare: dry is not 'wet'"),
    pytest.param([0.9, 0.2, 0.5] * 10, [0.1] * 5, id="drizzle every year, never a wet day"),
    pytest.param([0.0] * 10 + [20.0, 40.0] * 10, [0.0] * 5, id="ten rainless years of thirty"),
    pytest.param([25.0] * 30, [10.0] * 5, id="always the same"),
    pytest.param([0.0] * 9 + [25.0] * 21, [10.0] * 5, id="when it rains, always the same"),
]


@pytest.mark.parametrize("index", ["spi_1", "smri_1", "swei_1"])
@pytest.mark.parametrize(("period", "later"), RAINLESS)
def test_a_blind_month_is_not_applicable_and_its_neighbours_are_values(
    index: str, period: list[float], later: list[float]
) -> None:
    gaps = reasons(told(index, period, later))
    assert set(gaps[0::12]) == {Gap.NOT_APPLICABLE}, "in and after the calibration period"
    assert set(gaps[1::12]) == {None}


@pytest.mark.parametrize("index", ["spi_1", "smri_1", "swei_1"])
@pytest.mark.parametrize(
    ("dry", "share_scored", "score"),
    [
        # A rainless year stands in the middle of all rainless ones: Φ⁻¹(n / 60), from a table.
        pytest.param(1, 1 / 60, -2.1280, id="one rainless year of thirty"),
        pytest.param(6, 6 / 60, -1.2816, id="six"),
        pytest.param(9, 9 / 60, -1.0364, id="nine, the last that can tell a drought"),
        pytest.param(10, None, None, id="ten: even no rain at all would score above -1"),
    ],
)
def test_a_rainless_month_scores_in_the_middle_of_the_rainless_years(
    index: str, dry: int, share_scored: float | None, score: float | None
) -> None:
    wet = [20.0, 30.0, 40.0] * 10
    values = told(index, [0.0] * dry + wet[dry:], [0.0, 0.4, 0.999, 30.0, 90.0])
    if share_scored is None or score is None:
        assert set(reasons(values)[LATER]) == {Gap.NOT_APPLICABLE}
        return
    nothing, drizzle, just_below, rain, flood = values.values[LATER, 0]
    assert nothing == pytest.approx(score, abs=1e-4)
    assert nothing == pytest.approx(norm.ppf(share_scored), abs=1e-9)
    assert drizzle == just_below == nothing, "less than 1 mm is no rain"
    assert nothing < rain < flood


def test_one_millimetre_is_rain() -> None:
    # With 1 mm the month is no longer among the nine rainless, but the driest of the others.
    values = told("spi_1", [0.0] * 9 + [20.0, 30.0, 40.0] * 7, [0.999, 1.0, 0.0, 0.0, 0.0])
    below, one = values.values[LATER, 0][:2]
    # The lowest of 21 gamma years begins where the nine of thirty end: Φ⁻¹(0.3) = -0.5244.
    assert below == pytest.approx(-1.0364, abs=1e-4)
    assert one == pytest.approx(-0.5244, abs=1e-3)


@pytest.mark.parametrize(
    ("share", "blind"),
    [
        pytest.param(0.30, True, id="at a stricter limit ten of thirty are blind"),
        pytest.param(1 / 3, False, id="a share just at the limit is told"),
        pytest.param(0.66, False, id="at a lenient limit they are told"),
    ],
)
def test_the_limit_of_rainless_years_is_a_setting(share: float, blind: bool) -> None:
    values = told("spi_1", [0.0] * 10 + [20.0, 40.0] * 10, [0.0] * 5, Limits(rainless_share=share))
    if blind:
        assert set(reasons(values)[LATER]) == {Gap.NOT_APPLICABLE}
    else:
        assert values.values[LATER, 0] == pytest.approx([norm.ppf(1 / 6)] * 5)


def test_a_stored_fit_keeps_the_limit_it_was_made_with() -> None:
    drivers = Drivers(panel(with_januaries([0.0] * 10 + [20.0, 40.0] * 10, [0.0] * 5)))
    lenient = calibrate(IndexCode.parse("spi_1"), drivers, PERIOD, Limits(rainless_share=0.66))
    # Nothing else is asked for when values are made: there is no limit to forget.
    assert np.isfinite(index_values(lenient, drivers).values[LATER]).all()


@pytest.mark.parametrize(
    ("missing", "dry", "told_at_all"),
    [
        pytest.param(6, 7, True, id="7 of 24 years: 0.29"),
        pytest.param(6, 8, False, id="8 of 24 years: 0.33"),
    ],
)
def test_rainless_years_are_counted_among_the_valid_ones(
    missing: int, dry: int, told_at_all: bool
) -> None:
    wet = [20.0, 40.0] * 15
    period = [NAN] * missing + [0.0] * dry + wet[missing + dry :]
    gaps = set(reasons(told("spi_1", period, [0.0] * 5))[LATER])
    assert gaps == ({None} if told_at_all else {Gap.NOT_APPLICABLE})


def test_24_valid_years_make_a_fit() -> None:
    # Eight each of 10, 20 and 40 mm. Thom (1958) by hand: mean 70/3, A = ln(70/3) - ln(20)
    # = 0.1541507, alpha = (1 + sqrt(1 + 4A/3)) / 4A = 3.4025, beta = 6.8577.
    values = told("spi_1", [NAN] * 6 + [10.0, 20.0, 40.0] * 8, [10.0, 20.0, 40.0, 5.0, NAN])
    expected = norm.ppf(gamma.cdf([10.0, 20.0, 40.0, 5.0], 3.4025, scale=6.8577))
    assert values.values[LATER, 0][:4] == pytest.approx(expected, abs=1e-3)
    assert reasons(values)[LATER][4] is Gap.NOT_PUBLISHED


@pytest.mark.parametrize("index", ["spi_1", "spei_1", "pn_1", "smri_1", "swei_1", "sma_1"])
def test_23_valid_years_are_calibration_short(index: str) -> None:
    values = told(index, [NAN] * 7 + [10.0, 20.0, 40.0] * 7 + [10.0, 20.0], [10.0] * 5)
    gaps = reasons(values)
    assert set(gaps[0 : 7 * 12 : 12]) == {Gap.NOT_PUBLISHED}
    assert set(gaps[7 * 12 :: 12]) == {Gap.CALIBRATION_SHORT}
    assert set(gaps[1::12]) == {None}


def test_too_few_years_are_named_before_too_little_rain() -> None:
    gaps = reasons(told("spi_1", [NAN] * 7 + [0.0] * 23, [0.0] * 5))
    assert set(gaps[LATER]) == {Gap.CALIBRATION_SHORT}, "23 dry years prove no desert"


def test_a_blind_month_is_blind_whether_or_not_its_rain_came() -> None:
    """Else a lost file would let a rule take the dry months at its sides for months in a row."""
    gaps = reasons(told("spi_1", [0.0] * 30, [0.0, 0.0, NAN, 0.0, 0.0]))
    assert set(gaps[LATER]) == {Gap.NOT_APPLICABLE}
    assert set(gaps[1::12]) == {None}


@pytest.mark.parametrize(
    ("index", "januaries"),
    [
        pytest.param("pn_1", [4.0, 5.0] * 15, id="percent of normal where the normal is 4.5 mm"),
        pytest.param("pn_1", [0.0] * 30, id="percent of nothing"),
        pytest.param("spei_1", [25.0] * 30, id="SPEI where the balance never changes"),
        pytest.param("sma_1", [0.25] * 30, id="soil that is always as wet"),
        pytest.param("swei_1", [0.0] * 25 + [30.0, 10.0, 5.0, 2.0, 1.0], id="snow in few winters"),
    ],
)
def test_each_index_has_its_own_blind_months(index: str, januaries: list[float]) -> None:
    gaps = reasons(told(index, januaries, [40.0] * 5))
    assert set(gaps[0::12]) == {Gap.NOT_APPLICABLE}
    assert set(gaps[1::12]) == {None}


def test_percent_of_normal_begins_at_5_mm_a_month() -> None:
    values = told("pn_1", [4.0, 6.0] * 15, [0.0, 2.5, 5.0, 10.0, 500.0])
    assert values.values[LATER, 0].tolist() == pytest.approx([0.0, 50.0, 100.0, 200.0, 10000.0])


def test_spei_speaks_where_no_rain_ever_falls() -> None:
    """Demand goes on: a hotter January is a drier one, and SPEI says so where SPI is blind."""
    rain, demand = np.zeros((YEARS * 12, 1)), pet_mm(years=YEARS)
    demand[360, 0], demand[372, 0] = 1.3 * demand[:360:12, 0].max(), 0.7 * demand[:360:12, 0].min()
    drivers = Drivers(panel(rain), panel(demand))
    spei = index_values(calibrate(IndexCode.parse("spei_1"), drivers, PERIOD), drivers)
    assert not spei.gaps.any()
    assert spei.values[360, 0] < -2.0 < 2.0 < spei.values[372, 0]


def test_where_pet_is_missing_spei_says_so_and_spi_goes_on() -> None:
    demand = pet_mm(years=YEARS)
    demand[400] = NAN
    drivers = Drivers(panel(rain_mm(years=YEARS)), panel(demand, gap=Gap.LOW_COVERAGE))
    spi, spei = (
        index_values(calibrate(IndexCode.parse(code), drivers, PERIOD), drivers)
        for code in ("spi_3", "spei_3")
    )
    assert reasons(spi)[399:404] == [None] * 5
    assert reasons(spei)[399:404] == [None, *[Gap.LOW_COVERAGE] * 3, None]


@pytest.mark.parametrize(
    ("index", "months", "expected"),
    [
        pytest.param("spi_3", 2, [Gap.SHORT_HISTORY] * 2, id="two months for a window of three"),
        pytest.param("spi_3", 3, [Gap.SHORT_HISTORY] * 2 + [None], id="three are enough for one"),
        pytest.param("spi_hy", 2, [Gap.SHORT_HISTORY] * 2, id="a year that began in October"),
        pytest.param(
            "spi_veg", 3, [Gap.NOT_APPLICABLE] + [None] * 2, id="a season that began in April"
        ),
    ],
)
def test_a_short_tail_is_short_history(index: str, months: int, expected: list[Gap | None]) -> None:
    whole = Drivers(panel(rain_mm(years=YEARS)))
    calibration = calibrate(IndexCode.parse(index), whole, PERIOD)
    rain = rain_mm(years=YEARS)[12 * 31 + 5 - months : 12 * 31 + 5]
    tail = Drivers(panel(rain, {2: "2012-04", 3: "2012-03"}[months]))
    assert reasons(index_values(calibration, tail)) == expected


def test_the_dry_season_of_a_desert_falls_silent_and_its_wet_season_speaks() -> None:
    """Rain from November to April alone: spi_1 is blind from May to October, spi_12 never."""
    rain = rain_mm(years=YEARS, seasonal=False)
    rain.reshape(YEARS, 12)[:, 4:10] = 0.0
    drivers = Drivers(panel(rain))

    def silent(index: str) -> list[int]:
        values = index_values(calibrate(IndexCode.parse(index), drivers, PERIOD), drivers)
        last_year = reasons(values)[-12:]
        return [n + 1 for n, gap in enumerate(last_year) if gap is Gap.NOT_APPLICABLE]

    assert silent("spi_1") == [5, 6, 7, 8, 9, 10]
    assert silent("spi_3") == [7, 8, 9, 10]
    assert silent("spi_12") == []
    assert silent("spi_hy") == [10], "nothing has fallen yet since 1 October"
    assert silent("spi_veg") == [1, 2, 3, 10, 11, 12], "April's rain stands until September"
