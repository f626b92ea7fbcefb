"""Values and gaps of the indices: laws, named outcomes, and the newest month from a stored fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import INDEX_CODES, IndexCode
from pipeline.core.months import Month
from pipeline.core.panels import GAPS, Floats, Panel, gap_code
from pipeline.indices.calibration import calibrate
from pipeline.indices.values import index_values
from tests.unit.indices.records import panel, pet_mm, rain_mm

PERIOD = CalibrationPeriod(1981, 2010)
NAN = float("nan")
YEARS = 35


def values_of(index: str, rain: Floats, demand: Floats | None = None) -> Panel:
    record = panel(rain)
    other = panel(pet_mm(landscapes=record.values.shape[1]) if demand is None else demand)
    code = IndexCode.parse(index)
    return index_values(calibrate(code, record, other, PERIOD), record, other)


def reasons(values: Panel, column: int = 0) -> list[Gap | None]:
    return [GAPS[code] for code in values.gaps[:, column]]


def rain_with_januaries(period: list[float], later: list[float]) -> Floats:
    rain = rain_mm(years=YEARS)
    rain[0::12, 0] = period + later
    return rain


@pytest.mark.parametrize("first", [240, 390, 393, 400], ids="from row {}".format)
@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_a_tail_gives_the_newest_months_to_the_last_bit(code: IndexCode, first: int) -> None:
    rain, demand = panel(rain_mm(landscapes=7)), panel(pet_mm(landscapes=7))
    calibration = calibrate(code, rain, demand, PERIOD)
    whole = index_values(calibration, rain, demand)
    start = first - (code.scale_months - 1)
    tail = slice(start, None)
    partial = index_values(
        calibration,
        Panel(rain.first_month + start, rain.values[tail], rain.gaps[tail]),
        Panel(rain.first_month + start, demand.values[tail], demand.gaps[tail]),
    )
    wanted = slice(code.scale_months - 1, None)
    assert np.isfinite(partial.values[wanted]).all()
    assert np.array_equal(partial.values[wanted], whole.values[first:])
    assert (partial.gaps[: code.scale_months - 1] == gap_code(Gap.SHORT_HISTORY)).all()


def test_a_landscape_gets_the_same_values_alone_and_among_a_thousand() -> None:
    rain = rain_mm(landscapes=1001)
    many, alone = values_of("spi_3", rain), values_of("spi_3", rain[:, 1000:])
    assert np.array_equal(many.values[:, 1000:], alone.values, equal_nan=True)


@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_the_first_windows_are_short_history(code: IndexCode) -> None:
    values = values_of(str(code), rain_mm())
    assert reasons(values)[: code.scale_months - 1] == [Gap.SHORT_HISTORY] * (code.scale_months - 1)
    assert not values.gaps[code.scale_months - 1 :].any()


@pytest.mark.parametrize("index", ["spi_3", "spei_3", "pn_3"])
@given(missing=st.sets(st.integers(360, YEARS * 12 - 1), max_size=8))
@settings(max_examples=15, deadline=None)
def test_gaps_in_are_gaps_out_at_exactly_the_windows_that_hold_them(
    index: str, missing: set[int]
) -> None:
    rain = rain_mm()
    rain[sorted(missing), 0] = NAN
    expected = {month + k for month in missing for k in range(3)}
    got = {k for k, gap in enumerate(reasons(values_of(index, rain))) if gap is Gap.NOT_PUBLISHED}
    assert got == {month for month in expected if month < YEARS * 12}


@given(
    month=st.integers(360, YEARS * 12 - 1),
    rains=st.tuples(st.floats(0, 400), st.floats(0, 400)),
    index=st.sampled_from(["spi_1", "spi_3", "spi_12", "spei_3", "pn_3"]),
)
@settings(max_examples=60, deadline=None)
def test_more_rain_never_lowers_an_index(
    month: int, rains: tuple[float, float], index: str
) -> None:
    rain = rain_mm(landscapes=2)
    rain[:, 1] = rain[:, 0]
    rain[month] = sorted(rains)
    drier, wetter = values_of(index, rain, np.full(rain.shape, 50.0)).values[month]
    assert wetter >= drier


@given(factor=st.floats(1.0, 50.0))
@settings(max_examples=20, deadline=None)
def test_rain_in_other_units_gives_the_same_spi(factor: float) -> None:
    rain = rain_mm()
    once, scaled = values_of("spi_3", rain), values_of("spi_3", rain * factor)
    assert scaled.values == pytest.approx(once.values, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("index", ["spi_1", "spi_6", "spi_12", "spei_1", "spei_6"])
def test_over_the_calibration_period_an_index_has_mean_0_and_spread_1(index: str) -> None:
    values = values_of(index, rain_mm(landscapes=40)).values[12:360]
    # Sampling only: 29 values a month and landscape fitted by two or three parameters.
    assert np.abs(values.mean()) < 0.02
    assert values.std() == pytest.approx(1.0, abs=0.05)


def test_percent_of_normal_is_the_share_of_the_mean() -> None:
    rain = np.full((YEARS * 12, 1), 20.0)
    rain[-1] = 5.0
    assert values_of("pn_1", rain).values[-2:, 0].tolist() == pytest.approx([100.0, 25.0])
    assert values_of("pn_3", rain).values[-1, 0] == pytest.approx(75.0)


def test_a_rainless_month_scores_at_the_centre_of_the_rainless_years() -> None:
    rain = rain_with_januaries([0.0] * 9 + [20.0, 30.0, 40.0] * 7, [0.0, 0.4, 30.0, 1.0, 90.0])
    januaries = values_of("spi_1", rain).values[360::12, 0]
    assert januaries[0] == pytest.approx(norm.ppf(0.15))
    assert januaries[1] == januaries[0], "0.4 mm in a month is no rain"
    assert (np.diff(januaries[[0, 3, 2, 4]]) > 0).all(), "more rain scores higher"


@pytest.mark.parametrize(
    ("period", "later"),
    [
        pytest.param([0.0] * 30, [0.0] * 5, id="always dry: not the -3.09 of the engine"),
        pytest.param([0.0] * 30, [4.0] * 5, id="first rain after a dry calibration"),
        pytest.param([0.0] * 27 + [2.0, 3.0, 4.0], [0.0] * 5, id="rain is rare: not 'wet'"),
        pytest.param([25.0] * 30, [10.0] * 5, id="always the same rain"),
    ],
)
def test_a_blind_month_is_not_applicable_and_its_neighbours_are_values(
    period: list[float], later: list[float]
) -> None:
    gaps = reasons(values_of("spi_1", rain_with_januaries(period, later)))
    assert set(gaps[0::12]) == {Gap.NOT_APPLICABLE}
    assert set(gaps[1::12]) == {None}


@pytest.mark.parametrize(
    ("index", "januaries"),
    [
        pytest.param("pn_1", [4.0, 5.0] * 15, id="percent of normal where the normal is small"),
        pytest.param("spei_1", [25.0] * 30, id="SPEI where the balance never changes"),
    ],
)
def test_each_index_has_its_own_blind_months(index: str, januaries: list[float]) -> None:
    rain = rain_with_januaries(januaries, [40.0] * 5)
    gaps = reasons(values_of(index, rain, np.full(rain.shape, 50.0)))
    assert set(gaps[0::12]) == {Gap.NOT_APPLICABLE}
    assert set(gaps[1::12]) == {None}


def test_a_missing_month_is_missing_even_where_the_index_is_blind() -> None:
    rain = rain_with_januaries([0.0] * 30, [0.0, 0.0, NAN, 0.0, 0.0])
    assert reasons(values_of("spi_1", rain))[360::12] == [
        Gap.NOT_APPLICABLE, Gap.NOT_APPLICABLE, Gap.NOT_PUBLISHED,
        Gap.NOT_APPLICABLE, Gap.NOT_APPLICABLE,
    ]  # fmt: skip


@pytest.mark.parametrize("index", ["spi_1", "spei_1", "pn_1"])
def test_too_few_years_are_calibration_short(index: str) -> None:
    rain = rain_mm()
    rain[12 * np.arange(7), 0] = NAN
    gaps = reasons(values_of(index, rain))
    assert gaps[0] is Gap.NOT_PUBLISHED
    assert set(gaps[7 * 12 :: 12]) == {Gap.CALIBRATION_SHORT}
    assert set(gaps[1::12]) == {None}


@pytest.mark.parametrize("code", INDEX_CODES, ids=str)
def test_a_landscape_without_data_says_so_in_every_month(code: IndexCode) -> None:
    rain = rain_mm(landscapes=2)
    rain[:, 1] = NAN
    values = values_of(str(code), rain)
    assert set(reasons(values, 1)[code.scale_months - 1 :]) == {Gap.NOT_PUBLISHED}
    assert set(reasons(values, 0)[code.scale_months - 1 :]) == {None}


@pytest.mark.parametrize("index", ["spi_1", "spei_1"])
@pytest.mark.parametrize(
    ("rain_of_the_month", "score"),
    [pytest.param(1e5, 3.09, id="a flood"), pytest.param(0.0, -3.09, id="no rain at all")],
)
def test_values_end_at_3_09(index: str, rain_of_the_month: float, score: float) -> None:
    rain = rain_mm(seasonal=False) + 200.0
    rain[-1] = rain_of_the_month
    assert values_of(index, rain, np.full(rain.shape, 50.0)).values[-1, 0] == score


def test_negative_rain_is_refused() -> None:
    rain = rain_mm()
    rain[5] = -0.01
    with pytest.raises(InputError, match=r"1981-06, landscape column 0: -0.01 is negative"):
        values_of("spi_1", rain)


def test_a_calibration_of_other_landscapes_is_refused() -> None:
    code, two, three = (
        IndexCode.parse("spi_1"),
        panel(rain_mm(landscapes=2)),
        panel(rain_mm(landscapes=3)),
    )
    with pytest.raises(InputError, match="expected the 2 landscapes of the calibration, got 3"):
        index_values(calibrate(code, two, two, PERIOD), three, three)


def test_a_number_the_engine_cannot_give_never_passes_as_a_gap() -> None:
    rain = panel(rain_mm())
    calibration = calibrate(IndexCode.parse("spi_1"), rain, rain, PERIOD)
    broken = replace(
        calibration, parameters={**calibration.parameters, "beta": np.full((12, 1), NAN)}
    )
    with pytest.raises(ArithmeticError, match="defect of the program"):
        index_values(broken, rain, rain)


def test_values_begin_where_the_panels_begin() -> None:
    assert values_of("spi_1", rain_mm()).first_month == Month(1981, 1)
