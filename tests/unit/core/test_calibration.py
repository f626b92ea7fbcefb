"""The calibration period."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.core.calibration import CalibrationPeriod
from pipeline.core.errors import InputError


def test_thirty_years_are_enough_and_one_less_is_not() -> None:
    period = CalibrationPeriod.parse("1991-2020")
    assert (period.first_year, period.last_year) == (1991, 2020)
    with pytest.raises(InputError, match="at least 30 years, such as 1991-2020, got 1991-2019"):
        CalibrationPeriod.parse("1991-2019")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1991", id="one year"),
        pytest.param("1991 - 2020", id="spaces"),
        pytest.param("91-2020", id="a year of two digits"),
        pytest.param("1991-01-2020-12", id="months"),
        pytest.param("1991-2020\n", id="a line break"),
        pytest.param("١٩٩١-٢٠٢٠", id="other digits"),
        pytest.param("", id="an empty text"),
    ],
)
def test_another_form_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(InputError, match="expected FIRST-LAST, got") as refused:
        CalibrationPeriod.parse(text)
    assert repr(text) in str(refused.value)


def test_years_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(InputError, match="got 2020-1991"):
        CalibrationPeriod.parse("2020-1991")


@given(st.integers(1000, 9000), st.integers(30, 200))
def test_what_is_written_is_read_back(first: int, years: int) -> None:
    period = CalibrationPeriod(first, first + years - 1)
    assert CalibrationPeriod.parse(str(period)) == period
