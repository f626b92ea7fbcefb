from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.alerts.rarity import rarity
from pipeline.alerts.words import words_of
from pipeline.core.area_shares import AreaShare
from pipeline.core.ids import IndexCode
from pipeline.core.indicators import Indicator, IndicatorCode, IndicatorUnit, Measure

SPI_3 = IndexCode.parse("spi_3")
EN = words_of("en")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        # Shares below by any table of the standard normal distribution.
        pytest.param(-1.0, "drier than about 84 of 100 years", id="one in six"),
        pytest.param(-1.28, "drier than about 90 of 100 years", id="one in ten"),
        pytest.param(-1.645, "drier than about 95 of 100 years", id="one in twenty"),
        pytest.param(-2.0, "drier than about 98 of 100 years", id="one in 44"),
        pytest.param(-2.576, "drier than about 995 of 1000 years", id="one in 200"),
        pytest.param(-3.09, "drier than about 999 of 1000 years", id="where indices are cut"),
        pytest.param(1.28, "wetter than about 90 of 100 years", id="wet"),
        pytest.param(0.0, "about usual: some 50 of 100 years are drier", id="the middle"),
        pytest.param(-0.49, "about usual: some 31 of 100 years are drier", id="rather dry"),
    ],
)
def test_a_scaled_value_is_told_as_a_rank_among_years(value: float, said: str) -> None:
    assert said in rarity(value, SPI_3, "1991-2020", EN)


@pytest.mark.parametrize(
    ("value", "years", "is_read_off"),
    [
        pytest.param(-1.8, "1991-2020", False, id="once in 28 years"),
        pytest.param(-1.9, "1991-2020", True, id="once in 35 years"),
        pytest.param(-1.9, "1961-2020", False, id="once in 35 of 60 years"),
    ],
)
def test_what_the_years_cannot_show_is_said_to_be_read_off_the_curve(
    value: float, years: str, is_read_off: bool
) -> None:
    assert ("fitted curve" in rarity(value, SPI_3, years, EN)) is is_read_off


@pytest.mark.parametrize(
    ("value", "measure", "said"),
    [
        pytest.param(
            51.4, IndexCode.parse("pn_3"), "Where 100 mm is usual, 51 mm fell.", id="percent"
        ),
        pytest.param(
            -1.3,
            IndexCode.parse("sma_1"),
            "That is 1.30 standard deviations below usual.",
            id="an anomaly claims no rank",
        ),
        pytest.param(
            0.62,
            AreaShare(index=SPI_3, at_or_below=-1.0),
            "Over 1991-2020 as a whole some 16% of the area is that low.",
            id="a share of area against what is usual",
        ),
        pytest.param(
            82.5,
            Indicator(IndicatorCode.WATER_AVAILABILITY_FORECAST, IndicatorUnit.PERCENT_OF_NORM),
            "",
            id="an indicator speaks for itself",
        ),
    ],
)
def test_what_is_not_scaled_is_told_in_its_own_way(
    value: float, measure: Measure, said: str
) -> None:
    assert rarity(value, measure, "1991-2020", EN) == said


@given(st.floats(-3.09, 3.09), st.floats(-3.09, 3.09))
def test_drier_is_never_told_as_more_usual(one: float, other: float) -> None:
    def years_drier(value: float) -> float:
        told = rarity(value, SPI_3, "1991-2020", EN)
        number, of, *_ = (int(word) for word in told.split() if word.isdigit())
        return 1 - number / of if "drier than" in told else number / of

    low, high = sorted((one, other))
    assert years_drier(low) <= years_drier(high) + 0.006
