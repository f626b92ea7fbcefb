from __future__ import annotations

import pytest

from pipeline.core.errors import InputError
from pipeline.core.ids import IndexCode
from pipeline.core.indicators import (
    LIMITS,
    Indicator,
    IndicatorCode,
    IndicatorUnit,
    measure_of,
)

WATER = Indicator(IndicatorCode.WATER_AVAILABILITY_FORECAST, IndicatorUnit.PERCENT_OF_NORM)


def test_each_indicator_has_a_unit_and_each_unit_an_indicator() -> None:
    assert {code for code, _ in LIMITS} == set(IndicatorCode)
    assert {unit for _, unit in LIMITS} == set(IndicatorUnit)


def test_the_unit_stands_in_the_name() -> None:
    assert str(WATER) == "water_availability_forecast_percent_of_norm"


@pytest.mark.parametrize(
    ("code", "unit", "message"),
    [
        pytest.param("rain", "mm", "indicator: expected one of water_", id="an unknown indicator"),
        pytest.param(
            "soil_moisture",
            "percent_of_norm",
            "unit of soil_moisture: expected percent_of_field_capacity or "
            "percent_of_available_water or mm, got 'percent_of_norm'",
            id="the unit of another indicator",
        ),
        pytest.param("snow_survey", None, "or mm, got none", id="no unit"),
    ],
)
def test_unknown_words_are_refused(code: str, unit: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Indicator.parse(code, unit)


@pytest.mark.parametrize(
    ("indicator", "value"),
    [
        pytest.param(("snow_survey", "percent_of_norm"), 0.0, id="no snow at all"),
        pytest.param(("snow_survey", "mm"), 0.4, id="a little snow in mm"),
        pytest.param(("reservoir_storage", "million_m3"), 19_500.0, id="a large reservoir"),
        pytest.param(("reservoir_storage", "percent_of_full"), 104.0, id="a brimming reservoir"),
    ],
)
def test_what_can_be_passes(indicator: tuple[str, str], value: float) -> None:
    Indicator.parse(*indicator).demand("value", value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param(
            0.85, "value: expected 5 to 500 percent_of_norm, got 0.85; write 85", id="share"
        ),
        pytest.param(850.0, "got 850$", id="too much"),
        pytest.param(float("nan"), "got nan", id="not a number"),
        pytest.param(-1.0, "got -1", id="below zero"),
    ],
)
def test_what_cannot_be_is_refused(value: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        WATER.demand("value", value)


def test_a_share_is_refused_where_zero_may_be() -> None:
    snow = Indicator.parse("snow_survey", "percent_of_norm")
    with pytest.raises(
        InputError, match=r"expected 0, or from 1 to 1000 percent_of_norm, got 0\.4"
    ):
        snow.demand("value", 0.4)


SPI_3 = IndexCode.parse("spi_3")


@pytest.mark.parametrize(
    ("index", "indicator", "unit", "message"),
    [
        pytest.param(None, None, None, "got neither", id="nothing named"),
        pytest.param(SPI_3, WATER.code, WATER.unit, "got both", id="two measures in one rule"),
        pytest.param(SPI_3, None, WATER.unit, "an index has no 'unit'", id="an index with a unit"),
        pytest.param(None, WATER.code, None, "got none", id="an indicator without its unit"),
    ],
)
def test_a_rule_hears_one_measure(
    index: IndexCode | None,
    indicator: IndicatorCode | None,
    unit: IndicatorUnit | None,
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        measure_of(index, indicator, unit)


def test_a_measure_is_an_index_or_an_indicator() -> None:
    assert measure_of(SPI_3, None, None) == SPI_3
    assert measure_of(None, WATER.code, WATER.unit) == WATER
