from __future__ import annotations

import pytest

from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.ids import IndexCode
from pipeline.core.indicators import (
    LIMITS,
    Indicator,
    IndicatorCode,
    IndicatorUnit,
    index_behind,
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


AREA = AreaShare(index=SPI_3, at_or_below=-1.0)


@pytest.mark.parametrize(
    ("named", "message"),
    [
        pytest.param((None, None, None, None), "got none; add one", id="nothing named"),
        pytest.param(
            (SPI_3, WATER.code, WATER.unit, None),
            "got index and indicator; make a rule of each",
            id="two measures in one rule",
        ),
        pytest.param(
            (SPI_3, None, None, AREA),
            "got index and area_share; make a rule of each",
            id="an index and the area at which it is low",
        ),
        pytest.param(
            (SPI_3, None, WATER.unit, None), "only an indicator has a 'unit'", id="a unit too much"
        ),
        pytest.param(
            (None, None, WATER.unit, AREA), "only an indicator has a 'unit'", id="an area in mm"
        ),
        pytest.param((None, WATER.code, None, None), "got none", id="an indicator without a unit"),
    ],
)
def test_a_rule_hears_one_measure(
    named: tuple[IndexCode | None, IndicatorCode | None, IndicatorUnit | None, AreaShare | None],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        measure_of(*named)


def test_a_measure_is_an_index_an_indicator_or_a_share_of_the_area() -> None:
    assert measure_of(SPI_3, None, None) == SPI_3
    assert measure_of(None, WATER.code, WATER.unit) == WATER
    assert measure_of(None, None, None, AREA) == AREA


def test_behind_an_index_and_its_share_stands_the_index() -> None:
    assert (index_behind(SPI_3), index_behind(AREA), index_behind(WATER)) == (SPI_3, SPI_3, None)
